"""Names of a file's columns: from one or more header rows, each column with a name of its own."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from historical_controls.config.sources.codes import AS_TEXT, ENTITY, ZERO_WIDTH
from historical_controls.intake.layout import CELL, Grid

POSITION = re.compile(r"^column (\d+)$")


def joined_headings(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one heading per column from header rows, the upper ones carried to the right over their merged cells.

    'Visit 1' above 'BP' and 'HR' gives 'Visit 1 BP' and 'Visit 1 HR'. A name above a blank is that of its column alone,
    merged over the rows: 'id' above nothing is 'id'.
    """
    width = max(map(len, rows), default=0)
    filled = [[cell.strip() for cell in (*row, *[""] * (width - len(row)))] for row in rows]
    # A merged cell has its text in its first column only.
    carried = [_carried(row, filled[number + 1 :]) for number, row in enumerate(filled)]
    # A column below a group that has no text of its own is nameless.
    named = [any(row[place] for row in filled) for place in range(width)]
    return [" ".join(row[place] for row in carried if row[place]) if named[place] else "" for place in range(width)]


def _carried(row: Sequence[str], beneath: Sequence[Sequence[str]]) -> list[str]:
    out: list[str] = []
    group = ""
    for place, cell in enumerate(row):
        out.append(cell or group)
        if cell:
            # What has nothing beneath it names its own column, and ends the group before it.
            group = cell if any(lower[place] for lower in beneath) else ""
    return out


def plain_heading(text: str) -> str:
    """Return a heading as a reader sees it: in composed Unicode (NFC), with single blanks, without blanks around it.

    An accent sent as a character of its own, a line break or a second blank within, a mark without width, one of the
    two signs for micro, an entity of HTML and the '="..."' of spreadsheets look the same and compare unequal.
    """
    bare = ENTITY.sub(lambda entity: html.unescape(entity[0]), text.translate(ZERO_WIDTH))
    wrapped = AS_TEXT.match(bare.strip())
    plain = unicodedata.normalize("NFC", wrapped[1] if wrapped else bare)
    return " ".join(plain.replace("\u00b5", "\u03bc").split())


def distinct_names(header: Sequence[str]) -> list[str]:
    """Return a name of its own for each column: repeated ones numbered 'BP #1', 'BP #2', nameless ones by position."""
    counts = Counter(header)
    seen: Counter[str] = Counter()
    names: dict[str, None] = {}
    for position, heading in enumerate(header, start=1):
        seen[heading] += 1
        base = heading or f"column {position}"
        name = f"{base} #{seen[heading]}" if heading and counts[heading] > 1 else base
        # The file may itself have a column called 'BP #1'.
        while name in names:
            name += " #2"
        names[name] = None
    return list(names)


def addressed(grid: Grid, declared: Sequence[str]) -> Grid:
    """Return the grid with a name of its own for each column, in the spelling of the declaration.

    'column 7' is the seventh column, whatever it is called, unless one is called so.
    """
    names = distinct_names([plain_heading(name) for name in grid.header])
    spelled = {plain_heading(name): name for name in declared}
    final = [spelled.get(name, name) for name in names]
    for name in declared:
        position = POSITION.match(name)
        # A real column of that name goes first.
        if position and name not in final and 0 < int(position[1]) <= len(final):
            final[int(position[1]) - 1] = name
    return replace(grid, header=final, cells=grid.cells.set_axis([CELL + name for name in final], axis=1))


def repeated(name: str, names: Sequence[str]) -> list[str]:
    """Return the names under which a repeated heading can be addressed."""
    return [other for other in names if re.fullmatch(rf"{re.escape(plain_heading(name))} #\d+", other)]
