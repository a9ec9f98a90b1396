"""The studentised contrast of scores under every relabelling: p-value and interval by inversion (IN-9 to IN-12).

Welch's t of every labelling counts as the normal deviate of its own degrees of freedom (IN-19).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from historical_controls.inference.labels import Labels
from historical_controls.inference.reasons import Reason
from historical_controls.inference.scores import Array, Scores
from historical_controls.inference.spread import cancelled

Flags = NDArray[np.bool_]

# Ties among relabellings are equal up to rounding.
TIE = 1e-9
# An arm with fewer subjects has no variance of its own.
FEWEST = 2
# Halvings at most: about 30 bring 2^20 standard errors below a thousandth of one.
STEPS = 60
# Above this share of a sum of squares that is left after others are taken off, ten of its digits are right.
CERTAIN = 1e-6
# Beyond any squared t.
LARGEST = 1e300
# In standard errors: a bound that is farther away than this is none.
WIDEST = 2.0**20


@dataclass(frozen=True)
class Permuted:
    """One contrast. estimate: the difference at which the statistic is zero; lower, upper: differences that the test
    does not reject, which contain zero if and only if p_value exceeds one minus the level; nan where there is no
    interval, and no_interval says why. p_floor: the smallest p of this design; n_used: relabellings under which the
    contrast exists.
    """

    estimate: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    p_floor: float
    n_used: int
    exact: bool
    no_interval: Reason = Reason.NONE


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

    def without(self, others: Sums) -> Sums:
        """Everybody minus the treated: the controls' sums need no second product."""
        return Sums(*(getattr(self, name) - getattr(others, name) for name in Sums.__dataclass_fields__))

    def take(self, labellings: Flags | slice) -> Sums:
        """The sums of some of the labellings."""
        return Sums(*(getattr(self, name)[labellings] for name in Sums.__dataclass_fields__))


def statistics(scores: Scores, labels: Labels, fewest: int = FEWEST) -> Array:
    """Z (B, k) of every relabelling at no difference (IN-19); nan where an arm has fewer than `fewest` subjects."""
    columns = []
    for column in range(scores.score.shape[1]):
        treated, everyone = _sums(labels, scores, column)
        columns.append(_statistic(treated, everyone.without(treated), 0.0, fewest))
    return np.column_stack(columns)


def permutation_test(scores: Scores, labels: Labels, level: float = 0.95, fewest: int = FEWEST) -> tuple[Permuted, ...]:
    """Estimate, p-value with its floor, and interval of each contrast (column of `scores`) (IN-10 to IN-12).

    Row 0 of `labels` is the observed labelling, which `scores.shift` belongs to.
    """
    return tuple(
        _tested(*_sums(labels, scores, column), labels.exact, level, fewest) for column in range(scores.score.shape[1])
    )


def _sums(labels: Labels, scores: Scores, column: int) -> tuple[Sums, Sums]:
    s, m, h = (part[:, column] for part in (scores.score, scores.shift, scores.information))
    # (n, 10): summed once over every labelling, they give the statistic at any difference.
    products = np.column_stack([np.ones(len(s)), s, m, h, s * s, s * m, m * m, s * h, m * h, h * h])
    return Sums(*np.ascontiguousarray(labels.sums(products).T)), Sums(*products.sum(axis=0)[:, None])


def _statistic(treated: Sums, rest: Sums, difference: float, fewest: int) -> Array:
    """Z (B,) of the scores that are left when a difference is taken off."""
    Z = _deviate(_arm(treated, difference), _arm(rest, difference), treated.n - 1, rest.n - 1)
    return np.where((treated.n >= fewest) & (rest.n >= fewest), Z, np.nan)


def _deviate(treated: tuple[Array, Array], rest: tuple[Array, Array], df: Array, other_df: Array) -> Array:
    """Z (IN-19) from each arm's ratio, the ratio's variance and that variance's degrees of freedom."""
    (mean, variance), (other, other_variance) = treated, rest
    spread = np.maximum(variance + other_variance, 0.0)
    gap = mean - other
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = spread**2 / (variance**2 / df + other_variance**2 / other_df)
        Z = np.where(spread > 0, np.sign(gap) * normal_deviate(gap**2 / spread, pooled), np.sign(gap) * np.inf)
    # Arms without spread that agree: the sign of 0 times infinity.
    return np.where(np.isnan(Z), 0.0, Z)


def normal_deviate(square: Array, df: Array) -> Array:
    """The standard normal value with about the tail of a squared t with these df, which may be fractions (IN-19).

    Wallace 1959 (Ann Math Stat 30:1121-1130): up to 2.6 within 0.02 for 4 df and more, 0.08 for 2, 0.25 for 1. The test
    needs the order of labellings alone.
    """
    return np.asarray((8 * df + 1) / (8 * df + 3) * np.sqrt(df * np.log1p(square / df)))


