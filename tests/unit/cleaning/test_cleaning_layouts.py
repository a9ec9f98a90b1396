"""Sheets in the shape of three public ones, from their raw form to clean records, declared from their headings alone.

Shapes: messy_aki, messy_bp and messy_uc of R's package medicaldata (Higgins 2021); the rows here are our own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from cleaning_study import clean, dictionary, fates, intake, source, study

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_blocks, clean_file
from historical_controls.dictionary.dictionary import Conversion, Dictionary, load_dictionary
from historical_controls.intake.reading import read_file

AKI = [
    ["Kidney study"],
    ["Somebody"],
    [],
    ["study_id", "dob", "Sex", None, "Admission GFR", "Day 1 gfr", "DAY2GFR`", "day 3 GfR", "sediment"],
    [1, date(1967, 11, 11), "Male", None, 17, 12, 10, 22, "casts"],
    [2, date(1990, 12, 11), "F ", None, 21, 17, "19 but poor collection", 12, "casts"],
    [3, "may 5 1970", "Male", None, 32, 20, None, 11, None],
]
BP = [
    ["Pressure study"],
    [None, None, None, None, None, "Visit 1", None, "Visit 2", None],
    ["pat_id", "Month of birth", "Day birth", "Year birth", "Sex", "BP", "HR", "BP", "HR"],
    [1, 11, 30, 1967, "Male", "167/92", 89, "156/82", 82],
    [2, 3, 8, 1990, "Female", "158/99", 77, "147-90", 71],
]
UC_NAMES = ["pat_id", "treatment", "start_date", "dob", None, "pre/post_wt_kg", "start_wbc", "start_plt", "end_month"]
UC_NAMES += ["end_day", "end_year", "end_wbc", "end_plt", "street"]
UC = [
    ["Colitis study"],
    ["6m Rx"],
    UC_NAMES,
    ["001", "upa", date(2020, 5, 4), date(1985, 5, 5), None, "84/82", 8.2, 273, 6, 14, 2020, 7.1, -99, "Elm"],
    ["002", "uste", date(2020, 5, 5), date(1950, 1, 2), None, "77/77", 10.1, "414K", 7, 2, 2020, 9, 300, "Oak"],
]


def cleaned_sheet(path: Path, rows: list[list[Any]], file: dict[str, Any], **keys: Any) -> CleanSource:
    """The rows as a workbook, read and cleaned as declared."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    declared = source({"f": {"path": str(path), "format": "xlsx", **file}}, **keys)
    raw = read_file(path, declared.files["f"])
    part = clean_file(raw, FileInputs("s", "f", declared, study(), with_gfr()))
    people = link_people({"s": part.ledger}, {"s": declared})
    return assemble_source([part], people, SourceInputs("s", declared, with_gfr()))


def with_gfr() -> Dictionary:
    """The dictionary of a study that adds rows of its own: filtration rate and systolic pressure."""
    known = dictionary()
    plain = replace(known.outcomes["CREAT"], hard_low=0, hard_high=250, warn_low=None, warn_high=None)
    own = {"GFR": replace(plain, code="GFR", unit="mL/min"), "SBP": replace(plain, code="SBP", unit="mmHg")}
    same = {("GFR", "ml/min"): Conversion(1.0, 0.0)}
    return replace(known, outcomes={**known.outcomes, **own}, conversions={**known.conversions, **same})


def values(cleaned: CleanSource, outcome: str) -> dict[tuple[str, str], float]:
    """Values by patient and day."""
    rows = cleaned.measurements.loc[cleaned.measurements["outcome"] == outcome]
    people, days = rows["patient_id"].str.split("/").str[-1], rows["time"].dt.strftime("%m-%d")
    return dict(zip(zip(people, days, strict=True), rows["value"], strict=True))


def held(cleaned: CleanSource) -> dict[str, str]:
    """Reason by the text that is held."""
    rows = cleaned.ledger.loc[cleaned.ledger["fate"] == "quarantined"]
    return dict(zip(rows["raw_value"], rows["reason"], strict=True))


