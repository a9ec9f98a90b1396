"""What a number format of a sheet shows beside or instead of the number that its cell stores.

Grammar: ECMA-376 part 1, 18.8.31: up to four sections by sign, each of digits, literal texts and date parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_.|\*.|(?P<general>General)'
    r"|(?P<meridiem>AM/PM|A/P)|(?P<date>[yYmMdDhHsS]+)|(?P<digits>[0#?.,/]+|E[+-])|(?P<percent>%)|(?P<text>@)|(?P<other>.)"
)
CONDITION = re.compile(r"^[<>=]")
ELAPSED = re.compile(r"^(?:h+|m+|s+)$", re.IGNORECASE)
# Literal texts that change what a number says; any other one is a unit or a name beside it.
CHANGES = re.compile(r"[<>≤≥~±+\d]|^\s*[-\u2212]\s*$")


@dataclass(frozen=True)
class Section:
    """One section: literal texts before and after the digits, the digits, date letters, a condition, percent signs."""

    before: str
    after: str
    digits: str
    dates: str
    condition: bool
    percent: bool


@lru_cache(maxsize=4096)
def sections(number_format: str) -> tuple[Section, ...]:
    """Return the sections of a number format, in order."""
    parts: list[list[re.Match[str]]] = [[]]
    for token in TOKEN.finditer(number_format):
        if token["other"] == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(_section(tokens) for tokens in parts)


def _section(tokens: list[re.Match[str]]) -> Section:
    before, after, digits, dates = "", "", "", ""
    condition = percent = False
    for token in tokens:
        literal = token["quoted"] or token["escaped"] or (token["other"] or "")
        bracket = token["bracket"] or ""
        condition |= bool(CONDITION.match(bracket))
        percent |= token["percent"] is not None
        digits += token["digits"] or (token["general"] and "0") or ""
        dates += token["date"] or (bracket if ELAPSED.match(bracket) else "")
        # Currency signs stand in brackets: [$€-C0A].
        if bracket.startswith("$"):
            literal = bracket[1:].split("-")[0]
        if digits:
            after += literal
        else:
            before += literal
    return Section(before, after, digits, dates.lower(), condition, percent)


def shown_number(value: float, text: str, number_format: str) -> str:
    """Return a number's text with what its format shows beside it, or both where the two say different things.

    text: the stored number as text. A unit beside it is shown as in the sheet; a sign such as '<', a scale, a hidden
    minus or a section that shows no number contradict what is stored, and the cell is then readable as neither.
    """
    if number_format in ("General", "@", ""):
        return text
    own = _chosen(value, sections(number_format))
    if own is None:
        return text
    before, after = own.before.strip(), own.after.strip()
    if value < 0 and (before == "-" or (before, after) == ("(", ")")):
        return text
    hidden = not own.digits and not own.dates
    # A comma behind the digits divides by a thousand: 1,250,000 is shown as 1,250.
    scaled = bool(re.search(r"[0#?],+(?:$|\.)", own.digits))
    # A section of its own for negative numbers shows them without a minus unless it writes one.
    unsigned = value < 0 and len(sections(number_format)) > 1
    if hidden or scaled or unsigned or own.condition or CHANGES.search(before) or CHANGES.search(after):
        return contradiction(f"{own.before}{own.digits}{own.after}", text)
    padded = _zero_padded(text, own.digits)
    return f"{before}{' ' if before else ''}{padded}{' ' if after and after != '%' else ''}{after}"


def _chosen(value: float, known: tuple[Section, ...]) -> Section | None:
    """Return the section that shows a number; None where the format says nothing of its own."""
    # Sections for positive numbers, negative ones and zero; the fourth is for texts.
    numeric = list(known[:3])
    # Which section shows the number depends on the condition; whatever it shows, such a format is not trusted.
    if any(one.condition for one in numeric):
        return next(one for one in numeric if one.condition)
    if value < 0 and len(numeric) > 1:
        return numeric[1]
    if value == 0 and len(numeric) > 2:
        return numeric[2]
    return numeric[0] if numeric else None


def _zero_padded(text: str, digits: str) -> str:
    """Whole numbers are shown with the zeros that their format asks for: an id 123 as '00123'."""
    return text.zfill(len(digits)) if re.fullmatch("0{2,}", digits) and text.isdigit() else text


def shows_whole_date(number_format: str) -> bool:
    """Return whether a date format shows day, month and year, or no date at all (a clock)."""
    letters = sections(number_format)[0].dates
    # 'm' beside hours or seconds is minutes; without them, months.
    months = "m" in letters and (
        letters.count("m") > 2 or not set("hs") & set(letters) or bool(set("dy") & set(letters))
    )
    there = {"d": "d" in letters, "m": months, "y": "y" in letters}
    return all(there.values()) or not any(there.values())


def shown_date(value: datetime, number_format: str) -> str:
    """Return what a date format shows of a date, months in English: 'may-20'."""
    parts = {"yyyy": "%Y", "yy": "%y", "mmmm": "%B", "mmm": "%b", "mm": "%m", "dd": "%d", "hh": "%H", "ss": "%S"}
    one = {"m": str(value.month), "d": str(value.day), "h": str(value.hour), "s": str(value.second)}

    def shown(letters: re.Match[str]) -> str:
        code = letters[0].lower()
        return one.get(code) or value.strftime(parts.get(code, "%A" if code.startswith("d") else "%Y"))

    plain = re.sub(r"\[[^\]]*\]|[\"\\@]", "", number_format.split(";")[0])
    return re.sub(r"([yYmMdDhHsS])\1*", shown, plain).lower()


def contradiction(shown: str, stored: str) -> str:
    """Return a text that no reader of numbers, dates or codes takes for either."""
    return f"shown as '{shown}', stored as {stored}"
