"""The interval of a permutation test: the differences between the arms that it does not reject (IN-12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from historical_controls.inference.permutation.welch import Flags, Sums, deviate, normal_deviate, squared_t, tied
from historical_controls.inference.scores import Array
from historical_controls.inference.spread import cancelled

# At most: every fourth halves, and about 30 halvings bring 2^20 standard errors below a thousandth of one.
STEPS = 120
# Above this share of a sum of squares that is left after others are taken off, ten of its digits are right.
CERTAIN = 1e-6
# In standard errors from the estimate: differences at which it is known beforehand what is certain.
NEAR = 100
# In standard errors: a bound that is farther away than this is none.
WIDEST = 2.0**20
# The margin of a p-value that is above the level by rounding alone.
SMALLEST = 1e-12


@dataclass(frozen=True)
class Polynomials:
    """One arm at any difference d (IN-9): its ratio r0 - d r1 (2, B), the ratio's variance v0 - 2 d v1 + d^2 v2 (3, B),
    and t0 + d^2 t1 (2, B), the sums of squares of which the variance is what is left; df (B,): of the variance.
    """

    r: Array
    v: Array
    t: Array
    df: Array

    def take(self, labellings: Flags | slice) -> Polynomials:
        """Those of some labellings."""
        r, v, t = (part[:, labellings] for part in (self.r, self.v, self.t))
        return Polynomials(r, v, t, self.df[labellings])

    def at(self, difference: float) -> tuple[Array, Array]:
        """The ratio and its variance."""
        variance = np.array([1.0, -2 * difference, difference**2]) @ self.v
        rounding = cancelled(variance, self.t[0] + difference**2 * self.t[1])
        return self.r[0] - difference * self.r[1], np.where(rounding, 0.0, variance)

    def certain(self, within: float) -> Flags:
        """(B,): labellings whose variance is more than rounding leaves at every difference up to `within`."""
        v0, v1, v2 = self.v
        # The lowest point of the parabola; where that is rounding itself, a line below it.
        curved = v2 > CERTAIN * self.t[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            least = np.where(curved, v0 - v1**2 / v2, v0 - 2 * within * np.abs(v1))
        return np.asarray(least > CERTAIN * (self.t[0] + within**2 * self.t[1]))


def _polynomials(sums: Sums) -> Polynomials:
    with np.errstate(divide="ignore", invalid="ignore"):
        r0, r1 = sums.s / sums.h, sums.m / sums.h
        # Sums of products of what is left of s and of m after their ratios to h.
        v0 = sums.ss - 2 * r0 * sums.sh + r0**2 * sums.hh
        v1 = sums.sm - r0 * sums.mh - r1 * sums.sh + r0 * r1 * sums.hh
        v2 = sums.mm - 2 * r1 * sums.mh + r1**2 * sums.hh
        factor = sums.n / (sums.n - 1) / sums.h**2
        v, t = np.stack([v0, v1, v2]) * factor, np.stack([sums.ss, sums.mm]) * factor
    return Polynomials(np.stack([r0, r1]), v, t, sums.n - 1)


@dataclass(frozen=True)
class Certain:
    """Labellings whose variances are more than rounding at every difference d that is near enough.

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
        return np.vstack([self.gap, self.own[0] + self.own[1]])

    def as_large(self, size: float, difference: float) -> int:
        """How many have |Z| >= size."""
        if size <= 0:
            return self.gap.shape[1]
        if not np.isfinite(size):
            return 0
        square = np.array([1.0, -2 * difference, difference**2])
        # One product, without roots, logarithms and quotients, decides all whose t is large or small whatever its df:
        # of a test by many labellings they take the time.
        bounds = [np.concatenate([square, -squared_t(size, df) * square]) for df in (self.fewest, self.most)]
        sure, possible = np.array(bounds) @ self.both >= 0
        between = np.flatnonzero(possible & ~sure)
        gap, own = square @ self.gap[:, between], square @ self.own[:, :, between]
        spread = own.sum(axis=0)
        df = spread**2 / (own**2 / self.df[:, between]).sum(axis=0)
        deviates = normal_deviate(np.maximum(gap, 0.0) / spread, df)
        return int(np.count_nonzero(sure)) + int(np.count_nonzero(deviates >= size))


def _certain(treated: Polynomials, rest: Polynomials) -> Certain:
    g0, g1 = treated.r - rest.r
    df = np.stack([treated.df, rest.df])
    # Welch's df lie between those of the smaller arm and those of both together.
    least, most = (float(df.min()), float(df.sum(axis=0).max())) if df.size else (1.0, 1.0)
    return Certain(np.stack([g0 * g0, g0 * g1, g1 * g1]), np.stack([treated.v, rest.v]), df, least, most)


