"""Weights: what holds for any covariates, what is refused, and closed forms."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp, minimize

from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.weights.entropy import entropy_balancing
from historical_controls.balance.weights.matching import Matched, assign, distances, forbid, match
from historical_controls.balance.weights.overlap import overlap_weighting, ridge_logistic
from historical_controls.balance.weights.weighting import (
    Infeasible,
    Weighting,
    effective_size,
    largest_share,
    unweighted,
)


def key(treated: np.ndarray, controls: np.ndarray, names: tuple[str, ...] = ()) -> KeyCovariates:
    X = np.vstack([treated, controls]).astype(float)
    arm = np.arange(len(X)) < len(treated)
    spread = np.sqrt((treated.var(axis=0) + controls.var(axis=0)) / 2)
    named = names or tuple(f"X{number}" for number in range(X.shape[1]))
    return KeyCovariates(named, X, np.ones(X.shape, dtype=bool), spread, controls.std(axis=0, ddof=1), arm)


def drawn(seed: int, n1: int = 5, n0: int = 40, p: int = 3, shift: float = 0.3) -> KeyCovariates:
    rng = np.random.default_rng(seed)
    return key(rng.normal(shift, 0.7, (n1, p)), rng.normal(0, 1, (n0, p)))


def balanced(found: KeyCovariates) -> Weighting:
    weighting = entropy_balancing(found, 1e-8, 200)
    assert isinstance(weighting, Weighting), weighting
    return weighting


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_entropy_weights_balance_means_or_are_refused(seed: int) -> None:
    found = drawn(seed)
    weighting = entropy_balancing(found, 1e-8, 200)
    if isinstance(weighting, Infeasible):
        assert weighting.reason == "outside_hull" and weighting.covariates
        return
    assert (weighting.weights >= 0).all()
    for rows in (found.treated, ~found.treated):
        assert weighting.weights[rows].sum() == pytest.approx(5)
    mean = weighting.weights[~found.treated] @ found.X[~found.treated] / 5
    np.testing.assert_allclose(mean, found.X[found.treated].mean(axis=0), atol=2e-8)


def test_weights_do_not_depend_on_order_or_units() -> None:
    found = drawn(1)
    plain = balanced(found).weights
    order = np.random.default_rng(2).permutation(len(plain))
    shuffled = replace(found, X=found.X[order], known=found.known[order], treated=found.treated[order])
    np.testing.assert_allclose(balanced(shuffled).weights, plain[order], atol=1e-7)
    scale = np.array([1e-3, 1e4, 7.0])
    rescaled = replace(found, X=found.X * scale + 50, spread=found.spread * scale, control_sd=found.control_sd * scale)
    np.testing.assert_allclose(balanced(rescaled).weights, plain, atol=1e-7)
    np.testing.assert_allclose(
        overlap_weighting(rescaled, 1.0).weights,
        overlap_weighting(found, 1.0).weights,
        atol=1e-7,  # type: ignore[union-attr]
    )


def test_one_binary_covariate_is_post_stratified() -> None:
    """3 of 4 treated and 2 of 8 controls have it: weights 4 (3/4) / 2 and 4 (1/4) / 6."""
    found = key(np.array([[1.0], [1], [1], [0]]), np.array([[1.0], [1]] + [[0]] * 6))
    np.testing.assert_allclose(balanced(found).weights[4:], [1.5, 1.5] + [1 / 6] * 6, atol=1e-7)


def test_all_treated_have_what_some_controls_have() -> None:
    """The mean lies on a face of the hull: controls without it weigh nothing, the others what balances the rest."""
    age = np.array([50.0, 60, 55, 40, 45, 65, 70, 50, 52, 61, 58])
    sign = np.array([1.0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    found = key(np.column_stack([age[:3], sign[:3]]), np.column_stack([age[3:], sign[3:]]))
    weights = balanced(found).weights[3:]
    assert weights[4:].max() < 1e-6
    assert weights @ age[3:] / 3 == pytest.approx(55)


@pytest.mark.parametrize(
    ("treated", "named"),
    [([[9.0, 0.0]], ("X0",)), ([[9.0, -9.0]], ("X0", "X1")), ([[0.9, 0.9]], ())],
)
def test_means_outside_the_hull_are_refused_by_name(treated: list[list[float]], named: tuple[str, ...]) -> None:
    """The third lies within the range of both covariates, but not between the controls, who form a diamond."""
    controls = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    found = entropy_balancing(key(np.array(treated), controls), 1e-8, 200)
    assert isinstance(found, Infeasible) and found.reason == "outside_hull"
    assert found.covariates == named if named else set(found.covariates) <= {"X0", "X1"}


def test_constant_and_collinear_covariates() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.2, 1, (5, 1)), rng.normal(0, 1, (40, 1))
    alone = balanced(key(a, b)).weights
    twice = key(np.hstack([a, 2 * a + 1, a * 0 + 3]), np.hstack([b, 2 * b + 1, b * 0 + 3]))
    np.testing.assert_allclose(balanced(twice).weights, alone, atol=1e-7)
    assert np.isfinite(distances(twice, "mahalanobis")).all()
    apart = entropy_balancing(key(np.hstack([a, a * 0 + 1]), np.hstack([b, b * 0])), 1e-8, 200)
    assert apart == Infeasible("outside_hull", ("X1",))


def test_one_treated_patient_and_identical_patients() -> None:
    rng = np.random.default_rng(5)
    alone = balanced(key(np.zeros((1, 2)), rng.normal(0, 1, (20, 2))))
    assert alone.weights[1:].sum() == pytest.approx(1)
    same = key(np.ones((3, 2)), np.ones((9, 2)))
    np.testing.assert_allclose(balanced(same).weights, [1, 1, 1] + [1 / 3] * 9)
    found = overlap_weighting(same, 1.0)
    assert isinstance(found, Weighting)
    np.testing.assert_allclose(found.weights, [1, 1, 1] + [1 / 3] * 9)
    sets = match(same, distances(same, "mahalanobis"), 2)
    assert isinstance(sets, Matched) and sets.ratio == 2 and sets.facts["total_distance"] == 0


def test_unpenalised_overlap_weights_balance_means_exactly() -> None:
    found = drawn(6, n1=40, n0=120)
    weighting = overlap_weighting(found, 0.0)
    assert isinstance(weighting, Weighting) and weighting.target == "ATO"
    mean = [weighting.weights[rows] @ found.X[rows] / 40 for rows in (found.treated, ~found.treated)]
    np.testing.assert_allclose(mean[0], mean[1], atol=1e-8)


def test_penalised_propensity_is_the_mode_of_its_posterior() -> None:
    """Against a general optimiser on log-likelihood - 2 |beta|^2 / 2, the intercept free."""
    found = drawn(12)
    Z = found.standardised

    def loss(beta: np.ndarray) -> float:
        eta = beta[0] + Z @ beta[1:]
        return float(np.logaddexp(0, eta).sum() - eta[found.treated].sum() + beta[1:] @ beta[1:])

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8})
    eta, converged = ridge_logistic(Z, found.treated, 2.0)
    assert converged
    np.testing.assert_allclose(eta, best.x[0] + Z @ best.x[1:], atol=1e-5)


def test_plain_logistic_propensity_is_refused() -> None:
    assert overlap_weighting(drawn(7), 0.0) == Infeasible("too_few_for_logistic")
    apart = key(np.linspace(5, 6, 12)[:, None], np.linspace(0, 1, 30)[:, None])
    assert overlap_weighting(apart, 0.0) == Infeasible("separated")
    assert isinstance(overlap_weighting(apart, 1.0), Weighting)


def test_effective_size_and_share() -> None:
    assert effective_size(np.array([1.0, 1, 1, 1])) == 4
    assert effective_size(np.array([3.0, 1])) == pytest.approx(1.6)
    assert largest_share(np.array([3.0, 1])) == 0.75
    assert effective_size(np.zeros(3)) == largest_share(np.zeros(3)) == 0
    assert unweighted(np.array([True, False, False])).weights.tolist() == [1, 0.5, 0.5]


@given(st.integers(0, 10_000), st.sampled_from([1, 2]))
@settings(max_examples=30, deadline=None)
def test_matching_is_optimal(seed: int, k: int) -> None:
    """Against every way to give 2 treated k of 6 controls, some pairs forbidden: most pairs first, then distance."""
    rng = np.random.default_rng(seed)
    D = np.where(rng.random((2, 6)) < 0.5, np.inf, rng.random((2, 6)))
    best = (0, 0.0)
    for chosen in permutations(range(6), 2 * k):
        cost = [D[place // k, column] for place, column in enumerate(chosen)]
        finite = [value for value in cost if np.isfinite(value)]
        best = min(best, (-len(finite), float(sum(finite))))
    pairs = assign(D, k)
    assert len(pairs) == -best[0]
    assert len(set(pairs[:, 1])) == len(pairs)
    assert D[pairs[:, 0], pairs[:, 1]].sum() == pytest.approx(best[1])


def test_matching_against_an_integer_program() -> None:
    found = drawn(8, n1=6, n0=60)
    D = distances(found, "mahalanobis")
    n1, n0 = D.shape
    treated = np.kron(np.eye(n1), np.ones(n0))
    controls = np.kron(np.ones(n1), np.eye(n0))
    limits = [LinearConstraint(treated, 3, 3), LinearConstraint(controls, 0, 1)]
    program = milp(D.ravel(), constraints=limits, bounds=Bounds(0, 1), integrality=np.ones(n1 * n0))
    sets = match(found, D, 3)
    assert isinstance(sets, Matched)
    assert sets.facts["total_distance"] == pytest.approx(program.fun, abs=1e-6)


def test_exact_constraints_calipers_and_fewer_controls() -> None:
    found = key(np.array([[0.0], [10.0]]), np.array([[0.1], [0.2], [0.3], [50.0]]))
    support = np.array(["yes", "yes", "yes", "no", "yes", "yes"], dtype=object)
    D = forbid(distances(found, "mahalanobis"), found, [support], {"X0": 0.3})
    sets = match(found, D, 3)
    assert isinstance(sets, Matched)
    assert sets.set.tolist() == [1, 0, 1, 0, 1, 0]
    assert sets.facts["n_unmatched"] == 1
    assert (sets.ratio, sets.wanted) == (2, 3)
    assert sets.weights.tolist() == [1, 0, 0.5, 0, 0.5, 0]
    unknown = np.array([None, "yes", None, "yes", "no", "no"], dtype=object)
    allowed = np.isfinite(forbid(np.ones((2, 4)), found, [unknown], {}))
    assert allowed.tolist() == [[True, False, False, False], [False, True, False, False]]
    assert match(found, np.full((2, 4), np.inf), 3) == Infeasible("nobody_matched")


@pytest.mark.parametrize("ages", [[80.0, 80], [60, 80]])
def test_a_caliper_where_controls_are_all_alike_allows_their_value_alone(ages: list[float]) -> None:
    """Controls aged 50 have no standard deviation that 80 could be within 0.2 of."""
    found = key(np.array(ages)[:, None], np.full((3, 1), 50.0))
    D = distances(found, "mahalanobis")
    assert np.isinf(forbid(D, found, [], {"X0": 0.2})).all()
    assert match(found, forbid(D, found, [], {"X0": 0.2}), 1) == Infeasible("nobody_matched")
    same = key(np.array([[0.1 + 0.2], [80.0]]), np.full((3, 1), 0.3))
    assert np.isfinite(forbid(np.ones((2, 3)), same, [], {"X0": 0.2})).tolist() == [[True] * 3, [False] * 3]
    # One control alone has no standard deviation either.
    one = replace(
        drawn(1, n1=2, n0=2, p=1),
        X=np.array([[50.0], [51], [50]]),
        treated=np.array([True, True, False]),
        control_sd=np.zeros(1),
    )
    assert np.isfinite(forbid(np.ones((2, 1)), one, [], {"X0": 0.2})).tolist() == [[True], [False]]


def test_100_000_controls() -> None:
    found = drawn(9, n0=100_000, p=5)
    start = time.perf_counter()
    assert isinstance(balanced(found), Weighting)
    assert isinstance(overlap_weighting(found, 1.0), Weighting)
    assert isinstance(match(found, distances(found, "mahalanobis"), 3), Matched)
    assert isinstance(match(found, distances(found, "rank_mahalanobis"), 3), Matched)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("kind", ["mahalanobis", "rank_mahalanobis"])
@pytest.mark.parametrize("low", [1e-9, 1e-5])
def test_units_decide_no_match(kind: str, low: float) -> None:
    """Platelets per uL beside FiO2 as a fraction: variances 1e-18 to 1e18 apart, and values far from zero."""
    found = drawn(11, p=4)
    scale, shift = np.array([low, 1.0, 1e9, 1e3]), np.array([0.0, 1e5, 0.0, -1e4])
    X = (found.X + shift) * scale
    moved = replace(found, X=X, spread=found.spread * scale, control_sd=found.control_sd * scale)
    np.testing.assert_allclose(distances(moved, kind), distances(found, kind), rtol=1e-7)
    pairs = [{tuple(pair) for pair in assign(distances(own, kind), 3).tolist()} for own in (found, moved)]
    assert pairs[0] == pairs[1]


def test_ranks_tie_what_rounding_sets_apart() -> None:
    found = drawn(12, p=2)
    tied = np.round(found.X, 1)
    noise = np.random.default_rng(1).uniform(-1, 1, tied.shape) * 1e-12
    exact, rounded = (distances(replace(found, X=X), "rank_mahalanobis") for X in (tied, tied + noise))
    np.testing.assert_allclose(exact, rounded, rtol=1e-9)


def test_a_covariate_that_does_not_vary_says_nothing() -> None:
    found = drawn(13, p=2)
    X = np.column_stack([found.X, np.full(len(found.X), 0.21)])
    more = KeyCovariates(
        (*found.covariate, "FIO2"), X, np.ones(X.shape, dtype=bool), np.append(found.spread, 0.0),
        np.append(found.control_sd, 0.0), found.treated,
    )  # fmt: skip
    np.testing.assert_allclose(distances(more, "mahalanobis"), distances(found, "mahalanobis"), rtol=1e-12)
