"""On which days a course is told: every day of a stay; over years, steps of weeks that meet the ticks of the axis."""

from __future__ import annotations

# Days between ticks, each a multiple of the steps below it, so that numbers under a tick are numbers of a day told.
TICK_STEPS = (7, 14, 28, 91, 182, 364, 728, 1456)
# More numbers at risk than these under an axis run into each other.
MOST_TICKS = 6
# Longer follow-up is told by steps: a row for each day and statistic of 15 years made half a million of them.
DAILY = 364
STEPS = {91: 7, 182: 7, 364: 14, 728: 28, 1456: 28}


def tick_step(horizon: int) -> int:
    """Days between the ticks of a time axis: whole weeks, and few."""
    return next((step for step in TICK_STEPS if horizon <= MOST_TICKS * step), TICK_STEPS[-1])


def told_step(horizon: int) -> int:
    """Days between the days on which courses, numbers at risk and incidences are told."""
    return 1 if horizon <= DAILY else STEPS[tick_step(horizon)]


def told_days(horizon: int, first: int = 0) -> list[int]:
    """Days from `first` to the horizon on which a course is told; both are among them."""
    step = told_step(horizon)
    return sorted({first, *range(-(-first // step) * step, horizon + 1, step), horizon}) if first <= horizon else []


def tick_days(horizon: int) -> list[int]:
    """Day 0 and the ticks of a time axis."""
    return list(range(0, horizon + 1, tick_step(horizon)))