def test_a_sheet_with_the_day_in_its_headings(tmp_path: Path) -> None:
    days = {"Admission GFR": 0, "Day 1 gfr": 1, "DAY2GFR`": 2, "day 3 GfR": 3}
    part = {"kind": "measurements_wide", "subject": "study_id"}
    part |= {"time": {"relative_to": "admission", "relative_unit": "days"}}
    part |= {"columns": {name: {"outcome": "GFR", "unit": "mL/min", "at": day} for name, day in days.items()}}
    cleaned = cleaned_sheet(
        tmp_path / "aki.xlsx", AKI, {"header_line": 4, "parts": [part]}, relative_epoch=date(2020, 5, 1)
    )
    assert values(cleaned, "GFR") == {
        **{("1", "05-01"): 17, ("1", "05-02"): 12, ("1", "05-03"): 10, ("1", "05-04"): 22},
        **{("2", "05-01"): 21, ("2", "05-02"): 17, ("2", "05-04"): 12},
        **{("3", "05-01"): 32, ("3", "05-02"): 20, ("3", "05-04"): 11},
    }
    # A note beside a number is for a person to read.
    assert set(held(cleaned)) == {"19 but poor collection"}


def test_a_sheet_with_visits_side_by_side_under_two_header_rows(tmp_path: Path) -> None:
    split = {f"Visit {n} BP": {"by": "/", "into": [f"systolic {n}", f"diastolic {n}"]} for n in (1, 2)}
    time = {"relative_to": "admission", "relative_unit": "days"}
    parts = [
        {"kind": "measurements_wide", "subject": "pat_id", "time": {**time, "at": day}}
        | {"columns": {f"Visit {n} HR": {"outcome": "HR", "unit": "/min"}, f"systolic {n}": {"outcome": "SBP"}}}
        for n, day in ((1, 0), (2, 7))
    ]
    for n, part in enumerate(parts, start=1):
        part["columns"][f"systolic {n}"]["unit"] = "mmHg"
    file = {"header_line": 3, "header_rows": 2, "split_columns": split, "parts": parts}
    cleaned = cleaned_sheet(tmp_path / "bp.xlsx", BP, file, relative_epoch=date(2020, 5, 1))
    assert values(cleaned, "HR") == {("1", "05-01"): 89, ("1", "05-08"): 82, ("2", "05-01"): 77, ("2", "05-08"): 71}
    assert values(cleaned, "SBP") == {("1", "05-01"): 167, ("1", "05-08"): 156, ("2", "05-01"): 158}
    assert held(cleaned) == {"not split: 147-90": "NUM_UNREADABLE"}


