"""Miettinen and Nurminen's interval of a risk ratio against a constrained likelihood maximised on a grid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlog1py, xlogy

from historical_controls.inference import risk_ratio
from historical_controls.inference.risk_ratios import score_z

Z = 1.959963984540054


def constrained_on_a_grid(ratio: np.ndarray, x: int, m: int, y: int, k: int) -> np.ndarray:
    """The second share that maximises the binomial likelihood at a ratio, by repeated grids."""
    low, high = np.zeros_like(ratio), np.minimum(1.0, 1 / ratio)
    for _ in range(25):
        q = low + (high - low) * np.linspace(0, 1, 41)[:, None]
        p = np.minimum(ratio * q, 1.0)
        loglik = xlogy(x, p) + xlog1py(m - x, -p) + xlogy(y, q) + xlog1py(k - y, -q)
        best = np.take_along_axis(q, loglik.argmax(axis=0)[None], axis=0)[0]
        step = (high - low) / 40
        low, high = np.maximum(best - step, low), np.minimum(best + step, high)
    return best


def score_on_a_grid(ratio: np.ndarray, x: int, m: int, y: int, k: int) -> np.ndarray:
    q = constrained_on_a_grid(ratio, x, m, y, k)
    p = ratio * q
    variance = (p * (1 - p) / m + ratio**2 * q * (1 - q) / k) * (m + k) / (m + k - 1)
    return (x / m - ratio * y / k) / np.sqrt(variance)


@pytest.mark.parametrize(
    ("table", "lower", "upper"),
    [((3, 5, 25, 25), 0.2267, 0.8847), ((0, 5, 10, 25), 0.0, 1.2230), ((5, 5, 25, 25), 0.5572, 1.1590)],
)
def test_edges(table: tuple[int, int, int, int], lower: float, upper: float) -> None:
    """3 of 5 against 25 of 25 had printed 0.93 to 0.93; no death in an arm has an answer."""
    result = risk_ratio(*table, level=0.95)
    assert (result.lower, result.upper) == (pytest.approx(lower, abs=1e-4), pytest.approx(upper, abs=1e-4))
    grid = [bound for bound in (float(result.lower), float(result.upper)) if 0 < bound < np.inf]
    assert np.abs(score_on_a_grid(np.array(grid), *table)) == pytest.approx(Z, abs=1e-5)


def limits_by_root(table: tuple[int, int, int, int], inflated: bool) -> tuple[float, float]:
    """Limits of the ratio where the score reaches Z, its shares by maximising the likelihood."""
    x, m, y, k = table

    def beyond(ratio: float) -> float:
        most = min(1.0, 1 / ratio)

        def minus(q: float) -> float:
            p = min(ratio * q, 1.0)
            return -float(xlogy(x, p) + xlog1py(m - x, -p) + xlogy(y, q) + xlog1py(k - y, -q))

        inside = minimize_scalar(minus, bounds=(0, most), method="bounded", options={"xatol": 1e-14}).x
        q = min((inside, most), key=minus)
        p = ratio * q
        variance = (p * (1 - p) / m + ratio**2 * q * (1 - q) / k) * ((m + k) / (m + k - 1) if inflated else 1.0)
        return float((x / m - ratio * y / k) ** 2 / variance - Z**2)

    estimate = x / m / (y / k)
    return brentq(beyond, 1e-4, estimate - 1e-6), brentq(beyond, estimate + 1e-6, 5.0)


def test_three_of_five_against_all_of_twenty_five_in_both_forms() -> None:
    """The form meant is that of Miettinen and Nurminen 1985: variance times N / (N - 1).

    Its limits are 0.2267 and 0.8847; without the factor (Koopman 1984, Biometrics 40:513-517) 0.2307 and 0.8824. An
    upper limit of 0.883 beside a lower one of 0.227, as once asked for, is neither: nor is it the interval corrected
    for skewness (Laud 2017, Pharm Stat 16:334-348), 0.192 to 0.919. ratesci has the factor, PropCIs has not.
    """
    table = (3, 5, 25, 25)
    inflated, plain = (limits_by_root(table, which) for which in (True, False))
    assert inflated == (pytest.approx(0.22671821, abs=1e-7), pytest.approx(0.88471578, abs=1e-7))
    assert plain == (pytest.approx(0.23072428, abs=1e-7), pytest.approx(0.88237923, abs=1e-7))
    found = risk_ratio(*table, level=0.95)
    assert (float(found.lower), float(found.upper)) == pytest.approx(inflated, abs=1e-7)


def test_every_table_up_to_thirty() -> None:
    """All 245,025 tables: z is 1.96 at each finite limit, which lies on its side of the estimate."""
    sizes = [(events, n) for n in range(1, 31) for events in range(n + 1)]
    x, m = np.repeat(np.array(sizes), len(sizes), axis=0).T
    y, k = np.tile(np.array(sizes), (len(sizes), 1)).T
    result = risk_ratio(x, m, y, k, 0.95)
    assert not np.isnan([result.lower, result.upper]).any()
    assert (result.lower[x == 0] == 0).all()
    assert np.isinf(result.upper[y == 0]).all()
    told = ~np.isnan(result.estimate)
    assert (result.lower[told] <= result.estimate[told]).all()
    assert (result.estimate[told] <= result.upper[told]).all()
    for bound, z, asked in ((result.lower, Z, x > 0), (result.upper, -Z, y > 0)):
        inside = asked & (bound > 1e-15) & (bound < 1e15)
        assert score_z(bound[inside], x[inside], m[inside], y[inside], k[inside]) == pytest.approx(z, abs=1e-6)
    swapped = risk_ratio(y, k, x, m, 0.95)
    both = (x > 0) & (y > 0)
    assert result.lower[both] == pytest.approx(1 / swapped.upper[both], rel=1e-9)


def test_a_sample_of_tables_against_the_grid() -> None:
    """The closed form of the constrained shares against a likelihood maximised without it."""
    rng = np.random.default_rng(3)
    for _ in range(400):
        m, k = (int(n) for n in rng.integers(1, 31, 2))
        x, y = int(rng.integers(0, m + 1)), int(rng.integers(0, k + 1))
        ratio = np.exp(rng.uniform(-3, 3, 5))
        ours, grid = score_z(ratio, x, m, y, k), score_on_a_grid(ratio, x, m, y, k)
        kept = np.isfinite(grid) & (np.abs(grid) < 1e3)
        assert ours[kept] == pytest.approx(grid[kept], rel=1e-5, abs=1e-5)
