"""Counts, rates, incidence and interval-censored times against published numbers, statsmodels and enumeration."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom
from statsmodels.duration.survfunc import CumIncidenceRight
from statsmodels.stats.rates import confint_poisson

from historical_controls.inference import (
    bounded_difference,
    bounded_share,
    chance_of_none,
    cumulative_incidence,
    exact_interval,
    exact_rate,
    permuted_count,
    turnbull,
)
from historical_controls.inference.counts import hypergeometric, newcombe, share_difference

INF = np.inf
# Months to breast retraction under radiotherapy alone: Finkelstein & Wolfe 1985, Biometrics 41:933-945, table 4.
CLOSED = [(0, 7), (0, 8), (0, 5), (4, 11), (5, 12), (5, 11), (6, 10), (7, 16), (7, 14), (11, 15), (11, 18), (17, 25)]
CLOSED += [(17, 25), (19, 35), (18, 26), (25, 37), (26, 40), (27, 34), (36, 44), (36, 48), (37, 44)]
OPEN = [15, 17, 18, 22, 24, 24, 32, 33, 34, 36, 36, 37, 37, 37, 38, 40, 45, *[46] * 8]
COSMESIS = np.array([*CLOSED, *((left, INF) for left in OPEN)], dtype=float)
# Its estimate as printed by Fay & Shaw 2010, J Stat Softw 36(2), section 4, four decimals.
PRINTED = {
    (4, 5): 0.0463,
    (6, 7): 0.0334,
    (7, 8): 0.0887,
    (11, 12): 0.0708,
    (24, 25): 0.0926,
    (33, 34): 0.0818,
    (38, 40): 0.1209,
    (46, 48): 0.4656,
}


def test_turnbull_gives_the_published_estimate() -> None:
    found = turnbull(COSMESIS[:, 0], COSMESIS[:, 1])
    masses = {
        (int(left), int(right)): mass
        for left, right, mass in zip(found.left, found.right, found.mass, strict=True)
        if mass > 1e-6
    }
    assert masses == pytest.approx(PRINTED, abs=5e-5)


def test_turnbull_of_two_overlapping_intervals_lies_where_they_meet() -> None:
    found = turnbull(np.array([0.0, 2.0]), np.array([3.0, 5.0]))
    assert (found.left.tolist(), found.right.tolist(), found.mass.tolist()) == ([2.0], [3.0], [1.0])
    assert (found.least(2.5), found.most(2.5), found.least(3.0)) == (0.0, 1.0, 1.0)


def test_turnbull_of_times_known_to_a_day_is_the_share_of_them() -> None:
    days = np.array([1.0, 2.0, 2.0, 4.0])
    found = turnbull(days - 1, days)
    assert [found.least(day) for day in (0.5, 1, 2, 3, 4)] == pytest.approx([0, 0.25, 0.75, 0.75, 1], abs=1e-9)


@pytest.mark.parametrize("left", [[2.0], [1.0], [0.0, 2.0]], ids=["before", "empty", "one of two"])
def test_an_interval_that_ends_before_it_begins_is_refused(left: list[float]) -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        turnbull(np.array(left), np.ones(len(left)))


def test_incidence_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(7)
    time, cause = rng.integers(1, 15, 60).astype(float), rng.integers(0, 3, 60)
    expected = CumIncidenceRight(time, cause)
    found = cumulative_incidence(time, cause, 2, expected.times)
    np.testing.assert_allclose(found, np.array(expected.cinc).T, atol=1e-12)


def test_incidence_by_hand() -> None:
    """Death at 2, lost at 3, discharge at 4, death at 4, followed to 5: S(3) = 4/5, three at risk at 4."""
    time, cause = np.array([2.0, 3, 4, 4, 5]), np.array([1, 0, 2, 1, 0])
    found = cumulative_incidence(time, cause, 2, np.array([0, 2, 3, 4, 9]))
    deaths, discharges = found.T
    assert deaths == pytest.approx([0, 1 / 5, 1 / 5, 1 / 5 + 4 / 15, 1 / 5 + 4 / 15])
    assert discharges == pytest.approx([0, 0, 0, 4 / 15, 4 / 15])


@pytest.mark.parametrize(("count", "days"), [(0, 91.0), (3, 100.0), (12, 30.5)])
def test_rates_agree_with_statsmodels(count: int, days: float) -> None:
    assert exact_rate(count, days) == pytest.approx(confint_poisson(count, days, method="exact-c"), rel=1e-10)


def test_garwood_as_printed() -> None:
    """Garwood 1936 (Biometrika 28:437-442), two-sided 95% limits of an observed 3: 0.619 and 8.77."""
    assert exact_rate(3, 1.0) == pytest.approx((0.619, 8.77), abs=5e-3)


def test_none_of_five() -> None:
    """Upper limits 52% and 45%; an event of one patient in ten shows in 41% of studies of five."""
    assert bounded_share(0, 0, 5).upper == pytest.approx(0.522, abs=5e-4)
    assert exact_interval(0, 5, 0.90)[1] == pytest.approx(0.451, abs=5e-4)
    assert 1 - chance_of_none(0.10, 5) == pytest.approx(0.40951)


def test_a_share_with_unknown_patients_holds_both_extremes() -> None:
    found = bounded_share(2, 3, 10)
    assert (found.estimate, found.most) == pytest.approx((2 / 10, 5 / 10))
    assert found.lower == exact_interval(2, 10)[0]
    assert found.upper == exact_interval(5, 10)[1]
    assert np.isnan(bounded_share(0, 4, 4).estimate)


def test_difference_with_unknown_patients() -> None:
    least, most, lower, upper = bounded_difference((4, 1, 5), (2, 25, 27))
    assert (least, most) == pytest.approx((4 / 5 - 1.0, 1.0 - 2 / 27))
    assert lower < least < most < upper
    assert lower >= -1
    assert upper <= 1
    known = bounded_difference((4, 0, 5), (2, 0, 27))
    assert known[0] == known[1] == pytest.approx(4 / 5 - 2 / 27)


def by_enumeration(event: np.ndarray, treated: np.ndarray, strata: np.ndarray) -> tuple[float, float]:
    """Every labelling within the strata; distance of the treated count from its mean over all of them."""
    counts = [0]
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        each = [int(event[list(chosen)].sum()) for chosen in combinations(own, int(treated[own].sum()))]
        counts = [a + b for a in counts for b in each]
    distance = np.abs(np.array(counts) - np.mean(counts))
    observed = abs(int((event & treated).sum()) - np.mean(counts))
    return float((distance >= observed - 1e-9).mean()), float((distance >= distance.max() - 1e-9).mean())


@pytest.mark.parametrize("strata", [np.zeros(10, dtype=int), np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])])
def test_permuted_counts_by_enumeration(strata: np.ndarray) -> None:
    event = np.array([1, 0, 0, 0, 1, 1, 0, 1, 0, 0], dtype=bool)
    treated = np.array([0, 0, 0, 1, 1, 0, 0, 1, 0, 0], dtype=bool)
    found = permuted_count(event, treated, strata)
    assert (found.p_value, found.p_floor) == pytest.approx(by_enumeration(event, treated, strata), abs=1e-12)


def test_permuted_count_is_fishers_where_the_orderings_agree() -> None:
    event = np.repeat([True, False, True, False], [1, 4, 18, 20])
    treated = np.repeat([True, False], [5, 38])
    expected = fisher_exact([[1, 4], [18, 20]]).pvalue
    assert permuted_count(event, treated).p_value == pytest.approx(expected, abs=1e-12)


def test_where_all_fare_alike_nothing_can_be_unusual() -> None:
    found = permuted_count(np.zeros(8, dtype=bool), np.arange(8) < 3)
    assert (found.p_value, found.p_floor) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("population", "marked", "drawn"), [(30, 12, 5), (30, 0, 5), (5, 5, 5), (1005, 400, 60), (8, 3, 7)]
)
def test_hypergeometric_law_is_that_of_scipy(population: int, marked: int, drawn: int) -> None:
    law = hypergeometric(population, marked, drawn)
    np.testing.assert_allclose(law, hypergeom(population, marked, drawn).pmf(np.arange(drawn + 1)), rtol=1e-11)
    assert law.sum() == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize(
    ("one", "other", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_published_intervals(
    one: tuple[int, int], other: tuple[int, int], lower: float, upper: float
) -> None:
    """Newcombe 1998, Stat Med 17:873-890, table II, method 10."""
    assert newcombe(one, other, 1.959963984540054) == (pytest.approx(lower, abs=1e-4), pytest.approx(upper, abs=1e-4))


@pytest.mark.parametrize(("n", "m"), [(5, 25), (3, 8), (5, 5), (10, 30)])
def test_p_and_interval_of_two_shares_agree_in_every_table(n: int, m: int) -> None:
    """The interval has 0 if and only if the exact test, which is never beaten, does not reject it."""
    disagreed = 0
    for a, b in ((a, b) for a in range(n + 1) for b in range(m + 1)):
        event = np.r_[np.arange(n) < a, np.arange(m) < b]
        exact = permuted_count(event, np.arange(n + m) < n).p_value
        found = share_difference((a, n), (b, m), exact, 0.95)
        assert found.lower <= found.estimate <= found.upper
        assert (found.lower <= 0 <= found.upper) == (found.p_value > 0.05)
        assert found.p_value >= exact
        low, high = newcombe((a, n), (b, m), 1.959963984540054)
        disagreed += exact > 0.05 and not low <= 0 <= high
    assert disagreed > 0 or n == 5
