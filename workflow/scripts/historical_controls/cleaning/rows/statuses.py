"""What the laboratory says of a result as a whole: final, preliminary, corrected, withdrawn."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.cells.cell_words import STATUSES
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import decide
from historical_controls.dictionary.folding import fold

UNKNOWN = "unknown"


def read_status(texts: pd.Series) -> pd.Series:
    """Return 'done', 'preliminary', 'corrected' or 'withdrawn' for each status; 'unknown' for one that nobody knows."""
    return by_distinct(texts, lambda text: STATUSES.get(fold(text), UNKNOWN), "str")


def check_status(records: pd.DataFrame) -> pd.DataFrame:
    """Hold what the laboratory withdrew, and what it may have withdrawn in words that nobody knows."""
    out = decide(records, records["status"] == "withdrawn", "WITHDRAWN", hint="its status says withdrawn or cancelled")
    odd = records["status"] == UNKNOWN
    if not odd.any():
        return out
    text = records.loc[odd, "status_text"].astype("str")
    hint = ("the status '" + text + "' is not known: declare it under 'statuses'").reindex(records.index)
    # Released, it is kept as a final result.
    return decide(out.assign(status=out["status"].mask(odd, "done")), odd, "STATUS_UNKNOWN", hint=hint)
