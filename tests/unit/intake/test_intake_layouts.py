"""Layouts that hospitals send: two header rows, repeated and nameless columns, row names, packed and split cells."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import unicodedata
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

from historical_controls.cleaning.records.stored_columns import stored_columns
from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake import statistical
from historical_controls.intake.headings import distinct_names, joined_headings
from historical_controls.intake.reading import read_file, write_intake
from historical_controls.tables import parquet as table_io

PART = {"kind": "patients", "subject": "id", "columns": {"v": {"characteristic": "AGE"}}}


def declared(*columns: str, subject: str = "id", **keys: Any) -> SourceFile:
    own = {name: {"characteristic": "AGE"} for name in columns or ("v",)}
    part = {"kind": "patients", "subject": subject, "columns": own}
    return SourceFile.model_validate({"path": "x.csv", "parts": [part], **keys})


def read(path: Path, content: str | bytes, file: SourceFile) -> pd.DataFrame:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, file)


def cells(frame: pd.DataFrame, *names: str) -> list[tuple[str, ...]]:
    rows = frame.loc[frame["problem"].isna(), [f"cell:{name}" for name in names]]
    return list(rows.itertuples(index=False, name=None))


TWO_ROWS = ",Visit 1,,Visit 2,\nid,BP,HR,BP,HR\n1,167/92,89,156/82,82\n"


def test_two_header_rows_are_one_heading_a_column(tmp_path: Path) -> None:
    file = declared("Visit 1 HR", "Visit 2 HR", header_line=2, header_rows=2)
    frame = read(tmp_path / "x.csv", TWO_ROWS, file)
    assert cells(frame, "id", "Visit 1 HR", "Visit 2 HR") == [("1", "89", "82")]
    # Neither of the two lines is a row, or lost.
    assert frame["line"].tolist() == [3]


def test_two_header_rows_of_a_sheet_with_merged_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        [None, "Visit 1", None, "Visit 2", None],
        ["id", "BP", "HR", "BP", "HR"],
        [1, "167/92", 89, "156/82", 82],
    ):
        book.active.append(row)
    book.active.merge_cells("B1:C1")
    book.save(tmp_path / "x.xlsx")
    file = declared("Visit 1 HR", "Visit 2 HR", header_line=2, header_rows=2, format="xlsx")
    assert cells(read_file(tmp_path / "x.xlsx", file), "id", "Visit 1 HR", "Visit 2 HR") == [("1", "89", "82")]


def test_headings_are_joined_over_their_columns() -> None:
    assert joined_headings([["", "A", "", "B"], ["x", "y", "", "z"]]) == ["x", "A y", "", "B z"]
    assert joined_headings([["id", "v"]]) == ["id", "v"]
    # A name merged over the rows stands in the upper one alone, and is no group of the columns beside it.
    assert joined_headings([["id", "Visit 1", "", "note"], ["", "BP", "HR", ""]]) == [
        "id",
        "Visit 1 BP",
        "Visit 1 HR",
        "note",
    ]
    assert joined_headings([["id", "", "A", ""], ["", "age", "x", "y"]]) == ["id", "age", "A x", "A y"]
    assert joined_headings([["T", ""], ["id", "Day 1"], ["", "BP"]]) == ["T id", "T Day 1 BP"]
    assert distinct_names(["id", "", "w", "w", "w #2"]) == ["id", "column 2", "w #1", "w #2", "w #2 #2"]


def test_a_header_has_no_more_lines_than_the_file_above_it() -> None:
    with pytest.raises(ValueError, match="a header of 2 lines cannot end on line 1"):
        declared(header_rows=2)


def test_repeated_and_nameless_columns_are_addressed(tmp_path: Path) -> None:
    text = "id,HR,,HR,v\n1,89,x,82,7\n"
    assert cells(read(tmp_path / "x.csv", text, declared("HR #2", "column 3")), "HR #2", "column 3") == [("82", "x")]
    assert cells(read(tmp_path / "x.csv", text, declared("column 2")), "column 2") == [("89",)]
    with pytest.raises(UserError, match="column 'HR' is there 2 times") as refused:
        read(tmp_path / "x.csv", text, declared("HR"))
    assert "'HR #1', 'HR #2'" in str(refused.value)


def test_every_private_column_of_one_name_is_dropped(tmp_path: Path) -> None:
    frame = read(tmp_path / "x.csv", "id,v,tel,tel\n1,7,555,556\n", declared(private_columns=["tel"]))
    assert [name for name in frame if name.startswith("cell:")] == ["cell:id", "cell:v"]


@pytest.mark.parametrize("text", ["id,v\nr1,1,7\nr2,2,8\n", '"id","v"\n"1","1","7"\n"2","2","8"\n'])
def test_row_names_of_r_that_the_header_lacks(tmp_path: Path, text: str) -> None:
    """write.table writes no heading over the row names (R: ?write.table, col.names)."""
    assert cells(read(tmp_path / "x.csv", text, declared(row_names=True)), "id", "v") == [("1", "7"), ("2", "8")]
    with pytest.raises(UserError, match="row_names: true"):
        read(tmp_path / "x.csv", text, declared())


def test_row_names_that_are_declared_and_not_there(tmp_path: Path) -> None:
    for text in ("id,v\n1,7\n2,8\n", '"","id","v"\n"1","a","7"\n'):
        with pytest.raises(UserError, match="a cell more than the header") as refused:
            read(tmp_path / "x.csv", text, declared(row_names=True))
        assert "Leave out 'row_names: true'" in str(refused.value)


def test_row_names_under_an_empty_heading_need_no_declaration(tmp_path: Path) -> None:
    frame = read(tmp_path / "x.csv", '"","id","v"\n"1","a","7"\n', declared("v", subject="column 1"))
    assert cells(frame, "column 1", "id") == [("1", "a")]


def test_headings_in_decomposed_unicode_are_the_same(tmp_path: Path) -> None:
    sent = unicodedata.normalize("NFD", "id,presión\n1,7\n")
    assert cells(read(tmp_path / "x.csv", sent, declared("presión")), "presión") == [("7",)]
    typed = unicodedata.normalize("NFD", "presión")
    assert cells(read(tmp_path / "x.csv", "id,presión\n1,7\n", declared(typed)), typed) == [("7",)]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_gzipped_text_is_read_as_the_text(tmp_path: Path, encoding: str) -> None:
    packed = gzip.compress("id,v\n1,ñ\n2,b\n".encode(encoding))
    assert cells(read(tmp_path / "x.csv.gz", packed, declared(encoding=encoding)), "v") == [("ñ",), ("b",)]
    with pytest.raises(UserError, match="damaged or cut short"):
        read(tmp_path / "x.csv.gz", packed[:-9], declared(encoding=encoding))


def zipped(name: str, content: bytes) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("packed", "kind"),
    [
        (bz2.compress(b"id,v\n1,7\n"), "bzip2"),
        (lzma.compress(b"id,v\n1,7\n"), "xz"),
        (zipped("x.csv", b"id,v\n1,7\n"), "zip"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_other_packings_are_named(tmp_path: Path, packed: bytes, kind: str, encoding: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"a packed file ({kind})")):
        read(tmp_path / "x.csv", packed, declared(encoding=encoding))


def test_a_gzipped_workbook_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gzipped file, not a workbook"):
        read(tmp_path / "x.xlsx", gzip.compress(b"PK"), declared(format="xlsx"))
    with pytest.raises(UserError, match="this is a workbook"):
        read(tmp_path / "x.csv", zipped("xl/workbook.xml", b""), declared())


def test_cells_of_two_values_are_split_by_declaration(tmp_path: Path) -> None:
    text = "id,BP\n1,167/92\n2,\n3,150\n4,1/2/3\n5, 120 / 80 \n"
    split = {"BP": {"by": "/", "into": ["sys", "dia"]}}
    frame = read(tmp_path / "x.csv", text, declared("sys", "dia", split_columns=split))
    marked = "not split: "
    assert cells(frame, "sys", "dia", "BP") == [
        ("167", "92", "167/92"),
        ("", "", ""),
        (f"{marked}150", f"{marked}150", "150"),
        (f"{marked}1/2/3", f"{marked}1/2/3", "1/2/3"),
        ("120", "80", " 120 / 80 "),
    ]
    with pytest.raises(UserError, match="there is no column 'BP'"):
        read(tmp_path / "x.csv", "id,B\n1,2\n", declared("id", split_columns=split))


def test_a_line_of_units_below_the_header_is_no_row(tmp_path: Path) -> None:
    frame = read(tmp_path / "x.csv", "id,WBC\n,10^3/uL\n1,7\n", declared("WBC", units_line=True))
    assert list(zip(frame["line"], frame["problem"].fillna(""), strict=True)) == [(2, "UNITS_LINE"), (3, "")]
    book = openpyxl.Workbook()
    for row in (["id", "WBC"], [None, "10^3/uL"], ["1", 7]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    sheet = read_file(tmp_path / "x.xlsx", declared("WBC", format="xlsx", units_line=True))
    assert cells(sheet.loc[sheet["problem"].isna()], "id", "WBC") == [("1", "7")]


def test_a_row_of_a_patient_is_not_taken_for_the_line_of_units(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a number or date in column 'WBC'") as refused:
        read(tmp_path / "x.csv", "id,WBC\nA1,7\nA2,8\n", declared("id", "WBC", units_line=True))
    assert refused.value.where == f"{tmp_path / 'x.csv'}, line 2" and "Leave out" in str(refused.value)


FORMS = ["{device} {flow} L", "{device} {flow} lpm", "{device} {flow} L/{fraction} %", "{device} {fraction} %"]
FORMS += ["{device}"]


def test_cells_are_split_by_the_forms_that_they_have(tmp_path: Path) -> None:
    sent = {
        "CN 3 L": ("CN", "3", ""),
        "NC 4 lpm": ("NC", "4", ""),
        "puntas nasales 2,5l": ("puntas nasales", "2,5", ""),
        "VMK 50%": ("VMK", "", "50"),
        "HFNC 40L/60%": ("HFNC", "40", "60"),
        "HFNC 40 L / 60 %": ("HFNC", "40", "60"),
        "AA": ("AA", "", ""),
        "": ("", "", ""),
        "CN 3 litros": ("not split: CN 3 litros",) * 3,
        "3 L": ("not split: 3 L",) * 3,
        "CN 3-4 L": ("not split: CN 3-4 L",) * 3,
    }
    text = "id;O2\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(sent, start=1))
    split = {"O2": {"forms": FORMS}}
    frame = read(tmp_path / "x.csv", text, declared("device", split_columns=split, delimiter=";"))
    assert cells(frame, "O2", "device", "flow", "fraction") == [(cell, *own) for cell, own in sent.items()]


@pytest.mark.parametrize(
    ("sent", "value", "air"),
    [
        ("97", "97", ""),
        ("97%", "97", ""),
        ("93 aa", "93", "aa"),
        ("93% AA", "93", "AA"),
        ("93,5aa", "93,5", "aa"),
        ("93 97", "93", "97"),
        ("9397", "9397", ""),
        ("aire ambiente", "aire ambiente", ""),
    ],
)
def test_no_number_and_no_words_are_cut_by_a_form(tmp_path: Path, sent: str, value: str, air: str) -> None:
    split = {"SpO2": {"forms": ["{v} {air}", "{v}", "{v} %", "{v} % {air}"]}}
    text = f"id;SpO2\n1;{sent}\n"
    frame = read(tmp_path / "x.csv", text, declared("v", split_columns=split, delimiter=";"))
    assert cells(frame, "v", "air") == [(value, air)]


def test_a_cell_that_two_forms_read_differently_is_not_split(tmp_path: Path) -> None:
    split = {"O2": {"forms": ["{device} {flow} L", "{device} {litres} L"]}}
    frame = read(tmp_path / "x.csv", "id,O2\n1,CN 3 L\n", declared("flow", split_columns=split))
    assert cells(frame, "flow", "litres") == [("not split: CN 3 L",) * 2]


SATURATION = {"where": [{"column": "test", "is_in": ["SpO2", "SatO2"]}], "forms": ["{v}", "{v} {air}"], "others": "v"}
OXYGEN = {
    "where": [{"column": "test", "is_in": ["O2"]}],
    "forms": ["{device} {flow} L", "{device}"],
    "others": "number",
}


def test_of_a_file_of_one_measurement_a_row_the_cells_of_an_analyte_are_split(tmp_path: Path) -> None:
    """What the first leaves as it is may be split again."""
    sent = {
        ("spo2", "93 aa"): ("93", "aa", "", ""),
        ("SatO2", "97"): ("97", "", "", ""),
        ("SpO2", "93-95"): ("not split: 93-95", "not split: 93-95", "", ""),
        ("O2", "CN 3 L"): ("", "", "CN", "3"),
        ("Crea", "1.2 mg/dL"): ("1.2 mg/dL", "", "", ""),
        ("SpO2", ""): ("", "", "", ""),
    }
    text = "id,test,result\n" + "".join(f"{n},{test},{cell}\n" for n, (test, cell) in enumerate(sent, start=1))
    split = {"result": SATURATION, "v": OXYGEN}
    frame = read(tmp_path / "x.csv", text, declared("number", split_columns=split))
    assert cells(frame, "number", "air", "device", "flow") == list(sent.values())
    # What was sent remains.
    assert cells(frame, "result") == [(cell,) for _, cell in sent]


def test_conditions_of_a_split_are_columns_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no column 'test'"):
        read(tmp_path / "x.csv", "id,tests,result\n1,SpO2,97\n", declared("v", split_columns={"result": SATURATION}))


def test_a_split_makes_no_second_column_of_one_name(tmp_path: Path) -> None:
    """The values of one of them were read, and nobody knew which."""
    with pytest.raises(UserError, match="column 'v' of 'split_columns' is in the file already") as refused:
        read(tmp_path / "x.csv", "id,test,v,result\n1,SpO2,1,97\n", declared("v", split_columns={"result": SATURATION}))
    assert "such as 'v read'" in str(refused.value)


def test_the_cells_of_all_other_rows_go_where_they_are_read(tmp_path: Path) -> None:
    """A slip would lose every other analyte, and nobody would know."""
    slip = {"result": SATURATION | {"others": "value"}}
    with pytest.raises(UserError, match="no part reads column 'value'") as refused:
        read(tmp_path / "x.csv", "id,test,result\n1,SpO2,97\n", declared("values", split_columns=slip))
    assert "Did you mean 'values'?" in str(refused.value)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"O2": {"forms": ["{v}"], "others": "v"}}, "'others' needs 'where'"),
        ({"O2": {"forms": ["{O2} {air}"]}}, "it is split itself"),
        ({"O2": {"forms": ["{v}"]}, "S": {"forms": ["{v}"]}}, "'O2' becomes it as well"),
        ({"v": OXYGEN, "O2": SATURATION}, "v: 'O2' becomes it, and is declared before it"),
        (
            {
                "test": {"forms": ["{test name}"]},
                "O2": SATURATION | {"where": [{"column": "test name", "is_in": ["x"]}]},
            },
            "becomes of 'test'",
        ),
    ],
)
def test_splits_that_contradict_each_other_are_refused(split: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declared("id", split_columns=split)


def test_a_long_text_has_no_form(tmp_path: Path) -> None:
    """Three texts could be cut at every two places of it: a hostile cell would not end."""
    split, text = {"O2": {"forms": ["{a} - {b} - {c}!"]}}, "x - " * 30_000
    frame = read(tmp_path / "x.csv", f"id,O2\n1,{text}\n", declared("a", split_columns=split))
    assert cells(frame, "a", "b", "c") == [(f"not split: {text.strip()}",) * 3]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"by": "/"}, "'into'"),
        ({"into": ["a", "b"]}, "'by'"),
        ({"by": "/", "forms": ["{a} {b}"]}, "either"),
        ({"forms": ["CN 3 L"]}, "names no column"),
        ({"forms": ["{a} {a}"]}, "twice"),
        ({"forms": ["{a} {b"]}, "'{' and '}'"),
    ],
)
def test_a_split_that_says_nothing_is_refused(split: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declared("id", split_columns={"O2": split})


def test_the_columns_of_a_wide_sheet_are_listed_once(tmp_path: Path) -> None:
    head = ",".join(["id", *(f"q{n}" for n in range(200))])
    with pytest.raises(UserError) as refused:
        read(tmp_path / "x.csv", f"{head}\n", declared("id", "creatinine", "bilirubin", "ferritin"))
    said = str(refused.value)
    assert said.count("there is no column") == 3 and said.count("q199") == 1


def test_a_missing_column_of_a_statistical_file_is_on_no_line(tmp_path: Path) -> None:
    pyreadstat.write_sav(FRAME, str(tmp_path / "x"))
    with pytest.raises(UserError, match="there is no column 'V'") as refused:
        read_file(tmp_path / "x", declared("V", format="sav"))
    assert refused.value.where == str(tmp_path / "x")


FRAME = pd.DataFrame(
    {
        "id": ["001", "002", "003"],
        "v": [1.5, 2.0, float("nan")],
        "sex": [1.0, 2.0, 1.0],
        "day": pd.to_datetime(["2020-05-04", "2020-05-05", None]),
    }
)
WRITERS = {
    "sav": (pyreadstat.write_sav, {"variable_value_labels": {"sex": {1: "male", 2: "female"}}}),
    "dta": (pyreadstat.write_dta, {"variable_value_labels": {"sex": {1: "male", 2: "female"}}}),
    "xport": (pyreadstat.write_xport, {}),
}


@pytest.mark.parametrize("form", list(WRITERS))
def test_files_of_statistical_packages_are_read(tmp_path: Path, form: str) -> None:
    write, options = WRITERS[form]
    write(FRAME, str(tmp_path / "x"), **options)
    frame = read_file(tmp_path / "x", declared("v", "sex", "day", format=form, decimal=","))
    assert cells(frame, "id", "v", "sex") == [("001", "1,5", "1"), ("002", "2", "2"), ("003", "", "1")]
    assert [day[:10] for (day,) in cells(frame, "day")] == ["2020-05-04", "2020-05-05", ""]
    assert frame["line"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("form", ["sav", "xport"])
def test_durations_beyond_a_day_keep_their_days(tmp_path: Path, form: str) -> None:
    """pyreadstat gives a TIME of 93,600 s as 2 o'clock."""
    frame = pd.DataFrame({"id": ["1", "2", "3"], "v": [93600.0, 3600.0, float("nan")]})
    WRITERS[form][0](frame, str(tmp_path / "x"), variable_format={"v": "TIME8"})
    assert cells(read_file(tmp_path / "x", declared(format=form)), "v") == [("26:00:00",), ("01:00:00",), ("",)]


