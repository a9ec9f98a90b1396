"""A file as read: good lines in columns, other lines as text with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

CELL = "cell:"
FOOTER, BLANK, ABOVE, RAGGED = "FOOTER", "BLANK_LINE", "ABOVE_HEADER", "FILE_LAYOUT"
AGAIN, UNITS = "HEADER_AGAIN", "UNITS_LINE"
SPACE = " \t\r\n"
# Enough to find the header in, where the declaration looks for it on another line.
HEAD_LINES = 30

# A cell of a date or number alone, which no line of units has.
VALUE = r"[-+<>]?\d[\d.,/: -]*"

Problem = tuple[int, str, str]


@dataclass(frozen=True)
class Grid:
    """Consecutive lines of a file, all of them or a block.

    cells: one row per good line, one text column per raw column, named 'cell:<name>'; lines: their line numbers.
    header: the names as in the file, one per column; problems: (line, reason, text) of every other line but the
    header; head: the file's first lines, to tell a user where the header may be.
    """

    cells: pd.DataFrame
    lines: np.ndarray
    problems: list[Problem]
    header: list[str]
    header_line: int
    head: list[str]


def cell_names(header: list[str]) -> list[str]:
    """Column names as in the file; nameless ones by position, repeated ones numbered, so that none is lost."""
    names: dict[str, None] = {}
    for position, name in enumerate(header, start=1):
        base = free = name or f"column {position}"
        number = 1
        while free in names:
            number += 1
            free = f"{base} #{number}"
        names[free] = None
    return [CELL + name for name in names]


def text_frame(rows: list[list[str]], names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=names, dtype="str")


def is_footer(text: str, patterns: list[str]) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def without_headers(grid: Grid) -> Grid:
    """The grid with rows that repeat the header, as printed pages do, set aside: nobody is called 'patient id'."""
    rows = np.arange(len(grid.lines))
    for name, heading in zip(grid.cells, grid.header, strict=True):
        # Column by column on what is left: hardly any row passes the first one.
        rows = rows[(grid.cells[name].iloc[rows].str.strip() == heading).to_numpy(dtype=bool)]
        if not len(rows):
            return grid
    again = [(int(line), AGAIN, "\t".join(grid.header)) for line in grid.lines[rows]]
    kept = np.delete(np.arange(len(grid.lines)), rows)
    cells = grid.cells.take(kept).reset_index(drop=True)
    return replace(grid, cells=cells, lines=grid.lines[kept], problems=sorted([*grid.problems, *again]))


def without_first_row(grid: Grid) -> Grid:
    """The grid with its first row set aside as the line of units. Raises ValueError where it holds a number or date."""
    texts = grid.cells.iloc[0].astype("str").str.strip()
    values = texts[texts.str.fullmatch(VALUE)]
    if len(values):
        raise ValueError(values.index[0].removeprefix(CELL))
    line = (int(grid.lines[0]), UNITS, "\t".join(texts))
    cells = grid.cells.iloc[1:].reset_index(drop=True)
    return replace(grid, cells=cells, lines=grid.lines[1:], problems=sorted([*grid.problems, line]))
