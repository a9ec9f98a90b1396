"""Tables of the OMOP model among the exports are one source, and no sheets."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

from historical_controls.checking.study import check_study
from historical_controls.config.reading.omop_files import with_omop
from historical_controls.drafting.marks import plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.simulation.exports.omop import write_tables
from unit.intake.omop_study import OMOP
from unit.intake.omop_study import tables as simulated_tables

VISITS = """id,sex,age,admitted,pf_d0,pf_d7
T1,M,50,2020-05-01,110,180
T2,F,61,2020-05-09,98,150
"""


def tables(folder: Path, place: str = "data/raw/cdm") -> Path:
    (folder / place).mkdir(parents=True)
    for name in ("PERSON", "measurement", "CONCEPT"):
        (folder / place / f"{name}.csv").write_text("person_id,x\n1,2\n", encoding="utf-8")
    return folder


def test_a_folder_of_tables_is_a_source_of_its_own(tmp_path: Path) -> None:
    tables(tmp_path)
    (tmp_path / "data/raw/visits.csv").write_text(VISITS, encoding="utf-8")
    drafted = plain(draft_study(tmp_path))
    assert list(drafted["sources"]) == ["export", "cdm"]
    source = drafted["sources"]["cdm"]
    assert (source["arm"], source["omop"]) == ("historical", {"folder": "data/raw/cdm"})
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "no concept of a result is known" in text.partition("CONFIRM: treated, historical")[2]
    # What it declares is taken as it is.
    made = with_omop(yaml.safe_load(text), tmp_path)["sources"]["cdm"]["files"]
    assert list(made) == ["person", "measurement"]


def test_a_database_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/visits.csv").write_text(VISITS, encoding="utf-8")
    (tmp_path / "data/raw/historical.duckdb").write_bytes(b"")
    source = plain(draft_study(tmp_path))["sources"]["historical"]
    assert source["omop"] == {"database": "data/raw/historical.duckdb"}


def test_tables_alone_draft_a_study(tmp_path: Path) -> None:
    """Both arms of the simulated example as tables: cohorts 1 (treated) and 2, results by LOINC or source value."""
    write_tables(simulated_tables(), tmp_path / "data/raw/cdm")
    drafted = draft_study(tmp_path)
    source = plain(drafted["sources"]["cdm"])
    arm = drafted["sources"]["cdm"]["arm"]
    assert plain(arm) == {"column": "cohort", "treated": ["1"], "historical": ["2"], "neither": [""]}
    assert arm.why == "cohort 1 has 3, cohort 2 has 6 persons: which are treated?"
    assert source["omop"]["characteristics"] == OMOP["characteristics"]
    assert source["omop"]["events"] == OMOP["events"]
    assert source["files"] == {"measurement": {"default_specimens": {"PAO2": "arterial"}}}
    assert {"PF", "CRP", "PAO2", "CTSS", "IL6"} <= set(plain(drafted["outcomes"]))
    assert drafted["cohort"]["time_zero"] == {"treated": "infusion"}
    assert plain(drafted["study"])["first_date"] == date(2020, 1, 1)
    # Without its marks it is a study that would run.
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    confirmed = "".join(line.split("   # CONFIRM:")[0].rstrip() + "\n" for line in text.splitlines())
    (tmp_path / "config.yaml").write_text(confirmed, encoding="utf-8")
    checked = check_study(tmp_path)
    assert checked.faults == ()
    (steps,) = [one for one in checked.listings if one.title == "Patients by arm and step"]
    assert {(row[1], row[2], row[-1]) for row in steps.rows} >= {("treated", "all", "3"), ("historical", "all", "6")}


def test_cohorts_start_follow_up_where_nothing_else_is_dated(tmp_path: Path) -> None:
    kept = {name: rows for name, rows in simulated_tables().items() if name in ("person", "measurement", "cohort")}
    write_tables(kept, tmp_path / "data/raw/cdm")
    drafted = plain(draft_study(tmp_path))
    assert drafted["sources"]["cdm"]["omop"]["events"] == {"cohort:1": "enrolment", "cohort:2": "enrolment"}
    assert drafted["cohort"]["time_zero"] == {"treated": "enrolment"}


def test_results_that_nothing_names_are_listed_with_what_to_type(tmp_path: Path) -> None:
    tables(tmp_path)
    rows = "person_id,measurement_concept_id,measurement_date,value_as_number\n" + "1,2000000999,2020-05-01,5\n" * 3
    (tmp_path / "data/raw/cdm/measurement.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "data/raw/cdm/CONCEPT.csv").unlink()
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "no concept of a result is known: name them as {folder: ..., outcomes: {3020460: CRP}}" in text
    assert "nothing names 'concept 2000000999' (3 rows)" in text


def test_tables_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/historical.duckdb").write_bytes(b"no database")
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "CONFIRM: the tables could not be read: " in text


def test_a_file_called_person_alone_is_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/person.csv").write_text(VISITS, encoding="utf-8")
    drafted = plain(draft_study(tmp_path))
    assert not any("omop" in source for source in drafted["sources"].values())
