"""Records: one per cell that is read from a raw row, each with its fate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.records.columns import CELL, DECLARED_ASIDE, sheet_fault
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.config.sources.codes import declared_codes, visible_text
from historical_controls.config.sources.parts import Condition
from historical_controls.config.sources.sources import SourceFile
from historical_controls.tables.coded import constant, is_coded, plain, texts_replaced

# Lines that the declaration sets aside, and its header again; any other line that is no row of columns is held.
SET_ASIDE = {*DECLARED_ASIDE, "HEADER_AGAIN"}
OR_NONE = "; if it says that there is none, list it under 'sentinels'"
RECORD_KEY = ["source", "file", "line", "item"]


def selected(rows: pd.DataFrame, conditions: list[Condition], file: SourceFile) -> pd.DataFrame:
    """Return the rows that meet every condition."""
    for condition in conditions:
        rows = rows.loc[meets(rows, condition, file)]
    return rows


def meets(rows: pd.DataFrame, condition: Condition, file: SourceFile) -> pd.Series:
    """Return where a column of the rows has one of the codes of a condition, as codes are compared."""
    allowed = declared_codes(dict.fromkeys(condition.is_in, True), file)
    return by_distinct(rows[CELL + condition.column], lambda text: visible_text(text.strip()) in allowed, bool)


def undecided(records: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return the records with `columns`, fate "clean", and no reason or hint: categories where the subjects are."""
    index = records.index
    if is_coded(records["subject"]):
        said = {"fate": constant("clean", index), "reason": constant("", index), "hint": constant(None, index)}
        return records.assign(**columns, **said)
    return records.assign(**columns, fate="clean", reason="", hint=pd.Series(None, index=index, dtype="str"))


def decide(
    records: pd.DataFrame,
    where: pd.Series,
    reason: str | pd.Series,
    fate: str = "quarantined",
    hint: str | pd.Series = "",
    may_release: bool = True,
) -> pd.DataFrame:
    """Give a fate, reason and hint to the clean records `where`: the first reason is kept.

    A record that a person released from this very reason (column released) gets reason RELEASED and is not held, if
    single records may be released from it (may_release).
    """
    rows = np.flatnonzero(where.fillna(False).to_numpy(dtype=bool))
    # Positions, not a mask: few of a million rows are concerned.
    rows = rows[(records["fate"].iloc[rows] == "clean").to_numpy()]
    if may_release and fate == "quarantined" and "released" in records:
        records, rows = _without_released(records, rows, reason)
    if not len(rows):
        return records
    # No hint is null in the ledger, not a blank text.
    said = hint.iloc[rows] if isinstance(hint, pd.Series) else (hint or None)
    why = reason.iloc[rows] if isinstance(reason, pd.Series) else reason
    return records.assign(
        fate=texts_replaced(records["fate"], rows, fate),
        reason=texts_replaced(records["reason"], rows, why),
        hint=texts_replaced(records["hint"], rows, said),
    )


def _without_released(
    records: pd.DataFrame, rows: np.ndarray, reason: str | pd.Series
) -> tuple[pd.DataFrame, np.ndarray]:
    """The records with reason RELEASED where `rows` were released from the reason, and the other rows."""
    released = records["released"].iloc[rows]
    if released.isna().all():
        return records, rows
    free = names_reason(released, reason.iloc[rows] if isinstance(reason, pd.Series) else reason).to_numpy()
    return records.assign(reason=texts_replaced(records["reason"], rows[free], "RELEASED")), rows[~free]


def names_reason(released: pd.Series, reason: str | pd.Series) -> pd.Series:
    """Return which of the released reasons of records ('RANGE;DUP_CONFLICT;', null = none) include `reason`.

    reason: one for all, or one a record, on the index of `released`.
    """
    codes = reason if isinstance(reason, pd.Series) else pd.Series(reason, index=released.index)
    # Whole reasons: RANGE is the end of OUT_OF_RANGE, which releases no interval.
    pairs = zip(codes, released.astype("str").fillna(""), strict=True)
    return pd.Series([code in said.split(";") for code, said in pairs], index=released.index, dtype=bool)


def note_if_unremarked(
    records: pd.DataFrame, where: pd.Series, reason: str, hint: pd.Series | None = None
) -> pd.DataFrame:
    """Give a reason to clean records without one, `where` something besides the record itself could not be used.

    hint: what that was, one a record.
    """
    rows = where & (records["fate"] == "clean") & (records["reason"] == "")
    places = np.flatnonzero(rows.to_numpy(dtype=bool))
    if not len(places):
        return records
    said = {} if hint is None else {"hint": texts_replaced(records["hint"], places, hint.iloc[places])}
    return records.assign(reason=texts_replaced(records["reason"], places, reason), **said)


def with_flag(flags: pd.Series, name: str, where: pd.Series) -> pd.Series:
    """Return the flags with one more `where` it applies."""
    rows = np.flatnonzero(where.fillna(False).to_numpy(dtype=bool))
    longer = (flags.iloc[rows].astype("str") + ";" + name).str.lstrip(";")
    return texts_replaced(flags, rows, longer) if len(rows) else flags


def check_subject(records: pd.DataFrame) -> pd.DataFrame:
    """Hold records without a patient id (ID_MISSING), or with a text in its place that is none (ID_INVALID)."""
    nobody = records["subject"] == ""
    if not nobody.any():
        return records
    records = decide(records, nobody & (records["id_text"] == ""), "ID_MISSING", hint="the row names no patient")
    sent = records.loc[nobody, "id_text"]
    remedy = by_distinct(sent, lambda text: sheet_fault(text) or "if it is one, list it under 'accepted_ids'", "str")
    hint = "'" + sent + "' is not a patient id; " + remedy
    return decide(records, nobody, "ID_INVALID", hint=hint.reindex(records.index))


def check_times(records: pd.DataFrame, name: str = "time") -> pd.DataFrame:
    """Hold records of which a time could not be read, showing it as sent and what was expected.

    name: 'time', or one that need not be there: 'result_time', 'end'. The columns `name`_reason, _text and _hint tell.
    """
    held = records[f"{name}_reason"] != ""
    if not held.any():
        return records
    own = plain(records.loc[held, [f"{name}_reason", f"{name}_text", f"{name}_hint"]])
    own.columns = ["reason", "text", "hint"]
    hint = own["hint"]
    if name != "time":
        # Some systems write '0000-00-00' or 'pending' for a time that there is not.
        hint = hint.mask(own["reason"].isin(["DATE_INVALID", "DATE_RANGE"]), hint + OR_NONE)
    said = time_as_sent(name.replace("_", " "), own["text"], hint).reindex(records.index)
    return decide(records, held, own["reason"].reindex(records.index), hint=said)


def time_as_sent(what: str, text: pd.Series, hint: pd.Series) -> pd.Series:
    """Return the hint of times that could not be read: what they are, their text, and what was expected (`time_hint`).

    Findings about dates read the text again: `TIME_SENT` in tallies.py.
    """
    return what + " as sent: '" + text + "'; " + hint
