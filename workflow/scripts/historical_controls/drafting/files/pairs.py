"""Columns whose cells hold two numbers: '167/92' under 'BP', '84/82' under 'pre/post_wt_kg'."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import median
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess
from historical_controls.drafting.values import dates

PAIR = re.compile(r"^(\d{1,3}(?:[.,]\d+)?)\s*/\s*(\d{1,3}(?:[.,]\d+)?)$")
# Headings of blood pressures: the first number is the higher one.
PRESSURES = re.compile(r"\b(bp|nibp|blood pressure|pressure|ta|t a|tension arterial|presion arterial|presion)\b")
# 'PA' is the pressão arterial, and in English a pressure of the pulmonary artery, which is much lower.
PRESSURES_OR_NOT = re.compile(r"\b(pa|pressao arterial|pressione arteriosa|blutdruck)\b")
LOWEST_SYSTOLIC = 80
UNIT_BEHIND = re.compile(r"(.*?)(\s*[(\[][^()\[\]]*[)\]])?\s*", re.DOTALL)
# 'pre/post_wt_kg': the names of both stand before what they share.
BOTH_NAMED = re.compile(r"^([^\W\d_]+)/([^\W\d_]+)([\s_.-].*)$")
# 'SBP/DBP', 'PAS/PAD', 'Sys / Dia': both names and nothing else.
NAMES_ALONE = re.compile(r"^\s*([^\W\d_]+)\s*/\s*([^\W\d_]+)\s*(?:[(\[].*)?$")
MOST = 0.6


def split_pairs(sheet: Sheet) -> Sheet:
    """The sheet with a column for each number of a pair, and the declaration that splits them, marked."""
    declared: dict[str, Any] = {}
    columns: dict[str, list[str]] = {}
    for name, cells in sheet.columns.items():
        into = _names(name, cells) if _holds_pairs(cells) else None
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


def _names(heading: str, cells: list[str]) -> tuple[str, str] | None:
    """What the two numbers of a column are called; None where its heading does not tell."""
    alone = NAMES_ALONE.match(heading)
    if alone:
        return alone[1], alone[2]
    both = BOTH_NAMED.match(heading)
    if both:
        return f"{both[1]}{both[3]}", f"{both[2]}{both[3]}"
    folded = fold(heading)
    first = [float(pair[1].replace(",", ".")) for cell in cells if (pair := PAIR.match(cell))]
    arterial = PRESSURES_OR_NOT.search(folded) and median(first) >= LOWEST_SYSTOLIC
    if not arterial and not PRESSURES.search(folded):
        return None
    # 'PA (mmHg)': a unit is read at the end of a heading.
    found = UNIT_BEHIND.fullmatch(heading)
    name, unit = found.groups("") if found else (heading, "")
    return f"{name} systolic{unit}", f"{name} diastolic{unit}"
