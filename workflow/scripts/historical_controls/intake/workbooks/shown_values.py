"""Numbers and dates as a number format of a sheet shows them (ECMA-376 part 1, 18.8.31)."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

# In their order: 'm' is minutes beside hours or seconds, and months elsewhere.
CLOCK = {"hh": "%H", "ss": "%S"}
DAYS = {"yyyy": "%Y", "yy": "%y", "mmmm": "%B", "mmm": "%b", "mm": "%m", "dddd": "%A", "ddd": "%a", "dd": "%d"}


def shown_digits(value: float, digits: str, percent: bool, decimal: str) -> str:
    """Return the size of a number, without its sign, as placeholders such as '#,##0.00' show it.

    A comma behind the placeholders divides by a thousand. decimal: the mark to write. Fractions, powers of ten and
    'General' are given as the plain number.
    """
    size = abs(Decimal(repr(value))) * (100 if percent else 1)
    sign = "%" if percent else ""
    if not digits or re.search(r"[/EG]", digits):
        return f"{float(size):g}".replace(".", decimal) + sign
    whole, _, part = digits.partition(".")
    scaled = re.sub(r",+$", "", whole)
    size /= Decimal(1000) ** (len(whole) - len(scaled) + part.count(","))
    places = [mark for mark in part if mark in "0#?"]
    # Half of a digit is shown as the next one, not as the nearest even one.
    rounded = f"{size.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP):f}"
    shown, _, fraction = rounded.partition(".")
    shown = shown.lstrip("0").rjust(scaled.count("0"), "0")
    if "," in scaled:
        shown = f"{int(shown or 0):,}".replace(",", "." if decimal == "," else ",")
    optional = len(places) - len("".join(places).rstrip("#?"))
    least = len(fraction) - optional
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    return f"{shown}{decimal}{fraction}{sign}" if fraction else f"{shown}{sign}"


def shown_moment(value: datetime, pieces: list[tuple[str, str]]) -> str:
    """Return what a date format shows of a date, months in English: 'may-20'.

    pieces: in order, ('date', letters), ('meridiem', '') or ('literal', text).
    """
    twelve = any(kind == "meridiem" for kind, _ in pieces)
    letters = [(place, text) for place, (kind, text) in enumerate(pieces) if kind == "date"]
    minutes = {
        place
        for number, (place, text) in enumerate(letters)
        if text[0] == "m" and len(text) <= 2 and _beside_clock(letters, number)
    }

    def shown(place: int, kind: str, text: str) -> str:
        if kind == "literal":
            return text
        code = "%p" if kind == "meridiem" else "%M" if place in minutes else {**DAYS, **CLOCK}.get(text, "")
        if not code:
            # One letter, or more than any code has: without the zero before it.
            code = {"m": "%m", "d": "%d", "h": "%H", "s": "%S"}.get(text[:1], "%Y")
        code = "%I" if twelve and code == "%H" else code
        said = value.strftime(code)
        return (said.lstrip("0") or "0") if len(text) == 1 and text in "mdhs" and place not in minutes else said

    return "".join(shown(place, kind, text) for place, (kind, text) in enumerate(pieces)).lower()


def _beside_clock(letters: list[tuple[int, str]], number: int) -> bool:
    before = letters[number - 1][1] if number else ""
    after = letters[number + 1][1] if number + 1 < len(letters) else ""
    return before.startswith("h") or after.startswith("s")
