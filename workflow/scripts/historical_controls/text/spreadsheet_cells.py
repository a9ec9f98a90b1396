"""Text cells that a spreadsheet may open: nothing is run as a formula, and what was sent can be had back."""

from __future__ import annotations

import re

# What starts a formula in a spreadsheet (OWASP, CSV injection), and the apostrophe itself, so that `as_sent` can tell
# an added one from one that was sent.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
# A signed number is a number to a spreadsheet, and runs nothing.
NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*")


def inert(text: object) -> object:
    """The text with an apostrophe before it where a spreadsheet would run it, or where it has one already."""
    if not isinstance(text, str) or not text.startswith(FORMULA_STARTS) or NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def as_sent(text: str) -> str:
    """What `inert` was given."""
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text