def _squared_t(deviate: float, df: float) -> float:
    """The squared t of that normal deviate; falls with the df."""
    with np.errstate(over="ignore"):
        square = df * np.expm1((deviate * (8 * df + 3) / (8 * df + 1)) ** 2 / df)
    # An infinite one could not be multiplied by a difference of zero.
    return float(min(square, LARGEST))


def _arm(sums: Sums, difference: float) -> tuple[Array, Array]:
    """Ratio of summed score to summed information in one arm, and its variance (IN-9)."""
    s = sums.s - difference * sums.m
    ss = sums.ss - 2 * difference * sums.sm + difference**2 * sums.mm
    sh = sums.sh - difference * sums.mh
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = s / sums.h
        # Sum of (s - h R)^2 multiplied out. Where nothing varies the terms cancel to rounding errors, set to 0.
        left = ss - 2 * ratio * sh + ratio**2 * sums.hh
        left = np.where(cancelled(left, sums.ss + difference**2 * sums.mm), 0.0, left)
        return ratio, left / sums.h**2 * sums.n / (sums.n - 1)


def _tested(treated: Sums, everyone: Sums, exact: bool, level: float, fewest: int) -> Permuted:
    rest = everyone.without(treated)
    Z = _statistic(treated, rest, 0.0, fewest)
    size = np.abs(Z[~np.isnan(Z)])
    nan = float("nan")
    # A shift of 0 over the treated: the covariates determine the arm, and no difference can be told from theirs.
    if np.isnan(Z[0]) or not treated.m[0]:
        return Permuted(nan, nan, nan, nan, nan, nan, len(size), exact, Reason.NO_CONTRAST)
    floor = float((size >= _tied(size.max())).mean()) if exact else 1 / len(size)
    estimate = float(treated.s[0] / treated.m[0])
    error, reason = _standard_error(treated.take(slice(1)), rest.take(slice(1)), estimate), Reason.NONE
    if error == 0:
        reason = Reason.NO_SPREAD
    elif floor > 1 - level:
        reason = Reason.FLOOR_ABOVE_LEVEL
    lower, upper = (nan, nan) if reason else _interval(_test(treated, rest, fewest, 1 - level), estimate, error)
    return Permuted(estimate, lower, upper, float(Z[0]), p_value(size), floor, len(size), exact, reason)


@dataclass(frozen=True)
class Polynomials:
    """One arm at any difference d (IN-9): its ratio r0 - d r1 (2, B), the ratio's variance v0 - 2 d v1 + d^2 v2 (3, B),
    and t0 + d^2 t1 (2, B), the sums of squares of which the variance is what is left.

    df (B,): of the variance; certain (B,): labellings whose variance is more than rounding leaves at every d.
    """

    r: Array
    v: Array
    t: Array
    df: Array
    certain: Flags

    def take(self, labellings: Flags) -> Polynomials:
        """Those of some labellings."""
        r, v, t = (part[:, labellings] for part in (self.r, self.v, self.t))
        return Polynomials(r, v, t, self.df[labellings], self.certain[labellings])

    def at(self, difference: float) -> tuple[Array, Array]:
        """The ratio and its variance."""
        variance = np.array([1.0, -2 * difference, difference**2]) @ self.v
        rounding = cancelled(variance, self.t[0] + difference**2 * self.t[1])
        return self.r[0] - difference * self.r[1], np.where(rounding, 0.0, variance)


def _polynomials(sums: Sums) -> Polynomials:
    with np.errstate(divide="ignore", invalid="ignore"):
        r0, r1 = sums.s / sums.h, sums.m / sums.h
        # Sums of products of what is left of s and of m after their ratios to h.
        v0 = sums.ss - 2 * r0 * sums.sh + r0**2 * sums.hh
        v1 = sums.sm - r0 * sums.mh - r1 * sums.sh + r0 * r1 * sums.hh
        v2 = sums.mm - 2 * r1 * sums.mh + r1**2 * sums.hh
        # The smallest share of ss + d^2 mm that is left at any d: the lower eigenvalue of the form in (1, d), scaled.
        a, b = v0 / sums.ss, np.where(sums.mm > 0, v1 / np.sqrt(sums.ss * sums.mm), 0.0)
        c = np.where(sums.mm > 0, v2 / sums.mm, a)
        least = (a + c) / 2 - np.hypot((a - c) / 2, b)
        factor = sums.n / (sums.n - 1) / sums.h**2
        v, t = np.stack([v0, v1, v2]) * factor, np.stack([sums.ss, sums.mm]) * factor
    return Polynomials(np.stack([r0, r1]), v, t, sums.n - 1, least > CERTAIN)


