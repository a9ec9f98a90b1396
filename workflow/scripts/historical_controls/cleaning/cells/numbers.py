"""What a result cell says: a number, a limit, a range, a finding, or that nothing was measured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import pandas as pd

from historical_controls.cleaning.cells.cell_words import (
    ASIDE,
    BAJO,
    BELOW_WITHOUT_LIMIT,
    FINDING_WITH_NOTE,
    FINDING_WORD,
    FINDINGS,
    FLAG_AFTER,
    FLAG_BEFORE,
    NOT_DONE,
    NOTE_AFTER,
    NOTE_BEFORE,
    NOTE_ONLY,
    SEMIQUANTITATIVE,
    STARS,
    UNDER_THE_LIMIT,
    VOID,
)
from historical_controls.cleaning.cells.limit_words import DOUBT, limit
from historical_controls.cleaning.cells.negation import is_denied
from historical_controls.cleaning.records.distinct import by_distinct_pair, fields_by_distinct
from historical_controls.dictionary.folding import fold

LOD = r"lod|ld|l[ií]mite de detecci[oó]n"
BELOW_LOD_SUFFIX = re.compile(rf"\s*\((?:{LOD})\)$", re.IGNORECASE)
LOD_ONLY = re.compile(rf"^(?:{LOD}|lloq|loq|blq)$", re.IGNORECASE)

# A point or star between a number and a power of ten is a cross.
CROSS = r"[*·⋅∙](?=\s*10\s*[\^*⁺⁻⁰¹²³⁴-⁹])"
# A unit starts with a letter or sign of a unit, or is a power of ten over something ('5 10^3/uL'); never with another
# digit or a dash: '12 - 15' is no number with a unit.
POWER = r"\s10(?:\^|\*{1,2}|[eE])?[0-9³⁶⁹]{1,2}\s*/\s*[^\W\d_]"
UNIT = (
    rf"(?:\s*(?P<unit>(?:[^\W\d_²³¹⁰-⁹₀-₉¼-¾⅐-⅟]|[%°º\[×]|{CROSS}|/[^\W\d_]|/\s?\d{{1,3}}$|(?<=\d){POWER})[^\x00]*))?$"
)
SOME_NUMBER = re.compile(rf"^[-+\u2212]?[0-9.,][0-9.,'’ \u00a0\u202f]*(?:[eE][-+]?[0-9]+)?{UNIT}")
THOUSANDS = {" ": "[ \u00a0\u202f]", "'": "['’]", ".": r"\.", ",": ","}
RANGE = re.compile(
    r"^(?:entre|between|de|from|da|von|zwischen|tra|fra)?\s*(?P<low>[^\s].*?)\s*"
    r"(?:[-–—]|\b(?:[aà]|y|and|und|et|to|bis|at[eé]|hasta|fins a|fino a|jusqu['’][aà])(?!\w))\s*(?P<high>.+)$",
    re.IGNORECASE,
)
# '12 de 15' is 12/15.
OF_TOTAL = re.compile(r"^(?:de|out of|of|sobre|von|sur|su|em|di)\s+(?=\d{1,3}$)", re.IGNORECASE)
# Cells read last, kept: the blocks of a large file repeat the same few.
MEMORY = 65_536
# No number, limit or range is longer; comments may be.
LONGEST = 200

RELEASES = {
    "NUM_AMBIGUOUS": "a number in another style than declared: check 'decimal' and 'thousands'",
    "NUM_UNREADABLE": "not a number; if it is a code for missing, declare it under 'sentinels'",
    "NOTE_CONTRADICTS": "a value beside words that say that there is none: correct the cell to what it should say",
    "LOD_NO_LIMIT": "below a limit that the cell does not tell: declare the assay's under 'assay_limits'; "
    "if it says that nothing was measured: words, means: not_done",
    "RANGE": "two numbers: 'ranges: interval' keeps it as an interval-censored value",
    "SEMIQUANTITATIVE": "a grade, no number",
}

# A gestation in weeks and days.
TWO_PARTS = re.compile(r"\d{1,3}\s*\+\s*\d{1,2}")
OF_TWO_PARTS = "two numbers; if the second is of a smaller unit, declare both: 'unit: weeks+days'"

OF_BAJO = "'bajo' before a number marks it as low, or says below it: declare 'bajo_means: mark', or limit"


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
    """How a file writes numbers. bajo: 'hold', 'mark' or 'limit', as the file declares 'bajo 5'."""

    decimal: str
    thousands: str | None
    bajo: str = "hold"


def read_cells(texts: pd.Series, style: NumberStyle) -> dict[str, pd.Series]:
    """Parse trimmed cells: columns operator, number, high, cell_unit, remark, not_done, problem and finding."""
    texts_of = dict.fromkeys(("operator", "unit", "problem", "remark"), "str")
    dtypes = {**texts_of, "number": "float64", "high": "float64", "not_done": bool}
    columns = fields_by_distinct(texts, lambda text: read_number(text, style), dtypes)
    columns["cell_unit"] = columns.pop("unit")
    findings = fields_by_distinct(texts, finding_and_note, {"finding": object, "note": "str"})
    remark = columns["remark"].mask(findings["note"] != "", findings["note"])
    return {**columns, "remark": remark, "finding": findings["finding"]}


def release(problems: pd.Series, texts: pd.Series) -> pd.Series:
    """Return what would release a cell (texts: as sent) with each problem."""
    return by_distinct_pair(problems, texts, _release, "str")


def _release(problem: str, text: str) -> str:
    if problem == "NUM_AMBIGUOUS" and BAJO.match(text.strip()):
        return OF_BAJO
    if problem == "NUM_UNREADABLE" and TWO_PARTS.fullmatch(text.strip()):
        return OF_TWO_PARTS
    return RELEASES.get(problem, "")


@lru_cache(maxsize=MEMORY)
def read_number(text: str, style: NumberStyle) -> ParsedCell:
    """Parse one result cell.

    A number is read only under the declared marks: '1.250' where the point is no declared mark is NUM_AMBIGUOUS,
    never 1.25 and never 1250. A range keeps its ends, with the problem RANGE.
    """
    stripped = text.strip()
    if len(stripped) > LONGEST:
        return _words(stripped)
    if style.bajo == "limit":
        stripped = BAJO.sub("<", stripped)
    # The cell as it stands first: flags are taken off only what cannot be read with them.
    reading = _quantity(stripped, style)
    if not reading.problem:
        return reading
    bare, remark = _without_flags(stripped)
    if remark:
        within = _quantity(bare, style)
        if within.problem in ("", "RANGE") and style.bajo == "hold" and BAJO.match(stripped):
            return ParsedCell(problem="NUM_AMBIGUOUS")
        if within.problem in ("", "RANGE"):
            return replace(within, remark=remark)
    return reading if reading.problem == "RANGE" else _words(stripped, reading.problem)


def _quantity(text: str, style: NumberStyle) -> ParsedCell:
    """A number, a limit or a range; else a ParsedCell with a problem."""
    # Before the operator is looked for: 'menor al limite de deteccion' begins like '<' a number.
    if fold(text) in BELOW_WITHOUT_LIMIT or UNDER_THE_LIMIT.match(fold(text)):
        return ParsedCell(problem="LOD_NO_LIMIT")
    said = _operator(text)
    if said is None:
        return ParsedCell(problem="NUM_UNREADABLE")
    operator, rest = said
    if operator == "<" and LOD_ONLY.match(rest):
        return ParsedCell(problem="LOD_NO_LIMIT")
    if (ends := _range(rest, style)) is not None:
        # '5 a 6 o más' is neither a range nor a limit.
        return ParsedCell(problem="NUM_UNREADABLE") if operator else ends
    number = _plain(rest, style)
    if number is not None and DOUBT.search(number[1]):
        return ParsedCell(problem="NUM_UNREADABLE")
    # 'H' or 'hemolizada' after a number looks like a unit to the pattern, and is none.
    if number is not None and not FLAG_AFTER.search(rest) and not NOTE_AFTER.search(rest) and not _void(number[1]):
        # 1e999 is infinite: no instrument gave it.
        usable = math.isfinite(number[0])
        return ParsedCell(operator, *number) if usable else ParsedCell(problem="NUM_UNREADABLE")
    return ParsedCell(problem="NUM_AMBIGUOUS" if SOME_NUMBER.match(rest) else "NUM_UNREADABLE")


def _words(text: str, problem: str = "NUM_UNREADABLE") -> ParsedCell:
    """A cell of words: not done, a grade, or the problem that it is."""
    if problem == "LOD_NO_LIMIT":
        return ParsedCell(problem=problem)
    folded = fold(text)
    if any(not is_denied(folded, said) for said in NOT_DONE.finditer(folded)) or STARS.match(text):
        return ParsedCell(problem="NOTE_CONTRADICTS") if _states_value(text, folded) else ParsedCell(not_done=True)
    return ParsedCell(problem="SEMIQUANTITATIVE" if SEMIQUANTITATIVE.match(folded) else problem)


def _states_value(text: str, folded: str) -> bool:
    """Whether a cell that says 'not done' has a number or a result as well: one of the two is wrong."""
    if len(text) > LONGEST:
        return any(c.isdigit() for c in text)
    return _second_number(text) or FINDING_WORD.search(NOT_DONE.sub(" ", folded)) is not None


def _void(unit: str) -> bool:
    """Whether what looks like a unit says that nothing was measured: '12.5 cancelado'."""
    return NOT_DONE.search(fold(unit)) is not None


def _second_number(text: str) -> bool:
    return any(c.isdigit() for c in ASIDE.sub(" ", text))


def _without_flags(text: str) -> tuple[str, str]:
    """The cell without the laboratory's flags ('H', '*', '(alto)', an arrow) and notes, and what was taken off."""
    taken: list[str] = []
    # Flags behind the number once more at the end: in '12 H hemolizada' the note must go first.
    for pattern in (NOTE_BEFORE, FLAG_BEFORE, FLAG_AFTER, NOTE_AFTER, FLAG_AFTER):
        found = pattern.search(text)
        # A note with a number of its own may be a second result, which must not be lost.
        if found and not _second_number(found[0]):
            taken.append(found[0].strip())
            text = (text[: found.start()] + text[found.end() :]).strip()
    return text, " ".join(taken)


