"""Rows whose quoting leaves no doubt, by a compiled parser: whole blocks at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from historical_controls.intake.layout import BLANK, FOOTER, SPACE, Problem, is_footer
from historical_controls.intake.text_files.quoted_rows import (
    LARGEST_RECORD,
    cells_of,
    length,
    problem,
    rows_in_quotes,
    split_lines,
)
from historical_controls.intake.text_files.rows import Rows, Shape

NEWLINE, QUOTE = ord("\n"), ord('"')


@dataclass(frozen=True)
class Records:
    """Where the records of a text start (bytes) and on which of its lines, counted from 0; end: where the last ends."""

    starts: np.ndarray
    lines: np.ndarray
    end: int
    n_lines: int

    def raw(self, body: bytes, number: int) -> str:
        stop = self.starts[number + 1] if number + 1 < len(self.starts) else self.end
        return body[self.starts[number] : stop].decode()

    def text(self, body: bytes, number: int) -> str:
        return self.raw(body, number).rstrip("\r\n")


def read_regular(body: bytes, shape: Shape, last: bool) -> Rows | None:
    """The rows of UTF-8 text that starts with a record and ends with a line; None where it takes the careful reader.

    That is: quotes that do not stand around whole cells, zero bytes, carriage returns alone, one column, records over
    several lines that might be no records. An unclosed quote at the end leaves its record as the rest; last: nothing
    follows, so that there it is a fault.
    """
    # Arrow takes delimiters of one byte, and drops a byte-order mark, which within a file belongs to a cell.
    if len(shape.delimiter.encode()) != 1 or shape.width < 2 or b"\x00" in body or body.startswith(b"\xef\xbb\xbf"):
        return None
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return None
    records = _records(body, ord(shape.delimiter))
    if records is None or (records.end < len(body) and (last or len(body) - records.end > LARGEST_RECORD)):
        return None
    spanning = np.flatnonzero(np.diff(records.lines, append=records.n_lines) > 1)
    if len(spanning) and (shape.footer or not _whole(body, records, spanning, shape)):
        return None
    table, ragged = _parsed(body[: records.end], shape, quoted=b'"' in body)
    if len(np.intersect1d(ragged, spanning)):
        return None
    return _rows(body, records, table, ragged, shape)


def _records(body: bytes, delimiter: int) -> Records | None:
    """Records of a text whose quotes stand around whole cells, doubled within; None where they do not."""
    data = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(data == NEWLINE)
    if not body.endswith(b"\n") and body:
        ends = np.append(ends, len(data) - 1)
    if b'"' not in body:
        return Records(np.append(0, ends + 1)[: len(ends)], np.arange(len(ends)), len(data), len(ends))
    quotes = np.flatnonzero(data == QUOTE)
    if not _regular(data, quotes, delimiter):
        return None
    # A line end is outside quotes where an even number of quotes comes before it.
    closed = np.searchsorted(quotes, ends, side="right") % 2 == 0
    n_lines = int(np.flatnonzero(closed)[-1]) + 1 if closed.any() else 0
    starts = np.append(0, ends[closed] + 1)
    lines = np.append(0, np.flatnonzero(closed) + 1)
    return Records(starts[: closed.sum()], lines[: closed.sum()], int(starts[-1]), n_lines)


def _regular(data: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether each quote opens a cell, closes one, or is doubled within one; they open and close in turns."""
    # A doubled quote counts as one that closes and one that opens, next to each other.
    opening, closing = quotes[::2], quotes[1::2]
    before = np.where(opening > 0, data[np.maximum(opening - 1, 0)], NEWLINE)
    after_last = np.minimum(closing + 1, len(data) - 1)
    after = np.where(closing + 1 < len(data), data[after_last], NEWLINE)
    doubled = closing[: len(opening) - 1] + 1 == opening[1:]
    opens = np.isin(before, (delimiter, NEWLINE))
    opens[1:] |= doubled
    # A carriage return before a newline belongs to the line's end.
    closes = np.isin(after, (delimiter, NEWLINE, ord("\r")))
    closes[: len(doubled)] |= doubled
    return bool(opens.all() and closes.all())


