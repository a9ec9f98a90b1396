"""Delimited text files, block by block: lines, columns, and what does not fit into them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.headings import joined_headings
from historical_controls.intake.layout import ABOVE, HEAD_LINES, Grid, Problem, cell_names, text_frame
from historical_controls.intake.text_files.decoding import text_blocks
from historical_controls.intake.text_files.quoted_rows import LARGEST_RECORD, read_careful, split_lines
from historical_controls.intake.text_files.regular_rows import read_regular
from historical_controls.intake.text_files.rows import Rows, Shape

# Bytes read at a time; and those that one line in doubt sends to the slow reader.
BLOCK = 8 << 20
DOUBTFUL = 256 << 10

Blocks = Iterator[tuple[bytes, bool]]


@dataclass(frozen=True)
class Top:
    """A file down to its header. n_lines: lines of it; body: what follows in the same block; last: and nothing more."""

    header: list[str]
    head: list[str]
    problems: list[Problem]
    n_lines: int
    body: bytes
    last: bool


def read_delimited(path: Path, file: SourceFile, size: int = BLOCK) -> Iterator[Grid]:
    """All lines of a delimited file in consecutive blocks, the first one of the lines above the header.

    size: bytes of a block. Raises UserError for a wrong encoding or a missing header.
    """
    blocks = text_blocks(path, file, size)
    top = _top(path, blocks, file)
    shape = Shape(cell_names(top.header), file.delimiter, file.footer)

    def grid(rows: Rows, above: int) -> Grid:
        problems = [(line + above, reason, text) for line, reason, text in rows.problems]
        return Grid(rows.cells, rows.lines + above, problems, top.header, file.header_line, top.head)

    # A block of its own for what is above the header: those lines are numbered from the top of the file.
    yield grid(Rows(text_frame([], shape.names), np.array([], dtype="int64"), top.problems, 0, b""), 0)
    above = top.n_lines
    for rows in _rows(top, blocks, shape):
        yield grid(rows, above)
        above += rows.n_lines


def _rows(top: Top, blocks: Blocks, shape: Shape) -> Iterator[Rows]:
    body, last, rest = top.body, top.last, b""
    while True:
        for rows in _block(rest + body, shape, last):
            yield rows
            rest = rows.rest
        if last:
            return
        body, last = next(blocks)


def _block(body: bytes, shape: Shape, last: bool) -> Iterator[Rows]:
    """A block by the compiled parser; where that will not do, in small parts, of which only some may be in doubt."""
    found = read_regular(body, shape, last)
    if found is not None:
        yield found
        return
    rest = b""
    for part, ends in _parts(body):
        whole = read_regular(rest + part, shape, last and ends)
        rows = whole if whole is not None else read_careful(rest + part, shape, last and ends)
        yield rows
        rest = rows.rest


def _parts(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """Parts that end with a line, and whether it is the last."""
    start = 0
    while True:
        end = body.find(b"\n", start + DOUBTFUL) + 1 or len(body)
        yield body[start:end], end == len(body)
        if end == len(body):
            return
        start = end


def _top(path: Path, blocks: Blocks, file: SourceFile) -> Top:
    """The lines down to the header, from as many blocks as it takes."""
    body, last = b"", False
    lines: list[str] = []
    while not last and len(lines) < max(HEAD_LINES, file.header_line):
        more, last = next(blocks)
        body += more
        lines = split_lines(body.decode())
    if len(lines) < file.header_line:
        where = f"{path}, line {len(lines)}"
        raise UserError(f"the file ends before its header (line {file.header_line})", where, "Check header_line.")
    header = _header(lines[file.header_line - 1 :], file)
    # A quoted name may span lines and close in a later block only.
    while isinstance(header, csv.Error) and not last and len(body) < LARGEST_RECORD:
        more, last = next(blocks)
        body += more
        lines = split_lines(body.decode())
        header = _header(lines[file.header_line - 1 :], file)
    if isinstance(header, csv.Error):
        where = f"{path}, line {file.header_line}"
        raise UserError(f"the header cannot be read: {header}", where, "Check its quotes, or header_line.")
    cells, n_lines = _headings(header[0], lines, file), file.header_line - 1 + header[1]
    texts = [line.rstrip("\r\n") for line in lines[: max(HEAD_LINES, file.header_line)]]
    problems = [(n, ABOVE, text) for n, text in enumerate(texts[: file.header_line - file.header_rows], start=1)]
    return Top(cells, texts[:HEAD_LINES], problems, n_lines, "".join(lines[n_lines:]).encode(), last)


def _headings(lowest: list[str], lines: list[str], file: SourceFile) -> list[str]:
    """Return the names of all columns: from every row of the header, and one more for R's row names."""
    above = lines[file.header_line - file.header_rows : file.header_line - 1]
    rows = [_cells(line, file.delimiter) for line in above]
    names = joined_headings([*rows, lowest]) if rows else lowest
    return ["", *names] if file.row_names else names


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])


def _header(lines: list[str], file: SourceFile) -> tuple[list[str], int] | csv.Error:
    """The header's cells and how many lines it takes, or why it cannot be read."""
    reader = csv.reader(lines, delimiter=file.delimiter, strict=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        return error
    return [cell.strip() for cell in cells], reader.line_num
