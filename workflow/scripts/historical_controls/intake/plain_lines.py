"""Delimited files without quotes: good lines found by counting delimiters, cells split by a compiled parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from ..config_sources import SourceFile
from .layout import ABOVE, BLANK, FOOTER, HEAD_LINES, RAGGED, SPACE, Grid, cell_names, is_footer

NEWLINE = ord("\n")
LEAST_BLOCK = 4 << 20
BLOCK_LINES = 100_000


def read_plain(body: bytes, file: SourceFile) -> Grid | None:
    """All lines of UTF-8 text; None where quotes or rarer marks need the reader of quoted lines."""
    delimiter = file.delimiter.encode()
    if b'"' in body or b"\x00" in body or len(delimiter) != 1 or body.count(b"\r") != body.count(b"\r\n"):
        return None
    body = body.replace(b"\r\n", b"\n") if b"\r" in body else body
    data = np.frombuffer(body, dtype=np.uint8)
    starts = _line_starts(data)
    if len(starts) < file.header_line:
        return None
    lengths = np.diff(starts, append=len(data))
    marks = _count_per_line(data, _marked(file.delimiter), starts)
    top = file.header_line - 1
    if marks[top] == 0:
        return None
    reasons = _reasons(body, data, starts, marks, file)
    rows = reasons == ""
    header = [cell.strip() for cell in _line(body, starts, lengths, top).split(file.delimiter)]
    good = body[starts[top] + lengths[top] :] if rows[top + 1 :].all() else data[np.repeat(rows, lengths)].tobytes()
    others = np.flatnonzero(~rows & (np.arange(len(starts)) != top))
    return Grid(
        _parsed(good, cell_names(header), file.delimiter, int(lengths.max())),
        np.flatnonzero(rows) + 1,
        [(int(n) + 1, str(reasons[n]), _line(body, starts, lengths, n)) for n in others],
        header,
        file.header_line,
        [_line(body, starts, lengths, n) for n in range(min(HEAD_LINES, len(starts)))],
    )


def _line_starts(data: np.ndarray) -> np.ndarray:
    ends = np.flatnonzero(data == NEWLINE) + 1
    starts = np.concatenate([[0], ends])
    return starts[starts < len(data)]


def _count_per_line(data: np.ndarray, lookup: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """How many bytes of each line `lookup` (one flag per byte value) marks. In blocks, since sums are wide."""
    counts = np.zeros(len(starts), dtype=np.int32)
    for first in range(0, len(starts), BLOCK_LINES):
        block = starts[first : first + BLOCK_LINES]
        end = starts[first + BLOCK_LINES] if first + BLOCK_LINES < len(starts) else len(data)
        hits = lookup[data[block[0] : end]]
        counts[first : first + len(block)] = np.add.reduceat(hits, block - block[0], dtype=np.int32)
    return counts


def _marked(characters: str) -> np.ndarray:
    lookup = np.zeros(256, dtype=np.uint8)
    lookup[list(characters.encode())] = 1
    return lookup


def _line(body: bytes, starts: np.ndarray, lengths: np.ndarray, number: int | np.integer) -> str:
    return body[starts[number] : starts[number] + lengths[number]].decode().rstrip("\n")


def _reasons(
    body: bytes, data: np.ndarray, starts: np.ndarray, marks: np.ndarray, file: SourceFile
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Why each line is no row of columns; '' for a row, 'header' for the header."""
    top = file.header_line - 1
    reasons = np.full(len(starts), "", dtype=object)
    reasons[marks != marks[top]] = RAGGED
    reasons[_count_per_line(data, 1 - _marked(SPACE + file.delimiter), starts) == 0] = BLANK
    for number in _footer_lines(body, starts, file.footer):
        reasons[number] = FOOTER
    reasons[:top] = ABOVE
    reasons[top] = "header"
    return reasons


def _footer_lines(body: bytes, starts: np.ndarray, patterns: list[str]) -> list[int]:
    """Lines that match a footer pattern by themselves. The whole text is searched first, since few lines can match."""
    if not patterns:
        return []
    text = body.decode()
    touched = {number for pattern in patterns for number in _touched_lines(text, pattern)}
    lengths = np.diff(starts, append=len(body))
    return [n for n in sorted(touched) if n < len(starts) and is_footer(_line(body, starts, lengths, n), patterns)]


def _touched_lines(text: str, pattern: str) -> Iterator[int]:
    # The ends of the text stand for the ends of a line.
    per_line = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    line = seen = 0
    for match in re.finditer(per_line, text, re.MULTILINE):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        yield from range(line, line + match[0].count("\n") + 1)


def _parsed(body: bytes, names: list[str], delimiter: str, longest: int) -> pd.DataFrame:
    if not body:
        return pd.DataFrame(columns=names, dtype="str")
    table = pa_csv.read_csv(
        pa.BufferReader(body),
        read_options=pa_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=max(LEAST_BLOCK, 2 * longest)
        ),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return table.to_pandas().astype("str")
