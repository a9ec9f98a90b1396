"""Weights, matched sets and gates in the analysis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.model.comparison import Comparison, build_comparison
from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import GATES, MATCHED_SETS, WEIGHTS

from .test_analysis import ROOT, SLOPE, analysis_inputs, number, patients, refusals, settings, visits

INFERENCE = {"estimate", "p_value", "lower", "upper", "win_odds", "p_floor", "standard_error", "agreement"}
CONTRAST = "treated - historical"


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return patients()


@pytest.fixture(scope="module")
def measured(people: pd.DataFrame) -> pd.DataFrame:
    return visits(people)


def run(
    people: pd.DataFrame, measured: pd.DataFrame, comparison: Comparison, dictionary: Dictionary, **changes: object
) -> pd.DataFrame:
    few = {"exact_up_to": 500, "draws": 1000, "scenario_draws": 1000}
    code = measured["outcome"].iloc[0]
    inputs = analysis_inputs(people, measured, dictionary, comparison, permutation=few, **changes)
    return analyse_outcomes([code], replace(inputs, scenario="other")).ard


def weighted(people: pd.DataFrame, weights: np.ndarray, method: str = "entropy") -> Comparison:
    return Comparison(method, weights=pd.Series(weights, index=subject_of(people)))


def answers(ard: pd.DataFrame) -> list[float]:
    here = {"analysis": "mixed_model", "day": 7, "contrast": CONTRAST}
    return [number(ard, name, **here) for name in ("estimate", "lower", "upper", "p_value", "df")]


WEIGHTED = {"weighting": "entropy", "df_method": "satterthwaite", "ladder": [SLOPE]}


def test_answer_does_not_depend_on_the_scale_of_the_weights(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    weights = np.random.default_rng(1).uniform(0.1, 1, len(people))
    one = run(people, measured, weighted(people, weights), dictionary, **WEIGHTED)
    two = run(people, measured, weighted(people, 37.5 * weights), dictionary, **WEIGHTED)
    np.testing.assert_allclose(answers(one), answers(two), rtol=1e-9)
    equal = run(people, measured, weighted(people, np.ones(len(people))), dictionary, **WEIGHTED)
    plain = run(people, measured, Comparison(), dictionary, ladder=[SLOPE])
    assert answers(equal)[0] == pytest.approx(answers(plain)[0], rel=1e-9)
    assert answers(one)[0] != pytest.approx(answers(plain)[0], rel=1e-6)


def test_a_weighted_estimate_has_no_permutation_answer(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    ard = run(people, measured, weighted(people, np.ones(len(people))), dictionary, **WEIGHTED)
    assert not (ard["analysis"].isin(["permutation", "worst_rank"]) & ard["statistic"].isin(INFERENCE)).any()
    said = ard[ard["statistic"].isin(["not_permuted", "not_ranked"])]
    assert set(said["text"]) == {"weighted"}
    assert set(said["analysis"]) == {"permutation", "worst_rank", "while_alive"}
    assert ard.loc[ard["statistic"] == "df_method", "text"].tolist() == ["satterthwaite"]


def test_censored_outcomes_have_no_weighted_form(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    low = measured["value"] < measured["value"].quantile(0.1)
    censored = measured.assign(
        value=measured["value"].where(~low), lower=measured["lower"].where(~low, -np.inf), upper=measured["upper"]
    )
    ard = run(people, censored, weighted(people, np.ones(len(people))), dictionary, **WEIGHTED)
    assert refusals(ard) == {None: "weighted_censored"}


def test_only_the_matched_are_analysed_and_relabelled_within_their_sets(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    matched = people[people.index < 15]
    sets = pd.Series([*range(1, 6), *np.repeat(range(1, 6), 2)], index=subject_of(matched))
    ard = run(people, measured, Comparison("matching", sets=sets), dictionary, weighting="matching")
    alone = run(matched, measured, Comparison(), dictionary)
    np.testing.assert_allclose(answers(ard), answers(alone), rtol=1e-12)
    n = number(ard, "n_subjects", arm="historical", analysis="mixed_model")
    assert n == 10
    floor = number(ard, "p_floor", analysis="permutation", day=7)
    assert floor >= 1 / 3**5 - 1e-12
    assert number(ard, "n_labellings", analysis="permutation", day=7) == 3**5
    assert number(ard, "p_floor", analysis="worst_rank", day=7) >= 1 / 3**5 - 1e-12


@pytest.mark.parametrize("weighting", ["none", "entropy", "matching", "overlap"])
def test_a_refused_comparison_has_no_inference_at_all(
    weighting: str, people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    method = "unweighted" if weighting == "none" else weighting
    rows = [
        {
            "scenario": "s",
            "method": method,
            "gate": "outside_range",
            "covariate": "AGE",
            "level": "T1",
            "state": "warn",
        },
        {"scenario": "s", "method": method, "gate": "one_weight", "covariate": "", "level": "", "state": "refuse"},
    ]
    gates = pd.DataFrame(rows).assign(value=0.7, limit=0.5)
    changes: dict[str, object] = {"weighting": weighting, "df_method": "satterthwaite"}
    comparison = build_comparison(settings(**changes), WEIGHTS.empty(), MATCHED_SETS.empty(), gates)
    ard = run(people, measured, comparison, dictionary, **changes)
    assert refusals(ard) == {None: "one_weight"}
    assert not ard["statistic"].isin(INFERENCE).any()


def test_comparison_reads_its_own_method(people: pd.DataFrame) -> None:
    tables = [
        people[["source", "patient_id", "arm"]].assign(scenario="s", method=method, weight=weight)
        for method, weight in (("unweighted", 1.0), ("entropy", 2.0), ("overlap", 3.0))
    ]
    weights = pd.concat(tables)
    none = Comparison()
    assert build_comparison(settings(), weights, MATCHED_SETS.empty(), GATES.empty()) == none
    changes: dict[str, object] = {"weighting": "overlap", "df_method": "satterthwaite"}
    found = build_comparison(settings(**changes), weights, MATCHED_SETS.empty(), GATES.empty())
    assert found.weights is not None and (found.weights == 3.0).all()


def test_kenward_roger_is_refused_with_weights() -> None:
    with pytest.raises(ValueError, match="void under weights"):
        settings(weighting="entropy")
