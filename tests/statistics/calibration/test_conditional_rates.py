"""Rejection rates by conditional expectation: the exact rate of Student's t, and that of counting, with less error."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benchmarks/inference"))

import conditional_rates  # noqa: E402
import covariance_rules  # noqa: E402
import null_studies  # noqa: E402

from historical_controls.dictionary.dictionary import load_dictionary  # noqa: E402


@pytest.mark.parametrize("name", ["twice between patients only", "curved", "steep slopes"])
@pytest.mark.parametrize("treated", [True, False])
def test_covariance_of_a_world_is_that_of_its_values(name: str, treated: bool) -> None:
    world = null_studies.WORLDS[name]
    y = null_studies.values(np.random.default_rng(1), world, *((40_000, 0) if treated else (0, 40_000)))
    drawn, known = np.cov(y.T), null_studies.covariance(world, treated)
    # A covariance of n normal pairs has the variance (C_jk^2 + C_jj C_kk) / n.
    error = np.sqrt((known**2 + np.outer(np.diag(known), np.diag(known))) / len(y))
    assert np.abs((drawn - known) / error).max() < 4.5


def test_t_tests_of_one_mean_reject_at_their_level_and_with_the_power_of_the_noncentral_t() -> None:
    rng, n = np.random.default_rng(2), 5
    y = rng.standard_normal((20_000, n))
    answers = pd.DataFrame({
        "estimate": y.mean(axis=1), "error": y.std(axis=1, ddof=1) / np.sqrt(n), "best": y.mean(axis=1),
        "sd": 1 / np.sqrt(n), "critical": stats.t.ppf(0.975, n - 1),
    })  # fmt: skip
    by_condition = conditional_rates.rejection(answers)
    assert by_condition.mean() == pytest.approx(0.05, abs=3 * by_condition.sem())
    # A count has 2.9 times the error here.
    assert by_condition.sem() < conditional_rates.counted(answers).sem() / 2
    power = conditional_rates.rejection(answers, 1.0)
    c = stats.t.ppf(0.975, n - 1)
    exact = stats.nct.sf(c, n - 1, np.sqrt(n)) + stats.nct.cdf(-c, n - 1, np.sqrt(n))
    assert power.mean() == pytest.approx(exact, abs=3 * power.sem())


def test_answers_without_a_known_law_are_counted() -> None:
    answers = pd.DataFrame({"estimate": [3.0, 1.0], "error": 1.0, "critical": 2.0, "best": 0.0, "sd": np.nan})
    assert list(conditional_rates.rejection(answers)) == [1.0, 0.0]
    assert list(conditional_rates.rejection(answers, 1.5)) == [1.0, 1.0]


def test_best_estimator_is_the_difference_of_means_of_a_balanced_random_intercept() -> None:
    """Under compound symmetry generalised and ordinary least squares agree (complete visits)."""
    world, rng = null_studies.WORLDS["random intercept"], np.random.default_rng(3)
    y = np.array([null_studies.values(rng, world, 3, 6)])
    rows = list(covariance_rules.of_group(y, world, 3, load_dictionary(ROOT / "data/dictionary")))
    own = pd.DataFrame(rows).set_index(["rung", "day"])
    # The first rung, an intercept, holds the truth: its estimate is the best one up to the fitted correlation.
    assert own.loc[0, "estimate"].to_numpy() == pytest.approx(own.loc[0, "best"].to_numpy(), abs=2.0)
    # Between patients the variance is 40^2 (1/3 + 1/6); the spline's leverage adds less than 28^2 / 2.
    assert ((own["sd"] ** 2 > 800) & (own["sd"] ** 2 < 800 + 392)).all()


def test_welch_expansion_adds_nothing_to_one_variance_and_lowers_the_rate_of_two() -> None:
    assert covariance_rules.second_order(np.array([2.0, 0.0]), np.array([4.0, 24.0])) == pytest.approx(0)
    rng, df = np.random.default_rng(4), np.array([4.0, 24.0])
    own = np.array([1 / 5, 1 / 25]) * rng.chisquare(df, (4000, 2)) / df
    total = own.sum(axis=1)
    t = stats.t.ppf(0.975, total**2 / (own**2 / df).sum(axis=1))
    added = np.array([covariance_rules.second_order(one, df) for one in own])
    rates = [2 * stats.norm.sf(c * np.sqrt(total / 0.24)).mean() for c in (t, t + added)]
    # By a million draws: 5.72% and 5.37%.
    assert rates == pytest.approx([0.0572, 0.0537], abs=0.003)