def _range(text: str, style: NumberStyle) -> ParsedCell | None:
    """'12-15', '1.5 a 2.0 mg/L', 'entre 3 y 5': ends in order, the unit after the second."""
    found = RANGE.match(text)
    low, high = (_plain(found["low"], style), _plain(found["high"], style)) if found else (None, None)
    # Ends out of order are no range: '15-12' may be a date or an id.
    if low is None or high is None or low[1] not in ("", high[1]) or not low[0] < high[0]:
        return None
    return ParsedCell("-", low[0], high[1], problem="RANGE", high=high[0])


def _operator(text: str) -> tuple[str, str] | None:
    """'', '<' or '>', and the cell without it; '0.02 (LOD)' is below 0.02. None where it says both sides."""
    bare = BELOW_LOD_SUFFIX.sub("", text)
    said = limit(bare)
    return ("<", said[1]) if said and not said[0] and bare != text else said


def _plain(text: str, style: NumberStyle) -> tuple[float, str] | None:
    """(value, unit in the cell) of a number written in the declared style; None where it is not."""
    found = _pattern(style).match(text)
    if not found:
        return None
    whole = re.sub(r"[^0-9]", "", found["whole"] or "0")
    mantissa = f"{whole}.{found['part'] or found['part_only'] or '0'}"
    value = float(mantissa + (found["exponent"] or "").strip())
    # An exponent so small that the number underflows: 1e-400 was not measured as 0.
    if value == 0 and any(digit in mantissa for digit in "123456789"):
        value = math.nan
    unit = OF_TOTAL.sub("/", re.sub(f"^{CROSS}", "x", (found["unit"] or "").strip()))
    return -value if found["sign"] in ("-", "\u2212") else value, unit


