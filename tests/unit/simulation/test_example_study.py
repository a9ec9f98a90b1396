"""The committed example study: made again byte for byte, and cleaned to its stated truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.config.study import Study as StudySection
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.intake.reading import read_file
from historical_controls.simulation.study import Study, make_study, simulate
from historical_controls.simulation.truth import load_truth
from historical_controls.simulation.truth_tables import Arm

ROOT = Path(__file__).parents[3]
KEY = ["source", "file", "line", "item"]


def cleaned(folder: Path, dictionary: Dictionary) -> dict[str, CleanSource]:
    """Both sources of a study folder, through intake and cleaning."""
    raw = read_config(folder / "config.yaml")
    study = StudySection.model_validate(raw["study"])
    sources = {name: Source.model_validate(source) for name, source in raw["sources"].items()}
    parts = {
        name: [
            clean_file(read_file(folder / file.path, file), FileInputs(name, key, source, study, dictionary))
            for key, file in source.files.items()
        ]
        for name, source in sources.items()
    }
    people = link_people({name: pd.concat([p.ledger for p in own]) for name, own in parts.items()}, sources)
    return {
        name: assemble_source(parts[name], people, SourceInputs(name, source, dictionary))
        for name, source in sources.items()
    }


@pytest.fixture(scope="module")
def study() -> Study:
    return simulate(load_truth(ROOT / "data/raw/truth.yaml"))


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@pytest.fixture(scope="module")
def sources(dictionary: Dictionary) -> dict[str, CleanSource]:
    return cleaned(ROOT, dictionary)


@pytest.fixture(scope="module")
def ledger(study: Study, sources: dict[str, CleanSource]) -> pd.DataFrame:
    """Every measured record with what was expected (plain names) and what the ledger says ('_found')."""
    found = pd.concat([source.ledger for source in sources.values()])
    return study.expectations().merge(found, on=KEY, how="left", suffixes=("", "_found"))


def test_the_committed_files_come_from_the_truth_file(study: Study) -> None:
    differing = [path for path, content in study.files().items() if (ROOT / path).read_bytes() != content]
    assert not differing, f"run `python -m historical_controls.simulation .`: {differing}"


def test_every_committed_export_is_made_by_the_simulation(study: Study) -> None:
    there = {p.relative_to(ROOT).as_posix() for p in (ROOT / "data/raw").rglob("*") if p.is_file()}
    made = set(study.files()) | {"data/raw/truth.yaml"}
    assert {path for path in there if not path.endswith("README.md")} == made


def test_every_folder_says_that_it_is_simulated() -> None:
    for folder in ("data/raw", "data/raw/treated", "data/raw/historical"):
        assert "SIMULATED" in (ROOT / folder / "README.md").read_text(encoding="utf-8")


def test_every_record_ends_as_planted(ledger: pd.DataFrame) -> None:
    wrong = ledger[ledger["fate"] != ledger["fate_found"]]
    assert wrong.empty, wrong[[*KEY, "dirt", "fate", "fate_found", "reason_found"]].to_string()


def test_every_held_record_has_the_reason_planted(ledger: pd.DataFrame) -> None:
    dirty = ledger[ledger["dirt"] != ""]
    wrong = dirty[dirty["reason"] != dirty["reason_found"]]
    assert wrong.empty, wrong[[*KEY, "dirt", "reason", "reason_found"]].to_string()
    assert len(set(dirty["reason"])) > 12, "the example should show most of what cleaning can meet"


def test_the_ledger_holds_no_measured_record_beyond_those_written(
    ledger: pd.DataFrame, sources: dict[str, CleanSource]
) -> None:
    found = pd.concat([source.ledger for source in sources.values()])
    measured = found[(found["table"] == "measurements") | (found["reason"] == "FILE_LAYOUT")]
    assert len(measured) == len(ledger)


def test_clean_values_equal_the_truth(study: Study, sources: dict[str, CleanSource]) -> None:
    expected = study.expectations()
    expected = expected[expected["fate"] == "clean"]
    found = pd.concat([source.measurements for source in sources.values()])
    both = expected.merge(found, on=KEY, suffixes=("", "_found"), validate="1:1")
    assert len(both) == len(expected) == len(found)
    for name in ("value", "lower", "upper"):
        np.testing.assert_allclose(both[f"{name}_found"].to_numpy(float), both[name].to_numpy(float), rtol=1e-9)
    assert (both["outcome"] == both["outcome_found"]).all()
    assert (both["result"].fillna("") == both["result_found"].fillna("")).all()
    assert (pd.to_datetime(both["time"], utc=True) == both["time_found"]).all()


@pytest.mark.parametrize("source", ["treated", "historical"])
def test_clean_patients_equal_the_truth(study: Study, sources: dict[str, CleanSource], source: str) -> None:
    found = sources[source].patients.set_index("patient_id")
    truth = {f"{source}/{patient.subject}": patient for patient in getattr(study, source).patients}
    assert set(found.index) == set(truth)
    for person, patient in truth.items():
        row = found.loc[person]
        assert (row["SEX"], row["AGE"]) == (patient.sex, patient.age)
        assert (row["WEIGHT"], row["HEIGHT"]) == (patient.weight, patient.height)
        assert row["ICU_BED"] == (patient.icu_hour is not None)
        assert row["OBESITY"] == patient.obesity


@pytest.mark.parametrize("source", ["treated", "historical"])
def test_clean_events_and_treatments_equal_the_truth(
    study: Study, sources: dict[str, CleanSource], source: str
) -> None:
    arm: Arm = getattr(study, source)
    events = sources[source].events
    events = events[~events["event"].isin(["symptom_onset", "adverse_event", "infection"])]
    assert timed(events, "event", "time") == timed(arm.events.assign(patient_id=arm.events["subject"]), "event", "time")
    courses = arm.treatments.assign(patient_id=arm.treatments["subject"])
    for moment in ("start", "stop"):
        assert timed(sources[source].treatments, "treatment", moment) == timed(courses, "treatment", moment)


def timed(frame: pd.DataFrame, name: str, moment: str) -> set[tuple[str, str, pd.Timestamp]]:
    people = frame["patient_id"].str.split("/").str[-1]
    times = pd.to_datetime(frame[moment], utc=True).dt.tz_localize(None).astype("datetime64[us]")
    return set(zip(people, frame[name], times, strict=True))


@pytest.mark.parametrize("table", ["patients", "measurements", "events", "treatments", "ledger"])
def test_no_private_cell_survives_cleaning(sources: dict[str, CleanSource], table: str) -> None:
    frame = getattr(sources["historical"], table)
    if table == "ledger":
        # A line that cannot be split into columns is kept whole, for whoever has to mend it.
        frame = frame[frame["reason"] != "FILE_LAYOUT"]
    assert not [name for name in frame if frame[name].astype(str).str.contains("SIMULADO").any()]


def test_a_small_study_is_cleaned_to_its_truth_as_well(tmp_path: Path, dictionary: Dictionary) -> None:
    small = make_study(tmp_path, ROOT, treated=2, historical=12, seed=5)
    found = pd.concat([source.ledger for source in cleaned(tmp_path, dictionary).values()])
    both = small.expectations().merge(found, on=KEY, how="left", suffixes=("", "_found"))
    wrong = both[both["fate"] != both["fate_found"]]
    assert wrong.empty, wrong[[*KEY, "dirt", "fate", "fate_found", "reason_found"]].to_string()