@pytest.mark.parametrize(("stored", "text"), [(5 * 3_600_000.0, "05:00:00"), (1.9e12, "2020-03-16 17:46:40")])
def test_a_clock_of_stata_keeps_a_date_that_its_format_hides(tmp_path: Path, stored: float, text: str) -> None:
    """Milliseconds since 1960 ([D] Datetime): 1.9e12 are 21,990 days, 17 h 46 min 40 s."""
    frame = pd.DataFrame({"id": ["1"], "v": [stored]})
    pyreadstat.write_dta(frame, str(tmp_path / "x"), variable_format={"v": "%tcHH:MM"})
    assert cells(read_file(tmp_path / "x", declared(format="dta")), "v") == [(text,)]


def test_single_precision_is_read_as_the_number_that_was_stored(tmp_path: Path) -> None:
    """12.6 in single precision is 12.600000381469727 in double; a code -99.9 would no longer be the declared one."""
    frame = pd.DataFrame({"id": ["1", "2", "3"], "v": pd.Series([12.6, -99.9, None], dtype="float32")})
    frame.to_stata(tmp_path / "x", write_index=False, version=118)
    assert cells(read_file(tmp_path / "x", declared(format="dta")), "v") == [("12.6",), ("-99.9",), ("",)]


@pytest.mark.parametrize("form", ["sav", "dta"])
def test_codes_come_as_labels_where_declared(tmp_path: Path, form: str) -> None:
    write, options = WRITERS[form]
    write(FRAME, str(tmp_path / "x"), **options)
    frame = read_file(tmp_path / "x", declared("sex", format=form, value_labels=True))
    assert cells(frame, "sex") == [("male",), ("female",), ("male",)]


