"""The ratio of two shares with Miettinen and Nurminen's score interval (EV-12, EV-13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]
FARTHEST = 46.0  # logarithm of the largest ratio looked at, 1e20
# 92 on the logarithm, halved so often, is beyond the precision of a number.
HALVINGS = 64


@dataclass(frozen=True)
class RiskRatio:
    """Each number, or an array of them. estimate: ratio of the shares, inf where only the second is zero, nan where
    both are; lower, upper: score interval, 0 or inf where the data do not bound it."""

    estimate: Array
    lower: Array
    upper: Array


def risk_ratio(events: ArrayLike, n: ArrayLike, other_events: ArrayLike, other_n: ArrayLike, level: float) -> RiskRatio:
    """Ratio of the shares events / n and other_events / other_n; arguments are counts, or arrays of counts.

    Interval: all ratios that the score test with constrained maximum-likelihood shares and the variance inflated by
    N / (N - 1) does not reject (Miettinen & Nurminen 1985, Stat Med 4:213-226, eq. 9 to 11). It has an answer for every
    table, zero events and events in everybody included. The factor is part of the method: SAS and R's ratesci
    (`scoreci(skew = FALSE)`) have it; R's PropCIs (`riskscoreci`) gives the score interval without it (Koopman 1984).
    """
    x, m, y, k = (np.asarray(part, dtype=np.float64) for part in (events, n, other_events, other_n))
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = (x / m) / (y / k)
    z = float(ndtri(0.5 + level / 2))
    lower = _where_z_is(z, x, m, y, k)
    upper = _where_z_is(-z, x, m, y, k)
    # Without an event on one side no ratio that far is rejected: the search would only end at its own border.
    return RiskRatio(estimate, np.where(x == 0, 0.0, lower), np.where(y == 0, np.inf, upper))


def constrained_shares(ratio: Array, x: Array, m: Array, y: Array, k: Array) -> tuple[Array, Array]:
    """Maximum-likelihood shares whose ratio is given (EV-12): the smaller root of the likelihood equation."""
    a = (m + k) * ratio
    b = -(m * ratio + x + k + y * ratio)
    c = x + y
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
    # c / q instead of (-b - root) / 2a, which cancels where the ratio is small
    other = np.clip(2 * c / (root - b), 0.0, 1.0)
    return np.clip(ratio * other, 0.0, 1.0), other


def score_z(ratio: Array, x: Array, m: Array, y: Array, k: Array) -> Array:
    """Standardised distance of the shares from a ratio (EV-13); it falls as the ratio grows."""
    p, q = constrained_shares(ratio, x, m, y, k)
    total = m + k
    variance = (p * (1 - p) / m + ratio**2 * q * (1 - q) / k) * total / (total - 1)
    gap = x / m - ratio * y / k
    with np.errstate(divide="ignore", invalid="ignore"):
        z = gap / np.sqrt(variance)
    # Constrained shares of 0 or 1 have no variance; a ratio that fits them exactly has distance 0, not 0 / 0.
    return np.asarray(np.where(np.abs(gap) <= 1e-12 * np.maximum(ratio, 1.0), 0.0, z))


def _where_z_is(z: float, x: Array, m: Array, y: Array, k: Array) -> Array:
    """The ratio at which the score reaches z, by halving its logarithm."""
    low = np.full(np.broadcast(x, m, y, k).shape, -FARTHEST)
    high = -low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        # z falls as the ratio grows: above z means that the ratio is too small.
        above = score_z(np.exp(middle), x, m, y, k) > z
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.exp((low + high) / 2))
