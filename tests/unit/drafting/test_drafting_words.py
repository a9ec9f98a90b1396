"""Drafts of exports in other languages, and of what a study must still say: arms, days, derived outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from historical_controls.checking.printing import as_text
from historical_controls.checking.study import check_study
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.drafting.cells.naming import outcome_named
from historical_controls.drafting.contents.follow_up import days_followed
from historical_controls.drafting.draft import Draft
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.headings import event_of, is_birth
from historical_controls.drafting.marks import Guess, config_text, plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.drafting.values import clock, dates, days_of
from historical_controls.intake.private import identifies


def put(folder: Path, name: str, lines: list[str], encoding: str = "utf-8") -> Path:
    path = folder / "data/raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return folder


def portuguese(folder: Path) -> Path:
    """Visits as columns in latin-1 with decimal commas: names, dates of birth, and how each stay ended."""
    rows = ["prontuário;nome_completo;grupo;data_nasc;sexo;data_internação;pf_d0;pf_d7;data_saída;desfecho"]
    for n in range(12):
        arm, sex, end = ("células" if n < 4 else "controle"), ("masc", "fem")[n % 2], ("alta", "óbito")[n % 3 == 0]
        rows.append(
            f"P{n:02};Fulano {n};{arm};{13 + n}/04/19{50 + n};{sex};{14 + n}/03/2021;{110 + n},5;{150 + n},0;"
            f"{1 + n}/04/2021;{end if n != 7 else 'transferido'}"
        )
    return put(folder, "acompanhamento.csv", rows, "latin-1")


def hours_since_admission(folder: Path) -> Path:
    """Two days of gases of historical patients alone, by hours and minutes."""
    rows = ["patient_id,time_since_icu_admission,analyte,value,unit"]
    for n in range(8):
        for hour in (2, 20, 46):
            rows += [f"{n},{hour:02}:15,PaO2,{80 + n + hour},mmHg", f"{n},{hour:02}:30,FiO2,0.{5 + n % 3},fraction"]
    return put(folder, "historical/gases.csv", rows)


def polish(folder: Path) -> Path:
    """Visits as columns, letters with strokes among them."""
    rows = ["nr pacjenta;grupa;płeć;wiek;data przyjęcia;pf_d0;pf_d7;data wypisu;tryb wypisu"]
    for n in range(12):
        arm, end = ("badana" if n < 4 else "kontrolna"), ("wypis", "zgon")[n % 3 == 0]
        rows.append(
            f"P{n:02};{arm};{'KM'[n % 2]};{50 + n};{14 + n}.03.2021;{110 + n},5;{150 + n},0;{1 + n:02}.04.2021;"
            f"{end if n != 7 else 'przeniesienie'}"
        )
    return put(folder, "pacjenci.csv", rows)


def test_a_polish_export_is_understood(tmp_path: Path) -> None:
    source = draft_study(polish(tmp_path))["sources"]["export"]
    people = plain(source["files"]["pacjenci"]["parts"])[0]
    assert source["arm"] == {"column": "grupa", "treated": ["badana"], "historical": ["kontrolna"]}
    assert people["subject"] == "nr pacjenta"
    assert people["columns"]["płeć"] == {"characteristic": "SEX", "values": {"K": "female", "M": "male"}}
    assert people["columns"]["wiek"]["characteristic"] == "AGE"
    ends = {event["event"]: event.get("only_if", {}).get("is_in") for event in people["events"]}
    assert ends == {
        "admission": None,
        "death": ["zgon"],
        "discharge_alive": ["wypis"],
        "transfer_out": ["przeniesienie"],
    }


def test_a_portuguese_export_is_understood(tmp_path: Path) -> None:
    source = draft_study(portuguese(tmp_path))["sources"]["export"]
    file = source["files"]["acompanhamento"]
    people, visits = plain(file["parts"])
    day = {"formats": ["%d/%m/%Y"]}
    assert source["arm"] == {"column": "grupo", "treated": ["células"], "historical": ["controle"]}
    assert file["private_columns"] == ["nome_completo"], "names of patients are never read"
    assert people["subject"] == visits["subject"] == "prontuário"
    assert people["columns"]["sexo"]["values"] == {"fem": "female", "masc": "male"}
    assert people["columns"]["data_nasc"] == {
        "characteristic": "AGE",
        "unit": "years",
        "born": {"columns": ["data_nasc"], **day},
        "as_of": {"columns": ["data_internação"], **day},
    }
    ends = {event["event"]: event.get("only_if", {}).get("is_in") for event in people["events"]}
    assert ends == {
        "admission": None,
        "death": ["óbito"],
        "discharge_alive": ["alta"],
        "transfer_out": ["transferido"],
    }


def test_nothing_is_before_the_patients_were_treated(tmp_path: Path) -> None:
    study = plain(draft_study(portuguese(tmp_path))["study"])
    assert [str(study[key]) for key in ("first_date", "data_lock")] == ["2021-01-01", "2021-12-31"]


@pytest.mark.parametrize(
    ("heading", "event"),
    [
        ("Data de internação", "admission"),
        ("date d'entrée", "admission"),
        ("Aufnahmedatum", "admission"),
        ("date of admission", "admission"),
        ("fecha_egreso", "discharge_alive"),
        ("date de sortie", "discharge_alive"),
        ("data do óbito", "death"),
        ("date de décès", "death"),
        ("Todesdatum", "death"),
        ("date", None),
        ("end", None),
    ],
)
def test_dates_of_events_in_several_languages(heading: str, event: str | None) -> None:
    assert event_of(heading) == event


@pytest.mark.parametrize(
    "heading", ["data_nasc", "Date de naissance", "Geb.-Datum", "DOB", "fecha nac", "dt_nascimento"]
)
def test_dates_of_birth_in_several_languages(heading: str) -> None:
    assert is_birth(heading)
    assert not is_birth("data_internação")


@pytest.mark.parametrize(
    ("heading", "private"),
    [
        ("nome", True),
        ("Nom", True),
        ("prénom", True),
        ("Nachname", True),
        ("CPF", True),
        ("telefone", True),
        ("nome do exame", False),
        ("nom de l'analyse", False),
        ("economia", False),
        ("Iniciais", True),
        ("Initials", True),
        ("COMPONENT_NAME", False),
        ("Dept Name", False),
        # The name of a person who ordered, not of what was ordered.
        ("ORDER_PROV_NAME", True),
        ("Lab contact name", True),
    ],
)
def test_names_of_people_in_several_languages(heading: str, private: bool) -> None:
    assert identifies(heading) is private


def test_the_unit_in_brackets_tells_two_outcomes_of_one_name_apart() -> None:
    dictionary = load_dictionary(PROGRAM_DICTIONARY)
    found = outcome_named("(%)lymphocyte", True, dictionary)
    assert found is not None and (found.code, found.unit) == ("LYMPH_PCT", "%")


@pytest.mark.parametrize(
    ("heading", "label", "unit"),
    [
        ("precursor(NT-proBNP)", "Precursor", ""),
        ("basophil count(#)", "Basophil count", ""),
        ("large cell ratio", "Large cell ratio", ""),
        ("plumbemia (µg/L)", "Plumbemia", "µg/L"),
    ],
)
def test_what_stands_in_brackets_is_not_always_a_unit(heading: str, label: str, unit: str, tmp_path: Path) -> None:
    rows = [f"id;date;{heading}", *(f"P{n % 5};2020-05-{n + 1:02};{n}.5" for n in range(20))]
    write_draft(put(tmp_path, "treated/visits.csv", [row.replace(",", ".") for row in rows]))
    own = (tmp_path / "dictionary/outcomes.csv").read_text(encoding="utf-8").splitlines()
    columns = dict(zip(own[0].split(","), own[1].split(","), strict=True))
    assert (columns["label_en"], columns["unit"]) == (label, unit)


def test_the_ratio_of_two_pressures_is_proposed_and_comes_first(tmp_path: Path) -> None:
    config = draft_study(hours_since_admission(tmp_path))
    ratio = config["cohort"]["derivations"]["PF"]
    assert isinstance(ratio, Guess)
    assert (ratio.value["numerator"], ratio.value["denominator"]) == ("PAO2", "FIO2")
    assert plain(config["outcomes"])[0] == "PF" and plain(config["primary"])["outcome"] == "PF"


def test_the_day_of_the_question_lies_within_the_records(tmp_path: Path) -> None:
    config = draft_study(hours_since_admission(tmp_path))
    assert plain(config["primary"])["day"] == 1
    assert plain(config["cohort"])["horizon_days"] == 1


@pytest.mark.parametrize(
    ("unit", "texts", "days"),
    [
        ("days", ["0", "1,5", "3,9"], 3),
        ("months", ["0", "3", "6"], 183),
        ("weeks", ["0", "12"], 84),
        ("study_day", ["1", "5"], 4),
        ("HH:MM", ["-0:30", "26:15:30"], 1),
        ("hours", ["-12", "n/a", "49"], 2),
    ],
)
def test_days_of_counted_times_are_those_that_cleaning_reads(unit: str, texts: list[str], days: int) -> None:
    sheet = Sheet(Path("a.csv"), {"decimal": ","}, {"id": ["P1"] * len(texts), "at": texts})
    draft = Draft(sheet, load_dictionary(PROGRAM_DICTIONARY), subject="id")
    draft.parts = [{"subject": "id", "time": {"columns": ["at"], "relative_unit": unit, "relative_to": "admission"}}]
    assert days_followed([draft]) == [days]


def test_ids_on_first_rows_only_count_for_the_rows_below(tmp_path: Path) -> None:
    """The last row of the file is a month after the first, no patient longer than 8 days."""
    rows = ["PATIENT_ID,RE_DATE,Admission time,hemoglobin"]
    for n in range(6):
        for visit in range(9):
            start = 1 + 4 * n
            who, admitted = (str(n), f"2020-01-{start:02}") if visit == 0 else ("", "")
            rows.append(f"{who},2020-01-{start + visit:02},{admitted},{120 + visit}")
    config = draft_study(put(tmp_path, "historical/series.csv", rows))
    assert plain(config["primary"])["day"] == 7
    assert "horizon_days" not in config["cohort"]


def test_a_draft_without_treated_patients_asks_for_them(tmp_path: Path) -> None:
    arm = draft_study(hours_since_admission(tmp_path))["sources"]["historical"]["arm"]
    assert isinstance(arm, Guess) and "treated_subjects" in arm.why and arm.value == "historical"


def test_a_long_list_is_broken_into_few_lines() -> None:
    codes = [f"OUTCOME_{n:02}" for n in range(30)]
    text = config_text({"outcomes": Guess(codes, "which?")})
    first, *rest = text.splitlines()
    assert first == "outcomes:   # CONFIRM: which?" and len(rest) < 6
    assert yaml.safe_load(text) == {"outcomes": codes}


def test_a_check_shows_what_a_draft_makes_of_the_files(tmp_path: Path) -> None:
    write_draft(portuguese(tmp_path))
    checked = check_study(tmp_path)
    titles = {one.title: one for one in checked.listings}
    assert "First values as understood" in titles and "Patients by arm and step" in titles
    assert not checked.would_run and not checked.faults
    said = as_text(checked)
    assert "to confirm before a run" in said
    assert said.count("delete its mark") == 1, "what to do is said once, not once a line"
    assert "config.yaml, line 6: the registry's number" in said


def test_gates_of_many_patients_are_one_row(tmp_path: Path) -> None:
    """Every treated patient outside of the calendar of the others is one fact, and not as many lines."""
    target = write_draft(portuguese(tmp_path))
    config: dict[str, Any] = yaml.safe_load(target.read_text(encoding="utf-8"))
    config["sources"]["export"]["arm"]["historical"], config["sources"]["export"]["arm"]["treated"] = (
        ["células"],
        ["controle"],
    )
    target.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    gates = next(one for one in check_study(tmp_path).listings if one.title == "Gates of the comparison")
    rows = [row for row in gates.rows if row[1] == "outside_calendar"]
    assert len(rows) == 1 and "patients, " in rows[0][4]
    assert all(len(cell) < 30 for row in gates.rows for cell in row), "numbers of few digits"


def laboratory(folder: Path) -> Path:
    """Results with their units, dates with Spanish months, the header once more, and a file of no known kind."""
    rows = ["expediente|fecha|hora|analito|resultado"]
    for n in range(6):
        for day in (4, 5, 16):
            when = f"{day}/abr/2020|{(n + 6) % 12 + 1}:15 {'a.m.' if n % 2 else 'p. m.'}"
            rows += [
                f"010{n}|{when}|Ferritina|1.{300 + 7 * n + day},5 ng/mL",
                f"010{n}|{when}|PCR|{40 + n + day},2 mg/L",
            ]
        rows += [rows[0]] if n == 3 else []
    put(folder, "historical/notes.pdf", ["no table"])
    return put(folder, "historical/lab.txt", rows, "cp1252")


def test_dates_hours_and_marks_are_read_as_cleaning_reads_them(tmp_path: Path) -> None:
    draft = draft_study(laboratory(tmp_path))
    assert isinstance(draft["sources"], Guess) and "not read, in no known format: data/raw/historical/notes.pdf" in (
        draft["sources"].why
    )
    file = plain(draft)["sources"]["historical"]["files"]["lab"]
    assert file["parts"][-1]["time"] == {"columns": ["fecha", "hora"], "formats": ["%d/%b/%Y %I:%M %p"]}
    assert str(plain(draft)["study"]["first_date"]) == "2020-01-01"
    assert (file["decimal"], file["thousands"]) == (",", ".")
    # The cells state their units.
    assert "default_units" not in file
    checked = check_study(write_draft(tmp_path).parent)
    fates = next(one for one in checked.listings if one.title == "Records by fate")
    # The first visit is said in every row.
    assert {row[3] for row in fates.rows} == {"", "DUP_IDENTICAL", "HEADER_AGAIN"}


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["2020-04-05T01:59:00-06:00", "2020-04-06T08:00:00Z"], ["%Y-%m-%dT%H:%M:%S%z"]),
        (["Apr 5, 2020 8:05 AM", "April 16, 2020 12:05 PM"], ["%b %d, %Y %I:%M %p"]),
        (["5 de abril de 2020", "16 de Setiembre de 2020"], ["%d de %b de %Y"]),
        (["05-ago-20 24:00", "16-AGO-20 08:05"], ["%d-%b-%y %H:%M"]),
        (["16.04.20", "17.04.20"], ["%d.%m.%y"]),
    ],
)
def test_dates_of_many_hands_have_a_format(texts: list[str], formats: list[str]) -> None:
    assert plain(dates(texts)) == formats
    assert len(days_of(texts, formats)) == len(texts)


@pytest.mark.parametrize(
    ("texts", "forms"),
    [
        (["8:05", "14:30"], ["%H:%M"]),
        (["8:05 a.m."], ["%I:%M %p"]),
        (["16h45", "8h05"], ["%H:%M"]),
        (["16h45", "8h05", "6h", "7:30:00"], ["%H:%M", "%H:%M:%S", "%H"]),
        (["8"], []),
        (["16h45", "bed 3"], []),
    ],
)
def test_a_column_of_hours_is_told(texts: list[str], forms: list[str]) -> None:
    """One column may have several forms; each is declared, the commonest first."""
    assert clock(texts) == forms


def test_a_table_of_parquet_is_drafted(tmp_path: Path) -> None:
    place = tmp_path / "data/raw/historical"
    place.mkdir(parents=True)
    rows = [{"id": float(n), "date": f"2020-04-{day:02}", "crp": 5.0 * n + day} for n in range(4) for day in (3, 9, 17)]
    pd.DataFrame(rows).to_parquet(place / "visits.parquet")
    file = plain(draft_study(tmp_path))["sources"]["historical"]["files"]["visits"]
    assert (file["format"], file["parts"][-1]["subject"]) == ("parquet", "id")
    assert file["parts"][-1]["time"] == {"columns": ["date"], "formats": ["%Y-%m-%d"]}
