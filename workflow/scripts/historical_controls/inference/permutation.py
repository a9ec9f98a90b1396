"""The studentised contrast of scores under every relabelling: p-value and interval by inversion (IN-9 to IN-12)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from historical_controls.inference.labels import Labels
from historical_controls.inference.scores import Array, Scores

# Ties among relabellings are equal up to rounding.
TIE = 1e-9
# An arm with fewer subjects has no spread of its own.
FEWEST = 2
STEPS = 60
WIDEST = 2.0**20


@dataclass(frozen=True)
class Permuted:
    """One contrast. estimate: the difference at which the statistic is zero; lower, upper: differences that the test
    does not reject, nan where the design is too small for the level; p_floor: the smallest p of this design;
    n_used: relabellings under which the contrast exists.
    """

    estimate: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    p_floor: float
    n_used: int
    exact: bool


@dataclass(frozen=True)
class Sums:
    """Sums over the subjects labelled treated (B,), and over everybody (scalars), of products of s, m and h."""

    n: Array
    s: Array
    m: Array
    h: Array
    ss: Array
    sm: Array
    mm: Array
    sh: Array
    mh: Array
    hh: Array


def statistics(scores: Scores, labels: Labels, fewest: int = FEWEST) -> Array:
    """T (B, k) of every relabelling at no difference (IN-9); nan where an arm has fewer than `fewest` subjects."""
    member = labels.matrix.astype(np.float64)
    columns = [
        _statistic(*_sums(member, scores, column), difference=0.0, fewest=fewest)
        for column in range(scores.score.shape[1])
    ]
    return np.column_stack(columns)


def permutation_test(scores: Scores, labels: Labels, level: float = 0.95, fewest: int = FEWEST) -> tuple[Permuted, ...]:
    """Estimate, p-value with its floor, and interval of each contrast (column of `scores`) (IN-10 to IN-12).

    Row 0 of `labels` is the observed labelling, which `scores.shift` belongs to.
    """
    member = labels.matrix.astype(np.float64)
    return tuple(
        _tested(*_sums(member, scores, column), labels.exact, level, fewest) for column in range(scores.score.shape[1])
    )


def _sums(member: Array, scores: Scores, column: int) -> tuple[Sums, Sums]:
    s, m, h = (part[:, column] for part in (scores.score, scores.shift, scores.information))
    products = np.column_stack([np.ones(len(s)), s, m, h, s * s, s * m, m * m, s * h, m * h, h * h])
    return Sums(*(member @ products).T), Sums(*products.sum(axis=0)[:, None])


def _statistic(treated: Sums, everyone: Sums, difference: float, fewest: int) -> Array:
    """T (B,) of the scores that are left when a difference is taken off."""
    mean, variance = _arm(treated, difference)
    rest = Sums(*(getattr(everyone, name) - getattr(treated, name) for name in Sums.__dataclass_fields__))
    other, other_variance = _arm(rest, difference)
    spread = np.sqrt(np.maximum(variance + other_variance, 0.0))
    gap = mean - other
    with np.errstate(divide="ignore", invalid="ignore"):
        T = np.where(spread > 0, gap / spread, np.sign(gap) * np.inf)
    T = np.where(np.isnan(T), 0.0, T)
    return np.where((treated.n >= fewest) & (rest.n >= fewest), T, np.nan)


def _arm(sums: Sums, difference: float) -> tuple[Array, Array]:
    """Ratio of summed score to summed information in one arm, and its variance (IN-9)."""
    s = sums.s - difference * sums.m
    ss = sums.ss - 2 * difference * sums.sm + difference**2 * sums.mm
    sh = sums.sh - difference * sums.mh
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = s / sums.h
        left = ss - 2 * ratio * sh + ratio**2 * sums.hh
        # What rounding leaves of a sum of squares that is zero.
        left = np.where(left > 1e-13 * ss, left, 0.0)
        return ratio, left / sums.h**2 * sums.n / (sums.n - 1)


def _tested(treated: Sums, everyone: Sums, exact: bool, level: float, fewest: int) -> Permuted:
    T = _statistic(treated, everyone, 0.0, fewest)
    size = np.abs(T[~np.isnan(T)])
    if np.isnan(T[0]) or not treated.m[0]:
        nan = float("nan")
        return Permuted(nan, nan, nan, nan, nan, nan, len(size), exact)
    floor = float((size >= _tied(size.max())).mean()) if exact else 1 / len(size)
    estimate = float(treated.s[0] / treated.m[0])
    lower, upper = (float("nan"), float("nan"))
    if floor <= 1 - level:
        lower, upper = (_bound(treated, everyone, estimate, side, level, fewest) for side in (-1, 1))
    return Permuted(estimate, lower, upper, float(T[0]), p_value(size), floor, len(size), exact)


def p_value(size: Array) -> float:
    """Share of relabellings whose |T| is at least the observed one, which stands first (IN-10)."""
    return float((size >= _tied(size[0])).mean())


def _tied(size: float) -> float:
    return size - TIE * max(size, 1.0) if np.isfinite(size) else size


def _bound(treated: Sums, everyone: Sums, estimate: float, side: int, level: float, fewest: int) -> float:
    """The end of the differences on one side that are not rejected, to a thousandth of a standard error (IN-12)."""

    def rejected(difference: float) -> bool:
        T = _statistic(treated, everyone, difference, fewest)
        return p_value(np.abs(T[~np.isnan(T)])) <= 1 - level

    step = _standard_error(treated, everyone, estimate)
    if step == 0:
        return estimate
    inside, outside = 0.0, float(ndtri(0.5 + level / 2))
    while not rejected(estimate + side * step * outside):
        inside, outside = outside, 2 * outside
        if outside > WIDEST:
            return side * float("inf")
    for _ in range(STEPS):
        if outside - inside < 1e-3:
            break
        middle = (inside + outside) / 2
        if rejected(estimate + side * step * middle):
            outside = middle
        else:
            inside = middle
    return estimate + side * step * inside


def _standard_error(treated: Sums, everyone: Sums, estimate: float) -> float:
    """Rough size of the estimate's error, which only sets where the search for a bound starts."""
    own = Sums(*(getattr(treated, name)[:1] for name in Sums.__dataclass_fields__))
    rest = Sums(*(getattr(everyone, name) - getattr(own, name) for name in Sums.__dataclass_fields__))
    variance = _arm(own, estimate)[1] + _arm(rest, estimate)[1]
    contrast = own.m / own.h - rest.m / rest.h
    return float(np.sqrt(variance[0]) / abs(contrast[0]))


def restricted(labels: Labels, present: NDArray[np.bool_]) -> Labels:
    """The labels of the subjects who are `present` (n,), as the joint relabelling gives them."""
    return Labels(labels.matrix[:, present], labels.exact)
