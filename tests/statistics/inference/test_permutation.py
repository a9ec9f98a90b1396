"""Permutation of scores against scipy, brute-force refits and enumeration by hand, and its promise under the null."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from historical_controls.inference import (
    Scores,
    draw_labels,
    fixed_sequence,
    permutation_test,
    scores_of_values,
    statistics,
    step_down_max_t,
)
from historical_controls.inference.permutation import contrast, inversion
from historical_controls.inference.permutation import welch as welch_statistic
from historical_controls.inference.reasons import Reason
from historical_controls.mixed_model import MixedModelSpec, fit_censored, fit_mixed_model, subject_scores

RNG = np.random.default_rng(20200501)


def welch(values: np.ndarray, treated: np.ndarray) -> float:
    """scipy's Welch t as the normal deviate of its df, by Wallace's formula (1959)."""
    found = stats.ttest_ind(values[treated], values[~treated], equal_var=False)
    return deviate(float(found.statistic), float(found.df))


def deviate(t: float, df: float) -> float:
    return float(np.sign(t) * (8 * df + 1) / (8 * df + 3) * np.sqrt(df * np.log1p(t**2 / df)))


def first(n: int, k: int) -> np.ndarray:
    return np.arange(n) < k


@pytest.mark.parametrize(("df", "off"), [(1.0, 0.25), (2.0, 0.08), (4.0, 0.02), (6.5, 0.01), (28.0, 0.001)])
def test_the_deviate_has_the_tail_of_students_t(df: float, off: float) -> None:
    """Against scipy's quantiles of t, which are exact, up to a two-sided p of 0.01."""
    wanted = np.linspace(0.01, 2.58, 50)
    t = stats.t.isf(stats.norm.sf(wanted), df)
    found = welch_statistic.normal_deviate(t**2, np.full(50, df))
    assert np.abs(found - wanted).max() < off
    assert [welch_statistic.squared_t(z, df) for z in found] == pytest.approx(t**2, rel=1e-9)


def test_without_covariates_the_statistic_is_welchs_under_every_labelling() -> None:
    values, treated = RNG.normal(size=9), first(9, 3)
    labels = draw_labels(treated, 1)
    T = statistics(scores_of_values(values, treated), labels)[:, 0]
    assert labels.exact
    assert len(labels.matrix) == 84
    assert pytest.approx([welch(values, row) for row in labels.matrix], rel=1e-9) == T


def test_exact_p_value_is_scipys() -> None:
    values, treated = RNG.normal(size=10) + 1.2 * first(10, 4), first(10, 4)
    found = permutation_test(scores_of_values(values, treated), draw_labels(treated, 1))[0]

    def size(a: np.ndarray, b: np.ndarray) -> float:
        return abs(welch(np.concatenate([a, b]), first(10, 4)))

    theirs = stats.permutation_test((values[treated], values[~treated]), size, vectorized=False, alternative="greater")
    assert found.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert found.estimate == pytest.approx(values[treated].mean() - values[~treated].mean())
    assert found.p_floor == pytest.approx(1 / 210)


