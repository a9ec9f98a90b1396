"""Specimens that specimens.csv does not know, and comments on specimens that nobody knows: a person has to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.ledger.tallies import counted
from historical_controls.cleaning.records.columns import CELL, column
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import meets
from historical_controls.cleaning.words.specimens import comment_said
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.parts import LongMeasurements, WideMeasurements
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.dictionary.dictionary import Dictionary

# What specimens.py of the rows says of a specimen that is not in the dictionary.
MOST_COMMENTS = 5
UNKNOWN = r"^specimen '(?P<specimen>.*)' is not in specimens\.csv"


def unknown_specimens(
    measured: pd.DataFrame, outside: pd.DataFrame, held: pd.DataFrame, tally: pd.DataFrame, dictionary: Dictionary
) -> Iterator[Finding]:
    """Yield per file each specimen that specimens.csv lacks, of clean and of held records.

    measured, outside, held, tally: see ledger/tallies.py.
    """
    both = pd.concat([measured, outside], ignore_index=True)
    strange = both.loc[is_unknown(both["specimen"], dictionary), ["file", "outcome", "specimen", "n"]]
    other = held.loc[held["reason"] == "SPECIMEN_OTHER"]
    said = other["hint"].str.extract(UNKNOWN)["specimen"]
    lost = other.assign(specimen=said, outcome=other["analyte"]).loc[said.notna(), list(strange)]
    both = pd.concat([strange, lost], ignore_index=True)
    for (file, specimen), own in both.groupby(["file", "specimen"], sort=True):
        codes = sorted(own["outcome"].unique())
        n = int(own["n"].sum())
        total = int(tally.loc[(tally["file"] == file) & (tally["table"] == "measurements"), "n"].sum())
        hint = f"specimen '{specimen}' of {', '.join(codes)} is not in specimens.csv: what is it?"
        line = f"a spelling in specimens.csv: {json.dumps(specimen, ensure_ascii=False)}"
        where = (
            Evidence("measurements", {"file": str(file), "specimen": str(specimen)}),
            Evidence("ledger", {"file": str(file), "analyte": codes[0], "reason": "SPECIMEN_OTHER"}),
        )
        outcome = codes[0] if len(codes) == 1 else ""
        yield Finding(
            str(file), "SPECIMEN_UNKNOWN", outcome, str(specimen), NOT_KNOWN, n, n / total, NOT_KNOWN, hint, line, where
        )


def is_unknown(specimens: pd.Series, dictionary: Dictionary) -> pd.Series:
    """Return which specimens are stated and not in specimens.csv."""
    return (specimens != "") & ~specimens.isin(list(dictionary.specimens.values()))


def unknown_comments(source: Source, intake: Mapping[str, Path]) -> Iterator[Finding]:
    """Yield per part the comments that say nothing known of a specimen: results beside them are kept as they are.

    intake: paths of table intake by file.
    """
    for name, path in intake.items():
        for number, part in enumerate(source.files[name].parts):
            if isinstance(part, LongMeasurements | WideMeasurements) and part.comment:
                found = _unknown_of(part, part.comment, source.files[name], path)
                if len(found):
                    yield _comment_finding(name, f"parts.{number}.comments", part.comments, found)


def _unknown_of(part: LongMeasurements | WideMeasurements, name: str, file: SourceFile, path: Path) -> pd.Series:
    """Rows of each unknown comment, the most frequent first."""
    asked = dict.fromkeys([CELL + name, *(CELL + where.column for where in part.where)])
    told = counted(path, list(asked)).fillna(dict.fromkeys(asked, ""))
    read = pd.Series(True, index=told.index)
    for where in part.where:
        read &= meets(told, where, file)
    texts, codes = column(told, name), declared_codes(part.comments, file)
    unknown = by_distinct(texts, lambda text: text not in codes and comment_said(text) is None, bool)
    return (
        told.loc[read & unknown, "n"].groupby(texts[read & unknown]).sum().sort_values(ascending=False, kind="stable")
    )


def _comment_finding(name: str, place: str, declared: Mapping[str, str], counts: pd.Series) -> Finding:
    # Free text may name people: the comments stand in the line, which no table of results has.
    hint = f"what do the comments of {len(counts)} kinds say of their specimens? Their results are kept"
    shown = map(str, counts.head(MOST_COMMENTS).index)
    codes = json.dumps({**declared, **dict.fromkeys(shown, "...")}, ensure_ascii=False)
    line = f"{place}: {codes}   # each fine, haemolysed, clotted or invalid"
    return Finding(name, "COMMENT_UNKNOWN", "", "", NOT_KNOWN, int(counts.sum()), NOT_KNOWN, NOT_KNOWN, hint, line)
