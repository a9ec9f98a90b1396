"""What the font of a cell says of its text: struck out is withdrawn, a raised digit is a power or a note's mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from historical_controls.intake.workbooks.number_formats import contradiction

# A power of ten within a text, such as a unit: '10³/µL'.
POWER = re.compile(r"(?<![\d.,])10$")


def shown_by_font(cell: Any, text: str) -> str:
    """Return a cell's text as its font shows it, or both where the font changes what it says.

    cell: of openpyxl, its value rich where a part of it has a font of its own. '12.5' with a raised 1 is stored as
    12.51, and may be 12.5 with a note or a power: readable as neither. The power of ten of a unit ('10³/µL', stored as
    103/µL) stands behind a '^'; a digit raised behind a letter ('m²') says what its text says.
    """
    if not text.strip() or cell.font is None:
        return text
    runs = list(_runs(cell.value)) or [(text, False, False)]
    if cell.font.strike or any(struck for _, struck, _ in runs):
        return contradiction("".join(_struck(run, cell.font.strike or struck) for run, struck, _ in runs), text)
    shown, doubtful = "", False
    for run, _, raised in runs:
        behind = raised and shown[-1:].isdigit()
        doubtful |= behind and not POWER.search(shown)
        shown += f"^{run}" if behind else run
    # A power with nothing behind it is a value, or one with the mark of a note.
    return contradiction(shown, text) if doubtful or re.fullmatch(r".*\^[\s\d\-\u2212]+", shown) else shown


def _runs(value: Any) -> Iterator[tuple[str, bool, bool]]:
    """Yield the parts of a rich text: text, whether it is struck out, whether it is a raised digit."""
    for run in value if isinstance(value, list) else ():
        text, font = (run, None) if isinstance(run, str) else (run.text, run.font)
        visible = bool(text.strip())
        struck = visible and font is not None and bool(font.strike)
        raised = font is not None and font.vertAlign == "superscript" and re.search(r"\d", text) is not None
        yield text, struck, raised


def _struck(text: str, struck: bool) -> str:
    return f"{text} (struck out)" if struck and text.strip() else text
