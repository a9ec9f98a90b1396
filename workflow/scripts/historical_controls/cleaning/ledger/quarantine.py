"""Every held record as a list that a data manager can open in a spreadsheet and work through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from historical_controls.cleaning.records.columns import CELL
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.tables.both_arms import told_once
from historical_controls.tables.parquet import read_among
from historical_controls.tables.registry import INTAKE, LEDGER
from historical_controls.text.spreadsheet_cells import inert

READ = ["source", "file", "line", "item", "subject", "analyte", "fate", "reason", "raw_value", "hint"]
COLUMNS = ["row_hash", *(name for name in READ if name != "fate")]
# What a person fills in, so that the list is itself the form of the study's resolutions.
TO_FILL_IN = ["decision", "column", "text", "who", "date", "why"]
CELL_AT_MOST = 1000
FileKey = tuple[str, str]


def held_records(ledgers: Iterable[str | Path], written: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the quarantined records of final ledgers (columns READ but fate), sorted by source, file, line, item.

    written: see `told_once`.
    """
    parts = [part for path in ledgers for part in read_among(path, LEDGER, "fate", ["quarantined"], READ)]
    held = pd.concat([part for part in parts if len(part)] or [LEDGER.empty()[READ]], ignore_index=True)
    once = told_once(held.drop(columns="fate"), written or {})
    return once.sort_values(["source", "file", "line", "item"], ignore_index=True)


def quarantine_list(
    held: pd.DataFrame,
    intake: Mapping[FileKey, str | Path],
    said: Callable[[str], str],
    hints: Callable[[str], str] = str,
) -> pd.DataFrame:
    """Return the list for the data manager: COLUMNS, meaning (the reason in words), and TO_FILL_IN, blank.

    Cells are safe to open in a spreadsheet, and cut after 1,000 characters.

    intake: tables intake by source and file; said: words of a reason; hints: a hint in the reader's language.
    """
    hashes = pd.concat([_hashes(key, path, held) for key, path in sorted(intake.items())] or [pd.DataFrame()])
    named = held.merge(hashes, on=["source", "file", "line"], how="left") if len(hashes) else held.assign(row_hash="")
    words = {name: by_distinct(named[name], _cell, "str") for name in COLUMNS if name != "line"}
    words["hint"] = by_distinct(named["hint"].fillna(""), lambda hint: _cell(hints(hint)), "str")
    meaning = by_distinct(named["reason"], lambda reason: _cell(said(reason)), "str")
    return named[COLUMNS].assign(**words, meaning=meaning, **dict.fromkeys(TO_FILL_IN, ""))


def _cell(text: str) -> object:
    return inert(text[:CELL_AT_MOST])


def _hashes(key: FileKey, path: str | Path, held: pd.DataFrame) -> pd.DataFrame:
    """Columns source, file, line and row_hash of every line of one file that holds a record."""
    wanted = held.loc[(held["source"] == key[0]) & (held["file"] == key[1]), "line"]
    found = [row_hashes(piece) for piece in (read_among(path, INTAKE, "line", wanted) if len(wanted) else ())]
    lines = pd.concat(found) if found else pd.DataFrame(columns=["line", "row_hash"])
    return lines.assign(source=key[0], file=key[1])


def row_hashes(raw: pd.DataFrame) -> pd.DataFrame:
    """Return columns line and row_hash of a piece of table intake: identical rows have the same hash on any line.

    A broken line whose text was not kept, since it may contain private cells, has none.
    """
    cells = [name for name in raw.columns if name.startswith(CELL)]
    rows = raw[["line", "problem", "text", *cells]].itertuples(index=False, name=None)
    hashes = [(line, _hash(problem, text, values)) for line, problem, text, *values in rows]
    return pd.DataFrame(hashes, columns=["line", "row_hash"]).astype({"row_hash": "str"})


def _hash(problem: object, text: object, values: list[object]) -> str:
    if isinstance(problem, str):
        return row_hash([text]) if isinstance(text, str) else ""
    return row_hash(values)


def row_hash(cells: Iterable[object]) -> str:
    """Return 'r' (so that no spreadsheet reads a number) and 12 hexadecimal digits of SHA-256 over the cells."""
    # A separator that no cell includes: ('ab', 'c') and ('a', 'bc') are different rows.
    joined = "\x1f".join("" if pd.isna(cell) else str(cell) for cell in cells)  # type: ignore[call-overload]
    return f"r{hashlib.sha256(joined.encode()).hexdigest()[:12]}"
