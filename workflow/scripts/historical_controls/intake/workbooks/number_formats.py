"""What a number format of a sheet shows beside or instead of the number that its cell stores.

Grammar: ECMA-376 part 1, 18.8.31: up to four sections by sign, each of digits, literal texts and date parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne

from historical_controls.intake.workbooks.shown_values import shown_digits, shown_moment

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_.|\*.|(?P<general>General)'
    r"|(?P<meridiem>AM/PM|A/P)|(?P<date>[yYmMdDhHsS]+)|(?P<digits>[0#?.,/]+|E[+-])|(?P<percent>%)|(?P<text>@)|(?P<other>.)"
)
CONDITION = re.compile(r"^(?P<sign><=|>=|<>|[<>=])(?P<number>-?\d+(?:\.\d+)?)$")
HOLDS = {"<": lt, ">": gt, "<=": le, ">=": ge, "=": eq, "<>": ne}
RUN = re.compile(r"([a-z])\1*", re.IGNORECASE)
ELAPSED = re.compile(r"^(?:h+|m+|s+)$", re.IGNORECASE)
# Literal texts that change what a number says; any other one is a unit or a name beside it.
CHANGES = re.compile(r"[<>≤≥≦≧⩽⩾﹤﹥＜＞~≈±+?¿\d]|^\s*[-\u2212]\s*$")


@dataclass(frozen=True)
class Section:
    """One section: literal texts before and after its value, the digits, date letters, a condition, percent signs.

    text: whether it shows texts ('@'); within: places among its digits, with the literal text there ('000-00').
    """

    before: str
    after: str
    digits: str
    dates: str
    condition: tuple[str, float] | None
    percent: bool
    text: bool
    within: tuple[tuple[int, str], ...]


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
    percent = text = False
    condition: tuple[str, float] | None = None
    within: list[tuple[int, str]] = []
    for token in tokens:
        literal = token["quoted"] or token["escaped"] or (token["other"] or "")
        bracket = token["bracket"] or ""
        stated = CONDITION.match(bracket)
        condition = (stated["sign"], float(stated["number"])) if stated else condition
        percent |= token["percent"] is not None
        text |= token["text"] is not None
        own = token["digits"] or token["general"] or ""
        # What stood behind the digits stands among them.
        if own and digits and after.strip():
            within.append((len(digits), after))
            after = ""
        digits += own
        dates += token["date"] or (bracket if ELAPSED.match(bracket) else "")
        # Currency signs stand in brackets: [$€-C0A].
        if bracket.startswith("$"):
            literal = bracket[1:].split("-")[0]
        if digits or text:
            after += literal
        else:
            before += literal
    return Section(before, after, digits, dates.lower(), condition, percent, text, tuple(within))


def shown_number(value: float, text: str, number_format: str, decimal: str = ".") -> str:
    """Return a number's text with what its format shows beside it, or both where the two say different things.

    text: the stored number as text; decimal: its mark. A unit beside it is shown as in the sheet; a sign such as '<', a
    scale, a hidden minus or a section that shows no number contradict what is stored, and the cell is readable as
    neither.
    """
    if number_format in ("General", "@", ""):
        return text
    own = _chosen(value, sections(number_format))
    if own is None:
        return text
    before, after = own.before.strip(), own.after.strip()
    if value < 0 and (before == "-" or (before, after) == ("(", ")")):
        return text
    hidden = not own.digits and not own.dates and not own.text
    # A comma behind the digits divides by a thousand: 1,250,000 is shown as 1,250.
    scaled = bool(re.search(r"[0#?],+(?:$|\.)", own.digits))
    # A section of its own for negative numbers shows them without a minus unless it writes one.
    unsigned = value < 0 and len(sections(number_format)) > 1
    doubtful = own.condition is not None and value < 0
    if own.within:
        return contradiction(f"{own.before}{_with_literals(value, own)}{own.after}", text)
    if hidden or scaled or unsigned or doubtful or CHANGES.search(before) or CHANGES.search(after):
        shown = "" if hidden else shown_digits(value, own.digits, own.percent, decimal)
        # Of a single section the sign stands before everything.
        sign = "-" if value < 0 and not unsigned and not hidden else ""
        return contradiction(f"{sign}{own.before}{shown}{own.after}", text)
    padded = _zero_padded(text, own.digits)
    return f"{before}{' ' if before else ''}{padded}{' ' if after and after != '%' else ''}{after}"


def _chosen(value: float, known: tuple[Section, ...]) -> Section | None:
    """Return the section that shows a number; None where the format says nothing of its own."""
    # Sections for positive numbers, negative ones and zero; the fourth is for texts.
    numeric = list(known[:3])
    # Sections with a condition show the numbers that meet it, the first one without any all others.
    if any(one.condition for one in numeric):
        met = (one for one in numeric if one.condition is None or HOLDS[one.condition[0]](value, one.condition[1]))
        return next(met, numeric[-1])
    if value < 0 and len(numeric) > 1:
        return numeric[1]
    if value == 0 and len(numeric) > 2:
        return numeric[2]
    return numeric[0] if numeric else None


def _with_literals(value: float, section: Section) -> str:
    """Return a whole number as its digits are parted: 12345 under '00-000' as '12-345'."""
    places = [at for at, mark in enumerate(section.digits) if mark in "0#?"]
    size = f"{int(abs(value) + 0.5):d}".rjust(len(places), "0")
    # Digits beyond the placeholders stand before the first.
    parts, more = dict(section.within), len(size) - len(places)
    shown = [size[:more]] + [parts.get(at, "") + digit for at, digit in zip(places, size[more:], strict=True)]
    return "".join(shown)


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
    pieces = []
    for token in TOKEN.finditer(number_format):
        if token["other"] == ";":
            break
        bracket = token["bracket"] or ""
        letters = token["date"] or (bracket if ELAPSED.match(bracket) else "")
        if letters:
            pieces += [("date", one[0].lower()) for one in RUN.finditer(letters)]
        elif token["meridiem"]:
            pieces.append(("meridiem", ""))
        else:
            pieces.append(("literal", token["quoted"] or token["escaped"] or token["other"] or token["digits"] or ""))
    return shown_moment(value, pieces)


def shown_text(text: str, number_format: str) -> str:
    """Return a text with what its format shows beside it, or both where the format changes or hides it."""
    if number_format in ("General", "@", "") or not text.strip():
        return text
    known = sections(number_format)
    # The fourth section is of texts; a single one may be.
    own = known[3] if len(known) > 3 else next((one for one in known if one.text), None)
    if own is None:
        return text
    shown = f"{own.before}{text if own.text else ''}{own.after}"
    changed = not own.text or CHANGES.search(own.before) or CHANGES.search(own.after)
    return contradiction(shown, text) if changed else shown


def contradiction(shown: str, stored: str) -> str:
    """Return a text that no reader of numbers, dates or codes takes for either."""
    return f"shown as '{shown}', stored as {stored}"
