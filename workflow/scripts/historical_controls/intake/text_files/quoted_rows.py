"""Rows with any quoting, one by one: a quoted record may span lines, and a stray quote costs its own line only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from historical_controls.intake.layout import BLANK, FOOTER, RAGGED, SPACE, Problem, is_footer, text_frame
from historical_controls.intake.text_files.rows import Rows, Shape

Record = tuple[int, int, list[str] | None]
LARGEST_CELL = 2**31 - 1
# A quote that has not closed after so many characters never will: the rest of a file is not waited for.
LARGEST_RECORD = 4 << 20


def read_careful(body: bytes, shape: Shape, last: bool) -> Rows:
    """All rows of a text that starts with a record and ends with a line; those that do not fit say why.

    last: nothing follows. Otherwise a record that is still open at the end is the rest.
    """
    # csv refuses cells above 131,072 characters by default; long reports in one cell are longer.
    csv.field_size_limit(LARGEST_CELL)
    lines = split_lines(body.decode())
    rows: list[list[str]] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    done = 0
    for first, end, record in _records(lines, shape, last):
        raw = "".join(lines[first:end]).rstrip("\r\n")
        reason = problem(record, raw, shape)
        if record is None or reason:
            problems.append((first + 1, reason, raw))
        else:
            rows.append(record)
            numbers.append(first + 1)
        done = end
    cells = text_frame(rows, shape.names)
    return Rows(cells, np.array(numbers, dtype="int64"), problems, done, "".join(lines[done:]).encode())


def split_lines(text: str) -> list[str]:
    """Lines with their ends: a newline, a carriage return, or both."""
    # Not str.splitlines, which also splits at form feeds and other separators that occur within cells.
    return list(io.StringIO(text, newline=""))


def cells_of(record: str, shape: Shape) -> list[str]:
    """The cells of one record whose quotes are in order."""
    return next(csv.reader([record], delimiter=shape.delimiter, strict=True), [])


def n_cells(line: str, delimiter: str) -> int:
    """How many cells a line of text has; 0 where its quotes do not close."""
    try:
        return len(next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return 0


def _records(lines: list[str], shape: Shape, last: bool) -> Iterator[Record]:
    """(first line, line after, cells) of each record; cells None where quotes do not close.

    A quote that never closes would swallow the rows below it. So a record over several lines that does not come out
    whole gives up its first line only, and reading goes on with the next.
    """
    start = 0
    while start < len(lines):
        still_open = False
        for first, end, record in _strict(lines, start, shape.delimiter):
            if record is None:
                still_open = True
            elif end - first > 1 and not _whole(lines[first:end], record, shape):
                break
            else:
                yield first, end, record
                start = end
        if still_open and not last and length(lines[start:]) <= LARGEST_RECORD:
            return
        if start < len(lines):
            yield start, start + 1, None
            start += 1


def _strict(lines: list[str], start: int, delimiter: str) -> Iterator[Record]:
    """Records up to the first fault; cells None where that is the end of the lines."""
    given = start

    def one_by_one() -> Iterator[str]:
        # A copy of the rest after each fault would make a bad file quadratic.
        nonlocal given
        while given < len(lines):
            given += 1
            yield lines[given - 1]
        # One past the end: the reader asked for a line that is not there, so that a quote is still open.
        given += 1

    reader = csv.reader(one_by_one(), delimiter=delimiter, strict=True)
    done = start
    try:
        for record in reader:
            yield done, start + reader.line_num, record
            done = start + reader.line_num
    except csv.Error:
        if given > len(lines):
            yield done, len(lines), None


def _whole(span: list[str], record: list[str], shape: Shape) -> bool:
    fits = len(record) == shape.width and length(span) <= LARGEST_RECORD
    return fits and not rows_in_quotes(span, shape)


def length(lines: list[str]) -> int:
    return sum(map(len, lines))


def rows_in_quotes(span: list[str], shape: Shape) -> bool:
    """Whether every line of a record would be a row of its own: two stray quotes, rather than a long cell."""
    return shape.width > 1 and all(line.count(shape.delimiter) == shape.width - 1 for line in span)


def problem(record: list[str] | None, text: str, shape: Shape) -> str:
    """Why a record (cells None: quotes that do not close) is no row of the file's columns, or ''."""
    if is_footer(text, shape.footer):
        return FOOTER
    if not text.strip(SPACE) or (record is not None and not any(cell.strip(SPACE) for cell in record)):
        return BLANK
    return RAGGED if record is None or len(record) != shape.width else ""
