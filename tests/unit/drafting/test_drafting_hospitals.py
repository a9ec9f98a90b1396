"""Long files whose columns only their cells tell: of a US hospital (Epic's headings) and of a Brazilian one."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.drafting.draft import Draft
from historical_controls.drafting.files.pairs import split_pairs
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.drafting.values import has_month_first, words_of_missing

LABS = ["PAT_MRN_ID", "COMPONENT_NAME", "ORD_VALUE", "ORD_NUM_VALUE", "REFERENCE_UNIT", "SPECIMEN_TYPE"]
LABS += ["SPECIMN_TAKEN_TIME", "RESULT_TIME", "LAB_STATUS", "RESULT_FLAG"]
PEOPLE = ["PAT_MRN_ID", "BIRTH_DATE", "SEX", "HEIGHT", "HOSP_ADMSN_TIME", "CART_INFUSION_DATE", "HOSP_DISCH_TIME"]
PEOPLE += ["DISCH_DISPOSITION", "PROPHYLAXIS"]
DISPOSITIONS = ["Home or Self Care", "Expired", "Skilled Nursing Facility", "Hospice/Medical Facility"]


def american(folder: Path, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The drafted files of eight patients; without: columns of results that the export lacks."""
    people, labs, moves = [PEOPLE], [LABS], [["PAT_MRN_ID", "EVENT_TYPE", "DEPARTMENT_NAME", "EFFECTIVE_TIME"]]
    for n in range(8):
        who, day = f"0810{n:04}", f"{n + 2:02}"
        first, last = f"05/{day}/2020 06:40 AM", f"05/2{n}/2020 01:15 PM"
        end = DISPOSITIONS[n % 4]
        arm = "Anakinra" if n < 2 else "None"
        people.append(
            [who, "06/17/1961", "Female", "5' 4\"", first, f"05/{day}/2020 11:20 AM", last, end, arm],
        )
        moves += [[who, "Transfer In", "MICU", first], [who, "Transfer Out", "MICU", last]]
        moves += [[who, "Admission", "BMT", first], [who, "Discharge", "BMT", last]]
        for k in range(4):
            taken, done = f"05/1{k}/2020 04:1{k} AM", f"05/1{k}/2020 05:0{k} AM"
            status = "Edited Result - FINAL" if k == 2 else "Final result"
            crp = ("<0.3", "9999999") if k == 1 else (f"{n}.{k}", f"{n}.{k}0")
            labs.append([who, "C-REACTIVE PROTEIN", *crp, "mg/dL", "Blood, Venous", taken, done, status, "High"])
            labs.append([who, "FERRITIN", f"{90 + n + k}", f"{90 + n + k}", "ng/mL", "Serum", taken, done, status, ""])
    for name, rows in (("patients", people), ("labs", labs), ("adt", moves)):
        kept = [place for place, heading in enumerate(rows[0]) if heading not in without]
        path = folder / f"data/raw/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([[row[place] for place in kept] for row in rows])
    source = draft_study(folder)["sources"]["export"]
    assert source["treated_subjects"] == Guess(["08100000", "08100001"], source["treated_subjects"].why)
    return source["files"]


def test_the_columns_of_results_are_told_by_their_cells(tmp_path: Path) -> None:
    (part,) = plain(american(tmp_path)["labs"]["parts"])
    assert {key: part[key] for key in ("analyte", "value", "unit", "specimen", "status")} == {
        "analyte": "COMPONENT_NAME",
        "value": "ORD_VALUE",
        "unit": "REFERENCE_UNIT",
        "specimen": "SPECIMEN_TYPE",
        "status": "LAB_STATUS",
    }
    assert (part["time"]["columns"], part["result_time"]["columns"]) == (["SPECIMN_TAKEN_TIME"], ["RESULT_TIME"])
    assert "statuses" not in part


def test_of_two_columns_of_results_that_with_limits_is_taken_and_asked_for(tmp_path: Path) -> None:
    """The other has 9999999 where the first has '<0.3'."""
    parts = american(tmp_path)["labs"]["parts"]
    (part,) = parts.value if isinstance(parts, Guess) else parts
    assert part["value"] == Guess("ORD_VALUE", "are the results in 'ORD_VALUE', or in ORD_NUM_VALUE?")