@pytest.mark.parametrize("form", ["sav", "dta", "xport"])
def test_labels_that_the_file_lacks_are_a_plain_error(tmp_path: Path, form: str) -> None:
    WRITERS[form][0](FRAME, str(tmp_path / "x"))
    with pytest.raises(UserError, match="the file has no labels"):
        read_file(tmp_path / "x", declared("sex", format=form, value_labels=True))


def test_long_statistical_files_come_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistical, "CHUNK_ROWS", 2)
    pyreadstat.write_sav(FRAME, str(tmp_path / "x"))
    assert cells(read_file(tmp_path / "x", declared(format="sav")), "id") == [("001",), ("002",), ("003",)]


@pytest.mark.parametrize("form", ["sas7bdat", "xport", "sav", "dta"])
def test_what_is_no_such_file_is_a_plain_error(tmp_path: Path, form: str) -> None:
    with pytest.raises(UserError, match=f"not a readable {form} file"):
        read(tmp_path / "x", b"id,v\n1,a\n", declared(format=form))


def test_a_file_of_many_columns_is_stored_a_few_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by cells, not by rows: 131,072 rows of 20,000 columns would be 2.6e9 cells."""
    monkeypatch.setattr(table_io, "GROUP_CELLS", 200)
    names = ["id", "when", *(f"v{n}" for n in range(44))]
    rows = [[str(r), "2020-05-04", *(str(r + n) for n in range(44))] for r in range(11)]
    (tmp_path / "wide.csv").write_text("\n".join(",".join(row) for row in [names, *rows]), encoding="utf-8")
    part = {"kind": "measurements_wide", "subject": "id", "time": {"columns": ["when"], "formats": ["%Y-%m-%d"]}}
    file = SourceFile.model_validate(
        {"path": "wide.csv", "parts": [{**part, "columns": {"v3": {"outcome": "CRP", "unit": "mg/L"}}}]}
    )
    write_intake(tmp_path / "wide.csv", file, tmp_path / "intake.parquet")
    with pq.ParquetFile(tmp_path / "intake.parquet") as stored:
        assert [stored.metadata.row_group(n).num_rows for n in range(stored.num_row_groups)] == [4, 4, 3]
    # Cleaning reads what is declared and no more.
    assert stored_columns(tmp_path / "intake.parquet", file) == [
        "line", "problem", "text", "cell:id", "cell:when", "cell:v3",
    ]  # fmt: skip
