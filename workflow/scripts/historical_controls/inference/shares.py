"""Exact intervals of a share."""

from __future__ import annotations

from scipy.special import betaincinv


def exact_interval(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of count / n (Clopper & Pearson 1934, Biometrika 26:404-413); n is at least 1."""
    tail = (1 - level) / 2
    # A beta law with a shape of 0 is not defined; the limit is then the end of the scale.
    lower = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    upper = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return lower, upper
