"""Which outcome a name means."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair
from historical_controls.cleaning.records.records import decide
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold

UNKNOWN, AMBIGUOUS = "?", "??"


def resolve_names(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Give outcome codes to records whose analyte is a name; declared columns already have theirs.

    A name with several meanings ('PCR', 'Linfocitos') is resolved by the kind of result and the unit of the row;
    otherwise it is held (NAME_AMBIGUOUS).
    """
    named = records["code"] == ""
    meaning = by_distinct(records["analyte"].where(named, ""), lambda name: _single(name, dictionary), "str")
    several = named & (meaning == AMBIGUOUS)
    if several.any():
        meaning = meaning.mask(several, _resolved(records.loc[several], file, dictionary).reindex(records.index))
    code = records["code"].where(~named, meaning)
    ignored = {fold(name) for name in file.ignore_analytes if name != "*"}
    begun = tuple(fold(name[:-1]) + " " for name in file.ignore_analytes if name.endswith(" *"))
    declared = named & by_distinct(
        records["analyte"], lambda name: fold(name) in ignored or fold(name).startswith(begun), bool
    )
    if "*" in file.ignore_analytes:
        declared |= code == UNKNOWN
    out = records.assign(code=code.mask(code.isin([UNKNOWN, AMBIGUOUS]), ""))
    out = decide(out, declared, "DECLARED", "ignored")
    out = decide(out, code == UNKNOWN, "NAME_UNKNOWN", hint="add the name to synonyms.csv, or to 'ignore_analytes'")
    return decide(out, code == AMBIGUOUS, "NAME_AMBIGUOUS", hint="the result does not tell which meaning is meant")


def _single(name: str, dictionary: Dictionary) -> str:
    """The code of a name that means one thing, or that it is unknown or ambiguous."""
    meanings = dictionary.named(name)
    if not meanings:
        return UNKNOWN
    return meanings[0].code if len(meanings) == 1 else AMBIGUOUS


def _resolved(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.Series:
    """The code of each record whose name has several meanings, or AMBIGUOUS."""
    unit = records["raw_unit"].where(records["raw_unit"] != "", records["cell_unit"])
    kind = pd.Series("", index=records.index, dtype="str").mask(records["finding"].notna(), "result")
    # A number goes before a finding: '12 positivo' is a number with a note.
    kind = kind.mask(records["number"].notna(), "number")
    # One text per kind and unit, so that each distinct pair of it and the name is looked at once.
    clues = by_distinct_pair(kind, unit, lambda kind, unit: f"{kind}\x1f{unit}", "str")

    def meant(name: str, clue: str) -> str:
        kind, unit = clue.split("\x1f", 1)
        return _meant(name, kind, unit, file, dictionary)

    return by_distinct_pair(records["analyte"], clues, meant, "str")


def _meant(name: str, kind: str, unit: str, file: SourceFile, dictionary: Dictionary) -> str:
    """The one meaning that fits the kind of result ('number', 'result', '') and the unit; AMBIGUOUS otherwise.

    What is neither a number nor a finding ('ND', 'hemolizada') does not tell a protein from a test. Of numbers that
    only a unit could tell apart (a count from a share), the first stands, and without its unit is held for that.
    """
    meanings = dictionary.named(name)
    if kind == "" and len({m.result_kind for m in meanings}) > 1:
        return AMBIGUOUS
    fits = [m.code for m in meanings if kind in ("", m.result_kind) or m.result_kind == ""]
    with_unit = {m.code for m in meanings if unit and dictionary.conversion(m.code, unit) is not None}
    if with_unit:
        # Two clues that contradict each other settle nothing: 'no detectado' in mg/L.
        fits = [code for code in fits if code in with_unit]
    elif not unit:
        # Without a unit anywhere, the outcome for which the file declares one is meant.
        fits = [code for code in fits if code in file.default_units] or fits
    return fits[0] if fits else AMBIGUOUS
