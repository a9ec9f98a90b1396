"""Days that a sheet stored as numbers: how a draft names them, and how the declaration does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from historical_controls.drafting.marks import Guess, plain

# Beside formats of dates in a draft; the declaration has a key of its own for it.
SERIAL = "excel_serial"
NUMBER_OF_DAY = re.compile(r"(\d{5})(?:[.,](\d+))?")
EPOCH = date(1899, 12, 30)
# Days of 1910 to 2059: births as well as visits.
FIRST, LAST = 3_654, 58_439
# Filled cells from which a column without a word for a date may hold days.
LEAST_BESIDE = 3


def day_of(text: str) -> date | None:
    """The day of a sheet's number, with or without a fraction; None of another text."""
    found = NUMBER_OF_DAY.fullmatch(text)
    return EPOCH + timedelta(int(found[1])) if found and FIRST <= int(found[1]) <= LAST else None


def serials_among(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if day_of(text)]


def are_days_beside(texts: Sequence[str], days: Sequence[date]) -> bool:
    """Whether all cells of a column are numbers of days among those of the columns beside it, or within a year."""
    own = [day_of(text) for text in texts if text]
    if len(own) < LEAST_BESIDE or not days or not all(own):
        return False
    first, last = min(days) - timedelta(366), max(days) + timedelta(366)
    return all(day is not None and first <= day <= last for day in own)


def asked(texts: Sequence[str]) -> str:
    """What a person should look at."""
    return f"is '{texts[0]}' the day {day_of(texts[0])}, as a sheet counts days?"


def with_serials(node: Any) -> Any:
    """The drafted values with `excel_serial` in place of the name that stands among formats."""
    if isinstance(node, Guess):
        return Guess(with_serials(node.value), node.why)
    if isinstance(node, list):
        return [with_serials(item) for item in node]
    if not isinstance(node, dict):
        return node
    formats = node.get("formats")
    if formats is None or SERIAL not in plain(formats):
        return {key: with_serials(value) for key, value in node.items()}
    why = formats.why if isinstance(formats, Guess) else ""
    rest = [form for form in plain(formats) if form != SERIAL]
    out = {key: with_serials(value) for key, value in node.items() if key != "formats"}
    out |= {"formats": rest} if rest else {}
    return out | {SERIAL: Guess(True, why) if why else True}
