"""Bounds of what a workbook may unpack to, checked in one pass of its parts before any is parsed.

A sheet has at most 1,048,576 rows and a cell 32,767 characters (ECMA-376; Excel specifications and limits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from historical_controls.errors import UserError

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
# Unpacked bytes of one part. A million rows of twenty columns take about 0.7 GB.
LARGEST_PART = 1 << 30
CHUNK = 1 << 20
# Bytes of one text: 32,767 characters, each written as a reference such as '&#x10FFFF;'.
LONGEST_TEXT = 32_767 * 10
# Blank rows within a sheet, and cells of its extent by filled cell, beyond which something strays far from the table.
MOST_BLANK_ROWS = 10_000
MOST_CELLS = 20_000_000
LEAST_FILLED = 0.02
ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
FORMULA = re.compile(rb"<(?:\w+:)?f[ >]")
# Parts of a text with a font of their own that changes what they say.
RICH = re.compile(rb"<(?:\w+:)?(?:strike|vertAlign)\b")
SHEETS = "xl/worksheets/"
READ = (SHEETS, "xl/sharedStrings")
# In any encoding of one or two bytes. No part of a workbook has a document type (ECMA-376, part 2, "XML usage"), whose
# entities may expand without end or name files of this computer.
DOCUMENT_TYPE = re.compile(b"<" + b"".join(b"\\x00?" + bytes([letter]) for letter in b"!DOCTYPE"))


@dataclass(frozen=True)
class Unpacked:
    """What one pass of a workbook tells: whether cells hold formulas, and texts parts that are struck out or raised.

    rich_within: whether such texts stand in a sheet itself; spreadsheet programs keep them apart, as shared strings.
    """

    formulas: bool = False
    rich: bool = False
    rich_within: bool = False

    def __or__(self, other: Unpacked) -> Unpacked:
        return Unpacked(self.formulas or other.formulas, self.rich or other.rich, self.rich_within or other.rich_within)


def check_workbook(path: Path, raw: bytes) -> Unpacked:
    """Return what the parts of a workbook hold. Raises UserError where one is larger than a sheet can be."""
    unpacked = Unpacked()
    with ZipFile(BytesIO(raw)) as archive:
        for part in archive.infolist():
            if part.file_size > LARGEST_PART:
                what = f"its part {part.filename} unpacks to {part.file_size / 1e9:.1f} GB, more than 1 GB"
                raise UserError(what, str(path), "Export the sheet as csv.")
        for part in archive.infolist():
            if part.filename.startswith(READ):
                unpacked |= _check_part(path, archive, part.filename)
            elif part.filename.endswith((".xml", ".rels")):
                _refuse_document_type(path, part.filename, archive.read(part))
    return unpacked


def _refuse_document_type(path: Path, name: str, text: bytes) -> None:
    """Raise UserError for a part, or a piece of one, that declares entities."""
    if DOCUMENT_TYPE.search(text):
        what = "this part declares a document type, which no part of a workbook has"
        raise UserError(what, f"{path}, {name}", "Open it in a spreadsheet program and save it again.")


def _check_part(path: Path, archive: ZipFile, name: str) -> Unpacked:
    """Return what a part holds; its texts and row numbers are within bounds."""
    unpacked, rest = Unpacked(), b""
    with archive.open(name) as stream:
        while chunk := stream.read(CHUNK):
            body = rest + chunk
            _refuse_document_type(path, name, body)
            if max(map(len, body.split(b"<"))) > LONGEST_TEXT + CHUNK // 2:
                raise UserError(
                    "a cell holds far more than the 32,767 characters that a cell can",
                    f"{path}, {name}",
                    "Export the sheet again.",
                )
            last = max((int(number) for number in ROW.findall(body)), default=0)
            if last > LAST_ROW:
                raise UserError(
                    f"there is a row {last}, and a sheet has at most {LAST_ROW}", f"{path}, {name}", "Export it again."
                )
            rich = RICH.search(body) is not None
            unpacked |= Unpacked(FORMULA.search(body) is not None, rich, rich and name.startswith(SHEETS))
            # The last tag may go on in the next chunk.
            rest = body[max(body.rfind(b"<"), len(body) - LONGEST_TEXT - CHUNK, 0) :]
    return unpacked


def blank_rows_within(path: Path, first: int, row: int) -> UserError:
    """Return the error for a row far below the table. first: the first of the blank rows above it."""
    return UserError(
        f"rows {first} to {row - 1} are blank, and row {row} is not",
        f"{path}, row {row}",
        "Delete what is far below the table, or give it a sheet of its own.",
    )


def check_extent(path: Path, n_rows: int, width: int, filled: int) -> None:
    """Raise UserError where hardly any cell of a large extent is filled: something strays far right of the table."""
    if n_rows * width > MOST_CELLS and filled < LEAST_FILLED * n_rows * width:
        raise UserError(
            f"the sheet goes on to column {width}, but only {filled} of its {n_rows * width} cells are filled",
            str(path),
            "Delete what is far to the right of the table.",
        )
