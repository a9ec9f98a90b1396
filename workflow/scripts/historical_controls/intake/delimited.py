"""Delimited text files: lines, columns, and what does not fit into them."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from ..config_sources import SourceFile
from ..errors import UserError
from .layout import Grid, cell_names

FOOTER, BLANK, ABOVE, RAGGED = "FOOTER", "BLANK_LINE", "ABOVE_HEADER", "FILE_LAYOUT"


def read_delimited(path: Path, raw: bytes, file: SourceFile) -> Grid:
    """All lines of a delimited file. Raises UserError for a wrong encoding or a missing header."""
    text = _decoded(path, raw, file)
    quick = _quick(text, file) if '"' not in text else None
    return quick if quick is not None else _careful(path, text, file)


def _decoded(path: Path, raw: bytes, file: SourceFile) -> str:
    try:
        return raw.decode(file.encoding)
    except LookupError:
        raise UserError(
            f"'{file.encoding}' is no known encoding", str(path), "Common ones: utf-8, utf-8-sig, latin-1, utf-16."
        ) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        found = raw[error.start : error.start + 1].hex()
        raise UserError(
            f"byte 0x{found} is not {file.encoding}",
            f"{path}, line {line}",
            "Declare the file's encoding; exports of Spanish Windows systems are often latin-1.",
        ) from None


def _quick(text: str, file: SourceFile) -> Grid | None:
    """Files without quotes whose every line has the header's number of columns, read by a compiled parser.

    None where the file is not that plain; the careful reader then takes it.
    """
    if file.header_line != 1 or len(file.delimiter) != 1 or "\r" in text.replace("\r\n", "") or "\x00" in text:
        return None
    if any(re.search(pattern, text, re.MULTILINE) for pattern in file.footer):
        return None
    body = text.encode()
    if not _uniform(body, file.delimiter.encode()):
        return None
    header = text[: text.find("\n")].rstrip("\r") if "\n" in text else text
    names = cell_names([cell.strip() for cell in header.split(file.delimiter)])
    if "\n" not in text.rstrip("\r\n"):
        return Grid(pd.DataFrame(columns=names, dtype="str"), np.array([], dtype="int64"), [], 1)
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    table = pa_csv.read_csv(
        pa.BufferReader(body),
        read_options=pa_csv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=pa_csv.ParseOptions(delimiter=file.delimiter, quote_char=False, ignore_empty_lines=False),
        convert_options=options,
    )
    cells = table.to_pandas().astype("str")
    return Grid(cells, np.arange(2, len(cells) + 2), [], 1)


def _uniform(body: bytes, delimiter: bytes) -> bool:
    """Whether every line holds as many delimiters as the first, and none is blank."""
    data = np.frombuffer(body, dtype=np.uint8)
    if not len(data) or len(delimiter) != 1:
        return False
    ends = np.flatnonzero(data == ord("\n"))
    if not len(ends) or ends[-1] != len(data) - 1:
        ends = np.append(ends, len(data))
    marks = np.flatnonzero(data == delimiter[0])
    per_line = np.diff(np.searchsorted(marks, ends), prepend=0)
    return bool(per_line[0] > 0 and (per_line == per_line[0]).all())


def _careful(path: Path, text: str, file: SourceFile) -> Grid:
    """Any delimited file, record by record; lines that do not fit keep their text and say why."""
    lines = list(io.StringIO(text, newline=""))
    if len(lines) < file.header_line:
        raise UserError(
            f"the file ends before its header (line {file.header_line})",
            f"{path}, line {len(lines)}",
            "Check header_line.",
        )
    problems = [(number, ABOVE, line) for number, line in enumerate(lines[: file.header_line - 1], start=1)]
    records = _records(path, lines, file)
    _, header, _ = next(records)
    names = cell_names([cell.strip() for cell in header])
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, record, raw_text in records:
        problem = _problem(record, raw_text, len(names), file)
        if problem:
            problems.append((number, problem, raw_text.rstrip("\r\n")))
        else:
            rows.append(record)
            numbers.append(number)
    cells = pd.DataFrame(rows, columns=names, dtype="str")
    return Grid(cells, np.array(numbers, dtype="int64"), problems, file.header_line)


def _records(path: Path, lines: list[str], file: SourceFile) -> Iterator[tuple[int, list[str], str]]:
    """(first line, cells, text) of each record from the header on; a quoted record may span lines."""
    start = file.header_line - 1
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.reader(lines[start:], delimiter=file.delimiter)
    done = 0
    try:
        for record in reader:
            yield start + done + 1, record, "".join(lines[start + done : start + reader.line_num])
            done = reader.line_num
    except csv.Error as error:
        raise UserError(
            str(error), f"{path}, line {start + reader.line_num}", "Check the delimiter and quotes."
        ) from None


def _problem(record: list[str], text: str, width: int, file: SourceFile) -> str | None:
    if any(re.search(pattern, text) for pattern in file.footer):
        return FOOTER
    if not text.strip() or not any(cell.strip() for cell in record):
        return BLANK
    return RAGGED if len(record) != width else None
