"""A file as read: good lines in columns, other lines as text with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

CELL = "cell:"


@dataclass(frozen=True)
class Grid:
    """cells: one row per good line, one text column per raw column, named 'cell:<name>'; lines: their line numbers.

    problems: (line, reason, text) of every other line but the header.
    """

    cells: pd.DataFrame
    lines: np.ndarray
    problems: list[tuple[int, str, str]]
    header_line: int


def cell_names(header: list[str]) -> list[str]:
    """Column names as in the file; nameless ones by position, repeated ones numbered, so that none is lost."""
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        base = name or f"column {position}"
        count = sum(other == base or other.startswith(f"{base} #") for other in names)
        names.append(f"{base} #{count + 1}" if count else base)
    return [CELL + name for name in names]
