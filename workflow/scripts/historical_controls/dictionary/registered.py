"""The outcomes that a study registered, in the registry's order and words (registered.csv)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.columns import REGISTERED_COLUMNS, REGISTERED_DEFAULTS
from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Registered:
    """One line of a registry's list of outcomes; number: its place there, from 1."""

    number: int
    wording: str


def read_registered(path: Path, outcomes: Collection[str], faults: list[UserError]) -> dict[str, Registered]:
    """Registered outcomes by code. Unknown codes, and places that are none or taken, are added to `faults`."""
    known: dict[str, Registered] = {}
    taken: dict[int, str] = {}
    for place, row in declared_rows(path, REGISTERED_COLUMNS, REGISTERED_DEFAULTS):
        code, text = row["outcome"], row["number"]
        if code not in outcomes:
            faults.append(
                UserError(f"'{code}' is not a known outcome", f"{place}, outcome", did_you_mean(code, outcomes))
            )
            continue
        if code in known:
            faults.append(UserError(f"{code} is listed twice", place, "Remove one of the two lines."))
        # isdigit alone accepts superscripts, which int() refuses.
        if not (text.isascii() and text.isdigit() and int(text)):
            faults.append(UserError(f"'{text}' is not a place in a list", f"{place}, number", "Write 1, 2, 3, ..."))
            continue
        number = int(text)
        if taken.setdefault(number, code) != code:
            faults.append(UserError(f"{code} and {taken[number]} are both number {number}", place, "Number each once."))
        known[code] = Registered(number, row["wording"])
    return known
