"""An event as the question answered first: how many had it by the primary day, and who had it sooner (EV-14)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.events.event_rows import FollowUp, Occurred, difference_rows, share_rows
from historical_controls.analysis.without_model.analysis_set import effect_rows
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.inference.labels import draw_labels
from historical_controls.inference.pairwise.pairs import by_bounds
from historical_controls.inference.pairwise.relative_effect import effect_of_pairs
from historical_controls.tables.endings import DEATH, lost

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EventTimes:
    """When each of these people had the event: in (left, right] days since time zero, both infinite where never.

    sooner_is_better: whether an early event is a good one, as clearance of a virus is.
    """

    people: pd.DataFrame
    left: Array
    right: Array
    sooner_is_better: bool

    def occurred_by(self, day: float) -> Occurred:
        event = self.right <= day
        # An event surely after the day (left >= day) is known not to have occurred by it.
        return Occurred(event, ~event & (self.left < day))


def never_once_dead(people: pd.DataFrame, left: Array, right: Array) -> tuple[Array, Array]:
    """Bounds in which who died without the event never had it: death is no withdrawal from what is asked."""
    never = ((people["end_state"] == DEATH) & np.isinf(right)).to_numpy(dtype=bool)
    return np.where(never, np.inf, left), right


def observed_until(people: pd.DataFrame, first: Array) -> tuple[Array, Array]:
    """Bounds from the day of the first event (nan: none seen): who was lost may have had one later, others not."""
    # Patients discharged alive, or followed to the horizon, are taken to have had no event unseen.
    unknown = lost(people["end_state"]).to_numpy(dtype=bool)
    unseen = np.where(unknown, people["end_day"].to_numpy(dtype=float), np.inf)
    return np.where(np.isnan(first), unseen, first), np.where(np.isnan(first), np.inf, first)


def primary_event_rows(cell: Cell, times: EventTimes, follow_up: FollowUp) -> Iterator[Row]:
    """Share with the event by the cell's day, its difference with bounds (EV-2, EV-5, EV-11), and the time to it.

    Times are compared as pairs of patients, decided where their bounds do not overlap: win odds by the studentised
    permutation test (IN-1 to IN-5, IN-14), which need no proportional hazards.
    """
    declared = follow_up.settings.not_concluded.get(cell.outcome)
    if declared:
        yield cell.text(Statistic.NOT_ESTIMABLE, declared)
        return
    people, occurred = times.people, times.occurred_by(float(cell.day or 0))
    for arm in ARMS:
        count, unknown, n = occurred.counts(people["arm"].to_numpy() == arm)
        yield from share_rows(cell.at(arm=arm), count, unknown, n, follow_up.settings)
    yield from difference_rows(cell, people, occurred, follow_up, cell.outcome)
    # As for the difference: pairs of whom nothing is known would look like no difference.
    if follow_up.refusal(people[~occurred.unknown], cell.outcome) is None:
        yield from _time_rows(cell.at(level="time_to_event", method="brunner_munzel"), times, follow_up)


def _time_rows(here: Cell, times: EventTimes, follow_up: FollowUp) -> Iterator[Row]:
    # Turned so that higher is better, as `by_bounds` has it: sooner is better for a good event.
    bounds = (-times.right, -times.left) if times.sooner_is_better else (times.left, times.right)
    treated = (times.people["arm"] == "treated").to_numpy()
    plan = follow_up.settings.permutation
    labels = draw_labels(treated, follow_up.seed, plan.exact_up_to, plan.draws, times.people["set"].to_numpy())
    yield here.text(Statistic.ODDS_OF, "sooner" if times.sooner_is_better else "later")
    yield from effect_rows(
        here.at(contrast=CONTRAST), effect_of_pairs(by_bounds(*bounds), labels, follow_up.settings.level)
    )
