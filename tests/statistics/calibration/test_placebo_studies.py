"""Placebo studies: answers are those of the analysis, a stopped run goes on, uniform p-values pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def placebos(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("benchmarks/inference/placebo_studies.py")


def inputs() -> AnalysisInputs:
    """3 treated and 12 historical patients with one value each on day 7: analysis of covariance without covariates."""
    n = 15
    ids, arms = [f"p{i:02d}" for i in range(n)], ["treated"] * 3 + ["historical"] * (n - 3)
    people = pd.DataFrame({"patient_id": ids, "arm": arms}).assign(
        source="s", scenario="primary", included=True, time_zero=pd.Timestamp("2020-05-01", tz="UTC")
    )
    value = 100 + 10 * np.random.default_rng(4).standard_normal(n)
    visits = pd.DataFrame({"patient_id": ids, "arm": arms, "value": value, "lower": value, "upper": value}).assign(
        source="s", scenario="primary", outcome="PF", day=7, n=1, assay="", flags=""
    )
    settings = Analysis.model_validate({"days": [7], "mean_over": [], "adjust_for_baseline": False})
    return AnalysisInputs(
        "primary", people.reindex(columns=list(COHORT_PATIENTS.names)), visits[list(VISITS.names)], settings,
        load_dictionary(ROOT / "data/dictionary"), Primary(outcome="PF", day=7), Comparison(), 1,
    )  # fmt: skip


def test_answers_are_t_tests_among_historical_patients_and_a_stopped_run_goes_on(
    placebos: ModuleType, tmp_path: Path
) -> None:
    """With one value each the contrast is Student's: mean of the three minus mean of the other nine."""
    study, path = inputs(), tmp_path / "p.csv"
    placebos.simulate(study, 3, path, 0)
    assert len(path.read_text().splitlines()) == 1, "no time, no answer"
    placebos.simulate(study, 3, path, 1)
    rows = pd.read_csv(path)
    assert rows["kind"].value_counts().to_dict() == {"consecutive": 10, "random": 3}
    y = study.visits["value"].to_numpy()[3:]
    for number in (0, 9):
        own = rows[(rows["kind"] == "consecutive") & (rows["number"] == number)].iloc[0]
        chosen = np.arange(12) - number
        one = (chosen >= 0) & (chosen < 3)
        assert own["estimate"] == pytest.approx(y[one].mean() - y[~one].mean(), rel=1e-6)
    placebos.simulate(study, 3, path, 1)
    assert pd.read_csv(path).equals(rows), "nothing is left to do"
    # Treated patients take no part in it.
    moved = study.visits.assign(value=study.visits["value"].where(study.visits["arm"] != "treated", 1e6))
    placebos.simulate(replace(study, visits=moved), 3, tmp_path / "other.csv", 1)
    assert pd.read_csv(tmp_path / "other.csv").equals(rows)


def test_summary_counts_coverage_and_measures_the_distance_from_uniform(placebos: ModuleType) -> None:
    p = (np.arange(100) + 0.5) / 100
    even = pd.DataFrame({"kind": "random", "p_value": p, "lower": np.where(p > 0.05, -1.0, 1.0), "upper": 2.0})
    assert placebos.summary(even) == "| random | 100/100 | 95.0% ± 2.2% | 5.0% | 50.0% | 0.005 (p = 1) |"
    assert "(p = 1)" not in placebos.summary(even.assign(p_value=p**2))
