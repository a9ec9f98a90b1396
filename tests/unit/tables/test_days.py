"""Days on which courses are told: every day of a stay, steps that meet the ticks over years."""

from __future__ import annotations

import pytest

from historical_controls.tables.days import MOST_TICKS, tick_days, told_days, told_step


@pytest.mark.parametrize("horizon", [1, 7, 21, 84, 90, 240, 364, 365, 1000, 1800, 5500, 7305])
def test_ticks_are_days_told_and_few(horizon: int) -> None:
    days = told_days(horizon)
    assert set(tick_days(horizon)) <= set(days) and days[0] == 0 and days[-1] == horizon
    assert len(tick_days(horizon)) <= MOST_TICKS + 1
    assert len(days) <= 366
    assert days == (list(range(horizon + 1)) if horizon <= 364 else days)


def test_three_weeks_are_told_as_before_and_fifteen_years_by_four_weeks() -> None:
    assert tick_days(21) == [0, 7, 14, 21] and told_days(21, 3) == list(range(3, 22))
    assert told_step(5500) == 28 and tick_days(5500) == [0, 1456, 2912, 4368]
    assert told_days(5500, 30)[:3] == [30, 56, 84] and told_days(20, 21) == []
