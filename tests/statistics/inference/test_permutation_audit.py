"""Corners of the permutation answer: refits after Freedman & Lane, draws against enumeration, arms without spread."""

from __future__ import annotations

import numpy as np
import pytest

from historical_controls.inference import (
    draw_labels,
    permutation_test,
    scores_of_values,
    statistics,
    step_down_max_t,
    varies,
)
from historical_controls.inference.permutation.welch import normal_deviate


def first(n: int, k: int) -> np.ndarray:
    return np.arange(n) < k


def freedman_lane(values: np.ndarray, covariate: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """|Z| (B,) of the arm, the whole model refitted to the residuals that each labelling exchanges (IN-19).

    Coefficient by least squares, its error with each arm's own spread (HC2 of the arm's column given the others).
    """
    n = len(values)
    Z = np.column_stack([np.ones(n), covariate])
    residual = values - Z @ np.linalg.lstsq(Z, values, rcond=None)[0]
    sizes = []
    for arm in labels:
        X = np.column_stack([Z, arm.astype(float)])
        inverse = np.linalg.inv(X.T @ X)
        beta = inverse @ X.T @ residual
        left = residual - X @ beta
        leverage = np.einsum("ij,jk,ik->i", X, inverse, X)
        parts = (inverse @ X.T)[2] ** 2 * left**2 / (1 - leverage)
        v, w = parts[arm].sum(), parts[~arm].sum()
        df = (v + w) ** 2 / (v**2 / (arm.sum() - 1) + w**2 / ((~arm).sum() - 1))
        sizes.append(normal_deviate(beta[2] ** 2 / (v + w), df))
    return np.array(sizes)


def test_p_values_are_near_those_of_refitting_every_labelling() -> None:
    """20 studies of 4 against 8 with a covariate: exact p-values differ by 0.03 on average, and not to one side.

    Not equal by definition: refitting also takes the covariate's chance imbalance of every labelling out.
    """
    rng = np.random.default_rng(3)
    treated = first(12, 4)
    labels = draw_labels(treated, 1)
    gaps = []
    for _ in range(20):
        x = rng.normal(size=12)
        y = x + rng.normal(size=12) + rng.choice([0.0, 1.5]) * treated
        ours = permutation_test(scores_of_values(y, treated, x[:, None]), labels)[0]
        sizes = freedman_lane(y, x, labels.matrix)
        gaps.append(ours.p_value - (sizes >= sizes[0] - 1e-9).mean())
    assert np.abs(gaps).mean() < 0.05
    assert abs(np.mean(gaps)) < 0.02


def test_drawn_labellings_agree_with_all_of_them() -> None:
    """Within four Monte Carlo errors of the exact p; the floor is one over the number drawn."""
    rng = np.random.default_rng(4)
    treated = first(16, 5)
    values = rng.normal(size=16) + 0.8 * treated
    exact, drawn = (
        permutation_test(scores_of_values(values, treated), labels)[0]
        for labels in (draw_labels(treated, 1), draw_labels(treated, 9, exact_up_to=0, draws=20_000))
    )
    assert exact.exact
    assert not drawn.exact
    assert exact.n_used == 4368
    p = exact.p_value
    assert drawn.p_value == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 20_000))
    assert drawn.p_floor == 1 / 20_000
    assert [drawn.lower, drawn.upper] == pytest.approx([exact.lower, exact.upper], abs=0.1)


def test_arms_without_spread_agree_or_lie_infinitely_apart() -> None:
    treated = first(7, 3)
    apart = np.where(treated, 2.0, 1.0)
    labels = draw_labels(treated, 1)
    T = statistics(scores_of_values(apart, treated), labels)[:, 0]
    assert T[0] == np.inf
    assert np.isfinite(T[1:]).all()
    found = permutation_test(scores_of_values(apart, treated), labels)[0]
    assert found.p_value == found.p_floor == pytest.approx(1 / 35)
    same = permutation_test(scores_of_values(np.ones(7), treated), labels)[0]
    assert same.p_value == 1.0
    assert step_down_max_t(T[:, None])[0] == pytest.approx(1 / 35)


def test_an_arm_without_spread_leaves_the_others_spread() -> None:
    """Treated all 2 or 4, controls 0, 1, 5: variance 0 + 7/3 with the 2 df of the controls, by hand."""
    treated = first(6, 3)
    T = statistics(scores_of_values(np.array([2.0, 2, 2, 0, 1, 5]), treated), draw_labels(treated, 1))[:, 0]
    assert T[0] == pytest.approx(0.0, abs=1e-12)
    T = statistics(scores_of_values(np.array([4.0, 4, 4, 0, 1, 5]), treated), draw_labels(treated, 1))[:, 0]
    assert T[0] == pytest.approx(17 / 19 * np.sqrt(2 * np.log(1 + 4 / (7 / 3) / 2)), rel=1e-9)


def test_strata_keep_a_difference_between_them_out_of_the_null() -> None:
    """Two strata far apart, the treated in the higher one: within it nothing differs."""
    values = np.array([10.0, 11.0, 10.5, 10.2, 0.0, 1.0, 0.4, 0.7])
    treated = np.array([1, 0, 0, 1, 0, 0, 0, 0], dtype=bool)
    strata = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    within = permutation_test(scores_of_values(values, treated), draw_labels(treated, 1, strata=strata))[0]
    everywhere = permutation_test(scores_of_values(values, treated), draw_labels(treated, 1))[0]
    assert within.n_used == 6
    assert within.p_floor >= 1 / 6
    assert within.p_value > everywhere.p_value


def test_interval_and_p_value_agree_in_every_study() -> None:
    """What is not rejected need not be an interval: 1,500 small studies, rounded so that many labellings tie."""
    rng = np.random.default_rng(11)
    treated = np.arange(11) < 4
    labels = draw_labels(treated, 1)
    rejected = 0
    for study in range(1500):
        values = (rng.standard_t(2, size=11) + 1.5 * treated).round(study % 3)
        test = permutation_test(scores_of_values(values, treated), labels)[0]
        if test.no_interval:
            continue
        assert (test.lower <= 0 <= test.upper) == (test.p_value > 0.05), (study, test)
        assert test.lower <= test.estimate <= test.upper
        rejected += test.p_value <= 0.05
    assert 100 < rejected < 1400


def test_no_spread_is_said_and_not_computed_from_rounding() -> None:
    treated = np.arange(30) < 5
    labels = draw_labels(treated, 1, exact_up_to=0, draws=500)
    same = permutation_test(scores_of_values(np.full(30, 0.21), treated), labels)[0]
    assert (same.p_value, same.no_interval) == (1.0, "no_spread")
    assert same.estimate == 0
    apart = permutation_test(scores_of_values(np.where(treated, 0.1, 0.7), treated), labels)[0]
    assert apart.estimate == pytest.approx(-0.6)
    assert (apart.no_interval, np.isnan(apart.lower)) == ("no_spread", True)
    scaled = permutation_test(scores_of_values(np.where(treated, 0.1, 0.7) * 1e-9, treated), labels)[0]
    assert scaled.no_interval == "no_spread"
    assert not varies(np.full(7, 0.1) * 3)
    assert varies([1e6, 1e6 + 1e-3])
