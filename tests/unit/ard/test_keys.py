"""The keys of the results table: declared once, with words, and refused where nobody declared them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.ard.keys.analyses import AnalysisKey, output_of
from historical_controls.ard.keys.outputs import BY_FAMILY, OutputId
from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.ard.keys.undeclared import UndeclaredKeyError
from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.tables.registry import GATES
from historical_controls.text.words import load_words

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ("en", "es")


@pytest.fixture
def frame() -> pd.DataFrame:
    return ard_frame([Cell(AnalysisKey.DISPOSITION, "primary").number(Statistic.COUNT, 3)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_words_and_every_word_a_key(language: str) -> None:
    words = load_words(ROOT / "workflow" / "locales", language)
    named = {key for key in words.entries if key.partition(".")[0] in ("statistic", "analysis")}
    assert named == {key.words for key in (*Statistic, *AnalysisKey)}


def test_the_table_of_gates_lists_the_gates_of_the_results() -> None:
    (said,) = (column.description for column in GATES.columns if column.name == "gate")
    gates = [key.removeprefix("gate_") for key in AnalysisKey if key.startswith("gate_")]
    assert sorted(re.findall(r"'(\w+)'", said)) == sorted(gates)


def test_every_number_is_registered_once() -> None:
    with (ROOT / "docs" / "outputs.csv").open(encoding="utf-8") as file:
        registered = [row["output_id"] for row in csv.DictReader(file)]
    assert sorted(registered) == sorted(map(str, OutputId))


def test_the_outcomes_of_a_family_have_the_table_that_the_shell_gives_them() -> None:
    # DOMAIN, section F: 14.2.2 P/F by window; 14.2.3 HR, RR, temperature; 14.2.4 haematology and coagulation.
    tables = {family: str(output_of(AnalysisKey.MIXED_MODEL, family)) for family in BY_FAMILY}
    assert tables["respiratory"] == "14.2.2"
    assert tables["vital"] == "14.2.3"
    assert tables["haematology"] == tables["coagulation"] == "14.2.4"
    assert tables["cytokine"] == "14.2.6"
    assert output_of(AnalysisKey.BIAS_MODEL, "vital") == "14.2.16"
    assert output_of(AnalysisKey.MIXED_MODEL, "renal") == "14.2.18"


def test_an_undeclared_key_is_refused_by_writers(frame: pd.DataFrame) -> None:
    with pytest.raises(UndeclaredKeyError, match=r"analysis .deths. is not declared.*'deaths'"):
        Cell("deths", "primary")
    cell = Cell(AnalysisKey.DEATHS, "primary")
    with pytest.raises(UndeclaredKeyError, match=r"statistic .n_patient. is not declared.*'n_patients'"):
        cell.number("n_patient", 3)
    with pytest.raises(UndeclaredKeyError, match="statistic 'why'"):
        cell.text("why", "no_data")
    with pytest.raises(UndeclaredKeyError, match="statistic 'counted'"):
        ard_frame(frame.assign(statistic="counted").to_dict("records"))


def test_an_undeclared_key_is_refused_by_readers(frame: pd.DataFrame) -> None:
    results = results_of(frame)
    assert results.one(AnalysisKey.DISPOSITION, Statistic.COUNT) is not None
    with pytest.raises(UndeclaredKeyError, match="'counts'"):
        results.one(AnalysisKey.DISPOSITION, "counts")
    with pytest.raises(UndeclaredKeyError, match="'dispositions'"):
        results.all("dispositions", Statistic.COUNT)
    with pytest.raises(UndeclaredKeyError, match="'dispositions'"):
        results_of(frame.assign(analysis="dispositions"))


def test_a_row_is_what_the_kind_of_its_statistic_says() -> None:
    cell = Cell(AnalysisKey.DEATHS, "primary")
    assert cell.number(Statistic.P_VALUE, 0.04)["format"] == "p"
    assert cell.number(Statistic.SHARE, 0.2)["format"] == "percent"
    assert cell.number(Statistic.SHARE_HELD, 0.2, format="percent.00")["format"] == "percent.00"
    assert cell.number(Statistic.N_PATIENTS, 4)["format"] == "0"
    for wrong in ({"format": "0.0"}, {"unit": "mmHg"}):
        with pytest.raises(UndeclaredKeyError, match="count of patients"):
            cell.number(Statistic.N_PATIENTS, 4, **wrong)
    with pytest.raises(UndeclaredKeyError, match="p-value, not a text"):
        cell.text(Statistic.P_VALUE, "small")
    with pytest.raises(UndeclaredKeyError):
        cell.number(Statistic.NOT_ESTIMABLE, 1)


def test_rows_stand_in_an_output_that_prints_their_analysis() -> None:
    model = Cell(AnalysisKey.MIXED_MODEL, "primary", outcome="PF", output=OutputId.RESPIRATORY)
    assert model.at(analysis=AnalysisKey.PERMUTATION).output == OutputId.RESPIRATORY
    assert model.at(analysis=AnalysisKey.TRAJECTORY).output == OutputId.TRAJECTORY_FIGURE
    assert Cell(AnalysisKey.DEATHS, "primary").output == OutputId.PATIENT_LEVEL
    with pytest.raises(UndeclaredKeyError, match="family"):
        Cell(AnalysisKey.MIXED_MODEL, "primary", outcome="PF")
    with pytest.raises(UndeclaredKeyError, match="does not print"):
        Cell(AnalysisKey.DEATHS, "primary", output=OutputId.RESPIRATORY)


def test_names_of_counts_say_what_they_count() -> None:
    """A statistic named n_... is a count of some kind, or a number of the settings."""
    counts = {Kind.PATIENTS, Kind.EVENTS, Kind.RECORDS, Kind.COUNT, Kind.SETTING}
    assert [one for one in Statistic if one.startswith("n_") and one.kind not in counts] == []