def test_a_number_for_what_is_no_number_is_asked_for(tmp_path: Path) -> None:
    """9999999 in a column of results, which would be a value of an outcome without limits."""
    labs = american(tmp_path, ("ORD_VALUE",))["labs"]
    assert labs["sentinels"] == Guess([{"columns": ["ORD_NUM_VALUE"], "codes": ["9999999"]}], labs["sentinels"].why)


def test_when_results_were_known_is_asked_for_where_no_other_time_is_there(tmp_path: Path) -> None:
    parts = american(tmp_path, ("SPECIMN_TAKEN_TIME",))["labs"]["parts"]
    (part,) = parts.value if isinstance(parts, Guess) else parts
    assert plain(part["time"])["columns"] == ["RESULT_TIME"] and "result_time" not in part
    assert isinstance(part["time"], Guess) and "were samples taken then" in part["time"].why


def test_a_patients_row_of_an_american_hospital(tmp_path: Path) -> None:
    parts = american(tmp_path)["patients"]["parts"]
    (part,) = parts.value if isinstance(parts, Guess) else parts
    assert plain(part["columns"]["HEIGHT"]) == {"characteristic": "HEIGHT", "unit": "ft+in"}
    assert plain(part["columns"]["BIRTH_DATE"])["as_of"]["columns"] == ["HOSP_ADMSN_TIME"]
    events = {plain(event["event"]): event for event in part["events"]}
    assert set(events) == {"admission", "infusion", "discharge_alive", "death"}
    # What was infused is named by the study alone.
    assert isinstance(events["infusion"]["event"], Guess)
    alive = events["discharge_alive"]["only_if"]["is_in"]
    assert alive == Guess(["Home or Self Care", "Skilled Nursing Facility"], alive.why)
    assert alive.why == "which end, if any, is Hospice/Medical Facility?"


def test_moves_between_wards_are_no_ends_and_are_asked_for(tmp_path: Path) -> None:
    parts = american(tmp_path)["adt"]["parts"]
    told, entered = parts.value if isinstance(parts, Guess) else parts
    assert plain(told["values"]) == {"Admission": "admission", "Discharge": "discharge_alive"}
    (where,) = told["where"]
    assert isinstance(where["is_in"], Guess) and "are Transfer In, Transfer Out moves" in where["is_in"].why
    assert isinstance(entered, Guess)
    assert plain(entered)["where"] == [
        {"column": "DEPARTMENT_NAME", "is_in": ["MICU"]},
        {"column": "EVENT_TYPE", "is_in": ["Admission", "Transfer In"]},
    ]
    assert plain(entered)["events"][0]["event"] == "icu_admission"


def brazilian(folder: Path) -> dict[str, Any]:
    """The drafted files of a workbook of ten patients, three rows a stay."""
    book = Workbook()
    exams, moves = book.active, book.create_sheet("Movimentação")
    assert exams is not None
    exams.title = "Exames"
    exams.append(["Registro", "Exame", "Material", "Resultado", "Unidade", "Data coleta", "Hora coleta", "Situação"])
    moves.append(["Registro", "Setor", "Entrada", "Saída", "Destino"])
    for n in range(10):
        who = 204500 + 7 * n
        end = ("alta", "óbito", "transferência externa")[n % 3]
        moves.append([who, "UTI", f"0{n % 3 + 1}/03/2020", "05/03/2020", "transferência interna"])
        moves.append([who, "Enfermaria", "05/03/2020", f"1{n}/03/2020", end])
        for day in range(3):
            time = [f"1{day}/03/2020", ("16h45", "6h05", "7h")[day]]
            for name, fluid, unit in (
                ("Amilase", "Soro", "U/L"),
                ("Amilase", "Líquido de dreno", "U/L"),
                ("RNI", "Plasma", "-"),
                ("Creatinina", "Soro", "mg/dL"),
            ):
                sent = f"{n + day},{day + 1}"
                exams.append([who, name, fluid, sent, unit, *time, "Resultado final"])
    (folder / "data/raw").mkdir(parents=True)
    book.save(folder / "data/raw/tx.xlsx")
    files = draft_study(folder)["sources"]["export"]["files"]
    return {name.removeprefix("tx_"): file for name, file in files.items()}


