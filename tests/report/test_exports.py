"""Exports: one CSV per registered output, harmless in a spreadsheet."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.errors import UserError
from historical_controls.report.exports import tables
from historical_controls.report.exports.documents import PlainTable, names_others
from historical_controls.report.exports.spreadsheets import csv_tables, workbook
from historical_controls.report.exports.tables import export_index, export_tables, inert
from historical_controls.report.exports.word import write_word
from historical_controls.report.printing.outputs import load_outputs
from historical_controls.report.statistician.methods import method_steps

from .study import ROOT, small_study


def test_every_output_with_rows_has_a_file_and_none_is_a_header_alone() -> None:
    study = small_study()
    tables = export_tables(study.ard, study.outputs)
    assert all(len(table) for table in tables.values())
    index = export_index(tables, study.outputs).set_index("output_id")
    assert (index["file"] == "").equals(index["n_rows"] == 0) and (index["n_rows"] == 0).any()
    assert index.loc["14.1.1", "file"] == "table-14.1.1.csv"
    assert len(tables["table-14.1.1.csv"]) == (study.ard["output_id"] == "14.1.1").sum()
    assert set(study.ard["output_id"]) <= set(study.outputs)


def test_exports_hold_values_and_their_printed_form() -> None:
    study = small_study()
    table = export_tables(study.ard, study.outputs)["table-14.2.2.csv"]
    row = table.query("statistic == 'estimate' and day == 7 and scenario == 'primary'").iloc[0]
    assert (row["value"], row["printed"]) == (pytest.approx(33.6), "34")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_made_inert(start: str) -> None:
    assert inert(f"{start}1+1") == f"'{start}1+1"
    assert inert("1+1") == "1+1"


def test_each_text_of_a_column_is_made_inert_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A results table has tens of thousands of rows and few texts."""
    asked: list[object] = []
    monkeypatch.setattr(tables, "inert", lambda text: asked.append(text) or inert(text))
    cell = Cell("baseline", "primary", level="=1+1")
    (table,) = export_tables(
        ard_frame([cell.at(outcome=f"Y{n}").number("count", 7) for n in range(50)]), small_study().outputs
    ).values()
    assert list(table["level"]) == ["'=1+1"] * 50 and list(table["printed"]) == ["7"] * 50
    assert max(Counter(asked).values()) <= len(table.columns)


def test_hostile_level_is_inert_in_the_file(tmp_path: Path) -> None:
    cell = Cell("baseline", "primary", level="=cmd()|' /C calc'!A0")
    tables = export_tables(ard_frame([cell.number("count", -1)]), small_study().outputs)
    path = tmp_path / "table.csv"
    tables["table-14.1.4.csv"].to_csv(path, index=False)
    back = pd.read_csv(path)
    assert back["level"].iloc[0].startswith("'=")
    assert back["value"].iloc[0] == -1


def test_repeated_output_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outputs.csv"
    path.write_text("output_id,title_en,title_es,population,rule,kind\n1,a,b,c,d,table\n1,a,b,c,d,table\n")
    with pytest.raises(UserError, match="stands twice"):
        load_outputs(path)


def test_a_workbook_has_the_declared_tables_with_numbers_as_numbers() -> None:
    from openpyxl import load_workbook

    study = small_study()
    printer = study.page("en").printer
    made = workbook(printer, study.outputs)
    core = zipfile.ZipFile(BytesIO(made)).read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}-[^<]*)<", core) == ["1980-01-01T00:00:00Z"] * 2
    book = load_workbook(BytesIO(made))
    sheet = book["14.2.2"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heads = next(place for place, row in enumerate(rows) if row[0] == "Day")
    assert rows[heads - 1][1:4] == ["Treated, n = 5", None, "Historical, n = 38"]
    day = next(row for row in rows if str(row[0]).strip("\xa0") == "Day 7")
    assert "34 (−19 to 86)" in day and 17.3 in day
    assert book.worksheets[0]["A3"].hyperlink is not None


def test_shaped_csv_files_have_the_same_cells_and_nothing_that_runs() -> None:
    study = small_study()
    files = {one.file: one.text for one in csv_tables(study.page("es").printer, study.outputs)}
    text = files["table-14.2.2-1.csv"]
    assert "34 (−19 a 86)" in text and "Día 7" in text
    assert not any(line.startswith(("=", "+", "@")) for text in files.values() for line in text.splitlines())


def test_word_says_findings_and_equations_in_text() -> None:
    study = small_study()
    printer = study.page("en").printer
    steps = method_steps(printer, (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))
    made = write_word(printer, study.outputs, {"15.12-swimmer": png()}, steps=steps)
    # Once beneath the figure, once as its text for who cannot see it.
    with zipfile.ZipFile(BytesIO(made)) as archive:
        xml = archive.read("word/document.xml").decode()
    assert xml.count("Died by day 21: 1 of 5 treated patients") == 2
    assert "y_i = X_i beta + Z_i b_i + e_i, b_i ~ N(0, G_g)" in word_text(made)


def test_word_says_of_no_figure_that_it_is_drawn_and_missing() -> None:
    study = small_study()
    drawn = png()
    body = word_text(write_word(study.page("en").printer, study.outputs, {"15.1-flow": drawn, "15.12-swimmer": drawn}))
    flow = body[body.index("Figure 15.1. ") : body.index("Figure 15.2. ")]
    follow_up = body[body.index("Figure 15.12. ") : body.index("Figure 15.13. ")]
    course = body[body.index("Figure 15.16. ") : body.index("Figure 15.17. ")]
    assert "Not available" not in flow + follow_up and "results/internal/figures" in course
    # Two columns of figures after the tables over the whole width.
    with zipfile.ZipFile(BytesIO(write_word(study.page("en").printer, study.outputs, {}))) as archive:
        columns = re.findall(r'<w:cols[^>]*w:num="(\d)"', archive.read("word/document.xml").decode())
    assert columns == ["2"]


def test_columns_are_as_wide_as_what_they_hold() -> None:
    """Numbers stay whole, sentences wrap, and a line that names those beneath it asks for no width."""
    rows = (("A name of many words that names others", "", ""), ("Day 7", "15.2 (13.1 to 17.9)", "x " * 300))
    table = PlainTable("t", "t", ("Day", "Estimate", "Reason"), rows, (), 1)
    assert names_others(rows[0]) and not names_others(rows[1])
    first, number, sentence = table.widths
    assert first < number < sentence < 50
    long = PlainTable("t", "t", ("a", "n") * 8, (("word " * 30, "123.4") * 8,), (), 1)
    assert max(long.widths) < sentence and min(long.widths) >= len("123.4") + 2


def png() -> bytes:
    """One white pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\xff")), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def word_text(document: bytes) -> str:
    with zipfile.ZipFile(BytesIO(document)) as archive:
        return re.sub(r"<[^>]+>", " ", archive.read("word/document.xml").decode())
