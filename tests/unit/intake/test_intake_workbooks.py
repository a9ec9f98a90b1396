"""Workbooks: every row of the declared sheet, cells as text that reads back to what the sheet shows."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pandas as pd
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from historical_controls.cleaning.cells.numbers import NumberStyle, read_cells
from historical_controls.cleaning.cells.times import Calendar, parse_times
from historical_controls.config.sources.parts import TimeColumns
from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file

PART = {"kind": "patients", "subject": "id", "columns": {"v": {"characteristic": "AGE"}}}


def declared(**keys: Any) -> SourceFile:
    return SourceFile.model_validate({"path": "x.xlsx", "format": "xlsx", "parts": [PART], **keys})


def workbook(
    path: Path, rows: list[list[Any]], formats: dict[str, str] | None = None, **others: list[list[Any]]
) -> Path:
    book = openpyxl.Workbook()
    sheets = {"Hoja1": rows, **others}
    book.remove(book.active)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    for cell, form in (formats or {}).items():
        book["Hoja1"][cell].number_format = form
    book.save(path)
    return path


def values(frame: pd.DataFrame) -> list[str]:
    return frame.loc[frame["problem"].isna(), "cell:v"].tolist()


CELLS = [
    (12, None, "12"),
    (12.5, None, "12,5"),
    (0.1, None, "0,1"),
    (3.0, None, "3"),
    (1e-7, None, "1e-07"),
    (0.07, "0%", "7%"),
    (0.605, "0.0%", "60,5%"),
    (True, None, "TRUE"),
    ("007", None, "007"),
    ("=1+", None, "=1+"),
    (datetime(2020, 4, 5, 23, 44, 59, 999997), "dd/mm/yyyy hh:mm", "2020-04-05 23:45:00"),
    (datetime(2020, 4, 5), "dd/mm/yyyy hh:mm", "2020-04-05 00:00:00"),
    (datetime(2020, 4, 5), "dd/mm/yyyy", "2020-04-05"),
    (date(2020, 4, 5), "dd/mm/yyyy", "2020-04-05"),
    (time(13, 45), None, "13:45:00"),
    (timedelta(hours=26, minutes=3), "[h]:mm", "26:03:00"),
]


@pytest.mark.parametrize(("cell", "form", "text"), CELLS, ids=[c[2] for c in CELLS])
def test_a_cell_becomes_what_the_sheet_shows(tmp_path: Path, cell: Any, form: str | None, text: str) -> None:
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", cell]], {"B2": form} if form else None)
    assert values(read_file(path, declared(decimal=","))) == [text]


def test_a_formula_that_was_never_computed_is_no_blank_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", "=2*3"], ["2", 4]])
    assert values(read_file(path, declared())) == ["=2*3", "4"]


def with_formula(path: Path, formula: str, stored: str) -> Path:
    """A workbook whose cell B2 holds a formula; stored: attributes and value of the cell as its writer left them."""
    workbook(path, [["id", "v"], ["1", "=9"]])
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    before, after = sheet.split('<c r="B2">')[0], sheet.split('<c r="B2">')[1].split("</c>", 1)[1]
    kind, value = stored.split("|")
    parts["xl/worksheets/sheet1.xml"] = f'{before}<c r="B2"{kind}><f>{formula}</f>{value}</c>{after}'.encode()
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("|<v>6</v>", "6"),
        ("|<v></v>", '=IF(A2="","",6)'),
        ("|", '=IF(A2="","",6)'),
        # What a spreadsheet writes where the formula gives a blank: a text of no length.
        (' t="str"|<v></v>', ""),
        (' t="str"|<v>&lt;0.5</v>', "<0.5"),
        (' t="e"|<v>#DIV/0!</v>', "#DIV/0!"),
        (' t="b"|<v>1</v>', "TRUE"),
    ],
)
def test_a_formula_is_what_it_gave_and_its_text_where_it_gave_nothing_yet(
    tmp_path: Path, stored: str, text: str
) -> None:
    path = with_formula(tmp_path / "x.xlsx", 'IF(A2="","",6)', stored)
    assert values(read_file(path, declared())) == [text]


SERIAL_TIME = {"columns": ["when"], "excel_serial": True}
DATED = {"kind": "patients", "subject": "id", "events": [{"event": "admission", "time": SERIAL_TIME}]}


def dated(excel_serial: bool | int) -> SourceFile:
    part = {**DATED, "events": [{"event": "admission", "time": {**SERIAL_TIME, "excel_serial": excel_serial}}]}
    return SourceFile.model_validate({"path": "x.xlsx", "format": "xlsx", "parts": [part]})


@pytest.mark.parametrize(("since_1904", "right", "wrong"), [(True, 1904, True), (False, True, 1904)])
def test_numbers_of_days_count_from_the_year_of_their_workbook(
    tmp_path: Path, since_1904: bool, right: bool | int, wrong: bool | int
) -> None:
    """42,493 days after 1904-01-01 and 43,955 after 1899-12-30 are 4 May 2020."""
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904 if since_1904 else CALENDAR_WINDOWS_1900
    for row in (["id", "when"], [1, 42493 if since_1904 else 43955], [2, date(2020, 5, 4)]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    texts = read_file(tmp_path / "x.xlsx", dated(right))["cell:when"]
    # A cell with a date format is a date whatever it counts from.
    assert texts.tolist()[1] == "2020-05-04"
    spec = TimeColumns(columns=["when"], excel_serial=right)
    read = parse_times(texts.iloc[:1], spec, Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31)))
    assert read.utc.dt.strftime("%Y-%m-%d").tolist() == ["2020-05-04"]
    with pytest.raises(UserError, match=f"counts days from {1904 if since_1904 else 1900}") as refused:
        read_file(tmp_path / "x.xlsx", dated(wrong))
    assert f"excel_serial: {str(right).lower()}" in str(refused.value)


def test_rows_keep_their_numbers_and_reasons(tmp_path: Path) -> None:
    rows = [["Hospital"], ["id", "v"], ["1", "a"], [], ["2", "b", "note"], ["Total", 2], [None, None]]
    frame = read_file(workbook(tmp_path / "x.xlsx", rows), declared(header_line=2, footer=[r"^Total\t2$"]))
    assert frame[["line", "problem"]].fillna("").to_numpy().tolist() == [
        [1, "ABOVE_HEADER"],
        [3, ""],
        [4, "BLANK_LINE"],
        [5, ""],
        [6, "FOOTER"],
    ]
    assert frame["cell:column 3"].dropna().tolist() == ["", "note"]


def test_private_columns_are_nowhere(tmp_path: Path) -> None:
    rows = [["id", "v", "nombre"], ["1", "a", "PEREZ"], ["Total", None, "PEREZ"]]
    frame = read_file(workbook(tmp_path / "x.xlsx", rows), declared(private_columns=["nombre"], footer=["^Total"]))
    assert "PEREZ" not in frame.to_csv()


def test_an_empty_sheet_with_a_header_is_read(tmp_path: Path) -> None:
    assert read_file(workbook(tmp_path / "x.xlsx", [["id", "v"]]), declared()).empty


MISTAKES = [
    ({"sheet": "Hoja2"}, "there is no sheet 'Hoja2'", "Did you mean 'Hoja1'?"),
    ({"header_line": 9}, "the sheet ends before its header", None),
    ({"header_line": 2}, "none of the declared columns", "They are on line 1."),
]


@pytest.mark.parametrize(("keys", "what", "hint"), MISTAKES)
def test_a_wrong_declaration_is_one_plain_error(
    tmp_path: Path, keys: dict[str, Any], what: str, hint: str | None
) -> None:
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", "a"]])
    with pytest.raises(UserError) as caught:
        read_file(path, declared(**keys))
    assert what in caught.value.what
    assert hint is None or hint in str(caught.value.hint)


def test_several_sheets_need_a_choice(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", "a"]], Otra=[["id", "v"], ["2", "b"]])
    with pytest.raises(UserError, match="has 2 sheets"):
        read_file(path, declared())
    assert values(read_file(path, declared(sheet="Otra"))) == ["b"]


@pytest.mark.parametrize("content", [b"", b"id,v\n1,a\n", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old"])
def test_what_is_no_workbook_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_file(path, declared())


def test_a_damaged_workbook_is_a_plain_error_or_read(tmp_path: Path) -> None:
    whole = BytesIO()
    book = openpyxl.Workbook()
    for row in [["id", "v"], *([str(n), n] for n in range(50))]:
        book.active.append(row)
    book.save(whole)
    content = whole.getvalue()
    for start in range(0, len(content), len(content) // 60):
        path = tmp_path / "x.xlsx"
        path.write_bytes(content[:start] + bytes(9) + content[start + 9 :])
        try:
            read_file(path, declared())
        except UserError as error:
            assert str(path) in str(error)


SHOWN = [
    (97.5, '0.0"%"', "97.5%"),
    (97, r"0\%", "97%"),
    (0.5, '"<"0.0', "shown as '<0.5', stored as 0.5"),
    (0.25, '"> "0', "shown as '> 0', stored as 0.25"),
    (0.5, '"≤"0', "shown as '≤1', stored as 0.5"),
    (1234567.891, '"~"#,##0.0#', "shown as '~1,234,567.89', stored as 1234567.891"),
    (5.5, '"+"00.00#', "shown as '+05.50', stored as 5.5"),
    (0.5, '"<"#.0', "shown as '<.5', stored as 0.5"),
    (-3, '"~"0', "shown as '-~3', stored as -3"),
    (12, '"<"General', "shown as '<12', stored as 12"),
    (0.5, '"<"@', "shown as '<0.5', stored as 0.5"),
    ("0.5", '"<"@', "shown as '<0.5', stored as 0.5"),
    ("0.5", '0;-0;0;"<"@', "shown as '<0.5', stored as 0.5"),
    ("12", "0;-0;0;", "shown as '', stored as 12"),
    ("12", '@" mg/dL"', "12 mg/dL"),
    ("12", "0.0", "12"),
    (0.05, '[<0.1]"<0.1";0.0', "shown as '<0.1', stored as 0.05"),
    (12.5, '0.0" mg/dL"', "12.5 mg/dL"),
    (5, '"Paciente "0', "Paciente 5"),
    (123, "00000", "00123"),
    (230000, "0,", "shown as '230', stored as 230000"),
    (2345678, "0.0,,", "shown as '2.3', stored as 2345678"),
    (1234.5, "#,##0.00", "1234.5"),
    (-5, "0;0", "shown as '5', stored as -5"),
    (-5, "0.0;-0.0", "-5"),
    (-5, "0.0_);(0.0)", "-5"),
    (7, ";;;", "shown as '', stored as 7"),
    (3, "[Red]0.00", "3"),
    (12, "General", "12"),
    (0.125, "# ?/?", "0.125"),
    (0.05, '"<"0%', "shown as '<5%', stored as 5%"),
    (datetime(2020, 5, 20), "mmm-yy", "shown as 'may-20', stored as 2020-05-20"),
    (datetime(2020, 5, 20), "d-mmm", "shown as '20-may', stored as 2020-05-20"),
    (datetime(2020, 5, 20), "dd/mm", "shown as '20/05', stored as 2020-05-20"),
    (datetime(2020, 5, 6), "yyyy", "shown as '2020', stored as 2020-05-06"),
    (datetime(2020, 5, 6, 9, 30), "d/m h:mm", "shown as '6/5 9:30', stored as 2020-05-06 09:30:00"),
    (datetime(2020, 5, 6, 21, 3), "mmm d h:mm AM/PM", "shown as 'may 6 9:03 pm', stored as 2020-05-06 21:03:00"),
    (datetime(2020, 5, 20), "[$-80A]d-mmm-yy;@", "2020-05-20"),
    (datetime(2020, 5, 20, 9, 30), "dd/mm/yy h:mm", "2020-05-20 09:30:00"),
    (datetime(2020, 5, 20, 9, 30), "h:mm AM/PM", "2020-05-20 09:30:00"),
]


@pytest.mark.parametrize(("cell", "form", "text"), SHOWN, ids=[f"{c[1]}" for c in SHOWN])
def test_what_is_stored_and_what_is_shown_agree_or_both_are_said(
    tmp_path: Path, cell: Any, form: str, text: str
) -> None:
    """Stored value, number format and shown text as Excel shows them (ECMA-376 part 1, 18.8.31)."""
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", cell]], {"B2": form})
    assert values(read_file(path, declared())) == [text]


def rich(*runs: str | tuple[str, dict[str, Any]]) -> CellRichText:
    """A text whose parts have fonts of their own."""
    return CellRichText(*(run if isinstance(run, str) else TextBlock(InlineFont(**run[1]), run[0]) for run in runs))


RAISED, STRUCK = {"vertAlign": "superscript"}, {"strike": True}
FONTS = [
    (rich("12.5", ("1", RAISED)), "shown as '12.5^1', stored as 12.51"),
    (rich("10", ("3", RAISED)), "shown as '10^3', stored as 103"),
    (rich("< 5", ("2", RAISED)), "shown as '< 5^2', stored as < 52"),
    (rich("103", ("a", RAISED)), "103a"),
    (rich("10", ("3", RAISED), "/µL"), "10^3/µL"),
    (rich("CO", ("2", {"vertAlign": "subscript"})), "CO2"),
    (rich("A-12", ("1", RAISED)), "shown as 'A-12^1', stored as A-121"),
    (rich("95", ("2", RAISED), " mmHg"), "shown as '95^2 mmHg', stored as 952 mmHg"),
    (rich("10", ("-9", RAISED), " g/L"), "10^-9 g/L"),
    (rich("110", ("3", RAISED), "/µL"), "shown as '110^3/µL', stored as 1103/µL"),
    (rich("mL/min/1.73 m", ("2", RAISED)), "mL/min/1.73 m2"),
    (rich("cells/mm", ("3", RAISED)), "cells/mm3"),
    (rich(("91", STRUCK), " 95"), "shown as '91 (struck out) 95', stored as 91 95"),
    (rich(("95", {"b": True})), "95"),
    (rich("95", (" ", STRUCK)), "95 "),
]


@pytest.mark.parametrize(("cell", "text"), FONTS, ids=[one[1] for one in FONTS])
@pytest.mark.parametrize("shared", [True, False])
def test_a_part_of_a_text_with_its_own_font_says_what_is_shown(
    tmp_path: Path, cell: CellRichText, text: str, shared: bool
) -> None:
    """ECMA-376 part 1, 18.4.7 (rich text run), 18.4.10 (strike), 18.4.14 (vertAlign); in the sheet or its strings."""
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", cell], ["2", 7]])
    if shared:
        share_strings(path)
    assert values(read_file(path, declared())) == [text, "7"]


def share_strings(path: Path) -> None:
    """Move the texts of a sheet into the strings of its workbook, where spreadsheets keep them."""
    with ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet, main = parts["xl/worksheets/sheet1.xml"], "application/vnd.openxmlformats-officedocument.spreadsheetml"
    texts = re.findall(r"<is>(.*?)</is>", sheet, re.DOTALL)
    for place, text in enumerate(texts):
        sheet = sheet.replace(f't="inlineStr"><is>{text}</is>', f't="s"><v>{place}</v>', 1)
    kind = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts["xl/worksheets/sheet1.xml"] = sheet
    parts["xl/sharedStrings.xml"] = f"<sst {kind}>{''.join(f'<si>{text}</si>' for text in texts)}</sst>"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{main}.sharedStrings+xml"/>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", f"{override}</Types>")
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("value", ["0123", 12.5, date(2020, 4, 5)])
def test_a_cell_that_is_struck_out_is_not_read(tmp_path: Path, value: Any) -> None:
    """Whoever corrects a sheet by hand strikes out what is withdrawn; without its font it would be a value."""
    path = workbook(tmp_path / "x.xlsx", [["id", "v"], ["1", value], ["2", value]])
    book = openpyxl.load_workbook(path)
    book["Hoja1"]["B2"].font = Font(strike=True)
    book.save(path)
    struck, kept = values(read_file(path, declared()))
    assert struck == f"shown as '{kept} (struck out)', stored as {kept}"


def test_a_text_that_says_both_is_read_as_neither() -> None:
    said = pd.Series(["shown as '<0.5', stored as 0.5", "shown as '230', stored as 230000"], dtype="str")
    assert read_cells(said, NumberStyle(".", None))["problem"].tolist() == ["NUM_UNREADABLE"] * 2
    spec = TimeColumns(columns=["v"], formats=["%Y-%m-%d", "%b-%y-%d"])
    calendar = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31))
    dates = pd.Series(["shown as 'may-20', stored as 2020-05-20"], dtype="str")
    assert parse_times(dates, spec, calendar).reason.tolist() == ["DATE_INVALID"]


def sheet_xml(path: Path, rows: Iterator[bytes]) -> Path:
    """A workbook whose only sheet holds these bytes as rows."""
    kinds = "http://schemas.openxmlformats.org"
    main, rel = f"{kinds}/spreadsheetml/2006/main", f"{kinds}/officeDocument/2006/relationships"
    types = f"{kinds}/package/2006/content-types"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    book = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Override PartName="/xl/workbook.xml" ContentType="{book}"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="a" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
            stream.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            for row in rows:
                stream.write(row)
            stream.write(b"</sheetData></worksheet>")
    return path


def text_cell(place: str, text: str) -> bytes:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def table(*more: bytes) -> Iterator[bytes]:
    yield b'<row r="1">' + text_cell("A1", "id") + text_cell("B1", "v") + b"</row>"
    yield b'<row r="2">' + text_cell("A2", "1") + text_cell("B2", "7") + b"</row>"
    yield from more


def filled(n: int) -> list[bytes]:
    return [
        f'<row r="{r}">'.encode() + text_cell(f"A{r}", "1") + text_cell(f"B{r}", "7") + b"</row>" for r in range(3, n)
    ]


STRAYS = [
    ([b'<row r="150000">' + text_cell("XFD150000", "x") + b"</row>"], "rows 3 to 149999 are blank, and row 150000"),
    ([b'<row r="999999999">' + text_cell("A999999999", "x") + b"</row>"], "there is a row 999999999"),
    ([*filled(1500), b'<row r="1500">' + text_cell("XFD1500", "x") + b"</row>"], "goes on to column 16384, but only"),
    ([b'<row r="3"><c r="A3" t="inlineStr"><is><t>', *[b"a" * (1 << 20)] * 3, b"</t></is></c></row>"], "32,767"),
]


@pytest.mark.parametrize(("more", "said"), STRAYS, ids=["corner", "row", "column", "cell"])
def test_a_sheet_beyond_what_sheets_hold_is_refused_in_words(tmp_path: Path, more: list[bytes], said: str) -> None:
    path = sheet_xml(tmp_path / "x.xlsx", table(*more))
    tracemalloc.start()
    with pytest.raises(UserError, match=said):
        read_file(path, declared())
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()


def test_a_part_that_unpacks_to_more_than_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = sheet_xml(tmp_path / "x.xlsx", table())
    content = path.read_bytes()
    with ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    # What the archive's directory says of the part: 3 GB.
    place = content.rindex(b"PK\x01\x02")
    at = content.index(size.to_bytes(4, "little"), place)
    path.write_bytes(content[:at] + (3_000_000_000).to_bytes(4, "little") + content[at + 4 :])
    with pytest.raises(UserError, match=r"unpacks to 3\.0 GB"):
        read_file(path, declared())


def test_blank_rows_below_and_within_a_table_are_no_fault(tmp_path: Path) -> None:
    below = [f'<row r="{r}"/>'.encode() for r in range(8000, 60000)]
    row = b'<row r="7000">' + text_cell("A7000", "2") + text_cell("B7000", "8") + b"</row>"
    frame = read_file(sheet_xml(tmp_path / "x.xlsx", table(row, *below)), declared())
    assert values(frame) == ["7", "8"]
    assert (frame["problem"] == "BLANK_LINE").sum() == 6997
