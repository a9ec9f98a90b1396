"""Rows of the results table: disposition, attrition, waits, availability of data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from ..ard import Cell, ard_frame
from .clean_tables import CohortTables
from .derived_counts import derived_ard
from .summary_results import summary_ard
from .visits import study_days

ARMS = ("treated", "historical")
LEVEL = 0.95

Row = dict[str, object]


def cohort_ard(tables: CohortTables) -> pd.DataFrame:
    """Rows of the outputs 14.1.1, 14.1.3, 14.1.6, 14.1.12 and 14.2.11."""
    return ard_frame(
        [
            *_disposition(tables),
            *_attrition(tables),
            *_waits(tables),
            *_availability(tables),
            *derived_ard(tables),
            *summary_ard(tables),
        ]
    )


def _disposition(tables: CohortTables) -> Iterator[Row]:
    """How follow-up stood at the horizon, with exact (Clopper-Pearson) 95% intervals."""
    for arm in ARMS:
        states = _included(tables, arm)["end_state"].replace("horizon", "in_hospital")
        cell = Cell("14.1.1", tables.scenario, "disposition", arm=arm, day=tables.horizon_days)
        yield cell.number("n_subjects", len(states))
        for level in ("death", "discharge_alive", "transfer_out", "in_hospital", "last_record"):
            count = int((states == level).sum())
            if count or level != "last_record":
                yield from _share(cell.at(level=level), count, len(states))


def _share(cell: Cell, count: int, total: int) -> Iterator[Row]:
    yield cell.number("count", count)
    if total:
        lower, upper = proportion_confint(count, total, alpha=1 - LEVEL, method="beta")
        yield cell.number("share", count / total, format="percent")
        yield cell.number("lower", lower, format="percent")
        yield cell.number("upper", upper, format="percent")


def _attrition(tables: CohortTables) -> Iterator[Row]:
    for row in tables.attrition.itertuples():
        cell = Cell(
            "14.1.3", tables.scenario, "attrition", population=str(row.source), arm=str(row.arm), level=str(row.step)
        )
        for name in ("position", "n_before", "n_excluded", "n_unknown", "n_after"):
            yield cell.number(name, getattr(row, name))


def _waits(tables: CohortTables) -> Iterator[Row]:
    cell = Cell("14.1.3", tables.scenario, "waits", arm="treated")
    yield cell.number("n_subjects", len(tables.waits))
    if tables.waits:
        for name, value in (
            ("median", np.median(tables.waits)),
            ("min", min(tables.waits)),
            ("max", max(tables.waits)),
        ):
            yield cell.number(name, float(value), "h", "0.0")


def _availability(tables: CohortTables) -> Iterator[Row]:
    """Patients measured of those at risk: alive and in hospital for any part of the day (day 0: all)."""
    rows = tables.observations[tables.observations["outcome"].isin(tables.outcomes)]
    rows = rows.assign(day=study_days(rows["hours"].to_numpy(np.float64), tables.baseline_hours))
    rows = rows[rows["day"] >= 0]
    for arm in ARMS:
        people = _included(tables, arm)
        mine = rows[rows["arm"] == arm]
        for outcome in tables.outcomes:
            cell = Cell("14.1.6", tables.scenario, "availability", outcome=outcome, arm=arm)
            yield from _of_outcome(cell, mine[mine["outcome"] == outcome], people, tables.horizon_days)


def _of_outcome(cell: Cell, rows: pd.DataFrame, people: pd.DataFrame, horizon: int) -> Iterator[Row]:
    yield from _measured(cell, rows, len(people))
    assays = sorted(set(rows["assay"]) - {""})
    if assays:
        yield cell.text("assays", "; ".join(assays))
    for day in days_shown(horizon):
        at_risk = int(((people["end_day"] > day - 1) | (day == 0)).sum())
        yield from _measured(cell.at(day=day), rows[rows["day"] == day], at_risk)


def days_shown(horizon: int) -> list[int]:
    """Baseline, every week, and the horizon."""
    return sorted({0, *range(7, horizon + 1, 7), horizon})


def _measured(cell: Cell, rows: pd.DataFrame, at_risk: int) -> Iterator[Row]:
    yield cell.number("n_subjects", rows[["source", "patient_id"]].drop_duplicates().shape[0])
    yield cell.number("n_at_risk", at_risk)
    yield cell.number("n_values", len(rows))
    numbers = rows[rows["lower"].notna() | rows["upper"].notna()]
    if len(numbers):
        yield cell.number("share_censored", float(numbers["value"].isna().mean()), format="percent")


def _included(tables: CohortTables, arm: str) -> pd.DataFrame:
    patients = tables.patients
    return patients[patients["included"] & (patients["arm"] == arm)]
