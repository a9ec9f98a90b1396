"""What a result cell says: a number, a limit, a range, a finding, or that nothing was measured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import pandas as pd

from historical_controls.cleaning.cells.cell_words import (
    BELOW_WITHOUT_LIMIT,
    FINDINGS,
    FLAG_AFTER,
    FLAG_BEFORE,
    NOT_DONE,
    NOTE_AFTER,
    SEMIQUANTITATIVE,
    STARS,
    UNDER_THE_LIMIT,
)
from historical_controls.cleaning.records.distinct import by_distinct, fields_by_distinct
from historical_controls.dictionary.folding import fold

LESS = r"[<≤]\s*=?|=\s*<|menor (?:o igual )?(?:a|de|que)|less than(?: or equal to)?|below|inferior a|(?:por )?debajo de"
MORE = r"[>≥]\s*=?|=\s*>|mayor (?:o igual )?(?:a|de|que)|(?:greater|more) than(?: or equal to)?|above|superior a"
LIMIT = re.compile(rf"^(?:(?P<less>{LESS})|(?P<more>{MORE}))\s*", re.IGNORECASE)
LOD = r"lod|ld|l[ií]mite de detecci[oó]n"
BELOW_LOD_SUFFIX = re.compile(rf"\s*\((?:{LOD})\)$", re.IGNORECASE)
LOD_ONLY = re.compile(rf"^(?:{LOD}|lloq|loq|blq)$", re.IGNORECASE)

# A unit starts with a letter or sign of a unit, or is a power of ten over something ('5 10^3/uL'); never with another
# digit or a dash: '12 - 15' is no number with a unit.
POWER = r"\s10(?:\^|\*{1,2}|[eE])?[0-9³⁶⁹]{1,2}\s*/\s*[^\W\d_]"
UNIT = rf"(?:\s*(?P<unit>(?:[^\W\d_²³¹⁰-⁹₀-₉¼-¾⅐-⅟]|[%°º\[×]|/[^\W\d_]|/\d{{1,3}}$|(?<=\d){POWER})[^\x00]*))?$"
SOME_NUMBER = re.compile(rf"^[-+\u2212]?[0-9.,][0-9.,'’ \u00a0\u202f]*(?:[eE][-+]?[0-9]+)?{UNIT}")
THOUSANDS = {" ": "[ \u00a0\u202f]", "'": "['’]", ".": r"\.", ",": ","}
RANGE = re.compile(
    r"^(?:entre|between|de|from)?\s*(?P<low>[^\s].*?)\s*(?:[-–—]|\b(?:a|y|and|to|hasta)\b)\s*(?P<high>.+)$",
    re.IGNORECASE,
)
# Cells read last, kept: the blocks of a large file repeat the same few.
MEMORY = 65_536
# No number, limit or range is longer; comments may be.
LONGEST = 200

RELEASES = {
    "NUM_AMBIGUOUS": "a number in another style than declared: check 'decimal' and 'thousands'",
    "NUM_UNREADABLE": "no number; where it is a code for missing, declare it under 'sentinels'",
    "LOD_NO_LIMIT": "below a limit that the cell does not tell: declare the assay's under 'assay_limits'",
    "RANGE": "two numbers: 'ranges: interval' keeps it as an interval-censored value",
    "SEMIQUANTITATIVE": "a grade, no number",
}


@dataclass(frozen=True)
class ParsedCell:
    """operator: '', '<', '>' or '-' (a range); number: the number, limit or lower end; high: the range's upper end.

    unit: unit inside the cell; remark: a flag or note that stood beside the number ('H', '*', 'hemolizada');
    not_done: nothing was measured, and the request is kept as a record; problem: reason code or ''.
    """

    operator: str = ""
    number: float = math.nan
    unit: str = ""
    not_done: bool = False
    problem: str = ""
    high: float = math.nan
    remark: str = ""


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes numbers."""

    decimal: str
    thousands: str | None


