"""Residuals of the fitted models: their size under the model, and what a model that is wrong looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from tests.unit.analysis.test_analysis import SLOPE, analyse, analysis_inputs, dictionary, patients, visits

from historical_controls.analysis.model_checks.residual_rows import normal_quantiles
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary

__all__ = ["dictionary"]


def _summary(ard: pd.DataFrame) -> pd.Series:
    return ard[ard["output_id"] == "14.2.19"].set_index("statistic")["value"]


def _panel(ard: pd.DataFrame, method: str) -> pd.DataFrame:
    rows = ard[(ard["output_id"] == "15.19") & (ard["method"] == method)]
    return rows.pivot_table(index=["arm", "day", "level"], columns="statistic", values="value", dropna=False).dropna()


@pytest.fixture(scope="module")
def normal(dictionary: Dictionary) -> pd.DataFrame:
    people = patients()
    return analyse(people, visits(people), dictionary, ladder=[SLOPE])


def test_scaled_residuals_of_a_true_model_are_standard_normal(normal: pd.DataFrame) -> None:
    summary = _summary(normal)
    assert summary["n_values"] == 30 * 20
    # Standard errors of SD, skewness and kurtosis of 600 normal values: 0.03, 0.1, 0.2.
    assert summary["sd"] == pytest.approx(1, abs=0.09)
    assert summary["skewness"] == pytest.approx(0, abs=0.3)
    assert summary["kurtosis"] == pytest.approx(0, abs=0.6)
    assert 2.5 < summary["largest"] < 4.5
    assert summary["n_outside"] <= 5
    assert summary["n_checked"] == 50
    panel = _panel(normal.fillna({"day": -1.0}), "normal_quantiles")
    assert (panel["observed"].diff().dropna() >= 0).all()


def test_one_wild_value_is_seen_beyond_three(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    wild = measured.index[(measured["arm"] == "historical") & (measured["day"] == 9)][3]
    measured.loc[wild, ["value", "lower", "upper"]] += 120
    summary = _summary(analyse(people, measured, dictionary))
    assert summary["n_far"] >= 1
    assert summary["largest"] > 8
    assert summary["kurtosis"] > 3


def test_means_near_a_day_are_those_of_the_values_there(normal: pd.DataFrame) -> None:
    panel = _panel(normal, "means").droplevel("level")
    measured = visits(patients())
    near = measured[(measured["arm"] == "treated") & measured["day"].between(6, 8)]
    assert panel.loc[("treated", 7), "mean"] == pytest.approx(near["value"].mean())
    assert panel.loc[("treated", 7), "n_measured"] == 5
    # The arms have a course of their own: the fitted mean follows the values.
    assert panel.loc[("treated", 7), "expected_value"] == pytest.approx(near["value"].mean(), abs=15)


def test_groups_along_the_fitted_values_hold_every_row_once(normal: pd.DataFrame) -> None:
    panel = _panel(normal.fillna({"day": -1.0}), "by_fitted")
    assert len(panel) == 10
    assert panel["n_values"].sum() == 600
    assert (panel["expected_value"].diff().dropna() > 0).all()
    assert panel["median"].abs().max() < 0.6


def test_limits_are_those_of_normal_order_statistics() -> None:
    few = normal_quantiles(np.array([-1.2, -0.3, 0.1, 0.4, 2.0]), 0.95)
    assert few["observed"].tolist() == [-1.2, -0.3, 0.1, 0.4, 2.0]
    # The smallest of five: P(min < x) = 1 - (1 - Phi(x))^5.
    assert few["lower"].iloc[0] == pytest.approx(norm.ppf(1 - 0.975 ** (1 / 5)), abs=1e-9)
    assert few["upper"].iloc[0] == pytest.approx(norm.ppf(1 - 0.025 ** (1 / 5)), abs=1e-9)
    assert few["expected"].to_numpy() == pytest.approx(norm.ppf([0.1, 0.3, 0.5, 0.7, 0.9]))


def test_the_figure_has_rows_of_outcomes_that_a_job_does_not_know_to_be_key_secondary(dictionary: Dictionary) -> None:
    """The jobs of single outcomes are not told the fixed sequence; the figure shows all of it."""
    people = patients()
    inputs = analysis_inputs(people, visits(people), dictionary, ladder=[SLOPE])
    other = replace(inputs, primary=Primary(outcome="CRP", day=7))
    ard = analyse_outcomes(["PF"], other).ard
    assert {"normal_quantiles", "by_fitted", "means"} <= set(ard.loc[ard["output_id"] == "15.19", "method"])
