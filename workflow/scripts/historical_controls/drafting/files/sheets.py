"""The files of a folder, and how each is written: format, encoding, delimiter, header, marks of numbers."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from historical_controls.config.sources.sources import SourceFile
from historical_controls.drafting.files.units_line import units_beneath
from historical_controls.drafting.marks import Guess, plain
from historical_controls.intake.databases.tables import read_typed
from historical_controls.intake.statistical import labels_of, read_statistical
from historical_controls.intake.text_files.decoding import GZIP
from historical_controls.intake.workbooks.spreadsheet import read_spreadsheet

STATISTICAL = {".sas7bdat": "sas7bdat", ".xpt": "xport", ".sav": "sav", ".dta": "dta"}
TEXTS = (".csv", ".txt", ".tsv")
DELIMITERS = (",", ";", "\t", "|")
MOST_ROWS = 20_000
COMMA, POINT = re.compile(r"^[<>]?\s*-?\d+,\d+$"), re.compile(r"^[<>]?\s*-?\d+\.\d+$")
MIXED_COMMA = re.compile(r"^[<>]?\s*-?\d{1,3}(\.\d{3})+,\d+$")
MIXED_POINT = re.compile(r"^[<>]?\s*-?\d{1,3}(,\d{3})+\.\d+$")
# '5,3 mg/L', '< 1,5 pg/mL': the number alone has marks.
WITH_UNIT = re.compile(r"^([<>]?\s*-?[\d.,]*\d)\s*[^\d\s.,:-].*$")
GROUPED = re.compile(r"^[<>]?\s*-?\d{1,3}([.,]\d{3})+$")


@dataclass(frozen=True)
class Sheet:
    """One table of a file. written: how it is declared; columns: texts by heading, in the order of the file.

    labels: what a statistical package calls a column besides its name; units: what a line below the header states.
    choices: meanings of codes by column, forms: the form of each column, redcap: how the file is declared (REDCap).
    members: the sheets of one shape whose rows these are.
    """

    path: Path
    written: dict[str, Any]
    columns: dict[str, list[str]]
    labels: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    redcap: dict[str, Any] = field(default_factory=dict)
    members: tuple[Sheet, ...] = ()

    @property
    def n_rows(self) -> int:
        return len(next(iter(self.columns.values()), []))


def read_sheets(path: Path, folder: Path, units: Collection[str] = ()) -> Iterator[Sheet]:
    """Every table of one file; nothing of a file in no known format. units: known spellings, folded."""
    name = path.relative_to(folder).as_posix()
    suffix = path.suffix.lower()
    kept: dict[str, Any]
    if suffix in TEXTS or (suffix == ".gz" and Path(path.stem).suffix.lower() in TEXTS):
        yield _delimited(path, name, units)
    elif suffix in (".xlsx", ".xlsm"):
        yield from _workbook(path, name, units)
    elif suffix == ".parquet":
        kept = {"path": name, "format": "parquet"}
        grid = next(read_typed(path, _declared(kept)))
        yield Sheet(path, kept, _named(grid.header, grid.cells.fillna("").to_numpy().tolist()))
    elif suffix in STATISTICAL:
        kept = {"path": name, "format": STATISTICAL[suffix]}
        columns, values = labels_of(path, STATISTICAL[suffix])
        # Labels say in words what codes leave to guess.
        kept |= {"value_labels": True} if values else {}
        grid = next(read_statistical(path, _declared(kept)))
        yield Sheet(path, kept, _named(grid.header, grid.cells.fillna("").to_numpy().tolist()), columns)


def _declared(written: dict[str, Any]) -> SourceFile:
    return SourceFile.model_validate({**written, "parts": [{"kind": "patients", "subject": "id"}]})


def _workbook(path: Path, name: str, units: Collection[str]) -> Iterator[Sheet]:
    book = load_workbook(path, read_only=True, data_only=True)
    for sheet in book.sheetnames:
        written: dict[str, Any] = {"path": name, "format": "xlsx"}
        if len(book.sheetnames) > 1:
            written["sheet"] = sheet
        head = [
            ["" if cell is None else str(cell) for cell in row]
            for row in book[sheet].iter_rows(max_row=30, values_only=True)
        ]
        if not any(any(row) for row in head):
            continue
        written |= _header_lines(head)
        # Numbers are read as they are stored: only those that are texts have a mark.
        texts = [c for row in book[sheet].iter_rows(max_row=MOST_ROWS, values_only=True) for c in row]
        written |= decimal_marks([text.strip() for text in texts if isinstance(text, str)])
        grid = read_spreadsheet(path, path.read_bytes(), _declared(plain(written)))
        yield _with_units(Sheet(path, written, {}), grid.header, grid.cells.fillna("").to_numpy().tolist(), units)


def _header_lines(rows: list[list[str]]) -> dict[str, Any]:
    """Where the header ends, and whether a line above it belongs to it: 'Visit 1' above several 'BP'."""
    place = _header(rows)
    out: dict[str, Any] = {}
    if place:
        out["header_line"] = Guess(place + 1, f"the first line with {len([c for c in rows[place] if c])} headings")
        names, above = [c for c in rows[place] if c.strip()], [c for c in rows[place - 1] if c.strip()]
        if len(set(names)) < len(names) and len(above) > 1:
            out["header_rows"] = Guess(2, f"'{above[0]}' above '{names[-1]}'")
    return out


def _delimited(path: Path, name: str, units: Collection[str]) -> Sheet:
    written: dict[str, Any] = {"path": name}
    content = path.read_bytes()
    encoding, text = _decoded(gzip.decompress(content) if content.startswith(GZIP) else content)
    if encoding != "utf-8":
        written["encoding"] = encoding
    delimiter = _delimiter(text)
    if delimiter != ",":
        written["delimiter"] = delimiter
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[:MOST_ROWS]
    place = _header(rows)
    written |= _header_lines(rows[:30])
    # A header that is repeated is no row of a patient; cleaning leaves it out as well (HEADER_AGAIN).
    body = [
        row
        for row in rows[place + 1 :]
        if len(row) == len(rows[place]) and any(map(str.strip, row)) and row != rows[place]
    ]
    sheet = _with_units(Sheet(path, written, {}), rows[place], body, units)
    return replace(
        sheet, written=sheet.written | decimal_marks([cell for cells in sheet.columns.values() for cell in cells])
    )


def _with_units(sheet: Sheet, header: list[str], rows: list[list[str]], units: Collection[str]) -> Sheet:
    """The sheet with its rows, but for a first one that states units."""
    stated = units_beneath(header, rows, units)
    if stated is None:
        return replace(sheet, columns=_named(header, rows))
    why = f"below the header: {', '.join(dict.fromkeys(stated.values()))}"
    written = sheet.written | {"units_line": Guess(True, why)}
    return replace(sheet, written=written, columns=_named(header, rows[1:]), units=stated)


WINDOWS, UNUSED = re.compile(rb"[\x80-\x9f]"), re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def _decoded(content: bytes) -> tuple[Any, str]:
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", content.decode("utf-8-sig")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", content.decode("utf-16")
    try:
        return "utf-8", content.decode("utf-8")
    except UnicodeDecodeError:
        # Latin-1 has no signs at these bytes, where Windows has the euro, quotes and dashes.
        encoding = "cp1252" if WINDOWS.search(content) and not UNUSED.search(content) else "latin-1"
        text = content.decode(encoding)
        sample = next((word for word in re.findall(r"\w+", text) if not word.isascii()), "")
        return Guess(encoding, f"not utf-8; reads '{sample}': is it spelled right?"), text


def _delimiter(text: str) -> str:
    """The mark that cuts most lines into the same number of cells, and into the most."""
    lines = text.splitlines()[:50]
    fits = {}
    for mark in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if row)
        width, count = max(widths.items(), key=lambda one: (one[0] > 1, one[1], one[0]), default=(1, 0))
        fits[mark] = (width > 1, count, width)
    return max(fits, key=lambda mark: fits[mark])


def _header(rows: list[list[str]]) -> int:
    """Position of the first row nearly as wide as the widest ones that has no number: titles above it are narrow."""
    widths = [sum(bool(cell.strip()) for cell in row) for row in rows[:200]]
    width = max(widths, default=0)
    for place, row in enumerate(rows[:30]):
        if widths[place] >= max(2, 0.6 * width) and not any(re.fullmatch(r"[\d.,/: -]+", c.strip()) for c in row if c):
            return place
    return 0


def _named(header: list[str], rows: list[list[str]]) -> dict[str, list[str]]:
    """Columns by heading; of repeated headings the first, the others by hand."""
    out: dict[str, list[str]] = {}
    for place, name in enumerate(header):
        if name.strip():
            out.setdefault(name, [row[place].strip() for row in rows])
    return out


def decimal_marks(cells: list[str]) -> dict[str, Any]:
    """Decimal and thousands mark. '1,234' alone may be either: then a person decides."""
    cells = [WITH_UNIT.sub(r"\1", cell) for cell in cells]
    commas = [c for c in cells if COMMA.match(c) and not GROUPED.match(c)]
    points = [c for c in cells if POINT.match(c) and not GROUPED.match(c)]
    grouped = [c for c in cells if GROUPED.match(c)]
    # '1.234,5' can be read in one way only.
    if any(map(MIXED_COMMA.match, cells)) and not points:
        return {"decimal": ",", "thousands": "."}
    if any(map(MIXED_POINT.match, cells)) and not commas:
        return {"thousands": ","}
    if commas and not points:
        dotted = [c for c in grouped if "." in c]
        thousands = {"thousands": Guess(".", f"'{dotted[0]}' read as {dotted[0].replace('.', '')}")} if dotted else {}
        return {"decimal": ",", **thousands}
    if commas and points:
        return {"decimal": Guess("," if len(commas) > len(points) else ".", f"both '{commas[0]}' and '{points[0]}'")}
    bad = [c for c in grouped if "," in c]
    if bad and points:
        return {"thousands": Guess(",", f"'{bad[0]}' read as {bad[0].replace(',', '')}")}
    if bad:
        return {"decimal": Guess(",", f"'{bad[0]}' is one and a fraction, or more than a thousand?")}
    doubtful = [c for c in grouped if "." in c]
    if doubtful and not points:
        return {"decimal": Guess(".", f"'{doubtful[0]}' is one and a fraction, or more than a thousand?")}
    return {}
