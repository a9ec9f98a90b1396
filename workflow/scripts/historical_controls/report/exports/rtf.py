"""One RTF file per table, as regulatory submissions ask for, written by rtflite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from historical_controls.report.exports.documents import PlainTable, plain_sections
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.tables import NONE_DECLARED

ROWS_A_PAGE = 40
# Of the text in points; characters of the first column; width of the table in inches.
SIZE, NAME, WIDTH = 8, 24, 9.5
PAGES = r"{\field{\*\fldinst NUMPAGES }}"
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
SPECIAL = re.compile(r"([\\{}])")


def rtf_tables(
    printer: Printer, outputs: Mapping[str, Output], declared: Mapping[str, HtmlTable] = NONE_DECLARED
) -> Iterator[tuple[str, str]]:
    """File name and text of every table's RTF, in the order of the numbers."""
    for section in plain_sections(printer, outputs, "table", declared):
        for table in section.tables:
            yield f"{table.name}.rtf", rtf(table, printer)


def rtf(table: PlainTable, printer: Printer) -> str:
    """One table in landscape, with its title, its footnotes and the page number of each page."""
    import polars  # rtflite 2.6 fails to convert a pandas frame
    from rtflite import RTFBody, RTFColumnHeader, RTFDocument, RTFFootnote, RTFPage, RTFPageHeader, RTFTitle

    left = {*range(table.n_names), *table.words}
    # A line that names those beneath it stands in the first column, whose width is not its own.
    widths = [float(max(NAME, width) if place == 0 else width) for place, width in enumerate(table.widths)]
    # Rules above, below the heads and at the end, none between columns; text small enough for numbers to stay whole.
    plain: Any = {"border_left": [[""]], "border_right": [[""]], "text_font_size": [[SIZE]], "text_convert": [[False]]}
    sides = ["l" if place in left else "r" for place in range(len(table.heads))]
    columns = {str(place): [escaped(row[place]) for row in table.rows] for place in range(len(table.heads))}
    wide = [(sum(widths[: table.n_names]), ""), *_spans(table, widths)]
    spanning = [
        RTFColumnHeader(text=[escaped(text) for _, text in wide], col_rel_width=[width for width, _ in wide], **plain)
    ] * bool(table.spans)
    page = printer.words("stat.page").replace("{page}", r"\chpgn ").replace("{pages}", PAGES)
    # text_convert is off: rtflite would read LaTeX-like commands in the hospital's own words.
    document = RTFDocument(
        df=polars.DataFrame(columns),
        rtf_page=RTFPage(
                orientation="landscape", nrow=ROWS_A_PAGE, margin=[0.5, 0.5, 1.25, 0.75, 0.75, 0.5], col_width=WIDTH,
                border_first="single", border_last="single",
            ),
        rtf_page_header=RTFPageHeader(text=page),
        rtf_title=RTFTitle(text=[escaped(table.title)], text_convert=[False]),
        rtf_column_header=[
            *spanning,
            RTFColumnHeader(
                text=[escaped(head) for head in table.heads], col_rel_width=widths, text_justification=[sides], **plain
            ),
        ],
        rtf_body=RTFBody(col_rel_width=widths, text_justification=[sides], **plain),
        rtf_footnote=RTFFootnote(text=[escaped(note) for note in _notes(table, printer)], **plain),
    )  # fmt: skip
    return BEYOND_ASCII.sub(_code_points, str(document.rtf_encode()))


def _spans(table: PlainTable, widths: list[float]) -> list[tuple[float, str]]:
    """Width and text of the heads over several columns."""
    place, spans = table.n_names, []
    for text, n_columns in table.spans:
        spans.append((sum(widths[place : place + n_columns]), text))
        place += n_columns
    return spans


def _code_points(match: re.Match[str]) -> str:
    """RTF's way to write a character: its UTF-16 units as signed numbers, and what an old reader shows in its place."""
    # Beyond the basic plane a character is two units, each with an escape of its own.
    units = match[0].encode("utf-16-le")
    numbers = (int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2))
    return "".join(f"\\u{number}?" for number in numbers)


def _notes(table: PlainTable, printer: Printer) -> list[str]:
    """The table's footnotes; simulated data say so in every file, since files travel alone."""
    simulated = [printer.words("report.simulated")] if printer.config.study.simulated else []
    return [*simulated, *table.notes] or [""]


def escaped(text: str) -> str:
    """Text without a character that RTF reads as a command."""
    return SPECIAL.sub(r"\\\1", text)
