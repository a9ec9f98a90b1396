"""The declared tables as a workbook and as CSV files, shaped as on the page: heads, strata, footnotes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from historical_controls.report.exports.documents import PlainSection, PlainTable, plain_sections, without_clock
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.tables import NONE_DECLARED
from historical_controls.text.formatting import MINUS
from historical_controls.text.spreadsheet_cells import inert

NUMBER = re.compile(rf"{MINUS}?\d{{1,3}}(?:,\d{{3}})*(?:\.\d+)?")
WIDEST = 46  # characters of a column


def workbook(
    printer: Printer, outputs: Mapping[str, Output], declared: Mapping[str, HtmlTable] = NONE_DECLARED
) -> bytes:
    """The XLSX file as bytes: a sheet of contents, then one for each output that has tables.

    A cell that is one number is stored as a number, shown with its printed decimals; an interval stays text.
    """
    from openpyxl import Workbook

    sections = [one for one in plain_sections(printer, outputs, "table", declared) if one.tables]
    book = Workbook()
    contents = book.active
    contents.title = printer.words("stat.contents_sheet")
    if printer.config.study.simulated:
        contents.append([printer.words("report.simulated")])
    contents.append([printer.words.among(printer.config.study.title)])
    for section in sections:
        _fill(book.create_sheet(section.output.output_id), section)
        contents.append([inert(section.title)])
        contents.cell(contents.max_row, 1).hyperlink = f"#'{section.output.output_id}'!A1"
    contents.column_dimensions["A"].width = 100
    stream = io.BytesIO()
    book.save(stream)
    return without_clock(stream)


def _fill(sheet: Any, section: PlainSection) -> None:
    """The tables of an output beneath one another; the first column and nothing else stays in sight."""
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    bold, line = Font(bold=True), Side(style="thin")
    sheet.append([inert(section.title)])
    sheet.cell(1, 1).font = bold
    for table in section.tables:
        sheet.append([])
        sheet.append([inert(table.title)])
        for head in _heads(table):
            sheet.append([inert(text) for text in head])
            for cell in sheet[sheet.max_row]:
                cell.font, cell.alignment = bold, Alignment(wrap_text=True, vertical="bottom")
        for cell in sheet[sheet.max_row]:
            cell.border = Border(bottom=line)
        for row in table.rows:
            sheet.append([_value(text) for text in row])
            _show_decimals(sheet, row)
        for note in table.notes:
            sheet.append([inert(note)])
    sheet.freeze_panes = "B2"
    widths = _widths(section)
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def _heads(table: PlainTable) -> list[tuple[str, ...]]:
    """One line of heads, or two where some span several columns: the first cell of a span has its text."""
    if not table.spans:
        return [table.heads]
    above = [""] * table.n_names
    for text, width in table.spans:
        above += [text, *[""] * (width - 1)]
    return [tuple(above), table.heads]


def _value(text: str) -> object:
    if not NUMBER.fullmatch(text):
        return inert(text)
    number = float(text.replace(MINUS, "-").replace(",", ""))
    return number if "." in text else int(number)


def _show_decimals(sheet: Any, row: tuple[str, ...]) -> None:
    for place, text in enumerate(row, start=1):
        if NUMBER.fullmatch(text):
            decimals = len(text.partition(".")[2])
            sheet.cell(sheet.max_row, place).number_format = "#,##0" + ("." + "0" * decimals if decimals else "")


def _widths(section: PlainSection) -> list[int]:
    """Characters of the widest cell of each column, titles and notes left to run over."""
    columns = max(len(table.heads) for table in section.tables)
    widths = [8] * columns
    for table in section.tables:
        for row in (table.heads, *table.rows):
            for place, text in enumerate(row):
                widths[place] = max(widths[place], min(len(text) + 1, WIDEST))
    return widths


@dataclass(frozen=True)
class PrintedTable:
    """One declared table as a CSV file. n_heads: its lines of heads, one or two."""

    file: str
    table: PlainTable
    text: str
    n_heads: int

    @property
    def content(self) -> bytes:
        """The file's bytes, with a byte-order mark: without it Excel reads the letters of another alphabet."""
        return self.text.encode("utf-8-sig")


def csv_tables(
    printer: Printer, outputs: Mapping[str, Output], declared: Mapping[str, HtmlTable] = NONE_DECLARED
) -> Iterator[PrintedTable]:
    """Every declared table as CSV, cells as printed."""
    for section in plain_sections(printer, outputs, "table", declared):
        for table in section.tables:
            stream, heads = io.StringIO(), _heads(table)
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerows([inert(text) for text in row] for row in (*heads, *table.rows))
            yield PrintedTable(f"{table.name}.csv", table, stream.getvalue(), len(heads))
