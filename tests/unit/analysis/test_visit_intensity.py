"""Weights against values that were taken because of the last one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from historical_controls.analysis.measurement.visit_intensity import inverse_intensity, person_days, rate_slope
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates, estimate_contrasts
from historical_controls.analysis.model.model_data import model_data
from historical_controls.dictionary.dictionary import Dictionary

from .test_analysis import analyse, dictionary, patients, settings, visits

__all__ = ["dictionary"]
PLAN = {"visit_weights": "inverse_intensity", "df_method": "satterthwaite"}


def taken_when_low(people: pd.DataFrame, seed: int = 5, effect: float = 0.0) -> pd.DataFrame:
    """Controls are measured the more often, the lower their last value; treated patients every day."""
    rng = np.random.default_rng(seed)
    full = visits(people, effect=effect).sort_values(["patient_id", "day"], ignore_index=True)
    keep = []
    for _, own in full.groupby("patient_id", sort=False):
        last = np.nan
        for row in own.itertuples():
            known = np.isnan(last) or rng.random() < 1 / (1 + np.exp((last - 125) / 8))
            keep.append(row.arm == "treated" or row.day == 0 or known)
            last = row.value if keep[-1] else last
    return full[np.array(keep)]


def test_the_rate_of_visits_is_that_of_a_cox_model(dictionary: Dictionary) -> None:
    people = patients()
    data = model_data(dictionary.outcomes["PF"], people, taken_when_low(people), settings(), dictionary)
    own = data.frame[data.frame["arm"] == "historical"]
    arm = people[people["arm"] == "historical"]
    arm = arm.assign(subject="s/" + arm["patient_id"])
    days = person_days(own, arm, pd.Series(100.0, index=arm["subject"]))
    peer = PHReg(days["day"], days[["z"]], status=days["measured"], entry=days["day"] - 0.5, ties="breslow").fit(disp=0)
    assert rate_slope(days) == pytest.approx(float(peer.params[0]), abs=1e-6)
    assert rate_slope(days) < -0.3


def test_patients_measured_every_day_keep_equal_weights() -> None:
    values = pd.DataFrame({"subject": ["a", "a", "b", "b"], "arm": "treated", "day": [1, 2, 1, 2], "y": [1.0, 9, 3, 2]})
    people = pd.DataFrame({"subject": ["a", "b"], "arm": "treated", "end_day": 2.0, "responses_from": 0.0})
    assert inverse_intensity(values, people, pd.Series(dtype=float)) == pytest.approx(np.ones(4), abs=1e-9)


def test_weighted_equations_answer_with_these_weights(dictionary: Dictionary) -> None:
    """The contrast is weighted least squares of the rows; without the weights it is another one."""
    people = patients()
    plan = settings(**PLAN, time="line", adjust_for_baseline=False)
    data = model_data(dictionary.outcomes["PF"], people, taken_when_low(people), plan, dictionary)
    found = estimate_contrasts(data, plan, [7], None, None)
    assert isinstance(found, ContrastEstimates)
    rows = data.frame
    treated, day = (rows["arm"] == "treated").to_numpy(dtype=float), rows["day"].to_numpy(dtype=float)
    X, root = np.column_stack([np.ones(len(rows)), treated, day, treated * day]), np.sqrt(rows["visit_weight"])
    by_rows = [
        np.linalg.lstsq(X * w[:, None], rows["y"] * w, rcond=None)[0] @ [0, 1, 0, 7]
        for w in (root.to_numpy(), np.ones(len(rows)))
    ]
    contrast = found.at(7)
    assert not isinstance(contrast, str) and contrast.estimate == pytest.approx(by_rows[0], abs=1e-8)
    assert abs(by_rows[0] - by_rows[1]) > 1


def test_weights_of_patients_multiply_those_of_their_rows(dictionary: Dictionary) -> None:
    """Weighted least squares with the product of both weights."""
    people = patients()
    plan = settings(**PLAN, time="line", adjust_for_baseline=False)
    data = model_data(dictionary.outcomes["PF"], people, taken_when_low(people), plan, dictionary)
    own = pd.Series(np.linspace(0.2, 3, len(people)), index="s/" + people["patient_id"])
    found = estimate_contrasts(data, plan, [7], own, None)
    assert isinstance(found, ContrastEstimates)
    rows = data.frame
    treated, day = (rows["arm"] == "treated").to_numpy(dtype=float), rows["day"].to_numpy(dtype=float)
    root = np.sqrt(rows["visit_weight"].to_numpy() * own[rows["subject"]].to_numpy())
    X = np.column_stack([np.ones(len(rows)), treated, day, treated * day])
    expected = np.linalg.lstsq(X * root[:, None], rows["y"] * root, rcond=None)[0] @ [0, 1, 0, 7]
    contrast = found.at(7)
    assert not isinstance(contrast, str) and contrast.estimate == pytest.approx(expected, abs=1e-8)


def test_a_weighted_scenario_has_no_permutation_and_names_its_covariance(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, taken_when_low(people), dictionary, **PLAN)
    texts = ard.set_index("statistic")["text"]
    assert texts["covariance_rung"] == "working_independence" and texts["not_permuted"] == "weighted"
    assert set(ard.loc[ard["analysis"] == "mixed_model", "method"]) == {"cr2"}


def test_who_left_within_the_hours_of_the_baseline_is_not_at_risk_on_day_one() -> None:
    """By hand: on each of three days one of two patients is measured, twice the one with 1 before it, once that with 2.

    The likelihood p^2 (1 - p), p = 1 / (1 + exp(gamma d)), d the distance of the two, is largest at p = 2/3, which is
    gamma = -log 2 / d.
    """
    people = pd.DataFrame({"subject": list("abcd"), "arm": "historical", "end_day": [3.0, 3.0, 5 / 24, 6 / 24]})
    values = pd.DataFrame({"subject": ["a", "b", "a"], "arm": "historical", "day": [1, 2, 3], "y": [1.0, 2.0, 1.0]})
    baseline = pd.Series({"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0})
    days = person_days(values, people.assign(responses_from=6.0), baseline)
    # c and d left before hour 6, d at its very end.
    assert days["subject"].unique().tolist() == ["a", "b"] and len(days) == 6
    z = np.unique(days["z"])
    gamma = -np.log(2) / (z[1] - z[0])
    assert rate_slope(days) == pytest.approx(gamma, abs=1e-9)
    weights = inverse_intensity(values, people.assign(responses_from=6.0), baseline)
    # exp(-gamma z): b's value counts twice as much as each of a's.
    assert weights == pytest.approx([0.75, 1.5, 0.75], abs=1e-9)
    # With responses from time zero on, both were there on day 1.
    assert person_days(values, people.assign(responses_from=0.0), baseline)["subject"].nunique() == 4
    assert inverse_intensity(values, people.assign(responses_from=0.0), baseline)[1] != pytest.approx(1.5, abs=0.01)


def test_visits_that_follow_the_last_value_alone_are_refused() -> None:
    days = pd.DataFrame({"day": [1, 1, 2, 2], "z": [1.0, -1, 1, -1], "measured": [True, False, True, False]})
    assert np.isnan(rate_slope(days))


def test_a_value_after_the_end_of_follow_up_has_no_rate() -> None:
    values = pd.DataFrame({"subject": ["a", "a", "b", "b"], "arm": "treated", "day": [1, 4, 1, 2], "y": [3.0, 9, 3, 2]})
    people = pd.DataFrame({"subject": ["a", "b"], "arm": "treated", "end_day": [2.0, 1.2], "responses_from": 0.0})
    assert list(np.isnan(inverse_intensity(values, people, pd.Series(dtype=float)))) == [False, True, False, False]
    people["end_day"] = 0.0
    assert np.isnan(inverse_intensity(values, people, pd.Series(dtype=float))).all()


def test_the_last_value_before_a_day_is_of_the_same_patient() -> None:
    values = pd.DataFrame({"subject": ["a", "b"], "arm": "treated", "day": [2, 3], "y": [5.0, 1.0]})
    people = pd.DataFrame({"subject": ["b", "a"], "arm": "treated", "end_day": [3.0, 3.0], "responses_from": 0.0})
    days = person_days(values, people, pd.Series({"a": 1.0}))
    assert list(days["subject"]) == ["b"] * 3 + ["a"] * 3 and list(days["day"]) == [1, 2, 3] * 2
    assert list(days["measured"]) == [False, False, True, False, True, False]
    # b's baseline is unknown, so that no value stands before any day; a's are 1, 1 and then 5.
    known = np.array([1.0, 1.0, 5.0])
    assert days["z"].to_numpy() == pytest.approx([0, 0, 0, *((known - known.mean()) / known.std(ddof=1))])