def test_a_workbook_of_a_brazilian_hospital(tmp_path: Path) -> None:
    parts = brazilian(tmp_path)["exames"]["parts"]
    part = (parts.value if isinstance(parts, Guess) else parts)[-1]
    assert plain(part["time"]) == {
        "columns": ["Data coleta", "Hora coleta"],
        "formats": ["%d/%m/%Y %H:%M", "%d/%m/%Y %H"],
    }
    assert (plain(part["status"]), "statuses" in part) == ("Situação", False)
    # Amylase of a drain is no amylase of blood.
    assert isinstance(part["analyte"], Guess) and "AMILASE counts serum alone" in part["analyte"].why


def test_a_new_outcome_names_its_specimens_and_no_unit_for_a_mark(tmp_path: Path) -> None:
    brazilian(tmp_path)
    write_draft(tmp_path)
    with (tmp_path / "dictionary/outcomes.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["code"]: row for row in csv.DictReader(stream)}
    assert rows["AMILASE"]["specimens"] == "serum"
    assert (rows["RNI"]["unit"], rows["RNI"]["specimens"]) == ("", "")


def test_stays_on_wards_end_where_patients_leave_and_begin_intensive_care(tmp_path: Path) -> None:
    parts = brazilian(tmp_path)["movimentacao"]["parts"]
    ends, entered = parts.value if isinstance(parts, Guess) else parts
    assert isinstance(ends["where"], Guess) and ends["where"].why.startswith("are transferência interna moves")
    assert plain(ends["where"]) == [{"column": "Destino", "is_in": ["alta", "transferência externa", "óbito"]}]
    assert {event["event"] for event in ends["events"]} == {"discharge_alive", "death", "transfer_out"}
    assert isinstance(entered, Guess) and plain(entered)["where"] == [{"column": "Setor", "is_in": ["UTI"]}]


@pytest.mark.parametrize(
    ("heading", "cells", "into"),
    [
        ("PA (mmHg)", ["120/70", "98/51"], ["PA systolic (mmHg)", "PA diastolic (mmHg)"]),
        ("PA (mmHg)", ["25/10", "31/12"], []),  # of the pulmonary artery
        ("SBP/DBP", ["120/70", "98/51"], ["SBP", "DBP"]),
        ("Sys / Dia (mmHg)", ["120/70", "98/51"], ["Sys", "Dia"]),
        ("Bed", ["120/70", "98/51"], []),
    ],
)
def test_pairs_of_numbers_by_their_heading(heading: str, cells: list[str], into: list[str]) -> None:
    sheet = split_pairs(Sheet(Path("f.csv"), {}, {"id": ["1", "2"], heading: cells}))
    assert [name for name in sheet.columns if name not in ("id", heading)] == into


def test_where_months_come_first() -> None:
    assert has_month_first([["05/04/2020", "06/05/2020"], ["05/23/2020"]])
    assert not has_month_first([["05/04/2020", "06/05/2020"]])
    assert not has_month_first([["05/23/2020"], ["23/05/2020"]])


def test_a_unit_behind_some_numbers_is_no_word_for_missing() -> None:
    numbers = [f"{36 + n / 10:.1f}" for n in range(12)]
    assert words_of_missing([*numbers, *["n.r."] * 3]) == ["n.r."]
    assert words_of_missing([*numbers, *["36,8 ax"] * 3]) == []


# Headings and words of an ICU in Leuven or Utrecht, in Uppsala, in Aarhus, and in a UK trust.
ICUS: dict[str, dict[str, str]] = {
    "nl": {
        "people": "Patiëntnr|Naam|BSN|Geslacht|Geboortedatum|Gewicht (kg)|Opnamedatum|IC-opname",
        "ends": "Ontslagdatum|Ontslagbestemming|overleden|ontslagen naar huis|overplaatsing ander ziekenhuis",
        "lab": "Pat.nr.|Afnamedatum|Afnametijd|Trombocyten|Kreatinine|Opmerking|stolsel|gebeld",
        "drugs": "Patiëntnr|Geneesmiddel|Dosering|Eenheid|Start|Stop|Noradrenaline|Hydrocortison",
        "began": "Start hemoadsorptie",
    },
    "sv": {
        "people": "Patientnr|Namn|Personnummer|Kön|Födelsedatum|Vikt (kg)|Inskrivningsdatum|IVA-inläggning",
        "ends": "Utskrivningsdatum|Utskriven till|avliden|utskriven till hemmet|överflyttad till annat sjukhus",
        "lab": "Patientnr|Provtagningsdatum|Provtagningstid|Trombocyter|Kreatinin|Kommentar|koagel|ringt",
        "drugs": "Patientnr|Läkemedel|Dos|Enhet|Insatt|Utsatt|Noradrenalin|Hydrokortison",
        "began": "Start hemoadsorption",
    },
    "da": {
        "people": "Patientnr.|Navn|CPR-nummer|Køn|Fødselsdato|Vægt (kg)|Indlæggelsesdato|Indlagt ITA",
        "ends": "Udskrivelsesdato|Udskrevet til|død|udskrevet til hjemmet|overflyttet til andet sygehus",
        "lab": "Patientnr.|Prøvetagningsdato|Prøvetagningstid|Trombocytter|Kreatinin|Bemærkning|koagel|ringet",
        "drugs": "Patientnr.|Lægemiddel|Dosis|Enhed|Start|Slut|Noradrenalin|Hydrokortison",
        "began": "Start hæmoadsorption",
    },
    "uk": {
        "people": "Hospital No|Surname|NHS Number|Sex|DOB|Weight (kg)|Hospital admission|ICU admission",
        "ends": "Hospital discharge|Discharge destination|RIP|Home|Other acute hospital",
        "lab": "MRN|Collected Date|Collected Time|Platelets|Creatinine|Comment|Clotted sample|Phoned",
        "drugs": "Hospital No|Drug|Dose|Units|Started|Stopped|Noradrenaline|Hydrocortisone",
        "began": "Haemoadsorption started",
    },
}


def icu(folder: Path, words: dict[str, list[str]]) -> dict[str, Any]:
    """The draft of seven controls and three treated patients: days are numbers of a sheet, and nobody treated moved."""
    people, ends, lab, drugs = (words[name] for name in ("people", "ends", "lab", "drugs"))
    for arm, n, kinds in (("historical", 7, ends[2:]), ("treated", 3, ends[2:4])):
        book = Workbook()
        began = words["began"] if arm == "treated" else []
        book.active.append([*people, *began, *ends[:2]])
        rows = [",".join(lab[:6]), ",,,10^9/L,umol/L,"]
        courses = [",".join(drugs[:6])]
        for k in range(n):
            first = 44_000.25 + 30 * k
            of_tx = [first + 0.5] if began else []
            told = [4711 + k, f"N{k}", 211_030_000 + 7 * k, ("M", "F")[k % 2], 18_000 + 400 * k, 60 + 3 * k]
            book.active.append([*told, first, first + 0.1, *of_tx, first + 9, kinds[k % len(kinds)]])
            for hour in range(3):
                note = ("", lab[6], lab[7])[hour]
                rows.append(f"{4711 + k},{10 + k}.06.2020,{6 + hour}:30,{150 + k + hour},{90 + 7 * k + hour},{note}")
            courses += [f"{4711 + k},{name},4,mg,{10 + k}.06.2020 06:00,{12 + k}.06.2020 06:00" for name in drugs[6:]]
        place = folder / "data/raw" / arm
        place.mkdir(parents=True)
        book.save(place / "people.xlsx")
        # A euro sign is a byte of Windows that latin-1 does not have.
        (place / "lab.csv").write_bytes("\n".join([rows[0] + ",€", *(f"{row}," for row in rows[1:])]).encode("cp1252"))
        (place / "drugs.csv").write_text("\n".join(courses) + "\n")
    return draft_study(folder)


@pytest.mark.parametrize("language", ICUS)
def test_dutch_nordic_and_british_icus(language: str, tmp_path: Path) -> None:
    words = {name: texts.split("|") for name, texts in ICUS[language].items()}
    people, ends, lab = words["people"], words["ends"], words["lab"]
    config = icu(tmp_path, words)
    for arm in ("historical", "treated"):
        files = plain(config["sources"])[arm]["files"]
        # Names and numbers of registers are dropped, whatever they are called.
        assert files["people"]["private_columns"] == people[1:3]
        (part,) = files["people"]["parts"]
        named = {own["characteristic"]: name for name, own in part["columns"].items()}
        assert named == {"SEX": people[3], "WEIGHT": people[5], "AGE": people[4]}
        dated = {event["event"]: event["time"]["columns"] for event in part["events"]}
        expected = {"admission": [people[6]], "icu_admission": [people[7]]}
        expected |= {end: [ends[0]] for end in ("death", "discharge_alive", "transfer_out")}
        assert dated == expected | ({"infusion": words["began"]} if arm == "treated" else {})
        # Nobody treated was transferred, and one who is later would not be missed.
        told = {event["event"]: event["only_if"]["is_in"] for event in part["events"] if "only_if" in event}
        assert told == {"death": [ends[2]], "discharge_alive": [ends[3]], "transfer_out": [ends[4]]}
        assert files["lab"]["encoding"] == "cp1252"
        (values,) = files["lab"]["parts"]
        assert [own["outcome"] for own in values["columns"].values()] == ["PLT", "CREAT"]
        assert (values["time"]["columns"], values["comment"]) == (lab[1:3], lab[5])
        assert values["comments"] == {lab[7]: "fine"}
        (courses,) = files["drugs"]["parts"]
        assert courses["values"] == dict(zip(words["drugs"][6:], ["norepinephrine", "hydrocortisone"], strict=True))
        assert courses["stop"]["columns"] == [words["drugs"][5]]
    assert plain(config["cohort"])["time_zero"]["treated"] == "infusion"


def test_days_of_a_sheet_are_told_by_the_columns_beside_them() -> None:
    """Polish 'wszczepienie' names no event that is known: its numbers are days among the days of the admissions."""
    days = {"data przyjęcia": ["44000.5", "44031", "44090.2"], "wszczepienie": ["44002", "44033.25", "44091"]}
    sheet = Sheet(Path("x"), {}, {"id": ["1", "2", "3"], **days, "ferrytyna": ["44000", "1200", "310"]})
    draft = Draft(sheet, load_dictionary(PROGRAM_DICTIONARY))
    assert draft.dates("wszczepienie") is not None
    assert draft.dates("ferrytyna") is None


@pytest.mark.parametrize(
    ("status", "given", "withdrawn"),
    [("Status", ["gestopt", "lopend"], "geannuleerd"), ("Estado", ["completada", ""], "Cancelada")],
)
def test_courses_that_were_withdrawn_are_left_out_of_the_draft(
    status: str, given: list[str], withdrawn: str, tmp_path: Path
) -> None:
    """A cancelled order of a drug counted as given."""
    raw = tmp_path / "data/raw"
    raw.mkdir(parents=True)
    states = [*given, withdrawn]
    rows = [f"{n},Dexamethasone,2020-05-{4 + n:02d},6,{states[n % 3]}" for n in range(12)]
    (raw / "drugs.csv").write_text("\n".join([f"Patient ID,Drug,Start,Dose,{status}", *rows]) + "\n", encoding="utf-8")
    (file,) = next(iter(draft_study(tmp_path)["sources"].values()))["files"].values()
    (condition,) = file["parts"][0]["where"]
    assert condition["column"] == status
    assert condition["is_in"] == Guess(given, f"were courses of {withdrawn} not given?")
