"""Rows of the results table on patient-level summaries: supporting outcomes, not registered ones."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.cohort.records.clean_tables import CohortTables


def summary_ard(tables: CohortTables) -> Iterator[Row]:
    """Rows of output 14.2.11: patients by state, median and quartiles of the known values, by arm."""
    for outcome in sorted(tables.summaries["outcome"].unique()):
        rows = tables.summaries[tables.summaries["outcome"] == outcome]
        cell = Cell(AnalysisKey.PATIENT_SUMMARIES, tables.scenario, outcome=str(outcome))
        for arm in ARMS:
            yield from _of_arm(cell.at(arm=arm), rows[rows["arm"] == arm])


def _of_arm(cell: Cell, rows: pd.DataFrame) -> Iterator[Row]:
    known = rows["value"].dropna()
    yield cell.number(Statistic.N_SUBJECTS, len(rows))
    yield cell.number(Statistic.N_KNOWN, len(known))
    for state, count in rows["state"].value_counts().sort_index().items():
        yield cell.at(level=str(state)).number(Statistic.COUNT, int(count))
    if len(known):
        unit = str(rows["unit"].iloc[0])
        for name, share in ((Statistic.MEDIAN, 0.5), (Statistic.Q1, 0.25), (Statistic.Q3, 0.75)):
            yield cell.number(name, float(known.quantile(share)), unit, "0.0")
