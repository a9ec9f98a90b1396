"""Delimited files of any kind, record by record; a quoted record may span lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..config_sources import SourceFile
from ..errors import UserError
from .layout import ABOVE, BLANK, FOOTER, HEAD_LINES, RAGGED, SPACE, Grid, cell_names, is_footer, text_frame

Record = tuple[int, list[str] | None, str]
LARGEST_CELL = 2**31 - 1


def read_quoted(path: Path, text: str, file: SourceFile) -> Grid:
    """All lines of a text; those that do not fit keep their text and say why."""
    csv.field_size_limit(LARGEST_CELL)
    lines = list(io.StringIO(text, newline=""))
    if len(lines) < file.header_line:
        where = f"{path}, line {len(lines)}"
        raise UserError(f"the file ends before its header (line {file.header_line})", where, "Check header_line.")
    header, first = _header(path, lines, file)
    rows: list[list[str]] = []
    numbers: list[int] = []
    problems = [(n, ABOVE, line.rstrip("\r\n")) for n, line in enumerate(lines[: file.header_line - 1], start=1)]
    for number, record, raw in _records(lines, first, len(header), file.delimiter):
        problem = _problem(record, raw, len(header), file)
        if record is None or problem:
            problems.append((number, problem, raw))
        else:
            rows.append(record)
            numbers.append(number)
    return Grid(
        text_frame(rows, cell_names(header)),
        np.array(numbers, dtype="int64"),
        problems,
        header,
        file.header_line,
        [line.rstrip("\r\n") for line in lines[:HEAD_LINES]],
    )


def _header(path: Path, lines: list[str], file: SourceFile) -> tuple[list[str], int]:
    """The header's cells, and the index of the line after it."""
    reader = csv.reader(lines[file.header_line - 1 :], delimiter=file.delimiter, strict=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        where = f"{path}, line {file.header_line}"
        raise UserError(f"the header cannot be read: {error}", where, "Check its quotes, or header_line.") from None
    return [cell.strip() for cell in cells], file.header_line - 1 + reader.line_num


def _records(lines: list[str], start: int, width: int, delimiter: str) -> Iterator[Record]:
    """(first line, cells, text) of each record; cells None where quotes do not close.

    A quote that never closes would swallow the rows below it. So a record over several lines that does not come out
    whole gives up its first line only, and reading goes on with the next.
    """
    while start < len(lines):
        for first, end, record in _strict(lines, start, delimiter):
            span = lines[first:end]
            if len(span) > 1 and (len(record) != width or _rows_in_quotes(span, width, delimiter)):
                break
            yield first + 1, record, "".join(span).rstrip("\r\n")
            start = end
        if start < len(lines):
            yield start + 1, None, lines[start].rstrip("\r\n")
            start += 1


def _strict(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, line after, cells) of each record up to the first fault."""
    # Lines are handed over one by one: a copy of the rest after each fault would make a bad file quadratic.
    reader = csv.reader((lines[n] for n in range(start, len(lines))), delimiter=delimiter, strict=True)
    done = start
    try:
        for record in reader:
            yield done, start + reader.line_num, record
            done = start + reader.line_num
    except csv.Error:
        return


def _rows_in_quotes(span: list[str], width: int, delimiter: str) -> bool:
    """Whether every line of a record would be a row of its own: two stray quotes, rather than a long cell."""
    return width > 1 and all(line.count(delimiter) == width - 1 for line in span)


def _problem(record: list[str] | None, text: str, width: int, file: SourceFile) -> str:
    if is_footer(text, file.footer):
        return FOOTER
    if not text.strip(SPACE) or (record is not None and not any(cell.strip(SPACE) for cell in record)):
        return BLANK
    return RAGGED if record is None or len(record) != width else ""