def test_a_sheet_with_one_row_a_patient_the_arm_in_a_column_and_ages_from_dates_of_birth(tmp_path: Path) -> None:
    start = {"columns": ["start_date"], "formats": ["%Y-%m-%d"]}
    end = {"columns": ["end_year", "end_month", "end_day"], "formats": ["%Y %m %d"]}
    here = {"subject": "pat_id", "where": [{"column": "treatment", "is_in": ["upa"]}]}
    counts = {"wbc": "WBC", "plt": "PLT"}
    blood = {"unit": "10^3/uL", "specimen": "sangre total"}
    columns = {
        when: {f"{when}_{name}": {"outcome": code, **blood} for name, code in counts.items()}
        for when in ("start", "end")
    }
    born = {"columns": ["dob"], "formats": ["%Y-%m-%d"]}
    age = {"dob": {"characteristic": "AGE", "born": born, "as_of": start}}
    age |= {"start_kg": {"characteristic": "WEIGHT", "unit": "kg"}}
    parts = [
        {"kind": "patients", **here, "columns": age, "events": [{"event": "admission", "time": start}]},
        {"kind": "measurements_wide", **here, "time": start, "columns": columns["start"]},
        {"kind": "measurements_wide", **here, "time": end, "columns": columns["end"]},
    ]
    file = {"header_line": 3, "parts": parts, "sentinels": [{"columns": ["end_plt"], "codes": ["-99"]}]}
    file |= {"private_columns": ["street"]}
    file |= {"split_columns": {"pre/post_wt_kg": {"by": "/", "into": ["start_kg", "end_kg"]}}}
    one = cleaned_sheet(tmp_path / "uc.xlsx", UC, file)
    # 34, not 35: the birthday is a day later.
    assert one.patients[["AGE", "WEIGHT"]].to_numpy().tolist() == [[34, 84]]
    assert values(one, "WBC") == {("001", "05-04"): 8.2, ("001", "06-14"): 7.1}
    assert values(one, "PLT") == {("001", "05-04"): 273}
    assert one.ledger.loc[one.ledger["reason"] == "NOTHING_READ", "line"].tolist() == [5]
    # The other arm is another source that reads the same file.
    here["where"][0]["is_in"] = ["uste"]
    other = cleaned_sheet(tmp_path / "uc.xlsx", UC, file)
    assert other.patients["AGE"].tolist() == [70]
    assert values(other, "PLT") == {("002", "07-02"): 300}
    assert set(held(other)) == {"414K"}


DAY = {"formats": ["%Y-%m-%d"]}
AGED: dict[str, Any] = {"kind": "patients", "subject": "id", "columns": {"b": {"characteristic": "AGE"}}}
AGED["columns"]["b"] |= {"born": {"columns": ["b"], **DAY}, "as_of": {"columns": ["d"], **DAY}}


@pytest.mark.parametrize(
    ("born", "then", "age"),
    [
        ("1980-05-04", "2020-05-04", 40),
        ("1980-05-05", "2020-05-04", 39),
        ("1980-02-29", "2020-02-28", 39),
        ("2020-05-04", "2020-05-04", 0),
        ("1921-05-04", "2020-05-04", 99),
    ],
)
def test_an_age_is_completed_years(born: str, then: str, age: int) -> None:
    cleaned = clean([{"id": "1", "b": born, "d": then}], AGED)
    assert cleaned.patients["value"].tolist() == [age]


@pytest.mark.parametrize(
    ("born", "age"), [("04/05/55", 65), ("05/05/55", 64), ("04/05/69", 51), ("03/05/20", 0), ("06/05/20", 99)]
)
def test_a_birth_of_two_digits_is_of_the_century_before(born: str, age: int) -> None:
    """A 'yy' of 55 was 2055, and the age was held."""
    dob = {"columns": ["b"], "formats": ["%d/%m/%y"]}
    part = AGED | {"columns": {"b": {**AGED["columns"]["b"], "born": dob}}}
    assert clean([{"id": "1", "b": born, "d": "2020-05-04"}], part).patients["value"].tolist() == [age]


PARTIAL = ["%d/%m/%Y", "%m/%Y", "%Y", "%y"]


@pytest.mark.parametrize(
    ("born", "then", "age"),
    [
        # The difference of the years, as of births in the OMOP model (docs/input.md); with a month that month counts.
        *(
            ("1980", "2020-01-01", 40),
            ("1980", "2020-12-31", 40),
            ("1980", "2020-02-29", 40),
            ("2020", "2020-05-04", 0),
        ),
        *(("05/1980", "2020-05-31", 40), ("06/1980", "2020-05-31", 39), ("05/05/1980", "2020-05-04", 39)),
        *(("55", "2020-05-04", 65), ("1979 ", "2020-03-31", 41)),
    ],
)
def test_the_year_of_a_birth_alone_gives_the_age(born: str, then: str, age: int) -> None:
    """Forms for research ask for it, since a date of birth identifies; '%Y' was refused."""
    dob = {"columns": ["b"], "formats": PARTIAL}
    part = AGED | {"columns": {"b": {**AGED["columns"]["b"], "born": dob}}}
    assert clean([{"id": "1", "b": born, "d": then}], part).patients["value"].tolist() == [age]