@pytest.mark.parametrize("kind", ["mixed", "values", "one_constant", "proportional", "ties"])
def test_any_difference_is_judged_as_the_statistic_of_the_shifted_scores_judges_it(kind: str) -> None:
    """|T| >= |T observed| by the polynomials of the difference, against every T of scores with it taken off (IN-9)."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        treated = first(9, 3)
        s, h = rng.normal(size=9), rng.uniform(0.5, 2, 9)
        m = treated * h if kind != "mixed" else rng.normal(size=9) * 0.1 + treated * h
        if kind == "values":
            h = np.ones(9)
            m = treated.astype(float)
        elif kind == "one_constant":
            # Three with the same ratio: arms of them alone have no variance at one difference or at every one.
            s[3:6] = 1.3 * h[3:6]
            m = np.where(np.arange(9) < 6, h, 0.0)
        elif kind == "proportional":
            s = 0.4 * m + np.round(s)
        elif kind == "ties":
            s, h, m = np.round(s), np.ones(9), treated.astype(float)
        scores, labels = Scores(s[:, None], h[:, None], m[:, None]), draw_labels(treated, 1)
        chosen, everyone = contrast._sums(labels, scores, 0)
        # Differences farther away than `within` take every labelling as one that rounding may decide.
        for alpha, within in ((0.05, 100.0), (0.3, 1.0)):
            test = inversion.relabelling_test(chosen, everyone.without(chosen), 2, alpha, within)
            for d in [0.0, 0.4, 1.3, float(s[:3].sum() / m[:3].sum()), *rng.normal(size=4) * 3]:
                T = statistics(Scores(scores.score - d * scores.shift, scores.information, scores.shift), labels)[:, 0]
                size = np.abs(T[~np.isnan(T)])
                assert test.p_value(d) == contrast.p_value(size), (kind, d)
                assert (test.margin(d) > 0) == (contrast.p_value(size) > alpha), (kind, d)


def test_without_a_contrast_there_is_no_number_and_a_reason() -> None:
    """Covariates that determine the arm leave no shift to tell from theirs; an arm of too few has no variance."""
    values, treated = RNG.normal(size=9), first(9, 3)
    own, labels = scores_of_values(values, treated), draw_labels(treated, 1)
    absorbed = Scores(own.score, own.information, np.zeros_like(own.shift))
    for found in (permutation_test(absorbed, labels)[0], permutation_test(own, labels, fewest=4)[0]):
        assert found.no_interval is Reason.NO_CONTRAST
        assert np.isnan([found.estimate, found.lower, found.upper, found.statistic, found.p_value]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9))
def test_covariates_that_add_nothing_change_nothing(seed: int, unit: float, other: float, level: float) -> None:
    """A constant and a linear function of a covariate lie in the span already: (I - H) of (IN-8) stays as it is."""
    rng, treated = np.random.default_rng(seed), first(10, 4)
    values, x = rng.normal(size=10), 10**unit * (rng.normal(size=10) + 3)
    constant, dependent = np.full(10, 10**level), 10**other * x + 10 ** (level - 9) * np.abs(10**other * x).max()
    for own, more in (
        ([], [constant]), ([x], [constant]), ([x], [dependent]), ([x], [x, 2 * x, constant, dependent]),
    ):  # fmt: skip
        X = np.column_stack([np.empty((10, 0)), *own])
        for columns in ([*own, *more], [*more, *own]):
            scores = scores_of_values(values, treated, np.column_stack(columns))
            plain = scores_of_values(values, treated, X)
            assert scores.score == pytest.approx(plain.score, abs=1e-7)
            assert scores.shift == pytest.approx(plain.shift, abs=1e-7)


def test_interval_ends_where_brute_force_begins_to_reject() -> None:
    values, treated = RNG.normal(size=11) + first(11, 4), first(11, 4)
    labels = draw_labels(treated, 1)
    found = permutation_test(scores_of_values(values, treated), labels)[0]

    def p_at(difference: float) -> float:
        left = values - difference * treated
        sizes = np.abs([welch(left, row) for row in labels.matrix])
        return float((sizes >= sizes[0] - 1e-9).mean())

    step = 2e-3
    for bound, side in ((found.lower, -1), (found.upper, 1)):
        assert p_at(bound - side * step) > 0.05
        assert p_at(bound + side * step) <= 0.05


def test_too_small_a_design_gives_no_interval() -> None:
    """3 against 3: the smallest two-sided p is 2/20, so that 95% cannot be reached."""
    values, treated = np.array([9.0, 8.0, 7.5, 1.0, 2.0, 3.0]), first(6, 3)
    found = permutation_test(scores_of_values(values, treated), draw_labels(treated, 1))[0]
    assert found.p_value == found.p_floor == pytest.approx(2 / 20)
    assert np.isnan([found.lower, found.upper]).all()


def test_covariate_adjusted_estimate_is_that_of_least_squares() -> None:
    treated = first(30, 6)
    X = RNG.normal(size=(30, 2)) + treated[:, None]
    values = 2.0 * treated + X @ [1.0, -2.0] + RNG.normal(size=30)
    found = permutation_test(scores_of_values(values, treated, X), draw_labels(treated, 1, draws=500))[0]
    full = np.column_stack([np.ones(30), X, treated])
    assert found.estimate == pytest.approx(np.linalg.lstsq(full, values, rcond=None)[0][-1])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 1_000_000), min_size=7, max_size=10, unique=True), st.floats(0.1, 50), st.floats(-9, 9))
def test_units_and_origin_do_not_matter(numbers: list[int], factor: float, origin: float) -> None:
    values, treated = np.array(numbers) / 1e6, first(len(numbers), 3)
    labels = draw_labels(treated, 1)
    one = permutation_test(scores_of_values(values, treated), labels)[0]
    other = permutation_test(scores_of_values(factor * values + origin, treated), labels)[0]
    assert other.p_value == one.p_value
    assert other.estimate == pytest.approx(factor * one.estimate, rel=1e-6, abs=1e-9)


def test_labels_within_strata_are_exchanged_within_strata_only() -> None:
    treated = np.array([True, False, False, True, False, False, False])
    strata = np.array([0, 0, 0, 1, 1, 1, 1])
    labels = draw_labels(treated, 1, strata=strata)
    assert labels.exact
    assert len(labels.matrix) == 12
    assert len(np.unique(labels.matrix, axis=0)) == 12
    assert (labels.matrix[0] == treated).all()
    drawn = draw_labels(treated, 1, exact_up_to=0, draws=50, strata=strata)
    assert not drawn.exact
    assert (drawn.matrix[:, :3].sum(axis=1) == 1).all()
    assert (drawn.matrix[:, 3:].sum(axis=1) == 1).all()


# -- scores of a mixed model ------------------------------------------------------------------------------------------

NULL = MixedModelSpec(fixed="y ~ day + x", subject="id", random="1", residual="car1", time="day")


def longitudinal(n: int, k: int, missing: float, effect: float = 0.0) -> tuple[pd.DataFrame, np.ndarray]:
    """n subjects over days 1..5, the first k treated, some days missing."""
    ids = np.repeat(np.arange(n), 5)
    day = np.tile(np.arange(1.0, 6.0), n)
    x = RNG.normal(size=n)[ids]
    y = 3 + 0.5 * day + x + RNG.normal(size=n)[ids] + RNG.normal(size=5 * n) + effect * (ids < k)
    frame = pd.DataFrame({"id": [f"{i:03d}" for i in ids], "day": day, "x": x, "y": y})
    keep = (RNG.random(len(frame)) >= missing) | (day == 3)
    return frame.loc[keep].reset_index(drop=True), first(n, k)


def explicit(frame: pd.DataFrame, treated: np.ndarray, at: float) -> tuple[np.ndarray, list, np.ndarray, float]:
    """Rows of X0, blocks of V, y, and the day: the long way round, with whole matrices."""
    fit = fit_mixed_model(frame, NULL)
    X, y = fit.design.X, fit.design.y
    V = np.zeros((len(y), len(y)))
    ends = np.append(fit.design.first, len(y))
    for i in range(len(treated)):
        V[ends[i] : ends[i + 1], ends[i] : ends[i + 1]] = fit.subject_covariance(i)
    return X, np.linalg.inv(V), y, at


def gls(X: np.ndarray, W: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.linalg.solve(X.T @ W @ X, X.T @ W @ y)


def scores_for(frame: pd.DataFrame, treated: np.ndarray, days: list[float]) -> Scores:
    fit = fit_mixed_model(frame, NULL)
    found = subject_scores(fit, ["Intercept", "day"], np.array([[1.0, day] for day in days]))
    return Scores(found.score, found.information, found.shift(treated))


def test_estimate_is_the_refit_with_the_treated_shifted_in_that_direction() -> None:
    """GLS with V held, arm entering by the shape of least information (IN-6): both by whole matrices."""
    frame, treated = longitudinal(12, 4, 0.3, effect=1.0)
    X, W, y, day = explicit(frame, treated, 4.0)
    rows = frame.groupby("id", sort=False).ngroup().to_numpy()
    B = X[:, :2]
    J = sum(B[rows == i].T @ W[np.ix_(rows == i, rows == i)] @ B[rows == i] for i in range(12)) / 12
    b = np.array([1.0, day])
    g = np.linalg.solve(J, b) / (b @ np.linalg.solve(J, b))
    wanted = gls(np.column_stack([X, treated[rows] * (B @ g)]), W, y)[-1]
    scores = scores_for(frame, treated, [day])
    labels = draw_labels(treated, 1)
    assert permutation_test(scores, labels)[0].estimate == pytest.approx(wanted, rel=1e-8)


def test_complete_data_without_covariates_give_the_full_models_contrast() -> None:
    frame, treated = longitudinal(10, 4, 0.0, effect=2.0)
    fit = fit_mixed_model(frame, MixedModelSpec(fixed="y ~ day", subject="id", random="1", residual="car1", time="day"))
    found = subject_scores(fit, ["Intercept", "day"], np.array([[1.0, 2.0]]))
    estimate = permutation_test(Scores(found.score, found.information, found.shift(treated)), draw_labels(treated, 1))[
        0
    ].estimate
    rows = frame.groupby("id", sort=False).ngroup().to_numpy()
    X = fit.design.X
    V = np.kron(np.eye(10), fit.subject_covariance(0))
    beta = gls(np.column_stack([X, treated[rows][:, None] * X]), np.linalg.inv(V), fit.design.y)
    assert estimate == pytest.approx(beta[2] + 2.0 * beta[3], rel=1e-8)


def test_every_relabelling_against_brute_force_refits() -> None:
    """Each labelling: the null refitted by GLS, each subject's score by whole matrices, Welch's ratio by loops."""
    frame, treated = longitudinal(8, 3, 0.3)
    X, W, y, day = explicit(frame, treated, 3.0)
    rows = frame.groupby("id", sort=False).ngroup().to_numpy()
    scores = scores_for(frame, treated, [day])
    labels = draw_labels(treated, 1)
    difference = 0.7
    T = statistics(Scores(scores.score - difference * scores.shift, scores.information, scores.shift), labels)[:, 0]
    B = X[:, :2]
    J = sum(B[rows == i].T @ W[np.ix_(rows == i, rows == i)] @ B[rows == i] for i in range(8)) / 8
    b = np.array([1.0, day])
    g = np.linalg.solve(J, b) / (b @ np.linalg.solve(J, b))
    k = B @ g
    shifted = y - difference * treated[rows] * k
    r = shifted - X @ gls(X, W, shifted)
    s = np.array([k[rows == i] @ W[np.ix_(rows == i, rows == i)] @ r[rows == i] for i in range(8)])
    h = np.array([k[rows == i] @ W[np.ix_(rows == i, rows == i)] @ k[rows == i] for i in range(8)])
    for chosen, found in zip(labels.matrix, T, strict=True):
        parts = []
        for arm in (chosen, ~chosen):
            ratio = s[arm].sum() / h[arm].sum()
            n = arm.sum()
            v = n / (n - 1) * ((s[arm] - ratio * h[arm]) ** 2).sum() / h[arm].sum() ** 2
            parts.append((ratio, v, v**2 / (n - 1)))
        (one, v, u), (other, w, x) = parts
        assert found == pytest.approx(deviate((one - other) / np.sqrt(v + w), (v + w) ** 2 / (u + x)), rel=1e-7)


def censored_fit(frame: pd.DataFrame, limit: float) -> object:
    below = frame["y"] < limit
    bounded = frame.assign(
        y=frame["y"].clip(lower=limit), lower=frame["y"].mask(below, -np.inf), upper=frame["y"].mask(below, limit)
    )
    return fit_censored(
        bounded, MixedModelSpec("y ~ day + x", "id", random="1", reml=False, lower="lower", upper="upper")
    )


def test_scores_of_censored_responses_with_no_value_censored_are_those_of_the_likelihood_fit() -> None:
    frame, treated = longitudinal(12, 4, 0.2)
    at = np.array([[1.0, 3.0]])
    ours = subject_scores(censored_fit(frame, -np.inf), ["Intercept", "day"], at)  # type: ignore[arg-type]
    exact = subject_scores(
        fit_mixed_model(frame, MixedModelSpec("y ~ day + x", "id", random="1", reml=False)), ["Intercept", "day"], at
    )
    assert ours.score == pytest.approx(exact.score, rel=1e-5, abs=1e-7)
    assert ours.information == pytest.approx(exact.information, rel=1e-5)
    assert ours.shift(treated) == pytest.approx(exact.shift(treated), rel=1e-5, abs=1e-7)


def test_scores_of_censored_responses_are_derivatives_of_the_likelihood() -> None:
    """They vanish in sum at the maximum, and their sum moves with the response by the information (finite step)."""
    frame, treated = longitudinal(14, 5, 0.2)
    limit = float(frame["y"].quantile(0.3))
    found = subject_scores(censored_fit(frame, limit), ["Intercept", "day"], np.array([[1.0, 2.0]]))  # type: ignore[arg-type]
    assert found.score.sum() == pytest.approx(0.0, abs=1e-4)
    assert (found.information > 0).all()
    scores = Scores(found.score, found.information, found.shift(treated))
    tested = permutation_test(scores, draw_labels(treated, 1))[0]
    assert 0 < tested.p_value <= 1
    assert tested.lower < tested.estimate < tested.upper


# -- many outcomes ----------------------------------------------------------------------------------------------------


def test_step_down_max_t_against_its_definition() -> None:
    T = RNG.normal(size=(400, 6))
    T[0] = [2.5, -3.1, 0.4, 1.9, -2.0, 0.1]
    T[1:, 2] = np.where(RNG.random(399) < 0.3, np.nan, T[1:, 2])
    found = step_down_max_t(T)
    size = np.nan_to_num(np.abs(T))
    order = np.argsort(-size[0])
    largest = 0.0
    for place, column in enumerate(order):
        rest = size[:, order[place:]].max(axis=1)
        largest = max(largest, float((rest >= size[0, column]).mean()))
        assert found[column] == pytest.approx(largest)


def test_max_t_of_one_contrast_is_its_own_p_value_and_missing_ones_have_none() -> None:
    values, treated = RNG.normal(size=9), first(9, 3)
    labels = draw_labels(treated, 1)
    scores = scores_of_values(values, treated)
    T = np.column_stack([statistics(scores, labels)[:, 0], np.full(84, np.nan)])
    found = step_down_max_t(T)
    assert found[0] == pytest.approx(permutation_test(scores, labels)[0].p_value)
    assert np.isnan(found[1])


@pytest.mark.parametrize(("unit", "rounding", "p"), [(1e6, 1e-4, 2 / 3), (1e6, 1e-2, 1 / 3), (1e-6, 1e-10, 2 / 3)])
def test_ties_but_for_rounding_are_ties_whatever_the_unit(unit: float, rounding: float, p: float) -> None:
    """A tolerance of 1e-9, of the statistic above 1 and absolute below."""
    assert step_down_max_t(np.array([[unit], [unit - rounding], [0.0]]))[0] == pytest.approx(p)


def test_an_outcome_measured_in_part_of_the_subjects_keeps_the_joint_labels() -> None:
    treated, present = first(12, 4), np.arange(12) % 3 != 1
    joint = draw_labels(treated, 1)
    own = joint.take(np.flatnonzero(present))
    T = statistics(scores_of_values(RNG.normal(size=8), treated[present]), own, fewest=3)[:, 0]
    counts = own.matrix.sum(axis=1)
    assert np.isnan(T[counts < 3]).all()
    assert np.isfinite(T[(counts >= 3) & (8 - counts >= 3)]).all()


def test_fixed_sequence_never_falls_and_stops_at_a_gap() -> None:
    found = fixed_sequence([0.01, 0.2, 0.03, float("nan"), 0.001])
    assert found[:3] == [0.01, 0.2, 0.2]
    assert np.isnan(found[3:]).all()


# -- the promise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k", "spread", "most"), [
    (30, 5, 0.5, 0.065), (30, 5, 1.0, 0.05), (30, 5, 2.0, 0.065), (30, 5, 3.0, 0.065), (28, 3, 3.0, 0.065),
])  # fmt: skip
def test_unequal_spread_is_survived(n: int, k: int, spread: float, most: float) -> None:
    """1,500 null studies: at most 6.5%, 5% where labels are exchangeable, plus two Monte Carlo errors (0.6% each).

    Welch's t itself, without its df, rejects 8% of 5 against 25 at three times the spread, 10% of 3 against 25.
    """
    rng = np.random.default_rng(7)
    treated = first(n, k)
    labels = draw_labels(treated, 3, exact_up_to=0, draws=1000)
    rejected = sum(
        permutation_p(rng.normal(size=n) * np.where(treated, spread, 1.0), treated, labels) <= 0.05 for _ in range(1500)
    )
    assert rejected / 1500 <= most + 0.012


def permutation_p(values: np.ndarray, treated: np.ndarray, labels: object) -> float:
    size = np.abs(statistics(scores_of_values(values, treated), labels)[:, 0])  # type: ignore[arg-type]
    return float((size >= size[0]).mean())


def test_complete_enumeration_by_hand() -> None:
    """Values 1, 2, 4, 8, 16 with {8, 16} treated: every pair's Welch t and df, as defined, by hand-written loops."""
    values, treated = np.array([8.0, 16.0, 1.0, 2.0, 4.0]), first(5, 2)
    sizes = []
    for pair in combinations(range(5), 2):
        a = values[list(pair)]
        b = np.delete(values, pair)
        v, w = a.var(ddof=1) / 2, b.var(ddof=1) / 3
        sizes.append(abs(deviate((a.mean() - b.mean()) / np.sqrt(v + w), (v + w) ** 2 / (v**2 / 1 + w**2 / 2))))
    observed = sizes[0]
    found = permutation_test(scores_of_values(values, treated), draw_labels(treated, 1))[0]
    assert found.p_value == pytest.approx(np.mean(np.array(sizes) >= observed - 1e-12))
