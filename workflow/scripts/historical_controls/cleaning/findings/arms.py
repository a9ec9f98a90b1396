"""Rows whose arm is not declared: neither source of the file can read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.rows.arms import OTHER_ARM, UNKNOWN_ARM
from historical_controls.config.sources.arms import ArmColumn
from historical_controls.config.sources.sources import Source
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
