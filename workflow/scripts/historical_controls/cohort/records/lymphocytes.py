"""Counts of lymphocytes from their percentage of the leukocytes of the same sample; the percentage stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.flags import with_flag
from historical_controls.dictionary.dictionary import Dictionary

SAMPLE = ["patient", "time", "specimen"]
SHARE, COUNT, WHOLE = "LYMPH_PCT", "LYMPH", "WBC"


def with_lymphocyte_counts(tables: CleanTables, dictionary: Dictionary) -> CleanTables:
    """Placed tables with a flagged count for each percentage whose sample has one leukocyte count and no own count.

    The count is known when the later of its two results is. Limits of the outcome hold: a higher count is left out.
    """
    measured = tables.measurements
    exact = measured[measured["outcome"].isin([SHARE, WHOLE]) & measured["value"].notna()]
    share = exact[(exact["outcome"] == SHARE) & (exact["status"] == "done")]
    if share.empty:
        return tables
    share = share[~_of(share, measured[measured["outcome"] == COUNT])].reset_index(names="row")
    whole = exact.loc[exact["outcome"] == WHOLE, [*SAMPLE, "value", "result_time"]]
    pairs = share.merge(whole, on=SAMPLE, suffixes=("", "_whole"))
    # Two leukocyte counts of one sample, or two percentages: nothing says which of them belong together.
    pairs = pairs[~pairs["row"].duplicated(keep=False) & ~pairs[SAMPLE].duplicated(keep=False)]
    count = (pairs["value"] * pairs["value_whole"] / 100).round(9)
    own = pairs[count <= (dictionary.outcomes[COUNT].hard_high or np.inf)]
    made = own.assign(
        outcome=COUNT,
        unit=dictionary.outcomes[COUNT].unit,
        flags=with_flag(own["flags"], "LYMPH_FROM_PERCENT"),
        result_time=np.maximum(own["result_time"], own["result_time_whole"]),
        **dict.fromkeys(("value", "lower", "upper"), count[own.index]),
    )[list(measured.columns)]
    together = pd.concat([measured, made], ignore_index=True) if len(made) else measured
    # Sorted as placed tables are.
    return replace(tables, measurements=together.sort_values("patient", kind="stable", ignore_index=True))


def _of(rows: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    here, there = (pd.MultiIndex.from_frame(frame[SAMPLE]) for frame in (rows, others))
    return here.isin(there)
