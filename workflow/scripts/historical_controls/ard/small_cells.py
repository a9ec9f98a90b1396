"""Counts of few patients kept out of everything that is shared: the declared smallest cell of config `report`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.ard.keys.statistics import Kind, declared_statistic
from historical_controls.tables.registry import ARD

# Few events are events of few patients.
COUNTED = (Kind.PATIENTS, Kind.EVENTS)
# What would give a hidden count away again, in the same cell of the results table.
GIVING_AWAY = (Kind.SHARE, Kind.BOUND, Kind.ESTIMATE, Kind.RATE)
CELL = [name for name in ARD.key if name != "statistic"]


def without_small_cells(ard: pd.DataFrame, min_cell: int | None) -> pd.DataFrame:
    """Table `ard` in which counts of 1 to `min_cell` - 1 patients or events have no value and are printed '<min_cell'.

    Which statistics count patients is declared by their kind. In the same cell, shares, rates, estimates and bounds
    lose their value with the count, and so do counts of records that are as small. None: the table as it is. Totals are
    left alone, so that a single hidden cell may still follow from its row's total: docs/methods.md, (RP-1). Raises
    UndeclaredKeyError for a statistic that is not declared.
    """
    if min_cell is None:
        return ard
    kinds = ard["statistic"].map({name: declared_statistic(name).kind for name in ard["statistic"].unique()})
    # Not zero: an empty cell identifies nobody.
    few = ard["value"].between(1, min_cell - 1)
    small = kinds.isin(COUNTED) & few
    # The day as text: nan is not equal to itself, and rows without a day would never share a cell.
    cells = pd.MultiIndex.from_frame(ard[CELL].assign(day=ard["day"].map(str)))
    beside = cells.isin(cells[small]) & ~small
    small_records = beside & few & (kinds == Kind.RECORDS)
    hidden = beside & kinds.isin(GIVING_AWAY)
    return ard.assign(
        value=ard["value"].where(~(small | small_records | hidden), np.nan),
        format=ard["format"].where(~hidden, "hidden").where(~(small | small_records), f"<{min_cell}"),
    )