def test_a_year_of_birth_is_held_where_it_tells_nothing() -> None:
    dob = {"columns": ["b"], "formats": ["%Y"]}
    part = AGED | {"columns": {"b": {**AGED["columns"]["b"], "born": dob}}}
    for born, reason in (
        ("198", "DATE_INVALID"),
        ("2021", "DATE_RANGE"),
        ("1780", "DATE_RANGE"),
        ("9999", "DATE_RANGE"),
    ):
        cleaned = clean([{"id": "1", "b": born, "d": "2020-05-04"}], part)
        assert fates(cleaned) == [reason]
    assert "yyyy (e.g. 2021)" in clean([{"id": "1", "b": "198", "d": "2020-05-04"}], part).ledger["hint"].item()


@pytest.mark.parametrize(
    ("born", "then", "reason"),
    [
        ("2020-06-04", "2020-05-04", "TIME_ORDER"),
        ("31/02/1980", "2020-05-04", "DATE_INVALID"),
        ("1980-05-04", "", "DATE_MISSING"),
        ("1780-05-04", "2020-05-04", "DATE_RANGE"),
    ],
)
def test_an_age_that_cannot_be_told_is_held(born: str, then: str, reason: str) -> None:
    cleaned = clean([{"id": "1", "b": born, "d": then}], AGED)
    assert fates(cleaned) == [reason]


WRONG = [
    ({"columns": ["when"], "at": 1, "relative_to": "admission", "relative_unit": "days"}, "either columns or at"),
    ({"relative_to": "admission", "relative_unit": "days"}, "'v' has no time"),
]


@pytest.mark.parametrize(("time", "said"), WRONG)
def test_a_time_is_stated_once(time: dict[str, Any], said: str) -> None:
    part = {"kind": "measurements_wide", "subject": "id", "time": time, "columns": {"v": {"outcome": "CRP"}}}
    with pytest.raises(ValueError, match=said):
        source({"f": {"parts": [part]}})


GASES: dict[str, Any] = {"kind": "measurements_long", "subject": "id", "analyte": "test", "value": "result"}
GASES |= {"unit": "unit", "time": {"columns": ["when"], "formats": ["%Y-%m-%d %H:%M"]}}
GASES |= {"specimen_rows": {"analytes": ["Tipo de muestra"], "same": ["folio"]}}


def gas_rows(*samples: tuple[str, list[str]]) -> list[dict[str, str]]:
    """Samples of one patient: each with its folio and what its rows say of the specimen, before and after the value."""
    rows = []
    for n, (folio, said) in enumerate(samples):
        row = {"id": "1", "folio": folio, "when": f"2020-05-04 {8 + n:02d}:00", "unit": ""}
        rows += [row | {"test": "pO2", "result": str(60 + n), "unit": "mmHg"}]
        rows += [row | {"test": "TIPO DE MUESTRA", "result": text} for text in said]
    return rows


def test_the_specimen_in_a_row_of_its_own() -> None:
    samples = (
        ("A1", ["Sangre arterial"]),
        ("A2", ["venosa"]),
        ("A3", []),
        ("A4", ["orina"]),
        ("A5", ["arterial", "venosa"]),
    )
    found = clean(gas_rows(*samples), GASES)
    assert found.measurements["specimen"].tolist() == ["arterial", "venous", ""]
    held = found.ledger.loc[found.ledger["fate"] == "quarantined", ["reason", "hint"]].to_numpy().tolist()
    assert [reason for reason, _ in held] == ["SPECIMEN_OTHER"] * 2
    # Of two different specimens neither is chosen.
    assert "'arterial venosa' is not in specimens.csv" in held[1][1]
    named = found.ledger.loc[found.ledger["reason"] == "DECLARED", "fate"]
    assert set(named) == {"ignored"} and len(named) == 5


