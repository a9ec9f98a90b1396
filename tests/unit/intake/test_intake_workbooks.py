"""Workbooks: every row of the declared sheet, cells as text that reads back to what the sheet shows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

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
    ({"header_line": 2}, "none of the declared columns", "They stand on line 1."),
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