@dataclass(frozen=True)
class Certain:
    """Labellings whose variances are more than rounding at every difference d.

    gap, spread (3, b): coefficients of 1, -2d and d^2 of the squared gap between the arms and of its variance, of which
    own (2, 3, b) are the arms' parts with df (2, b); fewest, most: bounds of the df that any of them has at any d.
    """

    gap: Array
    own: Array
    df: Array
    fewest: float
    most: float

    @cached_property
    def both(self) -> Array:
        """(6, b): gap and spread, one above the other."""
        return np.vstack([self.gap, self.own.sum(axis=0)])

    def as_large(self, size: float, difference: float) -> int:
        """How many have |Z| >= size."""
        if size <= 0:
            return self.gap.shape[1]
        if not np.isfinite(size):
            return 0
        square = np.array([1.0, -2 * difference, difference**2])
        # One product, without roots, logarithms and quotients, decides all whose t is large or small whatever its df:
        # of a test by many labellings they take the time.
        bounds = [np.concatenate([square, -_squared_t(size, df) * square]) for df in (self.fewest, self.most)]
        sure, possible = np.array(bounds) @ self.both >= 0
        between = np.flatnonzero(possible & ~sure)
        gap, own = square @ self.gap[:, between], square @ self.own[:, :, between]
        spread = own.sum(axis=0)
        df = spread**2 / (own**2 / self.df[:, between]).sum(axis=0)
        deviates = normal_deviate(np.maximum(gap, 0.0) / spread, df)
        return int(np.count_nonzero(sure)) + int(np.count_nonzero(deviates >= size))


@dataclass(frozen=True)
class Test:
    """The permutation test of any difference between the arms, at level alpha (IN-10).

    treated, rest: the arms under the labellings that are not certain, among which the observed one is put first.
    """

    certain: Certain
    treated: Polynomials
    rest: Polynomials
    alpha: float

    def rejects(self, difference: float) -> bool:
        arms = self.treated.at(difference), self.rest.at(difference)
        size = np.abs(_deviate(*arms, self.treated.df, self.rest.df))
        tied = _tied(size[0])
        hits = int((size >= tied).sum()) + self.certain.as_large(tied, difference)
        return hits / (len(size) + self.certain.gap.shape[1]) <= self.alpha


def _test(treated: Sums, rest: Sums, fewest: int, alpha: float) -> Test:
    own, other = _polynomials(treated), _polynomials(rest)
    possible = (treated.n >= fewest) & (rest.n >= fewest)
    certain = possible & own.certain & other.certain
    # The observed labelling is the measure of all others.
    certain[0] = False
    g0, g1 = (own.r - other.r)[:, certain]
    df = np.stack([own.df, other.df])[:, certain]
    # Welch's df lie between those of the smaller arm and those of both together.
    least, most = (float(df.min()), float(df.sum(axis=0).max())) if certain.any() else (1.0, 1.0)
    gap, parts = np.stack([g0 * g0, g0 * g1, g1 * g1]), np.stack([own.v, other.v])[:, :, certain]
    others = possible & ~certain
    return Test(Certain(gap, parts, df, least, most), own.take(others), other.take(others), alpha)


def _interval(test: Test, estimate: float, error: float) -> tuple[float, float]:
    """The differences around the estimate that are not rejected (IN-12), in step with the p-value of no difference.

    What is not rejected need not be an interval: p is a step function of the difference. Where zero is not rejected
    the interval reaches it; where it is, the interval ends before it.
    """
    half = float(ndtri(1 - test.alpha / 2)) * error
    lower, upper = (_bound(test, estimate, side * half, error) for side in (-1, 1))
    if not test.rejects(0.0):
        return min(lower, 0.0), max(upper, 0.0)
    # The search met no rejection between the estimate and zero, yet zero itself is rejected.
    if lower <= 0 <= upper and estimate != 0:
        nearer = _bisected(test, estimate, 0.0, error)
        return (nearer, upper) if estimate > 0 else (lower, nearer)
    return lower, upper


def _bound(test: Test, estimate: float, step: float, error: float) -> float:
    """The end of the differences on one side that are not rejected, to a thousandth of a standard error (IN-12)."""
    inside, outside = estimate, estimate + step
    # Doubling the distance: the rough standard error may be far too small with few patients.
    while not test.rejects(outside):
        inside, outside = outside, estimate + 2 * (outside - estimate)
        if abs(outside - estimate) > WIDEST * error:
            return float(np.sign(step)) * float("inf")
    return _bisected(test, inside, outside, error)


def _bisected(test: Test, inside: float, outside: float, error: float) -> float:
    """A difference that is not rejected, next to one that is."""
    for _ in range(STEPS):
        if abs(outside - inside) < 1e-3 * error:
            break
        middle = (inside + outside) / 2
        if test.rejects(middle):
            outside = middle
        else:
            inside = middle
    return inside


def p_value(size: Array) -> float:
    """Share of relabellings whose |Z| is at least the observed one, which stands first (IN-10)."""
    return float((size >= _tied(size[0])).mean())


def _tied(size: float) -> float:
    # Infinity minus a share of itself is nan.
    return size - TIE * max(size, 1.0) if np.isfinite(size) else size


def _standard_error(treated: Sums, rest: Sums, estimate: float) -> float:
    """Rough size of the estimate's error, which only sets where the search for a bound starts."""
    variance = _arm(treated, estimate)[1] + _arm(rest, estimate)[1]
    contrast = treated.m / treated.h - rest.m / rest.h
    return float(np.sqrt(variance[0]) / abs(contrast[0]))
