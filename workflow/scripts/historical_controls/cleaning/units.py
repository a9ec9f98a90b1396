"""Numbers in an outcome's canonical unit. A unit is never guessed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..dictionary import Dictionary
from .distinct import by_distinct_pair

NO_CONVERSION = (float("nan"), float("nan"))
DIGITS = 12


def conversions(codes: pd.Series, units: pd.Series, dictionary: Dictionary) -> pd.DataFrame:
    """Columns factor and offset per row (canonical = raw * factor + offset); null where no conversion is declared."""
    found = by_distinct_pair(codes, units, lambda code, unit: conversion(code, unit, dictionary))
    pairs = pd.Series(found.to_numpy(), dtype=object)
    distinct, where = pairs.factorize()
    table = np.array([list(pair) for pair in where], dtype="float64").reshape(-1, 2)
    return pd.DataFrame(table[distinct], columns=["factor", "offset"], index=codes.index)


def conversion(code: str, unit: str, dictionary: Dictionary) -> tuple[float, float]:
    """(factor, offset); nulls where the dictionary declares none. A number without a unit stays as it is."""
    if code not in dictionary.outcomes:
        return NO_CONVERSION
    if unit == "" and dictionary.outcomes[code].unit == "":
        return 1.0, 0.0
    found = dictionary.conversion(code, unit)
    return (found.factor, found.offset) if found else NO_CONVERSION


def converted(numbers: pd.Series, factors: pd.DataFrame) -> pd.Series:
    """Canonical numbers, to 12 significant digits where converted.

    So 100.4 F is 38 C and not 38.00000000000001, and the same result sent in two units is the same number.
    """
    raw = numbers * factors["factor"] + factors["offset"]
    changed = ~((factors["factor"] == 1) & (factors["offset"] == 0))
    return raw.where(~changed, _significant(raw))


def _significant(numbers: pd.Series) -> pd.Series:
    size = numbers.abs()
    with np.errstate(divide="ignore", invalid="ignore"):
        places = DIGITS - 1 - np.floor(np.log10(size.where(size > 0, 1.0)))
        power = np.power(10.0, places.clip(-300, 300))
    return (numbers * power).round() / power


def same_unit(codes: pd.Series, one: pd.Series, other: pd.Series, dictionary: Dictionary) -> pd.Series:
    """Whether two spellings mean the same unit of the outcome (identical texts do even where none is declared)."""
    first, second = conversions(codes, one, dictionary), conversions(codes, other, dictionary)
    return (one == other) | ((first["factor"] == second["factor"]) & (first["offset"] == second["offset"]))
