"""Comparisons of pairs, hierarchies and win ratios, by hand and by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from wins_by_hand import exact_test, statistic_and_df

from historical_controls.inference import (
    by_bounds,
    by_survival,
    by_value,
    draw_labels,
    effect_of_pairs,
    first_decided,
    relative_effect,
    win_ratio,
)

INF = np.inf


def test_bounds_decide_only_where_they_do_not_touch() -> None:
    # <2, 2 exactly, 3 exactly, >1, and one in 2.5 to 4
    lower = np.array([-INF, 2.0, 3.0, 1.0, 2.5])
    upper = np.array([2.0, 2.0, 3.0, INF, 4.0])
    expected = [
        [0, 0, -1, 0, -1],
        [0, 0, -1, 0, -1],
        [1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
    ]
    assert by_bounds(lower, upper).tolist() == expected


def test_gehan_scores_of_survival_by_hand() -> None:
    """Deaths at 2 and 5, alive when last seen at 3 and 9: seen alive at 3 beats the death at 2, not that at 5."""
    pairs = by_survival(np.array([2.0, 5.0, 3.0, 9.0]), np.array([True, True, False, False]))
    assert pairs.sum(axis=1).tolist() == [-3.0, 0.0, 1.0, 2.0]
    assert pairs[2].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_a_death_on_the_last_day_loses_to_its_survivors() -> None:
    """Five treated alive at day 21, 25 controls dead on day 21: 125 wins are due, none was given."""
    day, died = np.full(30, 21.0), np.arange(30) >= 5
    result = win_ratio(by_survival(day, died), ~died)
    assert (result.n_wins, result.n_losses, result.n_ties) == (125, 0, 0)
    # two deaths of one day tie, and so do two who reached it alive
    assert not by_survival(day, np.full(30, True)).any()
    assert not by_survival(day, np.full(30, False)).any()


def test_values_below_a_limit_are_compared_by_their_bounds() -> None:
    """Five treated at 3 to 3.4, 12 of 25 controls "<5" and 13 from 6: each "<5" decides nothing and counts half."""
    exact = np.concatenate([np.linspace(3, 3.4, 5), np.linspace(6, 12, 13)])
    lower = np.concatenate([exact, np.full(12, -INF)])
    upper = np.concatenate([exact, np.full(12, 5.0)])
    arm = np.arange(30) < 5
    pairs = -by_bounds(lower, upper)  # lower is better
    effect = effect_of_pairs(pairs, draw_labels(arm, 1))
    assert effect.probability == pytest.approx((13 + 12 / 2) / 25)
    result = win_ratio(pairs, arm)
    assert (result.n_wins, result.n_losses, result.n_ties) == (65, 0, 60)
    assert result.no_interval == "no_losses"
    assert effect.no_interval == ""


def test_all_ties_are_even_odds_and_no_separation() -> None:
    arm = np.arange(30) < 5
    effect = relative_effect(np.full(30, 4.0), draw_labels(arm, 1, exact_up_to=0, draws=200))
    assert (effect.win_odds, effect.p_value, effect.no_interval) == (1.0, 1.0, "no_spread")
    assert win_ratio(by_value(np.full(30, 4.0)), arm).no_interval == "ties_only"
    assert win_ratio(by_value(np.where(arm, 5.0, 4.0)), arm).no_interval == "complete_separation"


def test_exact_values_are_ranks_as_before() -> None:
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 8, 14).astype(float)
    labels = draw_labels(np.arange(14) < 5, 1)
    one, two = relative_effect(scores, labels), effect_of_pairs(by_bounds(scores, scores), labels)
    assert one == two
    found = stats.brunnermunzel(scores[5:], scores[:5])
    assert (one.probability - 0.5) / np.sqrt(one.variance) == pytest.approx(found.statistic, rel=1e-12)


def test_a_missing_value_decides_nothing() -> None:
    assert not by_value(np.array([1.0, np.nan, 2.0]))[1].any()


def test_first_step_that_decides_counts() -> None:
    survival = by_survival(np.array([4.0, 21.0, 21.0]), np.array([True, False, False]))
    days = by_value(np.array([9.0, 3.0, 3.0]))
    ratio = by_value(np.array([0.0, 150.0, 90.0]))
    decided = first_decided(survival, days, ratio)
    assert decided.tolist() == [[0, -1, -1], [1, 0, 1], [1, -1, 0]]


# Treated 3, 5, 6 and controls 1, 4, 5, 7: wins of each treated 1, 2, 3, losses 3, 1, 1, one tie.
VALUES = np.array([3.0, 5.0, 6.0, 1.0, 4.0, 5.0, 7.0])
ARM = np.arange(7) < 3


def test_win_ratio_and_its_interval_by_hand() -> None:
    found = win_ratio(by_value(VALUES), ARM)
    assert (found.n_wins, found.n_losses, found.n_ties) == (6, 5, 1)
    assert found.win_ratio == pytest.approx(6 / 5)
    W, L = 6 / 12, 5 / 12
    own = np.array([1 / 4 / W - 3 / 4 / L, 2 / 4 / W - 1 / 4 / L, 3 / 4 / W - 1 / 4 / L])
    other = np.array([3 / 3 / W, 2 / 3 / W - 1 / 3 / L, 1 / 3 / W - 1 / 3 / L, -3 / 3 / L])
    a, b = own.var(ddof=1) / 3, other.var(ddof=1) / 4
    df = (a + b) ** 2 / (a**2 / 2 + b**2 / 3)
    half = stats.t.ppf(0.975, df) * np.sqrt(a + b)
    assert np.log([found.lower, found.upper]) == pytest.approx(np.log(1.2) + np.array([-half, half]), rel=1e-12)
    assert found.df == pytest.approx(df, rel=1e-12)


def test_win_ratio_without_losses_has_no_interval() -> None:
    found = win_ratio(by_value(VALUES + 10 * ARM), ARM)
    assert found.win_ratio == INF
    assert np.isnan([found.lower, found.upper]).all()


def test_swapping_the_arms_inverts_the_win_ratio() -> None:
    one, two = (win_ratio(by_value(VALUES), arm) for arm in (ARM, ~ARM))
    assert [1 / two.win_ratio, 1 / two.upper, 1 / two.lower] == pytest.approx([one.win_ratio, one.lower, one.upper])


def test_variance_of_the_win_ratio_is_that_of_repeated_studies() -> None:
    """Standard error of the logarithm against the spread over 1,000 studies of 60 and 80 (Monte Carlo error 2.2%)."""
    rng = np.random.default_rng(11)
    arm = np.arange(140) < 60
    logs, halves = [], []
    for _ in range(1000):
        found = win_ratio(by_value(np.round(rng.normal(0.3 * arm, 1.0), 1)), arm)
        logs.append(np.log(found.win_ratio))
        halves.append(np.log(found.upper / found.lower) / 2 / stats.t.ppf(0.975, found.df))
    assert np.mean(halves) == pytest.approx(np.std(logs), rel=0.09)


def test_permutation_of_undecided_pairs_agrees_with_enumeration_by_hand() -> None:
    """Relative effect of interval-valued subjects under all 35 labellings, every step written out."""
    lower = np.array([-INF, 1.0, 2.0, -INF, 0.5, 3.0, 1.5])
    upper = np.array([1.0, 1.0, 2.0, 0.8, 0.5, 3.0, INF])
    pairs = by_bounds(lower, upper)
    treated = np.array([False, True, True, False, False, True, False])

    found = effect_of_pairs(pairs, draw_labels(treated, 1))
    assert found.exact
    assert found.p_value == pytest.approx(exact_test(pairs, (1, 2, 5), 3)[0])
    assert found.statistic == pytest.approx(statistic_and_df(pairs, (1, 2, 5))[2], rel=1e-12)


def test_no_spread_but_for_rounding_gives_no_interval() -> None:
    """Every treated beats the same third of the controls, and every control loses to all or none."""
    scores = np.array([1.0] * 7 + [0.0] * 3 + [2.0] * 6)
    found = relative_effect(scores, draw_labels(np.arange(16) < 7, 1))
    assert found.probability == pytest.approx(1 / 3)
    assert found.lower < found.win_odds < found.upper  # the controls vary
    same = relative_effect(np.zeros(10), draw_labels(np.arange(10) < 3, 1))
    assert np.isnan([same.lower, same.upper]).all()
    assert same.p_value == 1.0
