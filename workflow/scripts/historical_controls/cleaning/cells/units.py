"""Numbers in an outcome's canonical unit. A unit is never guessed."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair, numbers_by_distinct_pair
from historical_controls.config.sources.limits import UnitFactor
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold_unit

# What stands behind the number of '1.2 x 10^3 copies/mL'. Of '10e3' and '103' nobody knows which power is meant.
POWER = re.compile(
    r"[x×]\s*10\s*(?:(?:\^|\*{1,2})\s*(?P<power>[-+\u2212]?\d{1,2})|(?P<raised>[⁺⁻]?[⁰¹²³⁴-⁹]{1,2}))"
    r"(?:\s*(?P<unit>[^\W\d_].*))?",
    re.IGNORECASE,
)
RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹\u2212", "+-0123456789-")
# What a column of units has where there is none: a blank, or a mark for it.
NONE_STATED = re.compile(
    r"[-\u2010-\u2015\u2212./]+|n/?a|none|unitless|adimensional|s/u|(?:sin|sem|ohne|sans) (?:unidade?|einheit|unité)",
    re.IGNORECASE,
)
OF_POWER = re.compile(r"x?10")
# Of a score a number alone says as much as one with 'points' behind it.
UNITLESS = ("", "points")
NO_CONVERSION = (float("nan"), float("nan"))
DIGITS = 12


def stated_units(texts: pd.Series) -> pd.Series:
    """Return the units of a column, with '' for a mark that says that there is none: '-' of an INR."""
    return texts.mask(by_distinct(texts, lambda text: NONE_STATED.fullmatch(text) is not None, bool), "")


def conversions(codes: pd.Series, units: pd.Series, dictionary: Dictionary) -> pd.DataFrame:
    """Return columns factor and offset per row (canonical = raw * factor + offset); null where none is declared."""
    return numbers_by_distinct_pair(
        codes, units, lambda code, unit: conversion(code, unit, dictionary), ["factor", "offset"]
    )


def conversion(code: str, unit: str, dictionary: Dictionary) -> tuple[float, float]:
    """Return (factor, offset); nulls where the dictionary declares none. A number without a unit stays as it is."""
    if code not in dictionary.outcomes:
        return NO_CONVERSION
    if unit == "" and dictionary.outcomes[code].unit in UNITLESS:
        return 1.0, 0.0
    found = dictionary.conversion(code, unit)
    return (found.factor, found.offset) if found else NO_CONVERSION


def has_conversion(codes: pd.Series, units: pd.Series, dictionary: Dictionary) -> pd.Series:
    """Return where a text is a unit of the outcome."""
    return conversions(codes, units, dictionary)["factor"].notna()


def default_units(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.Series:
    """Return the unit that the file declares for the outcome of each row; '' for none.

    Of several units it is the only one in which the number is within the hard limits, '' where more than one is. Where
    none is, it is the first, so that the number is held for what it is.
    """
    declared = file.default_units

    def unit_of(code: str, number: str) -> str:
        units = declared.get(code, "")
        if isinstance(units, str):
            return units
        fits = [unit for unit in units if _possible(float(number), code, unit, dictionary)]
        return (fits or units)[0] if len(fits) < 2 else ""

    if any(isinstance(units, list) for units in declared.values()):
        return by_distinct_pair(records["code"], records["number"].map(repr).astype("str"), unit_of, "str")
    return by_distinct(records["code"], lambda code: unit_of(code, "nan"), "str")


def _possible(number: float, code: str, unit: str, dictionary: Dictionary) -> bool:
    """Whether a number in a unit is within the hard limits of its outcome."""
    outcome, (factor, offset) = dictionary.outcomes[code], conversion(code, unit, dictionary)
    sent = converted(pd.Series([number]), pd.DataFrame({"factor": [factor], "offset": [offset]})).iloc[0]
    low = -np.inf if outcome.hard_low is None else outcome.hard_low
    return bool(low <= sent <= (np.inf if outcome.hard_high is None else outcome.hard_high))


def with_powers(cells: pd.DataFrame, unit: pd.Series, known: pd.Series) -> pd.DataFrame:
    """Return cells (number, high, cell_unit) with the powers of ten in them counted: '1.2 x 10^1 mg/L' is 12 mg/L.

    unit: that of the row or its declaration; known: cells whose unit is one as it is, such as 'x10^3/uL'. A power alone
    beside a unit that has one itself stays, and is held: '1.2 x 10^3' in 10^3/uL may be 1.2 or 1200 of them.
    """
    rows = cells["cell_unit"].str.contains("10", regex=False) & ~known
    if not rows.any():
        return cells
    found = cells.loc[rows, "cell_unit"].map(POWER.fullmatch).dropna()
    power = found.map(lambda one: int((one["power"] or one["raised"]).translate(RAISED))).astype("int64")
    rest = found.map(lambda one: (one["unit"] or "").strip()).astype("str")
    twice = (rest == "") & by_distinct(unit[rest.index], lambda text: OF_POWER.match(fold_unit(text)) is not None, bool)
    power, rest = power[~twice], rest[~twice]
    concerned = cells.index.isin(rest.index)
    out = cells.assign(cell_unit=cells["cell_unit"].mask(concerned, rest))
    for name in ("number", "high"):
        own = cells.loc[power.index, name]
        # By their decimals: 0.07 times 100 is 7.000000000000001.
        scaled = [float(Decimal(repr(n)).scaleb(p)) for n, p in zip(own.tolist(), power, strict=True)]
        out[name] = cells[name].mask(concerned, pd.Series(scaled, index=power.index, dtype="float64"))
    return out


def is_ddu(units: pd.Series) -> pd.Series:
    """Return where a unit counts D-dimer units, not fibrinogen equivalents."""
    return by_distinct(units, lambda unit: "ddu" in fold_unit(unit), bool)


def with_ddu(
    factors: pd.DataFrame, records: pd.DataFrame, ddu_to_feu: float | None, dictionary: Dictionary
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the factors with that of D-dimer in DDU where the file declares one, and the rows that it concerns.

    ASH advises against converting (hematology.org, COVID-19 and D-dimer FAQ): only by declaration, and flagged.
    """
    rows = is_ddu(records["raw_unit"]) if ddu_to_feu else pd.Series(False, index=records.index)
    # Where units.csv has a conversion of its own, that one counts.
    rows &= (records["code"] == "DDIM") & factors["factor"].isna()
    if not ddu_to_feu or not rows.any():
        return factors, rows
    feu = by_distinct(records.loc[rows, "raw_unit"], lambda unit: fold_unit(unit).replace("ddu", "feu"), "str")
    own = conversions(records.loc[rows, "code"], feu, dictionary).assign(offset=0.0)
    own["factor"] *= ddu_to_feu
    return _replaced(factors, own), rows & own["factor"].notna().reindex(rows.index, fill_value=False)


