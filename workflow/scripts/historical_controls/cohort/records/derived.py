"""What a derivation gives: rows for the table of measurements, and what it could not use."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.cohort.records.intervals import Flags
from historical_controls.dictionary.dictionary import Outcome

REFUSED_COLUMNS = ["patient", "time", "outcome", "reason", "value", "ratio", "file", "line", "item"]


@dataclass(frozen=True)
class Derived:
    """`rows`: derived measurements. `refused`: values that gave none, with the reason (columns REFUSED_COLUMNS)."""

    rows: pd.DataFrame
    refused: pd.DataFrame


def nothing_refused() -> pd.DataFrame:
    kinds = {"patient": "int64", "time": "int64", "line": "int64", "value": "float64", "ratio": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "str")) for name in REFUSED_COLUMNS})


def refuse(rows: pd.DataFrame, code: str, reason: str, where: Flags, ratio: pd.Series | None = None) -> pd.DataFrame:
    """The rows of a mask as refused ones; a censored value is named by its limit."""
    lost = rows[where]
    value = lost["value"].fillna(lost["upper"]).fillna(lost["lower"])
    shown = float("nan") if ratio is None else ratio[where]
    return lost.assign(outcome=code, reason=reason, value=value, ratio=shown)[REFUSED_COLUMNS]


def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else nothing_refused()


def computed_rows(values: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Measurements that stand in no file; `values` has patient, time, value, lower, upper, flags."""
    return values.assign(
        outcome=outcome.code,
        result=None,
        unit=outcome.unit,
        assay="",
        specimen="",
        status="done",
        file="",
        line=0,
        item="derived",
    )