@cache
def _pattern(style: NumberStyle) -> re.Pattern[str]:
    # A grouped number never starts with 0: '0.123' is a decimal in another style, not 123.
    grouped = rf"[1-9][0-9]{{0,2}}(?:{THOUSANDS[style.thousands]}[0-9]{{3}})+|" if style.thousands else ""
    mark = re.escape(style.decimal)
    number = rf"(?:(?P<whole>{grouped}[0-9]+)(?:{mark}(?P<part>[0-9]*))?|{mark}(?P<part_only>[0-9]+))"
    return re.compile(rf"^(?P<sign>[-+\u2212]?){number}(?P<exponent>[eE][-+]?[0-9]+|\s[eE][-+][0-9]+)?{UNIT}")


@dataclass(frozen=True)
class ParsedFinding:
    """finding: 'positive', 'negative', 'indeterminate', 'yes', 'no' or None; note: words left out beside it."""

    finding: str | None = None
    note: str = ""


@lru_cache(maxsize=MEMORY)
def finding_and_note(text: str) -> ParsedFinding:
    """Parse a qualitative result: a known word, alone or with a note that does not change it ('repetir en 48 h')."""
    if len(text) > LONGEST:
        return ParsedFinding()
    whole = FINDINGS.get(fold(text))
    parts = FINDING_WITH_NOTE.match(text.strip()) if whole is None else None
    if parts is None:
        return ParsedFinding(whole)
    note = parts["note"].strip()
    finding = FINDINGS.get(fold(parts["finding"]))
    plain = NOTE_ONLY.match(note) and not FINDING_WORD.search(fold(note)) and not _second_number(note)
    return ParsedFinding(finding, note) if finding and plain and not VOID.search(fold(note)) else ParsedFinding()


def read_finding(text: str) -> str | None:
    """Return 'positive', 'negative', 'indeterminate', 'yes' or 'no' for a qualitative result, else None."""
    return finding_and_note(text).finding
