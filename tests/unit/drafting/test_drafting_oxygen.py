"""Drafts of wards' sheets: lines of units, one column a day, days of a spreadsheet, devices with flow or fraction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from historical_controls.checking.declared import read_declarations
from historical_controls.checking.records import read_records
from historical_controls.drafting.cells.devices import kind_of
from historical_controls.drafting.cells.moments import moment_alone
from historical_controls.drafting.cells.serials import day_of
from historical_controls.drafting.files.units_line import units_beneath
from historical_controls.drafting.headings import is_dated, is_ending
from historical_controls.drafting.marks import config_text, plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.drafting.values import dates, days_of

UNITS = {"mg/l", "mg/dl", "10^3/ul", "%", "mmhg", "g", "kpa"}


def put(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / "data/raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def drafted(folder: Path, source: str, file: str) -> dict[str, Any]:
    return dict(plain(draft_study(folder))["sources"][source]["files"][file])


def cleaned(folder: Path) -> set[tuple[str, str, str, float]]:
    """Patient, time, outcome and value of the study as drafted, with every mark taken for confirmed."""
    target = write_draft(folder)
    lines = [line.partition("   # CONFIRM:")[0] for line in target.read_text(encoding="utf-8").splitlines()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    declared = read_declarations(folder)
    assert declared.config is not None and declared.faults == (), declared.faults
    read = read_records(declared.config, declared.dictionary, folder)
    assert not [row for one in read.clean.values() for row in one.ledger["fate"] if row == "quarantined"]
    tables = pd.concat([one.measurements for one in read.clean.values()], ignore_index=True)
    rows = zip(tables["patient_id"], tables["time"], tables["outcome"], tables["value"], strict=True)
    return {(who.split("/")[-1], f"{time:%Y-%m-%d %H:%M}", code, round(value, 6)) for who, time, code, value in rows}


def ward(folder: Path) -> Path:
    """Observations of three patients, as wards in Mexico write them; 43956 is 2020-05-05."""
    rows = ["Expediente;Fecha;Hora;Soporte de O2;SpO2;FiO2;PaO2", ";dd/mm/aaaa;hh:mm;;%;;mmHg"]
    for n in range(3):
        rows += [
            f"A{n};05/05/2020;08:00;PNAF 50 L/70%;91%;0,7;{60 + n},5",
            f"A{n};43956;20:30;VMK 50%;92;50 %;",
            f"A{n};06/05/2020;08:00;MR 15 L;93;;",
            f"A{n};43957;20:30;CN 3 L;94;;",
            f"A{n};07/05/2020;08:00;Puntas nasales 2lpm;95;;",
            f"A{n};43958;20:30;AA;93 aa;21;",
            f"A{n};13/05/2020;08:00;aire ambiente;94% AA;;",
            f"A{n};14/05/2020;08:00;CN 1 L;96;;",
        ]
    put(folder, "tratados/oxigeno.csv", rows)
    people = ["Expediente;Fecha de ingreso;Fecha de egreso;Motivo de egreso"]
    people += [f"A{n};{day};{43971 + n};Mejoría" for n, day in enumerate(("05/05/2020", "43956", "43956"))]
    return put(folder, "tratados/pacientes.csv", people)


def test_what_a_ward_writes_about_oxygen_is_read_as_meant(tmp_path: Path) -> None:
    """The flow of a reservoir mask and of high flow is none of prongs; room air is 21%."""
    expected = set()
    for n in range(3):
        times = ["05 08:00", "05 20:30", "06 08:00", "06 20:30", "07 08:00", "07 20:30", "13 08:00", "14 08:00"]
        at = [f"2020-05-{time}" for time in times]
        own = [("FIO2", 0, 0.7), ("FIO2", 1, 0.5), ("FIO2", 5, 0.21), ("FIO2", 6, 0.21), ("PAO2", 0, 60.5 + n)]
        own += [("O2_FLOW", 3, 3), ("O2_FLOW", 4, 2), ("O2_FLOW", 7, 1)]
        own += [("SPO2", place, value) for place, value in enumerate((91, 92, 93, 94, 95, 93, 94, 96))]
        expected |= {(f"A{n}", at[place], code, float(value)) for code, place, value in own}
    assert cleaned(ward(tmp_path)) == expected


def test_the_ratios_of_oxygen_are_proposed_and_asked(tmp_path: Path) -> None:
    config = draft_study(ward(tmp_path))
    ratios = plain(config["cohort"]["derivations"])
    assert ratios["FIO2_FLOW"]["table"] == [[2, 0.25], [4, 0.3], [8, 0.4], [10, 0.5]], "PMC4753186, as DV-3 has it"
    assert (ratios["SF"]["numerator"], ratios["SF"]["estimated_denominators"]) == ("SPO2", ["FIO2_FLOW"])
    text = (write_draft(tmp_path)).read_text(encoding="utf-8")
    assert "are these nasal prongs? Flows of MR, PNAF are not read" in text
    assert "is '43956' the day 2020-05-05, as a sheet counts days?" in text


def test_the_line_of_units_is_declared_and_gives_the_units(tmp_path: Path) -> None:
    rows = ["Paciente,Fecha,PCR,Linfocitos", "Unidades,,mg/dL,10^3/µL"]
    rows += [f"P{n},{day:02}/05/2020,{n + day}.5,0.{n + 1}" for n in range(4) for day in (4, 5, 17)]
    file = drafted(put(tmp_path, "historical/lab.csv", rows), "historical", "lab")
    assert file["units_line"] is True
    assert file["parts"][-1]["columns"] == {
        "PCR": {"outcome": "CRP", "unit": "mg/dL"},
        "Linfocitos": {"outcome": "LYMPH", "unit": "10^3/µL"},
    }


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["", "mg/L"], ["1", "7"], ["2", "8"]], {"crp": "mg/L"}),
        ([["dd/mm/yyyy", "(mg/L)"], ["1", "7"], ["2", "8"]], {"id": "dd/mm/yyyy", "crp": "mg/L"}),
        ([["24h", "mg/L"], ["1", "7"], ["2", "8"]], {"id": "24h", "crp": "mg/L"}),
        # A patient whose value is a number, and one whose answer is a letter that is a unit as well.
        ([["", "7"], ["1", "7"], ["2", "8"]], None),
        ([["", "g"], ["1", "h"], ["2", "g"]], None),
        ([["", "%"], ["1", "%"], ["2", "8"]], None),
        ([["2", "mg/L"], ["1", "7"], ["2", "8"]], None),
        ([["", "mg/L"]], None),
    ],
)
def test_a_row_of_a_patient_is_no_line_of_units(rows: list[list[str]], found: dict[str, str] | None) -> None:
    assert units_beneath(["id", "crp"], rows, UNITS) == found


@pytest.mark.parametrize(
    ("texts", "dated", "formats"),
    [
        (["17/05/2020", "43956", "43957"], False, ["%d/%m/%Y", "excel_serial"]),
        (["2020-05-05 08:00", "43956.5"], False, ["%Y-%m-%d %H:%M", "excel_serial"]),
        (["43956", "43957"], True, ["excel_serial"]),
        (["43956", "43957"], False, None),
        (["43956", "120000"], True, None),
        (["43956", "pendiente"], True, None),
        (["99999", "17/05/2020"], False, None),
    ],
)
def test_days_of_a_sheet_are_told_beside_dates_or_by_the_heading(
    texts: list[str], dated: bool, formats: list[str] | None
) -> None:
    assert plain(dates(texts, dated)) == formats
    if formats:
        assert len(days_of(texts, formats)) == len(texts)


def test_a_number_of_a_day_is_that_of_ecma() -> None:
    """ECMA-376, 18.17.4.1: 1 January 2020 is 43831."""
    assert str(day_of("43831,25")) == "2020-01-01"
    assert [day_of(text) for text in ("438", "438311", "-43831", "58440")] == [None] * 4


def test_headings_say_dates_days_and_endings() -> None:
    assert is_dated("Fecha de toma") and is_dated("Admission date") and not is_dated("Plaquetas")
    assert [moment_alone(text) for text in ("Día 7", "D0", "Day 14", "PCR d7", "Dieta 7")] == [
        ("day", 7),
        ("day", 0),
        ("day", 14),
        None,
        None,
    ]
    assert is_ending("Motivo de egreso") and not is_ending("Fecha de egreso")


def test_a_part_is_drafted_for_each_analyte_of_one_column_a_day(tmp_path: Path) -> None:
    rows = ["MRN,Test,Unit,Day 0,Day 1,Day 7"]
    for n in range(5):
        rows += [f"H{n},CRP,mg/dL,{9 + n}.5,{8 + n}.5,", f"H{n},Zinc,µg/dL,{70 + n},{80 + n},{90 + n}"]
    put(tmp_path, "historical/labs.csv", rows)
    put(tmp_path, "historical/people.csv", ["MRN,Admission date", *(f"H{n},2020-05-{n + 14}" for n in range(5))])
    parts = drafted(tmp_path, "historical", "labs")["parts"]
    assert [part["where"] for part in parts] == [[{"column": "Test", "is_in": [name]}] for name in ("CRP", "Zinc")]
    assert parts[0]["columns"]["Day 7"] == {"outcome": "CRP", "unit_column": "Unit", "at": 7}
    assert parts[1]["columns"]["Day 0"] == {"outcome": "ZINC", "unit_column": "Unit", "at": 0}
    found = cleaned(tmp_path)
    assert ("H1", "2020-05-15 00:00", "CRP", 105.0) in found and ("H4", "2020-05-25 00:00", "ZINC", 94.0) in found
    assert len(found) == 25


def test_the_sheet_says_what_its_days_are_of(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, low in (("PCR diaria", 80), ("Linfocitos", 0.5)):
        sheet = book.create_sheet(name)
        sheet.append(["Paciente", *(f"Día {day}" for day in (1, 2, 3))])
        for n in range(6):
            sheet.append([f"P{n}", *(low + n / 10 + day / 100 for day in range(3))])
    book.remove(book.worksheets[0])
    (tmp_path / "data/raw/historical").mkdir(parents=True)
    book.save(tmp_path / "data/raw/historical/lab.xlsx")
    files = plain(draft_study(tmp_path))["sources"]["historical"]["files"]
    assert files["lab_pcr_diaria"]["parts"][0]["columns"]["Día 1"] == {"outcome": "CRP", "unit": "mg/L", "at": 1}
    assert files["lab_linfocitos"]["parts"][0]["columns"]["Día 3"] == {"outcome": "LYMPH", "unit": "10^9/L", "at": 3}
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "If day 1 is its own day and not the next: relative_unit: study_day" in text


def test_devices_of_each_day_are_read_for_their_own_day(tmp_path: Path) -> None:
    """The 10 L of a mask would be FiO2 0.5 by the table of prongs: they are left out."""
    rows = ["ID,Fecha ingreso,O2_d0,O2_d1,SpO2_d0,SpO2_d1"]
    rows += [f"P{n},{n + 14}/05/2020,MR 10 L,CN 3 L,9{n},9{n}%" for n in range(3)]
    rows += [f"P{n},{n + 14}/05/2020,VMK 40%,AA,9{n},9{n} aa" for n in range(3, 6)]
    found = cleaned(put(tmp_path, "historical/dias.csv", rows))
    flows = {(f"P{n}", f"2020-05-{n + 15} 00:00", "O2_FLOW", 3.0) for n in range(3)}
    air = {(f"P{n}", f"2020-05-{n + 15} 00:00", "FIO2", 0.21) for n in range(3, 6)}
    masks = {(f"P{n}", f"2020-05-{n + 14} 00:00", "FIO2", 0.4) for n in range(3, 6)}
    assert {one for one in found if one[2] != "SPO2"} == flows | air | masks
    assert len(found) == 9 + 12


def test_follow_up_includes_the_hours_of_the_last_day_named(tmp_path: Path) -> None:
    rows = ["MRN,Day 0,Day 7", *(f"H{n},{70 + n},{90 + n}" for n in range(5))]
    put(tmp_path, "historical/crp.csv", rows)
    assert plain(draft_study(tmp_path))["cohort"]["horizon_days"] == 7
    rows = ["MRN,Date time,SpO2", *(f"H{n},2020-05-{n + 14} 15:30,{90 + n}" for n in range(5))]
    put(tmp_path, "historical/saturation.csv", rows)
    assert plain(draft_study(tmp_path))["cohort"]["horizon_days"] == 8


@pytest.mark.parametrize(
    ("heading", "cells", "air"),
    [
        ("Soporte", ["AA", "aa", "AA"], True),
        ("O2", ["AA", "CN", "RA"], True),
        ("Genotipo", ["AA", "aa", "AA"], False),
        ("Genotipo", ["AA", "AG", "GG"], False),
        ("Ventilación", ["VM", "VM", "BIPAP"], False),
    ],
)
def test_letters_mean_room_air_where_they_stand_for_oxygen(
    tmp_path: Path, heading: str, cells: list[str], air: bool
) -> None:
    rows = [f"P{n},2020-05-{day},{cell},{90 + n}" for n, cell in enumerate(cells) for day in (14, 15)]
    draft = draft_study(put(tmp_path, "historical/a.csv", [f"ID,Fecha,{heading},SpO2", *rows]))
    file = draft["sources"]["historical"]["files"]["a"]
    assert ("FIO2" in config_text({"file": file})) is air
    # What was not understood is said to be unread.
    assert air or heading == "Genotipo" or f"no part reads {heading}" in config_text({"file": file})


def test_hormones_are_no_days(tmp_path: Path) -> None:
    rows = [f"P{n},2020-05-{day},{1 + n / 10},{8 + n}" for n in range(6) for day in (14, 15, 17)]
    file = drafted(put(tmp_path, "historical/tiroides.csv", ["ID,Fecha,T3,T4", *rows]), "historical", "tiroides")
    assert set(file["parts"][-1]["columns"]) == {"T3", "T4"}
    assert all("at" not in one for one in file["parts"][-1]["columns"].values())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CN", "prongs"),
        ("Cánula nasal", "prongs"),
        ("Cánula nasal de alto flujo", "other"),
        ("Máscara de Venturi", "other"),
        ("HFNC", "other"),
        ("Ar ambiente", "air"),
        ("aa", "air"),
        ("Paracetamol", None),
        ("", None),
    ],
)
def test_devices_are_told_by_their_names(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind
