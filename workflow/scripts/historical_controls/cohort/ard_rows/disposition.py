"""Rows of the results table: disposition, attrition, waits, availability of data."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cohort.ard_rows.attrition import attrition_rows
from historical_controls.cohort.ard_rows.summaries import summary_ard
from historical_controls.cohort.derivations.derived_counts import derived_ard
from historical_controls.cohort.follow_up.availability import ALL_DAYS, COUNTS
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.cohort.records.stays import END_EVENTS
from historical_controls.config.cohort.baseline import DAY
from historical_controls.inference.counts import bounded_share
from historical_controls.tables.days import tick_days
from historical_controls.tables.endings import DEATH, DISCHARGE, UNKNOWN, vital_status


def cohort_ard(tables: CohortTables, confidence: float) -> pd.DataFrame:
    """Rows of the outputs 14.1.1, 14.1.3, 14.1.6, 14.1.12 and 14.2.11; `confidence`: level of their intervals."""
    return ard_frame(
        [
            *_disposition(tables, confidence),
            *_attrition(tables),
            *_waits(tables),
            *_availability(tables),
            *derived_ard(tables),
            *summary_ard(tables),
        ]
    )


def _disposition(tables: CohortTables, confidence: float) -> Iterator[Row]:
    """How follow-up stood at the horizon, with exact intervals; of deaths and discharges, also of those lost (EV-2)."""
    # A row of zeros for records that simply end would be noise in studies where none does; of both arms or of none.
    ends = any((_included(tables, arm)["end_state"] == "last_record").any() for arm in ARMS)
    for arm in ARMS:
        people = _included(tables, arm)
        states = people["end_state"].replace("horizon", "in_hospital")
        lost = int((vital_status(people, tables.horizon_days) == UNKNOWN).sum())
        cell = Cell(AnalysisKey.DISPOSITION, tables.scenario, arm=arm, day=tables.horizon_days)
        yield cell.number(Statistic.N_SUBJECTS, len(states))
        for level in (*END_EVENTS, *tables.ends_with, "in_hospital", "last_record"):
            count = int((states == level).sum())
            if ends or level != "last_record":
                # Whoever was lost may have died or been discharged since; the other states are documented as such.
                unknown = lost if level in (DEATH, DISCHARGE) else 0
                yield from _share(cell.at(level=level), (count, unknown, len(states)), confidence)


def _share(cell: Cell, counts: tuple[int, int, int], confidence: float) -> Iterator[Row]:
    """counts: patients in whom it is documented, those of whom it cannot be told, and all."""
    count, unknown, total = counts
    yield cell.number(Statistic.COUNT, count)
    if unknown:
        yield cell.number(Statistic.N_UNKNOWN, unknown)
    if total:
        share = bounded_share(count, unknown, total, confidence)
        yield cell.number(Statistic.SHARE, count / total, format="percent")
        yield cell.number(Statistic.LOWER, share.lower, format="percent")
        yield cell.number(Statistic.UPPER, share.upper, format="percent")


def _attrition(tables: CohortTables) -> Iterator[Row]:
    yield from attrition_rows(Cell(AnalysisKey.ATTRITION, tables.scenario), tables.attrition, "level")


def _waits(tables: CohortTables) -> Iterator[Row]:
    cell = Cell(AnalysisKey.WAITS, tables.scenario, arm="treated")
    yield cell.number(Statistic.N_SUBJECTS, len(tables.waits))
    if tables.waits:
        for name, value in (
            (Statistic.MEDIAN, np.median(tables.waits)),
            (Statistic.MIN, min(tables.waits)),
            (Statistic.MAX, max(tables.waits)),
        ):
            yield cell.number(name, float(value), "h", "0.0")


def _availability(tables: CohortTables) -> Iterator[Row]:
    """Patients measured of those at risk: alive and in hospital for any part of the day (day 0: all)."""
    for arm in ARMS:
        people = _included(tables, arm)
        for outcome in tables.outcomes:
            cell = Cell(AnalysisKey.AVAILABILITY, tables.scenario, outcome=outcome, arm=arm)
            yield from _of_outcome(cell, tables, people)


def _of_outcome(cell: Cell, tables: CohortTables, people: pd.DataFrame) -> Iterator[Row]:
    own = tables.values[(tables.values["outcome"] == cell.outcome) & (tables.values["arm"] == cell.arm)]
    counts = {row["day"]: row for row in own.to_dict("records")}
    whole = counts.get(ALL_DAYS)
    yield from _measured(cell, whole, len(people))
    assays = sorted(whole["assays"] - {""}) if whole is not None else []
    if assays:
        yield cell.text(Statistic.ASSAYS, "; ".join(assays))
    for day in days_shown(tables.horizon_days):
        # Whoever was followed beyond the hour at which a day begins was there for part of it.
        at_risk = int(((people["end_day"] > tables.baseline.start_of(day) / DAY) | (day == 0)).sum())
        yield from _measured(cell.at(day=day), counts.get(day), at_risk)


def days_shown(horizon: int) -> list[int]:
    """Baseline, every tick of the time axis (weeks, of years fewer), and the horizon."""
    return sorted({*tick_days(horizon), horizon})


def _measured(cell: Cell, counted: Mapping[Hashable, Any] | None, at_risk: int) -> Iterator[Row]:
    counts = dict.fromkeys(COUNTS, 0) if counted is None else counted
    yield cell.number(Statistic.N_SUBJECTS, counts["n_subjects"])
    yield cell.number(Statistic.N_AT_RISK, at_risk)
    yield cell.number(Statistic.N_VALUES, counts["n_values"])
    if counts["n_numbers"]:
        yield cell.number(Statistic.SHARE_CENSORED, counts["n_censored"] / counts["n_numbers"], format="percent")


def _included(tables: CohortTables, arm: str) -> pd.DataFrame:
    patients = tables.patients
    return patients[patients["included"] & (patients["arm"] == arm)]