def with_confirmed(
    factors: pd.DataFrame, records: pd.DataFrame, confirmed: list[UnitFactor], dictionary: Dictionary
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the factors with the corrections that the file declares, and the rows that they concern."""
    concerned = pd.Series(False, index=records.index)
    for item in confirmed:
        # The first declared line that fits a record counts.
        rows = (records["code"] == item.outcome) & ~concerned
        if item.unit is not None:
            rows &= by_distinct(records["raw_unit"], fold_unit, "str") == fold_unit(item.unit)
        if item.true_unit is not None:
            factor, offset = conversion(item.outcome, item.true_unit, dictionary)
            own = pd.DataFrame({"factor": factor, "offset": offset}, index=rows.index[rows])
        else:
            own = factors.loc[rows].assign(factor=factors.loc[rows, "factor"] * float(item.factor or 1))
        factors, concerned = _replaced(factors, own), concerned | rows
    return factors, concerned & factors["factor"].notna()


def _replaced(factors: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    out = factors.copy()
    out.loc[own.index] = own
    return out


def converted(numbers: pd.Series, factors: pd.DataFrame) -> pd.Series:
    """Return canonical numbers, to 12 significant digits where converted.

    So 100.4 F is 38 C and not 38.00000000000001, and the same result sent in two units is the same number.
    """
    raw = numbers * factors["factor"] + factors["offset"]
    # A number sent in the canonical unit keeps all its digits.
    changed = ~((factors["factor"] == 1) & (factors["offset"] == 0))
    return raw.where(~changed, _significant(raw))


def _significant(numbers: pd.Series) -> pd.Series:
    size = numbers.abs()
    with np.errstate(divide="ignore", invalid="ignore"):
        # Zero has no size; beyond 10^300 the power itself would overflow.
        places = DIGITS - 1 - np.floor(np.log10(size.where(size > 0, 1.0)))
        power = np.power(10.0, places.clip(-300, 300))
    return (numbers * power).round() / power


def same_unit(codes: pd.Series, one: pd.Series, other: pd.Series, dictionary: Dictionary) -> pd.Series:
    """Return where two spellings mean the same unit of the outcome (identical texts do, even undeclared)."""
    first, second = conversions(codes, one, dictionary), conversions(codes, other, dictionary)
    return (one == other) | ((first["factor"] == second["factor"]) & (first["offset"] == second["offset"]))