def read_cells(texts: pd.Series, style: NumberStyle) -> dict[str, pd.Series]:
    """Parse trimmed cells: columns operator, number, high, cell_unit, remark, not_done, problem and finding."""
    texts_of = dict.fromkeys(("operator", "unit", "problem", "remark"), "str")
    dtypes = {**texts_of, "number": "float64", "high": "float64", "not_done": bool}
    columns = fields_by_distinct(texts, lambda text: read_number(text, style), dtypes)
    columns["cell_unit"] = columns.pop("unit")
    return {**columns, "finding": by_distinct(texts, read_finding)}


def release(problems: pd.Series) -> pd.Series:
    """Return what would release a cell with each problem."""
    return by_distinct(problems, lambda problem: RELEASES.get(problem, ""), "str")


@lru_cache(maxsize=MEMORY)
def read_number(text: str, style: NumberStyle) -> ParsedCell:
    """Parse one result cell.

    A number is read only under the declared marks: '1.250' where the point is no declared mark is NUM_AMBIGUOUS,
    never 1.25 and never 1250. A range keeps its ends, with the problem RANGE.
    """
    stripped = text.strip()
    if len(stripped) > LONGEST:
        return _words(stripped)
    reading = _quantity(stripped, style)
    if not reading.problem:
        return reading
    bare, remark = _without_flags(stripped)
    if remark:
        within = _quantity(bare, style)
        if within.problem in ("", "RANGE"):
            return replace(within, remark=remark)
    return reading if reading.problem == "RANGE" else _words(stripped, reading.problem)


def _quantity(text: str, style: NumberStyle) -> ParsedCell:
    """A number, a limit or a range; else a ParsedCell with a problem."""
    if fold(text) in BELOW_WITHOUT_LIMIT or UNDER_THE_LIMIT.match(fold(text)):
        return ParsedCell(problem="LOD_NO_LIMIT")
    operator, rest = _operator(text)
    if operator == "<" and LOD_ONLY.match(rest):
        return ParsedCell(problem="LOD_NO_LIMIT")
    if not operator and (ends := _range(rest, style)) is not None:
        return ends
    number = _plain(rest, style)
    # 'H' or 'hemolizada' after a number looks like a unit to the pattern, and is none.
    if number is not None and not FLAG_AFTER.search(rest) and not NOTE_AFTER.search(rest):
        usable = math.isfinite(number[0])
        return ParsedCell(operator, *number) if usable else ParsedCell(problem="NUM_UNREADABLE")
    return ParsedCell(problem="NUM_AMBIGUOUS" if SOME_NUMBER.match(rest) else "NUM_UNREADABLE")


def _words(text: str, problem: str = "NUM_UNREADABLE") -> ParsedCell:
    """A cell of words: not done, a grade, or the problem that it is."""
    if problem == "LOD_NO_LIMIT":
        return ParsedCell(problem=problem)
    folded = fold(text)
    if NOT_DONE.search(folded) or STARS.match(text):
        return ParsedCell(not_done=True)
    return ParsedCell(problem="SEMIQUANTITATIVE" if SEMIQUANTITATIVE.match(folded) else problem)


def _without_flags(text: str) -> tuple[str, str]:
    """The cell without the laboratory's flags ('H', '*', '(alto)', an arrow) and notes, and what was taken off."""
    taken: list[str] = []
    for pattern in (FLAG_BEFORE, FLAG_AFTER, NOTE_AFTER, FLAG_AFTER):
        found = pattern.search(text)
        if found:
            taken.append(found[0].strip())
            text = (text[: found.start()] + text[found.end() :]).strip()
    return text, " ".join(taken)


def _range(text: str, style: NumberStyle) -> ParsedCell | None:
    """'12-15', '1.5 a 2.0 mg/L', 'entre 3 y 5': ends in order, the unit after the second."""
    found = RANGE.match(text)
    low, high = (_plain(found["low"], style), _plain(found["high"], style)) if found else (None, None)
    if low is None or high is None or low[1] not in ("", high[1]) or not low[0] < high[0]:
        return None
    return ParsedCell("-", low[0], high[1], problem="RANGE", high=high[0])


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


@lru_cache(maxsize=MEMORY)
def read_finding(text: str) -> str | None:
    """Return 'positive', 'negative', 'indeterminate', 'yes' or 'no' for a qualitative result, else None."""
    return FINDINGS.get(fold(text)) if len(text) <= LONGEST else None
