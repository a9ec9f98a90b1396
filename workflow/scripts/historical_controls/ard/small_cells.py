"""Counts of few patients kept out of everything that is shared: the declared smallest cell of config `report`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.tables.registry import ARD

PATIENT_COUNTS = (
    "count", "ever", "n", "n_after", "n_at_risk", "n_before", "n_censored", "n_died", "n_ever", "n_excluded", "n_fail",
    "n_imputed", "n_included", "n_measured", "n_missing", "n_never", "n_not_recorded", "n_pass", "n_patients",
    "n_subjects", "n_unknown", "n_unmatched",
)  # fmt: skip
# What would give a count away again, in the same cell of the results table.
FROM_COUNTS = ("share", "lower", "upper", "upper_one_sided", "estimate", "rate", "difference")
# These analyses count labellings and weights, not patients.
NOT_OF_PATIENTS = ("permutation_null",)
CELL = [name for name in ARD.key if name != "statistic"]


def without_small_cells(ard: pd.DataFrame, min_cell: int | None) -> pd.DataFrame:
    """Table `ard` in which counts of 1 to `min_cell` - 1 patients have no value and are printed as '<min_cell'.

    Shares, rates and their intervals of the same cell lose their value with them. None: the table as it is. Totals are
    left alone, so that a single hidden cell may still follow from its row's total: docs/methods.md, (RP-1).
    """
    if min_cell is None:
        return ard
    counted = ard["statistic"].isin(PATIENT_COUNTS) & ~ard["analysis"].isin(NOT_OF_PATIENTS)
    small = counted & ard["value"].between(1, min_cell - 1)
    cells = pd.MultiIndex.from_frame(ard[CELL].fillna(""))
    given_away = ard["statistic"].isin(FROM_COUNTS) & cells.isin(cells[small])
    hidden = small | given_away
    return ard.assign(
        value=ard["value"].where(~hidden, np.nan),
        format=ard["format"].where(~hidden, np.where(small, f"<{min_cell}", "hidden")),
    )
