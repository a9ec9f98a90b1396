"""Relative effect and its permutation test against scipy, a published example, enumeration by hand, and its promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from wins_by_hand import exact_test, limits, statistic_and_df

from historical_controls.inference import draw_labels, relative_effect
from historical_controls.inference.pairwise.relative_effect import Reach, _interval
from historical_controls.inference.reasons import Reason

# Pain scores, Brunner & Munzel 2000, Biometrical Journal 42:17-25, table 1: first group (n = 14), second (n = 11).
FIRST = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
SECOND = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]


def arms(treated: list[float], controls: list[float]) -> tuple[np.ndarray, np.ndarray]:
    scores = np.array([*treated, *controls], dtype=float)
    return scores, np.arange(len(scores)) < len(treated)


def test_published_example() -> None:
    """p = 0.789, statistic 3.137 (Brunner & Munzel 2000; their second group against their first)."""
    scores, treated = arms(SECOND, FIRST)
    found = relative_effect(scores, draw_labels(treated, 1, draws=2000))
    assert found.probability == pytest.approx(0.788961, abs=1e-6)
    assert (found.probability - 0.5) / np.sqrt(found.variance) == pytest.approx(3.1374674823, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=6),
    st.lists(st.integers(0, 9), min_size=4, max_size=9),
)
def test_variance_is_that_of_scipys_statistic(treated: list[int], controls: list[int]) -> None:
    scores, mask = arms(treated, controls)
    found = relative_effect(scores, draw_labels(mask, 1, exact_up_to=0, draws=10))
    with np.errstate(all="ignore"):
        theirs = stats.brunnermunzel(controls, treated, distribution="normal")
    if np.isfinite(theirs.statistic) and found.variance > 1e-12:
        ours = (found.probability - 0.5) / np.sqrt(found.variance)
        assert ours == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("treated", [[5.0, 9.0, 7.0, 7.5], [6.0, 6.0, 8.0, 1.0], [9.5, 9.0, 7.0, 8.0]])
def test_test_and_interval_agree_with_enumeration_by_hand(treated: list[float]) -> None:
    scores, mask = arms(treated, [1.0, 4.0, 6.0, 2.0, 8.5])
    found = relative_effect(scores, draw_labels(mask, 1))
    pairs = np.sign(scores[:, None] - scores[None, :])
    share, dispersion, statistic, df = statistic_and_df(pairs, range(4))
    p_value, farthest = exact_test(pairs, range(4), 4)
    assert found.exact
    assert (found.probability, found.statistic, found.df) == pytest.approx((share, statistic, df))
    assert found.p_value == pytest.approx(p_value)
    assert (found.lower, found.upper) == pytest.approx(limits(share, dispersion, farthest), rel=1e-6)


def test_complete_separation_has_one_limit() -> None:
    """Wilson's limit with the dispersion of one lost pair drawn towards a half, by hand."""
    scores, treated = arms([10.0, 11.0, 12.0, 13.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    found = relative_effect(scores, draw_labels(treated, 1))
    part1, part0 = (3 / 6 + 1.5) / 6 / 4, (5 / 4 + 1.5) / 8 / 6
    df = (part1 + part0) ** 2 / (part1**2 / 6 + part0**2 / 8)
    assert (found.probability, found.win_odds, found.upper) == (1, np.inf, np.inf)
    assert found.lower == pytest.approx(1 / (stats.t.ppf(0.975, df) ** 2 * (part1 + part0)))
    assert found.no_interval == "complete_separation"
    assert found.p_floor == pytest.approx(2 / 210)
    assert found.p_value == pytest.approx(2 * stats.t.sf(1 / np.sqrt(part1 + part0), df))
    other = relative_effect(-scores, draw_labels(treated, 1))
    assert (other.win_odds, other.lower, other.upper) == pytest.approx((0, 0, 1 / found.lower))


def test_swapping_the_arms_inverts_the_odds() -> None:
    scores, treated = arms([3.0, 8.0, 9.0, 10.0], [1.0, 2.0, 4.0, 5.0, 6.0, 7.0])
    one = relative_effect(scores, draw_labels(treated, 1))
    other = relative_effect(-scores, draw_labels(treated, 1))
    assert one.win_odds == pytest.approx(1 / other.win_odds)
    assert one.lower == pytest.approx(1 / other.upper)
    assert one.p_value == pytest.approx(other.p_value)


def test_interval_and_p_value_are_one_test() -> None:
    """The interval leaves out even odds if and only if p is at most 5%, for scores with and without ties."""
    rng = np.random.default_rng(41)
    labels = draw_labels(np.arange(12) < 4, 1)
    rejected = 0
    for study in range(300):
        scores = rng.normal(size=12) + 1.2 * (np.arange(12) < 4)
        scores = scores.round() if study % 2 else scores
        one = relative_effect(scores, labels)
        if one.no_interval:
            assert one.no_interval in ("complete_separation", "no_spread")
            assert one.no_interval == "no_spread" or (one.lower > 1 or one.upper < 1) == (one.p_value <= 0.05)
            continue
        assert 0 < one.lower <= one.win_odds <= one.upper < np.inf
        assert (one.lower <= 1 <= one.upper) == (one.p_value > 0.05)
        rejected += one.p_value <= 0.05
    assert 20 < rejected < 280


# Shift of the treated and their standard deviation, in the controls' standard deviations.
SHIFTS = [(0.0, 1.0), (0.8, 2.0), (1.5, 1.0), (1.5, 2.0), (2.0, 0.5), (3.0, 1.0)]


@pytest.mark.parametrize(("shift", "spread"), SHIFTS)
def test_interval_covers_the_true_odds(shift: float, spread: float) -> None:
    """5 against 25 normal values: P = Phi(shift / sqrt(1 + spread^2)); 300 studies, 3 Monte Carlo errors of slack.

    benchmarks/inference/win_odds.py has the rules that were tried, with more studies and other numbers.
    """
    rng = np.random.default_rng(7)
    treated = np.arange(30) < 5
    labels = draw_labels(treated, 1, exact_up_to=0, draws=200)
    truth = stats.norm.cdf(shift / np.sqrt(1 + spread**2))
    odds, covered, scale = truth / (1 - truth), 0, np.where(treated, spread, 1.0)
    for _ in range(300):
        one = relative_effect(rng.normal(size=30) * scale + shift * treated, labels)
        covered += bool(one.lower <= odds <= one.upper)
    assert covered / 300 > 0.94 - 3 * np.sqrt(0.06 * 0.94 / 300)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_null_studies_are_rejected_about_as_often_as_promised(spread: float) -> None:
    """5 against 25, 400 studies: the promise is at most 6%, tested with 3 Monte Carlo errors of slack."""
    rng = np.random.default_rng(20)
    labels = draw_labels(np.arange(30) < 5, 1, exact_up_to=0, draws=400)
    scale = np.where(np.arange(30) < 5, spread, 1.0)
    rejected = [relative_effect(rng.normal(size=30) * scale, labels).p_value <= 0.05 for _ in range(400)]
    assert np.mean(rejected) <= 0.06 + 3 * np.sqrt(0.06 * 0.94 / 400)
    assert np.mean(rejected) > 0


def test_labels_are_all_ways_or_a_seeded_draw_with_the_observed_first() -> None:
    treated = np.array([True, False, False, True, False])
    every = draw_labels(treated, 1)
    assert every.exact
    assert len({tuple(row) for row in every.matrix}) == len(every.matrix) == 10
    drawn = draw_labels(treated, 7, exact_up_to=0, draws=50)
    assert not drawn.exact
    assert (drawn.matrix.sum(axis=1) == 2).all()
    assert (drawn.matrix[0] == treated).all()
    assert (drawn.matrix == draw_labels(treated, 7, exact_up_to=0, draws=50).matrix).all()


def test_a_level_equal_to_the_smallest_p_value_still_has_an_interval() -> None:
    """Sixteen drawn labellings, the observed one among them: no p-value is below 1/16, exact in binary."""
    scores, treated = arms([3.0, 5.0, 8.0, 9.0], [1.0, 2.0, 4.0, 6.0, 7.0, 10.0])
    labels = draw_labels(treated, 1, exact_up_to=0, draws=16)
    at_it, above = relative_effect(scores, labels, 1 - 1 / 16), relative_effect(scores, labels, 1 - 1 / 32)
    assert at_it.p_floor == above.p_floor == 1 / 16
    assert at_it.no_interval == Reason.NONE and at_it.lower < at_it.win_odds < at_it.upper
    assert above.no_interval == Reason.FLOOR_ABOVE_LEVEL and np.isnan([above.lower, above.upper]).all()


def test_where_everybody_is_tied_no_labelling_is_rarer_than_another() -> None:
    scores, treated = arms([1.0] * 3, [1.0] * 5)
    found = relative_effect(scores, draw_labels(treated, 1))
    assert (found.p_value, found.p_floor, found.win_odds) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("side", [-1, 1])
def test_an_effect_that_is_just_not_rejected_has_no_difference_within_its_interval(side: int) -> None:
    """The observed labelling is the farthest not rejected: a limit is 1 by algebra (IN-5), and by rounding as well."""
    for apart in np.linspace(0.01, 0.49, 200):
        theta, statistic = 0.5 + side * float(apart), 3.0
        dispersion = (apart / (0.5 * statistic)) ** 2
        reach = Reach(np.array([statistic, *[0.1] * 9]), 0.05, 50.0)
        assert reach.farthest == statistic
        lower, upper = _interval(theta, dispersion, reach)
        assert lower <= 1.0 <= upper
        assert (lower if side > 0 else upper) == pytest.approx(1.0, abs=1e-9)