def test_a_sample_may_lie_across_two_pieces_of_a_file() -> None:
    raw = intake(gas_rows(("A1", ["arterial"]), ("", ["venosa"])))
    declared = source({"f": {"parts": [GASES]}})
    inputs = FileInputs("s", "f", declared, study(), dictionary())
    (cleaned,) = clean_blocks([raw.iloc[:1], raw.iloc[1:]], inputs)
    # Without a folio nobody knows whose specimen it is.
    assert cleaned.measurements["specimen"].tolist() == ["arterial", ""]


WORDS: list[dict[str, Any]] = [
    {"texts": [">89", "noventa"], "outcome": "AGE", "means": "value", "value": 90},
    {"texts": ["lactante"], "outcome": "AGE", "means": "value", "value": 6, "unit": "mo"},
    {"texts": ["no consta"], "means": "not_done"},
    {"texts": ["muy alto"], "outcome": "WEIGHT", "means": "above", "value": 150},
]
TOLD = {"kind": "patients", "subject": "id"}
TOLD |= {
    "columns": {"age": {"characteristic": "AGE", "unit": "years"}, "kg": {"characteristic": "WEIGHT", "unit": "kg"}}
}


@pytest.mark.parametrize(
    ("age", "value", "fate"),
    [
        (">89", 90, "clean"),
        ("Noventa", 90, "clean"),
        ("no consta", None, "NO_VALUE"),
        ("56", 56, "clean"),
        (">88", None, "NUM_UNREADABLE"),
    ],
)
def test_words_of_characteristics_are_declared(age: str, value: float | None, fate: str) -> None:
    found = clean([{"id": "1", "age": age, "kg": ""}], TOLD, words=[WORDS[0], WORDS[2]])
    assert found.patients["value"].tolist() == ([] if value is None else [value])
    assert fates(found) == [fate]


def test_a_word_beyond_a_limit_is_no_value_of_a_characteristic() -> None:
    found = clean([{"id": "1", "age": "", "kg": "muy alto"}], TOLD, words=[WORDS[3]])
    assert fates(found) == ["NUM_UNREADABLE"]


def test_a_word_of_a_category_is_not_done_where_declared() -> None:
    part = {"kind": "patients", "subject": "id", "columns": {"s": {"characteristic": "SEX", "values": {"M": "male"}}}}
    assert fates(clean([{"id": "1", "s": "no consta"}], part, words=[WORDS[2]])) == ["NO_VALUE"]
    assert fates(clean([{"id": "1", "s": "no consta"}], part)) == ["RESULT_UNKNOWN"]


def wide(time: dict[str, Any], **column: Any) -> dict[str, Any]:
    own = {"outcome": "CRP", "unit": "mg/L", **column}
    return {"kind": "measurements_wide", "subject": "id", "time": time, "columns": {"crp": own}}


@pytest.mark.parametrize(
    ("unit", "text", "hours", "decimal"),
    [
        ("minutes", "90", 1.5, "."),
        ("days", "1,5", 36, ","),
        ("days", "Día 2", 48, ","),
        ("hours", "0.25", 0.25, "."),
        ("HH:MM", "26:30", 26.5, "."),
        ("HH:MM", "-0:30", -0.5, "."),
        ("HH:MM", "\u22122:15:00", -2.25, "."),
        ("study_day", "1", 0, "."),
        ("study_day", "-1", -24, "."),
    ],
)
def test_relative_times_of_any_unit_and_mark(unit: str, text: str, hours: float, decimal: str) -> None:
    part = wide({"columns": ["t"], "relative_to": "imaging", "relative_unit": unit})
    found = clean([{"id": "1", "t": text, "crp": "10"}], part, decimal=decimal, relative_epoch="2020-03-01")
    assert found.measurements["relative_hours"].tolist() == [hours]


