"""What a Word or RTF document prints of the tables: their words without the marks of a page."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

from markupsafe import Markup

from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.tables import NONE_DECLARED, Section, sections

# Characters that XML and RTF forbid; a hospital's cell may hold them.
WRITTEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")
INDENT = "\u00a0\u00a0\u00a0"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")


# Characters: where a cell's sentences wrap, the space around it, a number with its limits, and a line of the page.
MOST, SPACE, NUMBER, LINE = 42, 4, 16, 150


def names_others(row: tuple[str, ...]) -> bool:
    """Whether a row only names those beneath it."""
    return len(row) > 1 and not any(row[1:])


@dataclass(frozen=True)
class PlainTable:
    """One table in plain text.

    `name`: of its file; `rows`: as long as `heads`; `n_names`: leading columns of names; `spans`: heads over the
    columns after the names with their widths, none for one line of heads; `words`: places of columns of words.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    n_names: int
    spans: tuple[tuple[str, int], ...] = ()
    words: frozenset[int] = frozenset()

    @property
    def widths(self) -> tuple[int, ...]:
        """Characters that each column asks for: its longest cell, up to where sentences wrap, or word of its head."""
        cells = [[row[place] for row in self.rows if not names_others(row)] for place in range(len(self.heads))]
        asked = [
            SPACE + max(*(len(word) for word in head.split(" ")), *(min(len(cell), MOST) for cell in column), 0)
            for head, column in zip(self.heads, cells, strict=True)
        ]
        # Sentences wrap where the line is full, and numbers stay whole.
        sentences = sum(width for width in asked if width > NUMBER)
        kept = max(0.4, 1 - max(0, sum(asked) - LINE) / sentences) if sentences else 1.0
        return tuple(max(NUMBER, round(width * kept)) if width > NUMBER else width for width in asked)


@dataclass(frozen=True)
class PlainSection:
    """One registered output in plain text; `missing` says why there is no table, '' where there is one."""

    output: Output
    title: str
    tables: tuple[PlainTable, ...]
    missing: str


def plain_sections(
    printer: Printer, outputs: Mapping[str, Output], kind: str, declared: Mapping[str, HtmlTable] = NONE_DECLARED
) -> Iterator[PlainSection]:
    """The registered outputs of a kind, in the order of their numbers; arguments as for `sections`."""
    for section in sections(printer, outputs, kind, declared):
        number = printer.words(f"stat.number_{kind}", number=section.output.output_id)
        tables = tuple(_table(printer, section, table, place) for place, table in enumerate(section.tables, start=1))
        missing = "" if section.missing is None else plain(section.missing)
        yield PlainSection(section.output, f"{number}. {plain(section.title)}", tables, missing)


def _table(printer: Printer, section: Section, table: HtmlTable, place: int) -> PlainTable:
    output = section.output
    what = plain(table.title or section.title)
    title = printer.words(f"stat.caption_{output.family}", number=output.output_id, part=place, what=what)
    return PlainTable(
        f"{output.family}-{output.output_id}-{place}",
        title,
        tuple(plain(head) for head in table.heads),
        tuple(_row(row, len(table.heads)) for row in table.rows),
        tuple(plain(note) for note in table.notes),
        table.n_names,
        tuple((plain(span.head), span.width) for span in table.spans),
        table.words,
    )


def _row(row: Row, width: int) -> tuple[str, ...]:
    """The cells of a row; a row that only names those beneath it is filled up, and those begin with spaces."""
    head = f"{INDENT if row.indent else ''}{plain(row.head)}"
    cells = tuple(plain(cell) for cell in row.cells)
    # Word and RTF need as many cells in every row.
    return (head, *cells, *("",) * (width - 1 - len(cells)))


def plain(text: Markup) -> str:
    """The text of markup, with one space for any white space but a hard one, and nothing that a document refuses."""
    # striptags also joins white space, which text without tags (a hard space) must keep.
    stripped = Markup(text).striptags() if "<" in text else Markup(text).unescape()
    return CONTROL.sub("", stripped)


def without_clock(stream: BytesIO) -> bytes:
    """An office file's bytes, the same for the same contents: its parts in order, with one date."""
    out = BytesIO()
    with zipfile.ZipFile(stream) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        # Office expects [Content_Types].xml first; the zip of a library carries the clock in every entry.
        for name in sorted(made.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            kept.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), _undated(made.read(name)), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _undated(part: bytes) -> bytes:
    """The part with one time of writing: openpyxl stamps the clock while it saves, whatever the properties say."""
    return WRITTEN.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", part)
