"""Which outcome a name means."""

from __future__ import annotations

import pandas as pd

from ..config_sources import SourceFile
from ..dictionary import Dictionary, fold
from .distinct import by_distinct, by_distinct_pair
from .records import decide

UNKNOWN, AMBIGUOUS = "?", "??"


def resolve_names(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Outcome codes of records whose analyte came as a name; declared columns have theirs already.

    A name with several meanings ('PCR') is settled by the kind of result in the cell, else NAME_AMBIGUOUS.
    """
    kinds = pd.Series("", index=records.index, dtype="str")
    kinds = kinds.mask(records["finding"].notna(), "result").mask(records["number"].notna(), "number")
    named = records["code"] == ""
    meaning = by_distinct_pair(
        records["analyte"].where(named, ""), kinds, lambda name, kind: _meaning(name, kind, dictionary), "str"
    )
    code = records["code"].where(~named, meaning)
    ignored = {fold(name) for name in file.ignore_analytes if name != "*"}
    declared = named & by_distinct(records["analyte"], lambda name: fold(name) in ignored, bool)
    if "*" in file.ignore_analytes:
        declared |= code == UNKNOWN
    out = records.assign(code=code.mask(code.isin([UNKNOWN, AMBIGUOUS]), ""))
    out = decide(out, declared, "DECLARED", "ignored")
    out = decide(out, code == UNKNOWN, "NAME_UNKNOWN", hint="add the name to synonyms.csv, or to 'ignore_analytes'")
    return decide(out, code == AMBIGUOUS, "NAME_AMBIGUOUS", hint="the result does not tell which meaning is meant")


def _meaning(name: str, kind: str, dictionary: Dictionary) -> str:
    """The code, or that the name is unknown or ambiguous."""
    meanings = dictionary.named(name)
    if not meanings:
        return UNKNOWN
    fitting = [m for m in meanings if m.result_kind in ("", kind)] if len(meanings) > 1 else list(meanings)
    return fitting[0].code if len(fitting) == 1 else AMBIGUOUS
