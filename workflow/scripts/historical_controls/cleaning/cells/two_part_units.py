"""Numbers written in two units: a gestation of '24+5' weeks and days, a height of 5'11" in feet and inches."""

from __future__ import annotations

import math
import re

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.dictionary.dictionary import Conversion, Dictionary
from historical_controls.dictionary.prefixes import two_parts

# Two whole numbers with a mark or the names of their units between and behind them; the second may be left out. A
# point or comma between them would be a decimal mark.
CELL = re.compile(r"(?P<first>\d{1,4})(?:[^\d.,;:<>=~?-]{1,12}(?P<second>\d{1,3})(?:/7)?)?[^\d.,;:<>=~?-]{0,8}")


def conversions_of_parts(unit: str, code: str, dictionary: Dictionary) -> tuple[Conversion, Conversion] | None:
    """Return how both parts of a unit such as 'weeks+days' become the canonical one; None of other units."""
    names = two_parts(unit)
    found = tuple(dictionary.conversion(code, name) for name in names or ())
    return (found[0], found[1]) if len(found) == 2 and found[0] and found[1] else None


def read_two_parts(texts: pd.Series, parts: tuple[Conversion, Conversion]) -> pd.Series:
    """Return canonical numbers of cells in two units; null where a cell is written otherwise.

    The second number is less than one of the first unit: 24+5 weeks and days is a gestation, 24+9 is not.
    """
    first, second = (part.factor for part in parts)
    most = first / second

    def number(text: str) -> float:
        found = CELL.fullmatch(text.strip())
        rest = int(found["second"] or 0) if found else 0
        return int(found["first"]) * first + rest * second if found and rest < most * (1 - 1e-9) else math.nan

    return by_distinct(texts, number, "float64")
