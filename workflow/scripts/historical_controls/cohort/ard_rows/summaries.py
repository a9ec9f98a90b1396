"""Rows of the results table on patient-level summaries: supporting outcomes, not registered ones."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from historical_controls.ard.rows import Cell
from historical_controls.cohort.records.clean_tables import CohortTables

ARMS = ("treated", "historical")


def summary_ard(tables: CohortTables) -> Iterator[dict[str, object]]:
    """Rows of output 14.2.11: patients by state, median and quartiles of the known values, by arm."""
    for outcome in sorted(tables.summaries["outcome"].unique()):
        rows = tables.summaries[tables.summaries["outcome"] == outcome]
        cell = Cell("14.2.11", tables.scenario, "patient_summaries", outcome=str(outcome))
        for arm in ARMS:
            yield from _of_arm(cell.at(arm=arm), rows[rows["arm"] == arm])


def _of_arm(cell: Cell, rows: pd.DataFrame) -> Iterator[dict[str, object]]:
    known = rows["value"].dropna()
    yield cell.number("n_subjects", len(rows))
    yield cell.number("n_known", len(known))
    for state, count in rows["state"].value_counts().sort_index().items():
        yield cell.at(level=str(state)).number("count", int(count))
    if len(known):
        unit = str(rows["unit"].iloc[0])
        for name, share in (("median", 0.5), ("q1", 0.25), ("q3", 0.75)):
            yield cell.number(name, float(known.quantile(share)), unit, "0.0")
