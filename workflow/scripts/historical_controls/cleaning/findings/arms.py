"""Codes that nobody declared: arms that neither source of a file can read, ends of stays that no condition names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.ledger.tallies import counted
from historical_controls.cleaning.records.columns import CELL, column
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import meets
from historical_controls.cleaning.rows.arms import OTHER_ARM, UNKNOWN_ARM
from historical_controls.cleaning.words.endings import ending_said
from historical_controls.config.sources.arms import ArmColumn
from historical_controls.config.sources.parts import Condition, EventColumns, PatientRows
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.dictionary.vocabulary import ENDINGS
from historical_controls.tables.parquet import read_pieces
from historical_controls.tables.registry import LEDGER

MOST_CODES = 5


def unknown_arms(ledger: Path, tally: pd.DataFrame, source: Source) -> Iterator[Finding]:
    """Yield files with rows of an undeclared arm, their share of the file's rows, and the line that would declare them.

    ledger: path of the source's ledger; tally: see ledger_tally.
    """
    unknown = tally.loc[tally["reason"] == UNKNOWN_ARM]
    for name, own in unknown.groupby("file", sort=True):
        declared = source.files[str(name)].arm_column
        if declared is None:
            continue
        n, total = int(own["n"].sum()), _n_rows(ledger, str(name))
        codes = own.groupby("raw_value")["n"].sum().sort_values(ascending=False, kind="stable")
        said = ", ".join(f"'{code}' ({count})" for code, count in codes.head(MOST_CODES).items())
        hint = f"{n} of {total} rows have an arm that is not declared in column '{declared.column}': {said}"
        line = f"arm_column: {_declared(declared, list(codes.index))}   # or these keys under 'arm' of the source"
        where = Evidence("ledger", {"file": str(name), "reason": UNKNOWN_ARM}, "arm")
        yield Finding(str(name), UNKNOWN_ARM, "", "", NOT_KNOWN, n, n / total, NOT_KNOWN, hint, line, (where,))


def _n_rows(ledger: Path, name: str) -> int:
    """Count the rows of a file that are read, held, or of the other arm."""
    lines = []
    for piece in read_pieces(ledger, LEDGER, ["file", "line", "fate", "reason"]):
        there = (piece["file"] == name) & ((piece["fate"] != "ignored") | (piece["reason"] == OTHER_ARM))
        lines.append(piece.loc[there, "line"].unique())
    return len(np.unique(np.concatenate(lines)))


def _declared(declared: ArmColumn, new: list[str]) -> str:
    """Return the declaration with new codes under 'neither', as it is typed."""
    lists = {"treated": declared.treated, "historical": declared.historical, "neither": [*declared.neither, *new]}
    said = [f"column: {json.dumps(declared.column, ensure_ascii=False)}"]
    said += [f"{arm}: {json.dumps(codes, ensure_ascii=False)}" for arm, codes in lists.items()]
    return f"{{{', '.join(said)}}}"


def unread_endings(source: Source, intake: Mapping[str, Path]) -> Iterator[Finding]:
    """Yield words for an end of a stay that no condition of it names, where others of their column are named.

    Whoever has them counts as followed to the last record, and not as dead. intake: paths of table intake by file.
    """
    for name, path in intake.items():
        for number, part in enumerate(source.files[name].parts):
            if isinstance(part, PatientRows):
                for place, missed in _missed(part, source.files[name], path):
                    yield _ending_finding(name, f"parts.{number}.events.{place}.only_if", part.events[place], missed)


def _missed(part: PatientRows, file: SourceFile, path: Path) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the place of each event with words for it that nothing names: columns text and n."""
    for place, event in enumerate(part.events):
        if event.only_if is None or event.event not in ENDINGS:
            continue
        name = event.only_if.column
        asked = dict.fromkeys([name, *(where.column for where in part.where)])
        told = counted(path, [CELL + one for one in asked])
        told = told.fillna({CELL + one: "" for one in asked})
        read = pd.Series(True, index=told.index)
        for where in part.where:
            read &= meets(told, where, file)
        for other in part.events:
            if other.only_if is not None and other.only_if.column == name:
                read &= ~meets(told, other.only_if, file)
        texts = column(told, name)
        said = by_distinct(texts, ending_said) == event.event
        missed = told.assign(text=texts).loc[read & said].groupby("text")["n"].sum()
        if len(missed):
            yield place, missed.sort_values(ascending=False, kind="stable").reset_index()


def _ending_finding(name: str, place: str, event: EventColumns, missed: pd.DataFrame) -> Finding:
    condition = event.only_if or Condition(column="", is_in=[""])
    shown = missed.head(MOST_CODES)
    said = ", ".join(f"'{text}' ({n})" for text, n in zip(shown["text"], shown["n"], strict=True))
    hint = f"in column '{condition.column}' no condition names {said}, which most likely means '{event.event}'"
    codes = json.dumps([*condition.is_in, *missed["text"]], ensure_ascii=False)
    line = f"{place}: {{column: {json.dumps(condition.column, ensure_ascii=False)}, is_in: {codes}}}"
    n = int(missed["n"].sum())
    return Finding(name, "ENDING_UNREAD", "", event.event, NOT_KNOWN, n, NOT_KNOWN, NOT_KNOWN, hint, line)
