"""A line below the header that states the units or formats of its columns, and is no row."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from historical_controls.dictionary.folding import fold_unit
from historical_controls.intake.layout import VALUE

# 'dd/mm/aaaa', 'yyyy-mm-dd', 'hh:mm', 'tt.mm.jjjj'.
PATTERN = re.compile(r"(?i)\(?(?:d{1,2}|t{2}|m{1,3}|y{2,4}|a{2,4}|j{2,4}|h{1,2}|s{1,2})(?:[-/.: ][dtmyajhs]{1,4})+\)?")
# Rows in which the texts of a column that is no unit are repeated.
MOST_ROWS = 200


def units_beneath(
    header: Sequence[str], rows: Sequence[Sequence[str]], units: Collection[str]
) -> dict[str, str] | None:
    """The texts of the first row by heading, where it states units; None where it is a row like the others.

    units: known spellings, folded. No cell of such a line is a number or date, and none is repeated in its column.
    """
    if len(rows) < 2:
        return None
    line, others = [cell.strip() for cell in rows[0]], rows[1:MOST_ROWS]
    stated = {place: cell for place, cell in enumerate(line[: len(header)]) if cell}
    if not any(is_unit(cell, units) for cell in stated.values()):
        return None
    for place, cell in stated.items():
        beneath = {row[place].strip() for row in others if place < len(row)}
        if re.fullmatch(VALUE, cell) or cell in beneath:
            return None
    return {header[place]: cell.strip("()[]") for place, cell in stated.items() if header[place].strip()}


def is_unit(text: str, units: Collection[str]) -> bool:
    """Whether a text is the spelling of a unit, of more than one letter, or a pattern of dates."""
    folded = fold_unit(text)
    return PATTERN.fullmatch(text) is not None or (folded in units and (len(folded) > 1 or not folded.isalnum()))
