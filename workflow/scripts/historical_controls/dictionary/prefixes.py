"""Units whose factor is the same whatever was measured: '10*3/uL' is 10^9/L, g/L is 100 mg/dL, 3 weeks are 21 days.

Rates of doses as well: mcg/kg/min is ug/kg/min, and mg/kg/h 16.7 of them. A rate per kg is none of a whole patient.

Prefixes are those of the SI (BIPM, SI Brochure, table 7), written as UCUM and hospitals do. Units of arbitrary
activity (U, IU) are one kind: what an international unit is, each outcome's own assay says.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from historical_controls.dictionary.folding import fold_unit

PREFIXES = {"k": 3, "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "mc": -6, "n": -9, "p": -12, "f": -15}
BASES = {"g": "mass", "mol": "amount", "u": "activity", "iu": "activity", "ui": "activity"}
# In litres.
VOLUMES = {
    **{"l": 0, "dl": -1, "100ml": -1, "cl": -2},
    **{"ml": -3, "cc": -3, "cm3": -3, "ul": -6, "mcl": -6, "mm3": -6, "nl": -9},
}
# Folding drops the mark of a power: '109' is 10^9, and '1000' a thousand.
CELLS = re.compile(r"(?:x?10[\^e]?(?P<power>[1-9]\d?)|x?1(?P<zeros>0+))?(?:cells|cell|cels|cel)?")
AMOUNT = re.compile(rf"(?P<prefix>{'|'.join(sorted(PREFIXES, key=len, reverse=True))})(?P<base>{'|'.join(BASES)})")
# Powers of ten of cells in words and letters: G/L of French and Polish laboratories, Gpt/l and Mrd/l of German ones.
# Of one letter the capital alone: 'g/L' is grams, which no cells have.
NUMBER = "number/volume"
COUNTS = {
    **dict.fromkeys(
        (
            "g/l",
            "giga/l",
            "gpt/l",
            "mrd/l",
            "mrd./l",
            "k/ul",
            "k/mm3",
            "tys/ul",
            "tys./ul",
            "tys/mm3",
            "tys./mm3",
            "tsd/ul",
        ),
        9,
    ),
    **dict.fromkeys(("t/l", "tera/l", "tpt/l", "mln/ul", "mln/mm3", "mio/ul", "mio/mm3", "m/ul"), 12),
}
# In hours; a year of 365.25 days, a month a twelfth of it. Letters alone are names of canonical units only.
TIMES = {
    **dict.fromkeys(("years", "year", "yr", "anos", "ano", "ans", "jahre", "jahr", "anni", "anno", "anys"), 8766.0),
    **dict.fromkeys(
        ("months", "month", "mo", "meses", "mes", "mois", "monate", "monat", "mesi", "mese", "mesos"), 730.5
    ),
    **dict.fromkeys(
        ("weeks", "week", "wk", "semanas", "semana", "semaines", "semaine", "wochen", "woche", "sa"), 168.0
    ),
    **dict.fromkeys(("settimane", "settimana", "setmanes"), 168.0),
    **dict.fromkeys(("days", "day", "dias", "dia", "jours", "jour", "tage", "tag", "giorni", "giorno", "dies"), 24.0),
    **dict.fromkeys(
        ("hours", "hour", "hr", "hrs", "horas", "heures", "heure", "stunden", "stunde", "ore", "hores"), 1.0
    ),
    **dict.fromkeys(("minutes", "minutos", "minuten", "minuti", "minuts"), 1 / 60),
}
LETTERS = {"a": 8766.0, "d": 24.0, "h": 1.0, "min": 1 / 60}
# Behind a stroke letters alone are units of time; Dutch pumps have 'u' for hours.
RATE_TIMES = {
    **dict.fromkeys(("min", "minute", "minuut", "minut", "minuto", "minuta"), Fraction(1, 60)),
    **dict.fromkeys(
        ("h", "hr", "hour", "u", "uur", "std", "st", "stunde", "hora", "heure", "ora", "t", "time", "tim"), Fraction(1)
    ),
    **dict.fromkeys(("d", "day", "24h", "24hr", "24u", "dag", "tag", "dia", "jour", "dygn", "dogn"), Fraction(24)),
}
# 'L' and 'm' alone are marks and names of other things as often as units.
LENGTHS = {"mm": -3, "cm": -2}


def _count(unit: str) -> int | None:
    """Return the power of ten of cells in words or letters, None of other units."""
    text = unit.strip()
    lower = len(text.partition("/")[0]) == 1 and not text[:1].isupper()
    return None if lower and text[:1] in "gtm" else COUNTS.get(fold_unit(text))


@lru_cache(maxsize=4096)
def power_of_ten(unit: str) -> tuple[str, int] | None:
    """Return what a unit measures and its power of ten ('mass/volume', -2 for mg/dL); None for units of other kinds."""
    text = fold_unit(unit)
    if text in LENGTHS:
        return "length", LENGTHS[text]
    above, slash, below = text.partition("/")
    if slash and below not in VOLUMES:
        return None
    found, cells = AMOUNT.fullmatch(above), CELLS.fullmatch(above)
    if found is not None and (slash or BASES[found["base"]] == "mass"):
        kind, power = BASES[found["base"]], PREFIXES[found["prefix"]]
    elif cells is not None and slash:
        kind, power = "number", int(cells["power"] or len(cells["zeros"] or ""))
    else:
        return None
    return (f"{kind}/volume", power - VOLUMES[below]) if slash else (kind, power)


@lru_cache(maxsize=4096)
def rate_of(unit: str) -> tuple[str, Fraction] | None:
    """Return what a rate is of ('mass/kg', 'volume') and its number in grams or litres an hour; None of other units."""
    if "/" not in unit:
        return None
    above, *between, below = fold_unit(unit).split("/")
    amount, hours = AMOUNT.fullmatch(above), RATE_TIMES.get(below)
    if hours is None or between not in ([], ["kg"]):
        return None
    if amount is not None:
        kind, power = BASES[amount["base"]], PREFIXES[amount["prefix"]]
    elif above in VOLUMES:
        kind, power = "volume", VOLUMES[above]
    else:
        return None
    return "/".join([kind, *between]), Fraction(10) ** power / hours


def prefix_factor(unit: str, canonical: str) -> float | None:
    """Return the factor from a unit to another of the same kind, of times as well; None where they are not."""
    hours, of_canonical = TIMES.get(fold_unit(unit)), {**TIMES, **LETTERS}.get(fold_unit(canonical))
    if hours is not None and of_canonical is not None:
        return hours / of_canonical
    rate, of_rate = rate_of(unit), rate_of(canonical)
    if rate is not None and of_rate is not None:
        return float(rate[1] / of_rate[1]) if rate[0] == of_rate[0] else None
    own, other = power_of_ten(unit), power_of_ten(canonical)
    if own is not None and own[0] == NUMBER and (count := _count(canonical)) is not None:
        other = NUMBER, count
    elif other is not None and other[0] == NUMBER and (count := _count(unit)) is not None:
        own = NUMBER, count
    if own is None or other is None or own[0] != other[0]:
        return None
    power = own[1] - other[1]
    # Negative powers by their text: 10.0 ** -3 need not be the nearest number to 0.001.
    return float(f"1e{power}")


def unit_of_time(unit: str) -> str:
    """Return 'years', 'months', 'weeks', 'days', 'hours' or 'minutes' for a unit of time in any spelling, else ''."""
    hours = {**TIMES, **LETTERS}.get(fold_unit(unit))
    return next((name for name, own in TIMES.items() if own == hours), "")


def two_parts(unit: str) -> tuple[str, str] | None:
    """Return the names in a unit of two parts, such as 'weeks+days' of a gestation of 24+5; None of other units."""
    first, plus, second = (part.strip() for part in unit.partition("+"))
    return (first, second) if plus and first and second and "+" not in second else None