@dataclass(frozen=True)
class RelabellingTest:
    """The permutation test of any difference between the arms, at level alpha (IN-10).

    treated, rest: the arms under every labelling that leaves enough subjects, the observed one first. known: those of
    them, after the first, that are certain up to the difference `within`; others: the rest, with the first.
    """

    treated: Polynomials
    rest: Polynomials
    known: Certain
    others: tuple[Polynomials, Polynomials]
    within: float
    alpha: float

    @property
    def most(self) -> float:
        """The margin where p is 1."""
        return float(ndtri(1 - self.alpha / 2))

    def margin(self, difference: float) -> float:
        """By how much the normal value of p falls short of that of alpha: about linear in the difference, and positive
        exactly where it is not rejected.
        """
        p = self.p_value(difference)
        gap = self.most - float(ndtri(1 - p / 2))
        return max(gap, SMALLEST) if p > self.alpha else min(gap, -SMALLEST)

    def p_value(self, difference: float) -> float:
        """Share of labellings with a statistic as large as the observed one."""
        near = abs(difference) <= self.within
        arms = self.others if near else (self.treated, self.rest)
        size = np.abs(deviate(arms[0].at(difference), arms[1].at(difference), arms[0].df, arms[1].df))
        least = tied(size[0])
        hits = int(np.count_nonzero(size >= least)) + (self.known.as_large(least, difference) if near else 0)
        return hits / len(self.treated.df)


def relabelling_test(treated: Sums, rest: Sums, fewest: int, alpha: float, within: float) -> RelabellingTest:
    """The test from the sums of every labelling, the observed one first."""
    possible = (treated.n >= fewest) & (rest.n >= fewest)
    arms = [_polynomials(sums if possible.all() else sums.take(possible)) for sums in (treated, rest)]
    certain = arms[0].certain(within) & arms[1].certain(within)
    # The observed labelling is the measure of all others.
    certain[0] = False
    # Most often all others are certain: nothing need be copied.
    one, two = (slice(1, None), slice(1)) if certain[1:].all() else (certain, ~certain)
    known = _certain(arms[0].take(one), arms[1].take(one))
    return RelabellingTest(arms[0], arms[1], known, (arms[0].take(two), arms[1].take(two)), within, alpha)


def interval(
    treated: Sums, rest: Sums, fewest: int, level: float, estimate: float, error: float
) -> tuple[float, float]:
    """The differences around the estimate that are not rejected (IN-12), in step with the p-value of no difference.

    treated, rest: of every labelling, the observed one first; estimate, error: of its difference, a rough standard
    error, above 0. What is not rejected need not be an interval: p is a step function of the difference. Where zero is
    not rejected the interval reaches it; where it is, the interval ends before it.
    """
    test = relabelling_test(treated, rest, fewest, 1 - level, abs(estimate) + NEAR * error)
    half = float(ndtri(1 - test.alpha / 2)) * error
    lower, upper = (_bound(test, estimate, side * half, error) for side in (-1, 1))
    zero = test.margin(0.0)
    if zero > 0:
        return min(lower, 0.0), max(upper, 0.0)
    # The search met no rejection between the estimate and zero, yet zero itself is rejected.
    if lower <= 0 <= upper and estimate != 0:
        nearer = _crossing(test, (estimate, test.most), (0.0, zero), error)
        return (nearer, upper) if estimate > 0 else (lower, nearer)
    return lower, upper


def _bound(test: RelabellingTest, estimate: float, step: float, error: float) -> float:
    """The end of the differences on one side that are not rejected, to a thousandth of a standard error (IN-12)."""
    # At the estimate the observed statistic is 0, and p is 1.
    inside, outside = (estimate, test.most), (estimate + step, test.margin(estimate + step))
    # Doubling the distance: the rough standard error may be far too small with few patients.
    while outside[1] > 0:
        further = estimate + 2 * (outside[0] - estimate)
        inside, outside = outside, (further, test.margin(further))
        if abs(further - estimate) > WIDEST * error:
            return float(np.sign(step)) * float("inf")
    return _crossing(test, inside, outside, error)


def _crossing(test: RelabellingTest, inside: tuple[float, float], outside: tuple[float, float], error: float) -> float:
    """A difference that is not rejected, within a thousandth of a standard error of one that is.

    inside, outside: such differences with their margins, farther apart.
    """
    (inner, near), (outer, far) = inside, outside
    tolerance, last = 1e-3 * error, 0
    for step in range(STEPS):
        width = abs(outer - inner)
        if width < tolerance:
            break
        # Where the line between both ends crosses zero; every fourth time the middle, for p falls in steps. A guess
        # that is right but for a little is moved past the crossing by the tolerance.
        least = min(0.45 * tolerance / width, 0.5)
        share = 0.5 if step % 4 == 3 else min(max(near / (near - far), least), 1 - least)
        middle = inner + share * (outer - inner)
        margin = test.margin(middle)
        side = 1 if margin > 0 else -1
        # An end that stays twice counts half, or it would stay for ever (the Illinois rule).
        if side > 0:
            inner, near, far = middle, margin, far / (1 + (last == side))
        else:
            outer, far, near = middle, margin, near / (1 + (last == side))
        last = side
    return inner
