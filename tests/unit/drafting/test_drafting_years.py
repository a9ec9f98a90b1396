"""One file for each year, with the same columns, is one source's visits."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from historical_controls.drafting.marks import plain
from historical_controls.drafting.study import draft_study, write_draft

YEARS = (2017, 2018, 2019)


def rows(year: int, dated: bool, mark: str = ",") -> list[list[str]]:
    draw = random.Random(year)
    head = ["nr", "grupo", "sexo", *(["fecha"] if dated else []), "FEV1 (L)", "fuma"]
    out = [head]
    for kid in range(14):
        day = [f"{1 + kid:02}.{1 + kid % 12:02}.{year}"] if dated else []
        liters = f"{2.5 + draw.random():.2f}".replace(".", mark)
        out.append([f"P{kid:02}", "x" if kid < 4 else "y", "FM"[kid % 2], *day, liters, "si" if kid % 3 else "no"])
    return out


def files(folder: Path, dated: bool, marks: str = ",,,") -> dict[str, Any]:
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    for year, mark in zip(YEARS, marks, strict=True):
        text = "\n".join(";".join(row) for row in rows(year, dated, mark))
        (raw / f"registro_{year}.csv").write_text(text + "\n", encoding="utf-8")
    (source,) = plain(draft_study(folder))["sources"].values()
    return source


def test_yearly_files_with_dates_are_visits(tmp_path: Path) -> None:
    source = files(tmp_path, dated=True)
    assert source["arm"] == {"column": "grupo", "treated": ["x"], "historical": ["y"]}
    assert list(source["files"]) == [f"registro_{year}" for year in YEARS]
    for year, file in zip(YEARS, source["files"].values(), strict=True):
        patients, visits = file["parts"]
        assert file["path"] == f"data/raw/registro_{year}.csv"
        time = {"columns": ["fecha"], "formats": ["%d.%m.%Y"]}
        assert (visits["kind"], visits["time"]) == ("measurements_wide", time)
        assert list(visits["columns"]) == ["FEV1 (L)"]
        assert list(patients["columns"]) == ["sexo", "fuma"]
        assert patients["events"] == [{"event": "enrolment", "time": time}]
        assert "where" not in patients


def test_yearly_files_without_dates_count_from_the_first(tmp_path: Path) -> None:
    source = files(tmp_path, dated=False)
    times = [file["parts"][-1]["time"] for file in source["files"].values()]
    assert times == [{"at": 12 * n, "relative_to": "enrolment", "relative_unit": "months"} for n in range(3)]
    assert "relative_epoch" in source
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "no column of times: the year of the file's name, counted from the first" in text


def test_yearly_sheets_of_one_workbook_are_visits(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    book = Workbook()
    book.remove(book.worksheets[0])
    for year in YEARS:
        sheet = book.create_sheet(str(year))
        for row in rows(year, dated=True):
            sheet.append(row)
    book.save(tmp_path / "data/raw/registro.xlsx")
    (source,) = plain(draft_study(tmp_path))["sources"].values()
    assert [file["sheet"] for file in source["files"].values()] == ["2017", "2018", "2019"]
    assert all(file["parts"][-1]["kind"] == "measurements_wide" for file in source["files"].values())


def test_files_with_other_decimal_marks_are_declared_by_themselves(tmp_path: Path) -> None:
    source = files(tmp_path, dated=True, marks=",.,")
    assert [file.get("decimal") for file in source["files"].values()] == [",", None, ","]
