"""Columns whose cells hold two numbers: '167/92' under 'BP', '84/82' under 'pre/post_wt_kg'."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess
from historical_controls.drafting.values import dates

PAIR = re.compile(r"^(\d{1,3}(?:[.,]\d+)?)\s*/\s*(\d{1,3}(?:[.,]\d+)?)$")
# Headings of blood pressures: the first number is the higher one.
PRESSURES = re.compile(r"\b(bp|nibp|blood pressure|pressure|ta|t a|tension arterial|presion arterial|presion)\b")
# 'pre/post_wt_kg': the names of both stand before what they share.
BOTH_NAMED = re.compile(r"^([^\W\d_]+)/([^\W\d_]+)([\s_.-].*)$")
MOST = 0.6


def split_pairs(sheet: Sheet) -> Sheet:
    """The sheet with a column for each number of a pair, and the declaration that splits them, marked."""
    declared: dict[str, Any] = {}
    columns: dict[str, list[str]] = {}
    for name, cells in sheet.columns.items():
        into = _names(name) if _holds_pairs(cells) else None
        columns[name] = cells
        if into is None:
            continue
        declared[name] = {"by": "/", "into": list(into)}
        found = [PAIR.match(cell) for cell in cells]
        for place, own in enumerate(into, start=1):
            columns[own] = [pair[place] if pair else "" for pair in found]
    if not declared:
        return sheet
    kept = {name: cells for name, cells in columns.items() if name not in declared}
    first = next(cell for cell in columns[next(iter(declared))] if PAIR.match(cell))
    why = f"'{first}': two numbers in one cell, named in this order"
    return replace(sheet, written={**sheet.written, "split_columns": Guess(declared, why)}, columns=kept)


def _holds_pairs(cells: list[str]) -> bool:
    known = [cell for cell in cells if cell]
    return bool(known) and sum(bool(PAIR.match(cell)) for cell in known) >= MOST * len(known) and dates(known) is None


def _names(heading: str) -> tuple[str, str] | None:
    """What the two numbers of a column are called; None where its heading does not tell."""
    both = BOTH_NAMED.match(heading)
    if both:
        return f"{both[1]}{both[3]}", f"{both[2]}{both[3]}"
    return (f"{heading} systolic", f"{heading} diastolic") if PRESSURES.search(fold(heading)) else None
