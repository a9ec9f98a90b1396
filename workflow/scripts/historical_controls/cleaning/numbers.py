"""What a result cell says: a number, a limit, a finding, or that nothing was measured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from ..dictionary import fold
from .distinct import by_distinct, fields_by_distinct

LESS = r"[<≤]\s*=?|=\s*<|menor (?:o igual )?(?:a|de|que)|less than(?: or equal to)?|below|inferior a|(?:por )?debajo de"
MORE = r"[>≥]\s*=?|=\s*>|mayor (?:o igual )?(?:a|de|que)|(?:greater|more) than(?: or equal to)?|above|superior a"
LIMIT = re.compile(rf"^(?:(?P<less>{LESS})|(?P<more>{MORE}))\s*", re.IGNORECASE)
LOD = r"lod|ld|l[ií]mite de detecci[oó]n"
BELOW_LOD_SUFFIX = re.compile(rf"\s*\((?:{LOD})\)$", re.IGNORECASE)
LOD_ONLY = re.compile(rf"^(?:{LOD})$", re.IGNORECASE)
NOT_DONE = re.compile(
    r"pendiente|cancelad|no se realizo|no realizad|no se pudo|insuficiente|hemolizad|ha?emoly[sz]ed|coagulad"
    r"|clotted|not done|\bpending\b|cancelled|canceled|no procesad|no solicitad|muestra no|sin muestra|\berror\b"
    r"|^s/d$|^ver nota"
)
STARS = re.compile(r"^\*+$")
BELOW_WITHOUT_LIMIT = frozenset(
    {"nd", "n d", "no detectable", "no detectado", "no detectada", "indetectable", "undetectable", "not detected"}
)
POSITIVE = frozenset({"positivo", "positiva", "positive", "pos", "detectado", "detectada", "detected", "reactivo"})
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
)
YES = frozenset({"si", "yes", "true", "presente", "present"})
NO = frozenset({"no", "false", "ausente", "absent"})
FINDINGS = {
    **dict.fromkeys(POSITIVE, "positive"),
    **dict.fromkeys(NEGATIVE, "negative"),
    **dict.fromkeys(INDETERMINATE, "indeterminate"),
    **dict.fromkeys(YES, "yes"),
    **dict.fromkeys(NO, "no"),
}

# A unit starts with a letter or sign of a unit, never with a digit or a dash: '12 - 15' is no number.
UNIT = r"(?:\s*(?P<unit>[^\W\d_²³¹⁰-⁹₀-₉¼-¾⅐-⅟][^\x00]*|(?:[%°º\[×]|/[^\W\d_]|/\d{1,3}$)[^\x00]*))?$"
SOME_NUMBER = re.compile(rf"^[-+\u2212]?[0-9.,][0-9.,'’ \u00a0\u202f]*(?:[eE][-+]?[0-9]+)?{UNIT}")
THOUSANDS = {" ": "[ \u00a0\u202f]", "'": "['’]", ".": r"\.", ",": ","}

RELEASES = {
    "NUM_AMBIGUOUS": "a number in another style than declared: check 'decimal' and 'thousands'",
    "NUM_UNREADABLE": "no number; where it is a code for missing, declare it under 'sentinels'",
    "LOD_NO_LIMIT": "below a limit that the cell does not tell",
}


@dataclass(frozen=True)
class Reading:
    """operator: '', '<' or '>'; number: the number or limit; unit: unit inside the cell; problem: reason code or ''.

    not_done: nothing was measured; the request is kept as a record.
    """

    operator: str = ""
    number: float = math.nan
    unit: str = ""
    not_done: bool = False
    problem: str = ""


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes numbers."""

    decimal: str
    thousands: str | None


def read_cells(texts: pd.Series, style: NumberStyle) -> dict[str, pd.Series]:
    """Columns operator, number, cell_unit, not_done, problem and finding of trimmed cells."""
    dtypes = {"operator": "str", "number": "float64", "unit": "str", "not_done": bool, "problem": "str"}
    columns = fields_by_distinct(texts, lambda text: read_number(text, style), dtypes)
    columns["cell_unit"] = columns.pop("unit")
    return {**columns, "finding": by_distinct(texts, read_finding)}


def release(problems: pd.Series) -> pd.Series:
    """What would release a cell with each problem."""
    return by_distinct(problems, lambda problem: RELEASES.get(problem, ""), "str")


def read_number(text: str, style: NumberStyle) -> Reading:
    """One result cell as a Reading.

    A number is read only under the declared marks: '1.250' where the point is no declared mark is NUM_AMBIGUOUS,
    never 1.25 and never 1250.
    """
    stripped = text.strip()
    folded = fold(stripped)
    if folded in BELOW_WITHOUT_LIMIT:
        return Reading(problem="LOD_NO_LIMIT")
    operator, rest = _operator(stripped)
    if operator and LOD_ONLY.match(rest):
        return Reading(problem="LOD_NO_LIMIT")
    number = _plain(rest, style)
    if number is not None:
        usable = math.isfinite(number[0])
        return Reading(operator, *number) if usable else Reading(problem="NUM_UNREADABLE")
    if NOT_DONE.search(folded) or STARS.match(stripped):
        return Reading(not_done=True)
    return Reading(problem="NUM_AMBIGUOUS" if SOME_NUMBER.match(rest) else "NUM_UNREADABLE")


def _operator(text: str) -> tuple[str, str]:
    """'', '<' or '>', and what follows it; '0.02 (LOD)' is below 0.02."""
    bare = BELOW_LOD_SUFFIX.sub("", text)
    found = LIMIT.match(bare)
    if found:
        return ("<" if found["less"] else ">"), bare[found.end() :]
    return ("<" if bare != text else ""), bare


def _plain(text: str, style: NumberStyle) -> tuple[float, str] | None:
    """(value, unit in the cell) of a number written in the declared style; None where it is not."""
    found = _pattern(style).match(text)
    if not found:
        return None
    whole = re.sub(r"[^0-9]", "", found["whole"] or "0")
    mantissa = f"{whole}.{found['part'] or found['part_only'] or '0'}"
    value = float(mantissa + (found["exponent"] or ""))
    if value == 0 and any(digit in mantissa for digit in "123456789"):
        value = math.nan
    return -value if found["sign"] in ("-", "\u2212") else value, (found["unit"] or "").strip()


@cache
def _pattern(style: NumberStyle) -> re.Pattern[str]:
    # A grouped number never starts with 0: '0.123' is a decimal in another style, not 123.
    grouped = rf"[1-9][0-9]{{0,2}}(?:{THOUSANDS[style.thousands]}[0-9]{{3}})+|" if style.thousands else ""
    mark = re.escape(style.decimal)
    number = rf"(?:(?P<whole>{grouped}[0-9]+)(?:{mark}(?P<part>[0-9]*))?|{mark}(?P<part_only>[0-9]+))"
    return re.compile(rf"^(?P<sign>[-+\u2212]?){number}(?P<exponent>[eE][-+]?[0-9]+)?{UNIT}")


def read_finding(text: str) -> str | None:
    """'positive', 'negative', 'indeterminate', 'yes' or 'no' for a qualitative result; None where it is none."""
    return FINDINGS.get(fold(text))
