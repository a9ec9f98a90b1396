"""Files that are no delimited text, headings that only look alike, and number formats of sheets."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file

PART = {"kind": "patients", "subject": "id", "columns": {"mi niño": {"characteristic": "AGE"}}}
TEXT = "id,mi niño\n1,12\n"


def declared(**keys: Any) -> SourceFile:
    return SourceFile.model_validate({"path": "x", "parts": [PART], **keys})


def refused(path: Path, content: bytes, **keys: Any) -> str:
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_file(path, declared(**keys))
    return str(caught.value)


KINDS = [
    (b"PAR1\x00\x00PAR1", "a parquet file", "format: parquet"),
    (b"SQLite format 3\x00", "an SQLite database", "format: sqlite"),
    (b"\x01" * 8 + b"DUCK@", "a DuckDB database", "format: duckdb"),
    (b"$FL2@(#) SPSS DATA FILE", "an SPSS file", "format: sav"),
    (b"<stata_dta><header>", "a Stata file", "format: dta"),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60" + b"\x00" * 99, "a SAS file", "format: sas7bdat"),
    (b"HEADER RECORD*******LIBRARY HEADER", "a SAS transport file", "format: xport"),
    (gzip.compress(b"RDX3\nX\n"), "a file of R", "write.csv"),
    (b"%PDF-1.4", "a PDF", "Export it as csv"),
    (b"<html><table>", "a web page", "Save it as .xlsx"),
    (b"<?xml version='1.0'?><Workbook/>", "an XML file", "Save it as .xlsx"),
    (b'[{"id": 1}]', "a JSON file", "Export it as csv"),
    (b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "a workbook", "Save it as .xlsx"),
    (b"\xd0\xcf\x11\xe0" + b"\x00" * 99, "a workbook", "Save it as .xlsx"),
    (gzip.compress(gzip.compress(b"id")), "a packed file (gzip, twice)", "Unpack"),
    (gzip.compress(b"a.csv" + b"\x00" * 252 + b"ustar" + b"\x00" * 99), "a packed file (tar)", "Unpack"),
    (TEXT.encode("utf-16-le"), "the file is utf-16-le", "Declare encoding: utf-16-le"),
    (TEXT.encode("utf-16-be"), "the file is utf-16-be", "Declare encoding: utf-16-be"),
    (TEXT.encode("utf-32"), "the file is utf-32", "Declare encoding: utf-32"),
]


@pytest.mark.parametrize(("content", "what", "remedy"), KINDS, ids=[what for _, what, _ in KINDS])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_file_that_is_no_text_says_what_it_is(
    tmp_path: Path, content: bytes, what: str, remedy: str, encoding: str
) -> None:
    said = refused(tmp_path / "x", content, encoding=encoding)
    assert what in said and remedy in said


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_the_encoding_named_reads_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT.encode(encoding))
    assert read_file(path, declared(encoding=encoding))["cell:mi niño"].tolist() == ["12"]


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "spreadsheet program and save it"),
        (b"<html><table>", "a web page, not a workbook"),
        (TEXT.encode(), "Declare format: csv"),
    ],
)
def test_what_is_no_xlsx_says_what_to_do(tmp_path: Path, content: bytes, remedy: str) -> None:
    assert remedy in refused(tmp_path / "x.xlsx", content, format="xlsx")


@pytest.mark.parametrize(
    "heading",
    [
        "mi\xa0niño",
        "mi  niño",
        '"mi\nniño"',
        "mi niño",
        "mi\u200b niño",
        "\ufeffmi niño",
        "mi ni&ntilde;o",
        '"=""mi niño"""',
        " mi niño ",
    ],
)
def test_headings_that_look_the_same_are_the_same(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"id,{heading}\n1,12\n", encoding="utf-8")
    assert read_file(path, declared())["cell:mi niño"].tolist() == ["12"]


def test_the_two_signs_for_micro_are_one_in_headings(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,PCR (\u00b5g/mL)\n1,12\n", encoding="utf-8")
    part = {"kind": "patients", "subject": "id", "columns": {"PCR (\u03bcg/mL)": {"characteristic": "AGE"}}}
    assert read_file(path, declared(parts=[part]))["cell:PCR (\u03bcg/mL)"].tolist() == ["12"]


def shown(tmp_path: Path, value: Any, form: str) -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "mi niño"])
    sheet.append(["1", value])
    sheet["B2"].number_format = form
    book.save(tmp_path / "x.xlsx")
    return str(read_file(tmp_path / "x.xlsx", declared(format="xlsx"))["cell:mi niño"].iloc[0])


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        # Literal marks among the digits: Excel shows 12345 so.
        (12345, "00-000", "shown as '12-345', stored as 12345"),
        (123456789, "000-00-0000", "shown as '123-45-6789', stored as 123456789"),
        (125, '0"."0', "shown as '12.5', stored as 125"),
        (12.5, '0"."0', "shown as '1.3', stored as 12.5"),
        (20200504, '0000"/"00"/"00', "shown as '2020/05/04', stored as 20200504"),
        (12345, '0" "000', "12345"),
        # A condition that chooses a colour says nothing of the number.
        (12.5, "[Red][<5]0.0;0.0", "12.5"),
        (3.5, "[Red][<5]0.0;[Blue]0.0", "3.5"),
        (3.5, '[<5]"bajo";0.0', "shown as 'bajo', stored as 3.5"),
        (12.5, '[<5]"bajo";0.0', "12.5"),
        (12.5, '[>=10]"> "0;0', "shown as '> 13', stored as 12.5"),
        (-3.5, "[<5]0.0;0.0", "shown as '3.5', stored as -3.5"),
        # Signs of other keyboards, and a doubt.
        (12.5, '"⩾"0.0', "shown as '⩾12.5', stored as 12.5"),
        (12.5, '"＞"0.0', "shown as '＞12.5', stored as 12.5"),
        (12.5, '"≈"0.0', "shown as '≈12.5', stored as 12.5"),
        (12.5, '0.0"?"', "shown as '12.5?', stored as 12.5"),
    ],
)
def test_what_a_number_format_shows(tmp_path: Path, value: Any, form: str, text: str) -> None:
    assert shown(tmp_path, value, form) == text
