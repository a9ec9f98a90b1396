"""Sheets of xlsx workbooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError, did_you_mean
from historical_controls.intake.file_kinds import GZIP, OLE, ZIP, known_kind
from historical_controls.intake.headings import joined_headings
from historical_controls.intake.layout import (
    ABOVE,
    BLANK,
    FOOTER,
    HEAD_LINES,
    SPACE,
    Grid,
    cell_names,
    is_footer,
    text_frame,
)
from historical_controls.intake.workbooks.fonts import shown_by_font
from historical_controls.intake.workbooks.number_formats import (
    contradiction,
    sections,
    shown_date,
    shown_number,
    shown_text,
    shows_whole_date,
)
from historical_controls.intake.workbooks.sheet_bounds import (
    MOST_BLANK_ROWS,
    Unpacked,
    blank_rows_within,
    check_extent,
    check_workbook,
)

PLAIN = Unpacked()


def read_spreadsheet(path: Path, raw: bytes, file: SourceFile) -> Grid:
    """Return one sheet, cells as text: dates as YYYY-MM-DD, with HH:MM:SS where shown; numbers with the declared mark.

    Where the sheet shows something else than it stores ('<0.5' for 0.5, 'may-20' for a date), the text says both.
    Raises UserError where the file is no workbook, the sheet is missing, ends before its header or is out of bounds.
    """
    rows = _sheet_rows(path, raw, file)
    if len(rows) < file.header_line:
        raise UserError(f"the sheet ends before its header (row {file.header_line})", str(path), "Check header_line.")
    above = file.header_line - file.header_rows
    header = [cell.strip() for cell in joined_headings(rows[above : file.header_line])]
    # Rows may be longer than the header: a cell without a heading is kept, under the number of its column.
    width = max([_filled(header), *map(len, rows[file.header_line :])])
    check_extent(path, len(rows), width, sum(map(len, rows)))
    header = _fitted(header, width)
    good: list[list[str]] = []
    lines: list[int] = []
    problems = [(number, ABOVE, _joined(row)) for number, row in enumerate(rows[:above], start=1)]
    for number, row in enumerate(rows[file.header_line :], start=file.header_line + 1):
        problem = _problem(row, file)
        if problem:
            problems.append((number, problem, _joined(row)))
        else:
            good.append(_fitted(row, width))
            lines.append(number)
    cells = text_frame(good, cell_names(header))
    head = [_joined(row) for row in rows[:HEAD_LINES]]
    return Grid(cells, np.array(lines, dtype="int64"), problems, header, file.header_line, head)


def _sheet_rows(path: Path, raw: bytes, file: SourceFile) -> list[list[str]]:
    """Return all rows down to the last one that holds anything, in memory bounded by the cells that are filled."""
    if raw.startswith(OLE):
        raise UserError(
            "this is an old (.xls) or password-protected workbook", str(path), "Save it as .xlsx without a password."
        )
    if raw.startswith(GZIP):
        raise UserError("this is a gzipped file, not a workbook", str(path), "Unpack it; only text may be gzipped.")
    try:
        return _filled_rows(path, _rows(path, raw, file))
    except UserError:
        raise
    except Exception as error:  # openpyxl meets a damaged file with any of a dozen exceptions
        raise _unreadable(path, raw, error) from None


def _unreadable(path: Path, raw: bytes, error: Exception) -> UserError:
    kind = known_kind(raw)
    if kind:
        return UserError(f"this is {kind[0]}, not a workbook", str(path), kind[1])
    # Other workbooks (ods, xlsb) are zip archives as well; what is none may be delimited text.
    remedy = "Open it in a spreadsheet program and save it as .xlsx." if raw.startswith(ZIP) else "Declare format: csv."
    return UserError(f"this is not a readable xlsx workbook ({type(error).__name__})", str(path), remedy)


def _filled_rows(path: Path, sent: Iterator[list[str]]) -> list[list[str]]:
    """Return the rows without blank ones at the end. Raises UserError where a row is far below the others."""
    rows: list[list[str]] = []
    blank = 0
    for row in sent:
        width = _filled(row)
        if not width:
            blank += 1
            continue
        if rows and blank > MOST_BLANK_ROWS:
            raise blank_rows_within(path, len(rows) + 1, len(rows) + blank + 1)
        # Blank rows within the table keep their place, so that later rows keep their line.
        rows += [[] for _ in range(blank)]
        blank = 0
        rows.append(row[:width])
    return rows


def _rows(path: Path, raw: bytes, file: SourceFile) -> Iterator[list[str]]:
    unpacked = check_workbook(path, raw)
    values = _sheet(path, raw, file, computed=True, unpacked=unpacked)
    # A formula that its writer never computed has no value; its text is kept, so that the cell is held, not blank.
    sheets = [values, _sheet(path, raw, file, computed=False)] if unpacked.formulas else [values]
    for number, cells in enumerate(zip(*(sheet.iter_rows() for sheet in sheets), strict=True), start=1):
        texts = [
            _formula_text(formula.value) if _uncomputed(cell, formula) else _as_text(cell, file.decimal)
            for cell, formula in zip(cells[0], cells[-1], strict=True)
        ]
        # Headings are declared as their plain text.
        heading = number <= file.header_line
        yield texts if heading else [shown_by_font(cell, text) for cell, text in zip(cells[0], texts, strict=True)]


def _uncomputed(cell: Any, formula: Any) -> bool:
    """Whether the writer of a formula left no value; a computed blank has the type of a text."""
    return formula.data_type == "f" and cell.value is None and cell.data_type != "str"


def _formula_text(value: Any) -> str:
    """Return the text of a formula; that of a range of cells stands in an object."""
    return value if isinstance(value, str) else str(getattr(value, "text", None) or "=")


def _sheet(path: Path, raw: bytes, file: SourceFile, computed: bool, unpacked: Unpacked = PLAIN) -> Any:
    import openpyxl  # half a second, which no text file need wait for

    with warnings.catch_warnings():
        # Styles and extensions that openpyxl does not know are no matter of the data.
        warnings.simplefilter("ignore")
        # Reading row by row, openpyxl drops the fonts within texts that stand in the sheet itself.
        whole = unpacked.rich_within
        book = openpyxl.load_workbook(BytesIO(raw), read_only=not whole, data_only=computed, rich_text=unpacked.rich)
    _check_epoch(path, book.epoch.year == 1904, file)
    # Not `sheetnames`, which include chart sheets, without cells.
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if file.sheet is None and len(sheets) > 1:
        raise UserError(f"the workbook has {len(sheets)} sheets", str(path), f"Declare one: {', '.join(sheets)}.")
    name = next(iter(sheets)) if file.sheet is None else file.sheet
    if name not in sheets:
        raise UserError(f"there is no sheet '{name}'", str(path), did_you_mean(name, sheets))
    sheet = sheets[name]
    if whole:
        check_extent(path, sheet.max_row, sheet.max_column, len(sheet._cells))
    else:
        # Some writers state a wrong extent, which would cut the sheet off.
        sheet.reset_dimensions()
    return sheet


def _check_epoch(path: Path, since_1904: bool, file: SourceFile) -> None:
    """Raise UserError where numbers of days are declared to count from another year than the workbook counts from."""
    declared = {spec.excel_serial for part in file.parts for spec in part.times() if spec.excel_serial}
    right = 1904 if since_1904 else True
    if declared - {right}:
        from_year = 1904 if since_1904 else 1900
        raise UserError(
            f"this workbook counts days from {from_year}, and 'excel_serial' is declared otherwise",
            str(path),
            f"Declare excel_serial: {str(right).lower()}.",
        )


def _as_text(cell: Any, decimal: str) -> str:
    """A cell as text that reads back to the same value, and shows what its number format shows of dates and shares."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            text = _exact(value, cell.number_format).replace(".", decimal)
            return shown_number(value, text, cell.number_format, decimal)
        case datetime():
            return _date_text(value, cell.number_format)
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M:%S")
        case timedelta():
            return _duration_text(value)
    return shown_text(str(value), cell.number_format)


