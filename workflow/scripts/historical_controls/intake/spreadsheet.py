"""Sheets of xlsx workbooks."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from ..config_sources import SourceFile
from ..errors import UserError, did_you_mean
from .delimited import ABOVE, BLANK, FOOTER
from .layout import Grid, cell_names


def read_spreadsheet(path: Path, raw: bytes, file: SourceFile) -> Grid:
    """One sheet, cells as text: dates as YYYY-MM-DD HH:MM:SS, numbers with the declared decimal mark."""
    rows = _sheet_rows(path, raw, file)
    if len(rows) < file.header_line:
        raise UserError(f"the sheet ends before its header (row {file.header_line})", str(path), "Check header_line.")
    header = [cell.strip() for cell in rows[file.header_line - 1]]
    while header and not header[-1]:
        header.pop()
    width = max([len(header), *(_filled(row) for row in rows[file.header_line :])])
    names = cell_names(header + [""] * (width - len(header)))
    good: list[list[str]] = []
    lines: list[int] = []
    problems = [(number, ABOVE, "\t".join(row)) for number, row in enumerate(rows[: file.header_line - 1], start=1)]
    for number, row in enumerate(rows[file.header_line :], start=file.header_line + 1):
        problem = _problem(row, file)
        if problem:
            problems.append((number, problem, "\t".join(row).rstrip()))
        else:
            good.append((row + [""] * width)[:width])
            lines.append(number)
    return Grid(
        pd.DataFrame(good, columns=names, dtype="str"), np.array(lines, dtype="int64"), problems, file.header_line
    )


def _sheet_rows(path: Path, raw: bytes, file: SourceFile) -> list[list[str]]:
    try:
        book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        raise UserError("this is no xlsx workbook", str(path), "Save it as .xlsx, or declare format: csv.") from None
    if file.sheet is None and len(book.sheetnames) > 1:
        raise UserError(f"the workbook has {len(book.sheetnames)} sheets", str(path), f"Declare one: {book.sheetnames}")
    name = file.sheet or book.sheetnames[0]
    if name not in book.sheetnames:
        raise UserError(f"there is no sheet '{name}'", str(path), did_you_mean(name, book.sheetnames))
    rows = [[_as_text(value, file.decimal) for value in row] for row in book[name].iter_rows(values_only=True)]
    book.close()
    return rows


def _as_text(value: object, decimal: str) -> str:
    """A cell's value as text that reads back to the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        exact = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return exact.replace(".", decimal)
    if isinstance(value, datetime):
        # Spreadsheets store times as fractions of a day: rounding mends 23:44:59.999997.
        return (value + timedelta(microseconds=500_000)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, time):
        return value.strftime("%H:%M:%S")
    return str(value)


def _filled(row: list[str]) -> int:
    """Columns up to the last one that holds anything."""
    return max((position for position, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _problem(row: list[str], file: SourceFile) -> str | None:
    if not any(cell.strip() for cell in row):
        return BLANK
    text = "\t".join(row)
    return FOOTER if any(re.search(pattern, text) for pattern in file.footer) else None