def _whole(body: bytes, records: Records, spanning: np.ndarray, shape: Shape) -> bool:
    """Whether none of the records over several lines may be rows between two stray quotes."""
    spans = (split_lines(records.raw(body, number)) for number in spanning)
    return not any(length(span) > LARGEST_RECORD or rows_in_quotes(span, shape) for span in spans)


def _parsed(body: bytes, shape: Shape, quoted: bool) -> tuple[pa.Table, np.ndarray]:
    """The good rows' cells, and which records, counted from 0, have another number of cells than the header."""
    ragged: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        ragged.append(row.number - 1)
        return "skip"

    kinds = dict.fromkeys(shape.names, pa.string())
    if not body:
        return pa.schema(kinds.items()).empty_table(), np.array([], dtype="int64")
    table = pa_csv.read_csv(
        pa.BufferReader(body),
        # Without threads and in one block: only then does Arrow know the numbers of the rows that do not fit.
        read_options=pa_csv.ReadOptions(column_names=shape.names, use_threads=False, block_size=len(body) + 1),
        parse_options=pa_csv.ParseOptions(
            delimiter=shape.delimiter,
            quote_char='"' if quoted else False,
            # Blank lines are counted, or all later rows would have a wrong line.
            ignore_empty_lines=False,
            newlines_in_values=quoted,
            invalid_row_handler=skip,
        ),
        # 'NA' and blanks stay as sent: what means missing is declared, not guessed. The bytes are known to be UTF-8.
        convert_options=pa_csv.ConvertOptions(column_types=kinds, strings_can_be_null=False, check_utf8=False),
    )
    return table, np.array(ragged, dtype="int64")


def _rows(body: bytes, records: Records, table: pa.Table, ragged: np.ndarray, shape: Shape) -> Rows:
    good = np.ones(len(records.starts), dtype=bool)
    good[ragged] = False
    # Records with another number of cells may still be blank lines or footers.
    reasons = {n: problem(cells_of(records.raw(body, n), shape), records.text(body, n), shape) for n in ragged.tolist()}
    numbers = np.flatnonzero(good)
    reasons |= dict.fromkeys(numbers[_blank(table)].tolist(), BLANK)
    reasons |= dict.fromkeys(_footers(body, records, shape.footer), FOOTER)
    if len(reasons) > len(ragged):
        kept = ~np.isin(numbers, list(reasons))
        table, numbers = table.filter(pa.array(kept)), numbers[kept]
    problems: list[Problem] = [
        (int(records.lines[n]) + 1, reason, records.text(body, n)) for n, reason in sorted(reasons.items())
    ]
    cells = table.to_pandas().astype("str")
    return Rows(cells, records.lines[numbers] + 1, problems, records.n_lines, body[records.end :])


def _blank(table: pa.Table) -> np.ndarray:
    """Rows without anything in any cell. The first column is looked at first, since it hardly ever is blank."""
    rows = np.flatnonzero(_empty(table.column(0)))
    for name in table.column_names[1:]:
        if len(rows):
            rows = rows[_empty(table[name].take(pa.array(rows)))]
    return rows


def _empty(texts: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.equal(pc.utf8_trim(texts, SPACE), "").to_numpy(zero_copy_only=False), dtype=bool)


def _footers(body: bytes, records: Records, patterns: list[str]) -> list[int]:
    """Records that match a footer by themselves. The whole text is searched first, since few lines can match."""
    if not patterns:
        return []
    text = body.decode().replace("\r\n", "\n")
    touched = {number for pattern in patterns for number in _touched_lines(text, pattern)}
    return [n for n in sorted(touched) if n < len(records.starts) and is_footer(records.text(body, n), patterns)]


def _touched_lines(text: str, pattern: str) -> Iterator[int]:
    # The ends of the text stand for the ends of a line.
    per_line = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    line = seen = 0
    for match in re.finditer(per_line, text, re.MULTILINE):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        yield from range(line, line + match[0].count("\n") + 1)
