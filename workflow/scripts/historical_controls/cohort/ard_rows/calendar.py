"""When the patients were followed, and what else they were given: calendar of time zeros and co-treatments by arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.config.study import StudyCalendar
from historical_controls.inference.shares import exact_interval

CALENDARS = ("before_reference", "from_reference")
PARTS = ("before", "during")
DAY = 86_400.0
PERSON = ["source", "patient_id"]


def calendar_ard(
    patients: pd.DataFrame, treatments: pd.DataFrame, inputs: CohortInputs, confidence: float
) -> pd.DataFrame:
    """Rows of outputs 14.1.5 and 15.2, of the tables cohort_patients and treatments (of all sources).

    confidence: level of their intervals.
    """
    scenario = inputs.scenario
    included = patients[patients["included"]]
    return ard_frame(
        [
            *_weeks(included, scenario),
            *_periods(inputs.study, scenario),
            *_overlap(included, scenario, confidence),
            *_since(included, scenario),
            *_co_treatments(included, treatments, inputs, confidence),
        ]
    )


def _weeks(included: pd.DataFrame, scenario: str) -> Iterator[Row]:
    """Time zeros of each calendar week: week 0 begins on the declared reference date."""
    for arm in ARMS:
        # Floor, not truncation: weeks before the reference date are negative.
        week = np.floor(_of(included, arm)["calendar_week"].to_numpy(np.float64)).astype(int)
        for value, count in zip(*np.unique(week, return_counts=True), strict=True):
            cell = Cell(AnalysisKey.CALENDAR, scenario, arm=arm, level=f"week={value}")
            yield cell.number(Statistic.WEEK, int(value), "weeks")
            yield cell.number(Statistic.N_SUBJECTS, int(count))


def _periods(study: StudyCalendar, scenario: str) -> Iterator[Row]:
    """First and last day of the declared periods in weeks from the reference; an open one has no last."""
    reference = study.calendar_reference
    # Without one there are no periods: the config refuses them.
    if reference is None:
        return
    for name, period in study.periods.items():
        cell = Cell(AnalysisKey.CALENDAR_PERIOD, scenario, population="", level=name)
        yield cell.number(Statistic.FIRST, (period.first - reference).days / 7, "weeks", "0.0")
        if period.last is not None:
            # The last day counts whole: the period ends when the next day begins.
            yield cell.number(Statistic.LAST, ((period.last - reference).days + 1) / 7, "weeks", "0.0")


def _overlap(included: pd.DataFrame, scenario: str, confidence: float) -> Iterator[Row]:
    """How the two calendars meet: ranges, and how many of one arm lie within the other's."""
    weeks = {arm: _of(included, arm)["calendar_week"].to_numpy(np.float64) for arm in ARMS}
    for arm, other in zip(ARMS, ARMS[::-1], strict=True):
        cell = Cell(AnalysisKey.CALENDAR_OVERLAP, scenario, arm=arm)
        yield cell.number(Statistic.N_SUBJECTS, len(weeks[arm]))
        if not len(weeks[arm]):
            continue
        for name, value in (
            (Statistic.MIN, weeks[arm].min()),
            (Statistic.MEDIAN, np.median(weeks[arm])),
            (Statistic.MAX, weeks[arm].max()),
        ):
            yield cell.number(name, float(value), "weeks", "0.0")
        # Without the other arm there is no calendar to lie within.
        if len(weeks[other]):
            inside = (weeks[arm] >= weeks[other].min()) & (weeks[arm] <= weeks[other].max())
            yield from _share(cell.at(level="within_other"), int(inside.sum()), len(inside), confidence)


def _since(included: pd.DataFrame, scenario: str) -> Iterator[Row]:
    """Days from onset and hours from admission at time zero."""
    for arm in ARMS:
        for column, unit in (("days_from_onset", "d"), ("hours_from_admission", "h")):
            values = _of(included, arm)[column].to_numpy(np.float64)
            known = values[np.isfinite(values)]
            cell = Cell(AnalysisKey.TIME_ZERO, scenario, arm=arm, level=column)
            yield cell.number(Statistic.N, len(known))
            yield cell.number(Statistic.N_MISSING, len(values) - len(known))
            if len(known):
                numbers = zip(
                    (Statistic.MIN, Statistic.Q1, Statistic.MEDIAN, Statistic.Q3, Statistic.MAX),
                    np.quantile(known, [0, 0.25, 0.5, 0.75, 1]),
                    strict=True,
                )
                yield from (cell.number(name, float(value), unit, "0.0") for name, value in numbers)


def _co_treatments(
    included: pd.DataFrame,
    treatments: pd.DataFrame,
    inputs: CohortInputs,
    confidence: float,
) -> Iterator[Row]:
    """Patients given each co-treatment before time zero and during follow-up, by arm, and by calendar within an arm.

    Sources without any course recorded are left out of the denominator: nobody knows what their patients were given.
    """
    recorded = included[included["source"].isin(set(treatments["source"]))]
    columns = [*PERSON, "arm", "time_zero", "end_day"]
    courses = treatments.merge(recorded[columns], on=PERSON)
    since, until = ((courses[name] - courses["time_zero"]).dt.total_seconds() / DAY for name in ("start", "stop"))
    # A course without a recorded end has NaT as stop: `until <= 0` is then false, and the course goes on.
    courses = courses.assign(before=since < 0, during=(since <= courses["end_day"]) & ~(until <= 0))
    # The reference date may separate eras of care (such as steroids): co-treatments are counted within each as well.
    groups = {"eligible": recorded}
    if inputs.study.calendar_reference is not None:
        late = recorded["calendar_week"] >= 0
        groups |= zip(CALENDARS, (recorded[~late], recorded[late]), strict=True)
    scenario = inputs.scenario
    for name, treatment in inputs.cohort.co_treatments.items():
        given = courses[courses["treatment"].isin(treatment.treatments)]
        for population, people in groups.items():
            for arm in ARMS:
                cell = Cell(AnalysisKey.CO_TREATMENT, scenario, population=population, arm=arm, level=name)
                yield from _given(cell, given, _of(people, arm), confidence)


def _given(cell: Cell, given: pd.DataFrame, people: pd.DataFrame, confidence: float) -> Iterator[Row]:
    own = pd.MultiIndex.from_frame(people[PERSON])
    for part in PARTS:
        had = pd.MultiIndex.from_frame(given.loc[given[part], PERSON])
        yield from _share(cell.at(contrast=part), int(own.isin(had).sum()), len(own), confidence)


def _share(cell: Cell, count: int, total: int, confidence: float) -> Iterator[Row]:
    """A count, its denominator and its share with an exact (Clopper-Pearson) interval."""
    yield cell.number(Statistic.COUNT, count)
    yield cell.number(Statistic.TOTAL, total)
    if total:
        lower, upper = exact_interval(count, total, confidence)
        for name, value in ((Statistic.SHARE, count / total), (Statistic.LOWER, lower), (Statistic.UPPER, upper)):
            yield cell.number(name, float(value), format="percent")


def _of(included: pd.DataFrame, arm: str) -> pd.DataFrame:
    return included[included["arm"] == arm]
