"""Clearance of the virus: known to lie between two tests, and cut short by death and discharge (EV-6 to EV-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.events.endings import ENDS, incidence_rows
from historical_controls.analysis.events.event_rows import FollowUp
from historical_controls.analysis.events.primary_event import EventTimes, never_once_dead
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.events import EventSettings
from historical_controls.inference.counts import bounded_difference, bounded_share
from historical_controls.inference.interval_censored import NotConvergedError, turnbull

Array = NDArray[np.float64]
BOUNDS = (Statistic.LEAST, Statistic.MOST, Statistic.LOWER, Statistic.UPPER)
PLACES = {"earliest": 0.0, "midpoint": 0.5, "latest": 1.0}
AT_RISK, CLEAR_BEFORE, NEVER_POSITIVE, UNTESTED = "at_risk", "clear_before", "never_positive", "untested"


@dataclass(frozen=True)
class Interval:
    """Clearance of one patient lies in (left, right] days since time zero; right infinite: not confirmed."""

    state: str
    left: float = 0.0
    right: float = np.inf


def clearance_rows(code: str, follow_up: FollowUp, results: pd.DataFrame, scenario: str) -> Iterator[Row]:
    """Rows 14.2.9 of an outcome of kind 'result' (results: its rows of table observations), and its sensitivity."""
    cell = Cell(AnalysisKey.CLEARANCE, scenario, outcome=code)
    own = results.drop(columns="arm").merge(follow_up.people[[*PERSON, "subject", "arm"]], on=PERSON)
    # Also where nothing is concluded: documented clearance depends on how often each arm was tested.
    yield from _test_rows(cell, follow_up, own)
    declared = follow_up.settings.not_concluded.get(code)
    if declared:
        yield cell.text(Statistic.NOT_ESTIMABLE, declared)
        return
    yield from follow_up.comparison.rows(cell)
    settings = follow_up.settings.events
    yield from _rule_rows(cell, follow_up, own, settings)
    if settings.sensitivity_negatives is not None:
        # Only the number of negatives changes; no distance in hours is asked of a single one.
        other = settings.model_copy(update={"confirm_negatives": settings.sensitivity_negatives})
        yield from _rule_rows(replace(cell, analysis=AnalysisKey.CLEARANCE_SENSITIVITY), follow_up, own, other)


def _test_rows(cell: Cell, follow_up: FollowUp, own: pd.DataFrame) -> Iterator[Row]:
    """Tests after time zero over the days in which there could have been any: clearance is found by who tests."""
    within = own.merge(follow_up.people[["subject", "end_day"]], on="subject")
    within = within[(within["hours"] >= 0) & (within["hours"] <= 24 * within["end_day"])]
    for arm in ARMS:
        here = cell.at(arm=arm)
        yield here.number(Statistic.N_TESTS, int((within["arm"] == arm).sum()))
        yield here.number(Statistic.PATIENT_DAYS, float(follow_up.of(arm)["end_day"].sum()), "d", "0.0")


def clearance_times(follow_up: FollowUp, results: pd.DataFrame) -> EventTimes:
    """When those at risk cleared the virus, for a primary question (results: rows of table observations)."""
    own = results.drop(columns="arm").merge(follow_up.people[[*PERSON, "subject", "arm"]], on=PERSON)
    people = _with_intervals(follow_up, own, follow_up.settings.events)
    people = people[people["state"] == AT_RISK].reset_index(drop=True)
    # Who died infected never cleared the virus; without this they would count as "may have cleared it later".
    left, right = never_once_dead(people, people["left"].to_numpy(dtype=float), people["right"].to_numpy(dtype=float))
    return EventTimes(people, left, right, sooner_is_better=True)


def _with_intervals(follow_up: FollowUp, own: pd.DataFrame, settings: EventSettings) -> pd.DataFrame:
    """People with their state and the bounds (left, right] of their clearance."""
    # Sorted by time within a patient, as `clearance_interval` needs.
    tests = dict(tuple(own.sort_values("hours", kind="stable").groupby("subject")))
    intervals = [_interval_of(tests.get(subject), settings) for subject in follow_up.people["subject"]]
    return follow_up.people.assign(
        state=[item.state for item in intervals],
        left=[item.left for item in intervals],
        right=[item.right for item in intervals],
    )


def _rule_rows(cell: Cell, follow_up: FollowUp, own: pd.DataFrame, settings: EventSettings) -> Iterator[Row]:
    """Everything under one rule of confirmation."""
    yield cell.number(Statistic.N_NEGATIVES, settings.confirm_negatives)
    people = _with_intervals(follow_up, own, settings)
    for arm in ARMS:
        yield from _arm_rows(cell.at(arm=arm), people[people["arm"] == arm], follow_up)
    yield from _contrast_rows(cell, people[people["state"] == AT_RISK], follow_up)


def _contrast_rows(cell: Cell, people: pd.DataFrame, follow_up: FollowUp) -> Iterator[Row]:
    """Difference of the shares clear by each day, bounded by whatever happened between and after the tests (EV-11).

    No test of it: documented clearances differ where one arm is merely tested more often.
    """
    arms = {arm: people[people["arm"] == arm] for arm in ARMS}
    reason = follow_up.refusal(people, cell.outcome)
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    for day in follow_up.settings.days:
        one, other = (_counts(own["left"].to_numpy(), own["right"].to_numpy(), day) for own in arms.values())
        bounds = bounded_difference(one, other, follow_up.settings.level)
        for statistic, value in zip(BOUNDS, bounds, strict=True):
            yield cell.at(method="bounds", day=float(day), contrast=CONTRAST).number(statistic, value, format="percent")


def _counts(left: Array, right: Array, day: float) -> tuple[int, int, int]:
    """Patients surely clear by the day, those who cannot be told, and all."""
    return int((right <= day).sum()), int(((left < day) & (right > day)).sum()), len(left)


def _interval_of(tests: pd.DataFrame | None, settings: EventSettings) -> Interval:
    if tests is None:
        return Interval(UNTESTED)
    return clearance_interval(
        tests["hours"].to_numpy(dtype=float),
        tests["result"].to_numpy(),
        settings.confirm_negatives,
        settings.confirm_hours,
    )


def clearance_interval(hours: Array, result: np.ndarray, negatives: int, apart: float) -> Interval:
    """When a patient cleared the virus, from tests in order of time; hours since time zero (EV-6).

    Cleared on the first negative of a run without a positive between, where the run has at least `negatives` and the
    last lies at least `apart` hours after the first (with one negative asked for, any). The last positive before it is
    the left end. Indeterminate tests say nothing. Nobody is at risk who was never positive, or clear by time zero.
    """
    positive = hours[result == "positive"]
    negative = hours[result == "negative"]
    if len(positive) == 0:
        return Interval(NEVER_POSITIVE if len(negative) else UNTESTED)
    run = np.searchsorted(positive, negative, side="left")  # negatives with the same number follow the same positive
    for number in np.unique(run):
        own = negative[run == number]
        if len(own) >= negatives and (negatives == 1 or own[-1] - own[0] >= apart):
            # Negatives before the first positive are of a patient not yet infected, or a missed infection.
            if number == 0:
                continue
            if own[0] <= 0:
                return Interval(CLEAR_BEFORE)
            return Interval(AT_RISK, max(positive[number - 1], 0.0) / 24, own[0] / 24)
    # No confirmed run: clearance, if any, came after the last positive.
    return Interval(AT_RISK, max(positive[-1], 0.0) / 24)


def _arm_rows(cell: Cell, people: pd.DataFrame, follow_up: FollowUp) -> Iterator[Row]:
    for state in (AT_RISK, CLEAR_BEFORE, NEVER_POSITIVE, UNTESTED):
        yield cell.at(level=state).number(Statistic.COUNT, int((people["state"] == state).sum()))
    own = people[people["state"] == AT_RISK]
    yield cell.number(Statistic.N_SUBJECTS, len(own))
    yield cell.number(Statistic.N_EVENTS, int((own["right"] <= follow_up.horizon_days).sum()))
    if own.empty:
        yield cell.text(Statistic.NOT_ESTIMABLE, "nobody_at_risk")
        return
    left, right = own["left"].to_numpy(dtype=float), own["right"].to_numpy(dtype=float)
    yield from _turnbull_rows(cell.at(method="turnbull"), left, right, follow_up)
    for level, place in PLACES.items():
        # Three places of clearance within its interval, since where it was cannot be known (EV-10).
        time, cause = _first_event(own, left, right, place)
        levels = [level, *(f"{level}|{end}" for end in ENDS)]
        yield from incidence_rows(
            cell.at(method="aalen_johansen"), time, cause, levels, follow_up.settings.days, follow_up
        )


def _turnbull_rows(cell: Cell, left: Array, right: Array, follow_up: FollowUp) -> Iterator[Row]:
    """Share clear by each day, as if death and discharge were censoring; the interval needs no such thing (EV-8)."""
    try:
        curve = turnbull(left, right)
    except NotConvergedError:
        yield cell.text(Statistic.NOT_ESTIMABLE, "not_converged")
        return
    for day in follow_up.settings.days:
        clear, unknown, n = _counts(left, right, day)
        bounds = bounded_share(clear, unknown, n, follow_up.settings.level)
        values = (curve.least(day), curve.most(day), bounds.lower, bounds.upper)
        for statistic, value in zip(BOUNDS, values, strict=True):
            yield cell.at(day=float(day)).number(statistic, value, format="percent")
        yield cell.at(day=float(day)).number(Statistic.N_UNKNOWN, unknown)


def _first_event(people: pd.DataFrame, left: Array, right: Array, place: float) -> tuple[Array, NDArray[np.int_]]:
    """Time and cause of the first of clearance, death and discharge; clearance at `place` of its interval (EV-10)."""
    end = people["end_day"].to_numpy(dtype=float)
    cause = (
        people["end_state"].map({end: number for number, end in enumerate(ENDS, start=2)}).fillna(0).to_numpy(dtype=int)
    )
    cleared = np.isfinite(right)
    # The inner np.where keeps inf out of the product: inf * 0 is nan, with a warning.
    cleared_at = np.where(cleared, left + place * (np.where(cleared, right, 0) - left), np.inf)
    # Clearance found on the day of death or discharge came first: the test was taken before.
    first = cleared_at <= end
    return np.where(first, cleared_at, end), np.where(first, 1, cause)