def _exact(value: float, number_format: str) -> str:
    """Return a number to its last digit, as a percentage where it is shown as one."""
    if any(one.percent for one in sections(number_format)):
        # In decimals: 0.07 * 100 is 7.000000000000001 as a float.
        return f"{(Decimal(repr(value)) * 100).normalize():f}%"
    return repr(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def _date_text(value: datetime, number_format: str) -> str:
    # Spreadsheets store times as fractions of a day: rounding mends 23:44:59.999997.
    rounded = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    # Midnight under a format without hours is a day; under one with hours it is a time.
    only_day = "h" not in number_format.lower() and rounded.time() == time()
    text = rounded.date().isoformat() if only_day else rounded.isoformat(sep=" ")
    # A sheet turns '20-5' or 'may-20' into a date of its own invention, and shows a part of it.
    return text if shows_whole_date(number_format) else contradiction(shown_date(value, number_format), text)


def _duration_text(value: timedelta) -> str:
    """Hours may exceed a day; minutes and seconds do not."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _joined(row: list[str]) -> str:
    return "\t".join(row).rstrip()


def _fitted(row: list[str], width: int) -> list[str]:
    return (row + [""] * width)[:width]


def _filled(row: list[str]) -> int:
    """Columns up to the last one that holds anything."""
    return max((position for position, cell in enumerate(row, start=1) if cell.strip(SPACE)), default=0)


def _problem(row: list[str], file: SourceFile) -> str:
    if not _filled(row):
        return BLANK
    return FOOTER if is_footer(_joined(row), file.footer) else ""
