"""Records: what raw rows unfold into, each with the fate it meets on its way."""

from __future__ import annotations

import pandas as pd

from ..config_sources import Condition, SourceFile
from ..dictionary import fold

CELL = "cell:"
RECORD_KEY = ["source", "file", "line", "item"]


def selected(rows: pd.DataFrame, conditions: list[Condition]) -> pd.DataFrame:
    """The rows that meet every condition (folded text is one of the declared)."""
    keep = pd.Series(True, index=rows.index)
    for condition in conditions:
        keep &= meets(rows, condition)
    return rows.loc[keep]


def meets(rows: pd.DataFrame, condition: Condition) -> pd.Series:
    allowed = {fold(text) for text in condition.is_in}
    return by_distinct(rows[CELL + condition.column], lambda text: fold(text) in allowed).astype(bool)


def by_distinct(texts: pd.Series, function) -> pd.Series:  # type: ignore[no-untyped-def]
    """A function of each text, called once per distinct text."""
    codes, distinct = pd.factorize(texts)
    values = pd.Series([function(text) for text in distinct], dtype=object)
    return values.take(codes).set_axis(texts.index)


def column(rows: pd.DataFrame, name: str | None) -> pd.Series:
    """A raw column, trimmed; blank texts where none is declared."""
    if name is None:
        return pd.Series("", index=rows.index, dtype="str")
    return rows[CELL + name].str.strip()


def joined_times(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Date and time columns joined by a space; blank where the first is blank."""
    first = column(rows, columns[0])
    text = first
    for name in columns[1:]:
        text = text + " " + column(rows, name)
    return text.str.strip().where(first != "", "")


def subjects(rows: pd.DataFrame, name: str, fill_down: bool) -> pd.Series:
    """Patient ids, trimmed; repeated downwards over blanks only where declared."""
    ids = column(rows, name)
    return ids.where(ids != "").ffill().fillna("") if fill_down else ids


def undecided(records: pd.DataFrame, source: str, file: str, table: str) -> pd.DataFrame:
    """The records with the ledger's columns, as yet without a fate (all clean)."""
    return records.assign(source=source, file=file, table=table, fate="clean", reason="", hint=None)


def decide(
    records: pd.DataFrame, where: pd.Series, reason: str, fate: str = "quarantined", hint: str = ""
) -> pd.DataFrame:
    """`records` with a fate for those `where` that have none yet: the first reason found is the one that stands."""
    rows = where.fillna(False).astype(bool) & (records["fate"] == "clean")
    if not rows.any():
        return records
    out = records.copy()
    out.loc[rows, "fate"] = fate
    out.loc[rows, "reason"] = reason
    out.loc[rows, "hint"] = hint or None
    return out


def is_sentinel(records: pd.DataFrame, file: SourceFile) -> pd.Series:
    """Cells holding a declared code for 'missing' (compared as text)."""
    hit = pd.Series(False, index=records.index)
    for sentinel in file.sentinels:
        here = (
            records["raw_column"].isin(sentinel.columns) if sentinel.columns else pd.Series(True, index=records.index)
        )
        hit |= here & records["raw_value"].isin(sentinel.codes)
    return hit