def headed(time: dict[str, Any], at: str, decimal: str = ",") -> dict[str, Any]:
    """A file whose one column has its time in its declaration, as YAML reads it."""
    part = {"kind": "measurements_wide", "subject": "id", "time": time}
    return {
        "decimal": decimal,
        "parts": [{**part, "columns": {"crp": {"outcome": "CRP", "unit": "mg/L", **yaml.safe_load(at)}}}],
    }


def relative(unit: str) -> dict[str, Any]:
    return {"relative_to": "admission", "relative_unit": unit}


@pytest.mark.parametrize(
    ("time", "at", "when"),
    [
        (relative("hours"), "{at: 1.5}", "2020-03-01 01:30"),
        (relative("days"), "{at: '1,5'}", "2020-03-02 12:00"),
        (relative("HH:MM"), "{at: '-1:30'}", "2020-02-29 22:30"),
        ({"formats": ["%Y-%m-%d"]}, "{at: 2020-05-04}", "2020-05-04 00:00"),
        ({"formats": ["%d/%m/%Y %H:%M"]}, "{at: '04/05/2020 08:00'}", "2020-05-04 08:00"),
    ],
)
def test_times_that_the_declaration_states(time: dict[str, Any], at: str, when: str) -> None:
    found = clean([{"id": "1", "crp": "10"}], headed(time, at)["parts"], decimal=",", relative_epoch=date(2020, 3, 1))
    people = link_people({"s": found.ledger}, {"s": source({"f": headed(time, at)}, relative_epoch=date(2020, 3, 1))})
    declared = source({"f": headed(time, at)}, relative_epoch=date(2020, 3, 1))
    whole = assemble_source([found], people, SourceInputs("s", declared, dictionary()))
    assert whole.measurements["time"].dt.strftime("%Y-%m-%d %H:%M").tolist() == [when]


