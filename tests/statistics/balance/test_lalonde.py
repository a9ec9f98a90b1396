"""Weights and distances on the job-training study against published output and R; tests/data/balance/README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.balance.differences import moments_of, variance_ratio
from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.weights.entropy import entropy_balancing
from historical_controls.balance.weights.matching import distances
from historical_controls.balance.weights.overlap import overlap_weighting, ridge_logistic
from historical_controls.balance.weights.weighting import Weighting, effective_size

COLUMNS = ("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")
FILE = Path(__file__).parents[2] / "data" / "balance" / "lalonde.csv"


@pytest.fixture(scope="module")
def men() -> pd.DataFrame:
    frame = pd.read_csv(FILE)
    return frame.assign(**{race: (frame["race"] == race).astype(float) for race in ("black", "hispan")})


@pytest.fixture(scope="module")
def key(men: pd.DataFrame) -> KeyCovariates:
    X, treated = men[list(COLUMNS)].to_numpy(dtype=float), (men["treat"] == 1).to_numpy()
    spread = np.sqrt((X[treated].var(axis=0, ddof=1) + X[~treated].var(axis=0, ddof=1)) / 2)
    return KeyCovariates(COLUMNS, X, np.ones(X.shape, dtype=bool), spread, X[~treated].std(axis=0, ddof=1), treated)


@pytest.fixture(scope="module")
def entropy(key: KeyCovariates) -> Weighting:
    found = entropy_balancing(key, 1e-10, 100)
    assert isinstance(found, Weighting)
    return found


def test_entropy_balancing_reproduces_the_published_answer(
    entropy: Weighting, key: KeyCovariates, men: pd.DataFrame
) -> None:
    """WeightIt: ESS 98.46; weights of mean one 0.0188 to 9.4195; estimate 1273. Its own tolerance is about 1e-4."""
    weights = entropy.weights[~key.treated]
    assert effective_size(weights) == pytest.approx(98.46, abs=0.005)
    scaled = weights / weights.mean()
    np.testing.assert_allclose(np.sort(scaled)[-5:], [7.1268, 7.5013, 7.9979, 9.0355, 9.4195], rtol=3e-4)
    assert scaled.min() == pytest.approx(0.0188, abs=5e-5)
    earned = men["re78"].to_numpy()
    effect = earned[key.treated].mean() - np.average(earned[~key.treated], weights=weights)
    assert effect == pytest.approx(1273, abs=0.5)


def test_variance_ratios_after_entropy_balancing(entropy: Weighting, key: KeyCovariates) -> None:
    """cobalt's V.Ratio.Adj in the same vignette: age 0.410, educ 0.664, re74 1.326, re75 1.335."""
    for name, expected in {"age": 0.410, "educ": 0.664, "re74": 1.326, "re75": 1.335}.items():
        x = key.X[:, COLUMNS.index(name)]
        found = variance_ratio(moments_of(x[key.treated]), moments_of(x[~key.treated], entropy.weights[~key.treated]))
        assert found == pytest.approx(expected, abs=6e-4)


def test_logistic_propensity(key: KeyCovariates) -> None:
    """WeightIt's odds weights: ESS 99.82, from 0.0092 to 3.7432."""
    eta, converged = ridge_logistic(key.standardised, key.treated, 0.0)
    odds = np.exp(eta[~key.treated])
    assert converged
    assert effective_size(odds) == pytest.approx(99.82, abs=0.005)
    assert [odds.min(), odds.max()] == pytest.approx([0.0092, 3.7432], abs=5e-5)


def test_overlap_weights_of_the_logistic_model(key: KeyCovariates, men: pd.DataFrame) -> None:
    """R's glm: difference in means 1242.20063, ESS of controls 166.101431."""
    found = overlap_weighting(key, 0.0)
    assert isinstance(found, Weighting)
    assert effective_size(found.weights[~key.treated]) == pytest.approx(166.101430572, rel=1e-6)
    mean = [np.average(men["re78"][rows], weights=found.weights[rows]) for rows in (key.treated, ~key.treated)]
    assert mean[0] - mean[1] == pytest.approx(1242.20063127, rel=1e-6)


def test_distances(key: KeyCovariates) -> None:
    plain = distances(key, "mahalanobis")
    expected = [[7.10120013758, 7.31990987530, 6.44836060090], [6.77228704371, 6.77686048874, 6.32080264541]]
    np.testing.assert_allclose(plain[:2, :3], expected, rtol=1e-8)
    assert plain.sum() == pytest.approx(322192.74198, rel=1e-8)
    ranks = distances(key, "rank_mahalanobis")
    expected = [[4.01323107026, 4.20768542461, 4.00735722441], [3.88887918073, 3.95758733999, 4.40858890151]]
    np.testing.assert_allclose(ranks[:2, :3], expected, rtol=1e-8)
    assert ranks.sum() == pytest.approx(280738.47174, rel=1e-8)
