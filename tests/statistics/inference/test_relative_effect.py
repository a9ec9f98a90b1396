"""Relative effect and its permutation test against scipy, a published example, enumeration by hand, and its promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from historical_controls.inference import draw_labels, relative_effect

# Pain scores, Brunner & Munzel 2000, Biometrical Journal 42:17-25, table 1: first group (n = 14), second (n = 11).
FIRST = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
SECOND = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]


def arms(treated: list[float], controls: list[float]) -> tuple[np.ndarray, np.ndarray]:
    scores = np.array([*treated, *controls], dtype=float)
    return scores, np.arange(len(scores)) < len(treated)


def test_published_example() -> None:
    """p = 0.789, statistic 3.137, df 17.683 (Brunner & Munzel 2000; their second group against their first)."""
    scores, treated = arms(SECOND, FIRST)
    found = relative_effect(scores, draw_labels(treated, 1, draws=2000))
    assert found.probability == pytest.approx(0.788961, abs=1e-6)
    assert found.statistic == pytest.approx(3.1374674823, abs=1e-9)
    assert found.df == pytest.approx(17.6828410, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=6),
    st.lists(st.integers(0, 9), min_size=4, max_size=9),
)
def test_statistic_and_df_are_scipys(treated: list[int], controls: list[int]) -> None:
    scores, mask = arms(treated, controls)
    found = relative_effect(scores, draw_labels(mask, 1, exact_up_to=0, draws=10))
    with np.errstate(all="ignore"):
        theirs = stats.brunnermunzel(controls, treated)
    if np.isfinite(theirs.statistic):
        assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-12)


def test_exact_permutation_agrees_with_enumeration_by_hand() -> None:
    scores, treated = arms([5.0, 9.0, 7.0], [1.0, 4.0, 6.0, 2.0, 8.0])
    found = relative_effect(scores, draw_labels(treated, 1))
    sizes = []
    for chosen in combinations(range(8), 3):
        mask = np.isin(np.arange(8), chosen)
        with np.errstate(all="ignore"):
            value = stats.brunnermunzel(scores[~mask], scores[mask]).statistic
        sizes.append(np.inf if not np.isfinite(value) else abs(value))
    assert found.exact
    assert found.p_value == pytest.approx(np.mean(np.array(sizes) >= abs(found.statistic) - 1e-9))


def test_complete_separation_reaches_the_floor_and_has_no_interval() -> None:
    scores, treated = arms([10.0, 11.0, 12.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    found = relative_effect(scores, draw_labels(treated, 1))
    assert found.probability == 1
    assert found.win_odds == np.inf
    assert np.isnan(found.lower)
    assert found.no_interval == "complete_separation"
    assert found.p_value == found.p_floor == pytest.approx(2 / 56)


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
            continue
        assert 0 < one.lower <= one.win_odds <= one.upper < np.inf
        assert (one.lower <= 1 <= one.upper) == (one.p_value > 0.05)
        rejected += one.p_value <= 0.05
    assert 20 < rejected < 280


# Open fault: 310 of 392 intervals, 79%, cover where nearly every treated patient fares better.
STRONG = pytest.param(1.5, marks=pytest.mark.xfail(strict=True, reason="covers 79% of strong effects"))


@pytest.mark.parametrize("shift", [0.0, 0.8, STRONG])
def test_interval_covers_the_true_odds(shift: float) -> None:
    """5 against 25 normal values: P = Phi(shift / sqrt(2)); 400 studies, with 4 Monte Carlo errors of slack."""
    rng = np.random.default_rng(7)
    treated = np.arange(30) < 5
    labels = draw_labels(treated, 1, exact_up_to=0, draws=500)
    truth = stats.norm.cdf(shift / np.sqrt(2))
    odds, covered, asked = truth / (1 - truth), 0, 0
    for _ in range(400):
        one = relative_effect(rng.normal(size=30) + shift * treated, labels)
        asked += not one.no_interval
        covered += bool(one.lower <= odds <= one.upper)
    assert covered / asked > 0.93 - 4 * np.sqrt(0.05 * 0.95 / asked)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_null_studies_are_rejected_about_as_often_as_promised(spread: float) -> None:
    """5 against 25, 400 studies: the promise is at most 7%, tested with 4 Monte Carlo errors of slack."""
    rng = np.random.default_rng(20)
    labels = draw_labels(np.arange(30) < 5, 1, exact_up_to=0, draws=1000)
    scale = np.where(np.arange(30) < 5, spread, 1.0)
    rejected = [relative_effect(rng.normal(size=30) * scale, labels).p_value <= 0.05 for _ in range(400)]
    assert np.mean(rejected) <= 0.07 + 4 * np.sqrt(0.07 * 0.93 / 400)
    assert np.mean(rejected) >= 0.005


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
