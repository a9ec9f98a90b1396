"""Which outcome a name means."""

from __future__ import annotations

import pandas as pd

from ..config_sources import SourceFile
from ..dictionary import Dictionary, fold
from .records import by_distinct, decide


def resolve_names(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Outcome codes of records whose analyte came as a name; declared columns have theirs already.

    A name with several meanings ('PCR') is settled by the kind of result in the cell, else NAME_AMBIGUOUS.
    """
    kinds = pd.Series("", index=records.index, dtype="str")
    kinds = kinds.mask(records["finding"].notna(), "result").mask(records["number"].notna(), "number")
    pairs = records["analyte"].astype("str") + "\x1f" + kinds
    meaning = by_distinct(pairs, lambda pair: _meaning(pair, dictionary))
    code = records["code"].where(records["code"] != "", meaning)
    ignored = {fold(name) for name in file.ignore_analytes}
    declared = by_distinct(records["analyte"], lambda name: fold(name) in ignored).astype(bool) & (
        records["code"] == ""
    )
    everything_else = pd.Series("*" in file.ignore_analytes, index=records.index)
    out = records.assign(code=code.mask(code.isin(["?", "??"]), ""))
    out = decide(out, declared | ((code == "?") & everything_else), "DECLARED", "ignored")
    out = decide(out, code == "?", "NAME_UNKNOWN", hint="add the name to synonyms.csv, or to 'ignore_analytes'")
    return decide(out, code == "??", "NAME_AMBIGUOUS", hint="the result does not tell which meaning is meant")


def _meaning(pair: str, dictionary: Dictionary) -> str:
    """The code; '?' unknown, '??' ambiguous."""
    name, kind = pair.split("\x1f")
    meanings = dictionary.named(name)
    if not meanings:
        return "?"
    fitting = [m for m in meanings if m.result_kind in ("", kind)] if len(meanings) > 1 else list(meanings)
    return fitting[0].code if len(fitting) == 1 else "??"