@pytest.mark.parametrize(
    ("time", "at", "said"),
    [
        # YAML reads 1:30 as 90.
        (relative("HH:MM"), "{at: 1:30}", "'90' is no time in HH:MM; e.g. '1:30', in quotes"),
        (relative("study_day"), "{at: 0}", "'0' is no time in study_day"),
        (relative("days"), "{at: Day 7}", "'Day 7' is no time in days"),
        ({"formats": ["%d/%m/%Y"]}, "{at: 2020-05-04}", "'2020-05-04' is in none of the formats '%d/%m/%Y'"),
    ],
)
def test_a_stated_time_that_nothing_reads_is_refused(time: dict[str, Any], at: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        source({"f": headed(time, at)})


def test_hexadecimal_ids_are_no_numbers() -> None:
    rows = [{"id": name, "when": "2020-05-04", "crp": "10"} for name in ("3e10a2", "b07f11", "3e1012", "900000")]
    part = wide({"columns": ["when"], "formats": ["%Y-%m-%d"]})
    declared = source({"f": {"parts": [part]}})
    cleaned = clean_file(intake(rows), FileInputs("s", "f", declared, study(), dictionary()))
    people = link_people({"s": cleaned.ledger}, {"s": declared})
    assert people["hold"].tolist() == [""] * 4


@pytest.mark.parametrize(
    ("cell", "upper", "keys"),
    [
        ("&lt;0.5", 0.5, {}),
        ("<\u200b0.5", 0.5, {}),
        ("\ufeff<0.5", 0.5, {}),
        ('="<0.5"', 0.5, {}),
        ("<0,5", 0.5, {"decimal": ","}),
    ],
)
def test_marks_of_the_web_and_of_sheets_around_a_limit(cell: str, upper: float, keys: dict[str, Any]) -> None:
    found = clean(
        [{"id": "1", "when": "2020-05-04", "crp": cell}], wide({"columns": ["when"], "formats": ["%Y-%m-%d"]}), **keys
    )
    assert found.measurements[["lower", "upper"]].to_numpy().tolist() == [[0.0, upper]]


def test_units_in_braces_as_ucum_writes_them() -> None:
    part = wide({"columns": ["when"], "formats": ["%Y-%m-%d"]}, outcome="DDIM", unit="ng/mL{FEU}")
    found = clean([{"id": "1", "when": "2020-05-04", "crp": "900"}], part)
    assert found.measurements["value"].tolist() == [900.0]


@pytest.mark.parametrize("said", ["FiO2: aire ambiente", "aire ambiente"])
def test_room_air_is_declared_to_be_a_value(said: str) -> None:
    words = [{"texts": [said], "outcome": "FIO2", "means": "value", "value": 21, "unit": "%"}]
    part = wide({"columns": ["when"], "formats": ["%Y-%m-%d"]}, outcome="FIO2", unit="fraction")
    found = clean([{"id": "1", "when": "2020-05-04", "crp": said}], part, words=words)
    assert found.measurements["value"].tolist() == [
        pytest.approx(0.21 if dictionary().outcomes["FIO2"].unit != "%" else 21)
    ]


def test_the_words_no_and_yes_of_yaml_stay_texts() -> None:
    text = "kind: patients\nsubject: id\ncolumns:\n  s: {characteristic: SEX, values: {NO: male, YES: female}}\n"
    part = yaml.safe_load(text)
    found = clean([{"id": "1", "s": "NO"}, {"id": "2", "s": "Yes"}], part)
    assert found.patients["result"].tolist() == ["male", "female"]


@pytest.mark.parametrize(
    ("born", "seen", "unit", "age"),
    [
        # Counted by a calendar; 2020 is a leap year.
        ("2020-02-27", "2020-03-05", "days", 7),
        ("2020-02-27", "2020-03-04", "weeks", 0),
        ("2020-02-27", "2020-03-05", "weeks", 1),
        ("2019-12-31", "2020-02-29", "months", 1),
        ("2019-11-29", "2020-02-29", "months", 3),
        ("2012-09-01", "2020-05-04", "months", 92),
        ("2012-09-01", "2020-05-04", "d", 2802),
        ("2020-05-05", "2020-05-04", "days", None),
        # Of a year alone nobody knows the months.
        ("2012", "2020-05-04", "months", None),
    ],
)
def test_an_age_of_children_is_in_the_unit_of_its_characteristic(
    born: str, seen: str, unit: str, age: float | None, tmp_path: Path
) -> None:
    rows = f"code,family,label_en,unit\nYOUNG,characteristic,Age,{unit}\n"
    (tmp_path / "outcomes.csv").write_text(rows, encoding="utf-8")
    times: dict[str, Any] = {key: {"columns": [key], "formats": ["%Y-%m-%d"]} for key in ("born", "as_of")}
    times["born"]["formats"] = ["%Y-%m-%d", "%Y"]
    part = {"kind": "patients", "subject": "id", "columns": {"born": {"characteristic": "YOUNG", **times}}}
    declared = source({"f": {"parts": [part]}})
    cleaned = clean_file(
        intake([{"id": "1", "born": born, "as_of": seen}]),
        FileInputs("s", "f", declared, study(), load_dictionary(tmp_path)),
    )
    assert cleaned.patients["value"].tolist() == ([] if age is None else [age])


def test_births_of_years_with_two_digits_and_with_four() -> None:
    """The century of the short ones alone is not known: nobody born in 2019 is a hundred years old."""
    times = {"born": {"columns": ["born"], "formats": ["%d/%m/%Y", "%d/%m/%y"]}}
    times |= {"as_of": {"columns": ["seen"], "formats": ["%Y-%m-%d"]}}
    part = {"kind": "patients", "subject": "id", "columns": {"born": {"characteristic": "AGE", **times}}}
    births = ["03/04/1955", "03/04/55", "03/04/2019", "03/04/1919", "30/02/55"]
    cleaned = clean([{"id": f"P{k}", "born": text, "seen": "2020-05-04"} for k, text in enumerate(births)], part)
    assert cleaned.patients["value"].tolist() == [65, 65, 1, 101]
    assert cleaned.ledger.set_index("line").loc[6, "fate"] == "quarantined"
