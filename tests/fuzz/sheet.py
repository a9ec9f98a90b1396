"""A file while it is being spoilt: which of its lines still say what they said, and in which cells they do not."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from .human import Meaning
from .layouts import Layout

LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Line:
    """`row`: which clean row it comes from, None where nothing is promised of it; `touched`: its changed columns."""

    row: int | None
    cells: tuple[str, ...]
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sheet:
    """A layout's file as lines of cells. `origin`: the clean column that each column holds, None for a new one.

    `moved`: cells no longer stand under their own names, so that nothing is promised of any line.
    """

    layout: Layout
    above: tuple[str, ...]
    header: tuple[str, ...]
    origin: tuple[int | None, ...]
    lines: tuple[Line, ...]
    moved: bool = False
    encoding: str = ""
    mark: bytes = b""
    meanings: dict[tuple[int, str], Meaning] = field(default_factory=dict)

    def with_lines(self, lines: Iterable[Line]) -> Sheet:
        return replace(self, lines=tuple(lines))


@dataclass(frozen=True)
class Known:
    """A line of which something is promised."""

    row: int
    touched: frozenset[str]


def clean_sheet(layout: Layout) -> Sheet:
    lines = [Line(n, row) for n, row in enumerate(layout.rows)] + [Line(None, (text,)) for text in layout.below]
    encoding = str(layout.declared.get("encoding", "utf-8"))
    plain = encoding.removesuffix("-sig")
    origin = tuple(range(len(layout.columns)))
    return Sheet(layout, layout.above, layout.columns, origin, tuple(lines), encoding=plain, mark=layout.mark)


def is_workbook(layout: Layout) -> bool:
    return layout.declared.get("format") == "xlsx"


def content(sheet: Sheet) -> bytes:
    if is_workbook(sheet.layout):
        return _workbook(sheet)
    text = "".join(f"{record}{sheet.layout.newline}" for record in records(sheet))
    return sheet.mark + text.encode(sheet.encoding, errors="replace")


def records(sheet: Sheet) -> list[str]:
    """The text of every line, the header among them, without line ends."""
    return [*sheet.above, _written(sheet.header, sheet), *(_written(line.cells, sheet) for line in sheet.lines)]


def _written(cells: tuple[str, ...], sheet: Sheet) -> str:
    delimiter = str(sheet.layout.declared.get("delimiter", ","))
    if not sheet.layout.quoted or len(cells) == 1:
        return delimiter.join(cells)
    stream = io.StringIO()
    style = csv.QUOTE_ALL if sheet.layout.quoted == "all" else csv.QUOTE_MINIMAL
    csv.writer(stream, delimiter=delimiter, quoting=style, lineterminator="").writerow(cells)
    return stream.getvalue()


def _workbook(sheet: Sheet) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    kinds = dict(sheet.layout.typed)
    for text in sheet.above:
        page.append([text or None])
    page.append(list(sheet.header))
    for line in sheet.lines:
        typed = [kinds.get(name.strip(), "") for name in sheet.header] + [""] * len(line.cells)
        page.append([_value(cell, kind) for cell, kind in zip(line.cells, typed, strict=False)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _value(cell: str, kind: str) -> object:
    """Dates and numbers as such where the text is one; other texts as texts."""
    try:
        if kind == "date":
            return datetime.fromisoformat(cell)
        if kind == "number" and re.fullmatch(r"-?[0-9]+\.[0-9]+", cell):
            return float(cell)
    except ValueError:
        pass
    return ILLEGAL_CHARACTERS_RE.sub("?", cell)[:32000] or None


def known_lines(sheet: Sheet, spoilt: bytes) -> dict[int, Known]:
    """By line of the spoilt file: lines whose text is that of a line of the sheet."""
    if sheet.moved:
        return {}
    top = len(sheet.above) + 1
    if is_workbook(sheet.layout):
        lines = enumerate(sheet.lines, start=top + 1)
        return {n: Known(line.row, line.touched) for n, line in lines if line.row is not None}
    physical = text_lines(sheet.layout, spoilt)
    header = LINE_END.split(_written(sheet.header, sheet))
    if physical is None or physical[top - 1 : top - 1 + len(header)] != header:
        return {}
    return _matched(sheet, physical, top + len(header) - 1)


def text_lines(layout: Layout, spoilt: bytes) -> list[str] | None:
    """The lines of a text file by its declared encoding; None where it is not written in it."""
    # A gzipped file is read as what it holds.
    if spoilt.startswith(b"\x1f\x8b"):
        spoilt = gzip.decompress(spoilt)
    try:
        text = spoilt.decode(str(layout.declared.get("encoding", "utf-8")))
    except (UnicodeError, LookupError):
        return None
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    return lines if lines[-1] else lines[:-1]


def _matched(sheet: Sheet, physical: list[str], start: int) -> dict[int, Known]:
    texts: dict[str, list[tuple[list[str], Known]]] = {}
    for line in sheet.lines:
        if line.row is not None:
            parts = LINE_END.split(_written(line.cells, sheet))
            texts.setdefault(parts[0], []).append((parts, Known(line.row, line.touched)))
    found = {}
    for number, text in enumerate(physical[start:], start=start + 1):
        for parts, known in texts.get(text, []):
            if physical[number - 1 : number - 1 + len(parts)] == parts:
                found[number] = known
    return found
