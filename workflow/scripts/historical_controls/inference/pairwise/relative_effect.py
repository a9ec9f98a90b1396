"""The chance that a treated subject fares better than a control, for few subjects (IN-1 to IN-5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from historical_controls.inference.labels import Labels, Positions
from historical_controls.inference.pairwise.pairs import Flags, Pairs, by_value
from historical_controls.inference.reasons import Reason
from historical_controls.inference.spread import no_spread

Array = NDArray[np.float64]

# What is known of the dispersion before any value: as much as from so many subjects of each arm. It is half of the
# largest possible; 1/3 is that of arms alike in spread. Of the pairs tried these have the best power among those whose
# intervals cover at least 94% from 0 to 3 SD and for ratios of SDs from 1/2 to 2 (docs/methods.md, IN-5).
PRIOR_SUBJECTS, PRIOR_DISPERSION = 3.0, 0.5
# Comparisons looked at together.
CELLS = 4_000_000


@dataclass(frozen=True)
class RelativeEffect:
    """probability: P(treated > control) + P(equal) / 2; win_odds: probability / (1 - probability), inf at 1.

    lower, upper: interval of the win odds, from the same test as the p-value: it contains one if and only if p_value
    exceeds one minus the level. Under complete separation one of them is 0 or inf and no_interval says so; nan where
    there is none, and no_interval says why. p_value: the larger of those by studentised permutation and by t; p_floor:
    the smallest that the permutations can give. variance: Brunner & Munzel's, of probability.
    """

    probability: float
    win_odds: float
    lower: float
    upper: float
    df: float
    statistic: float
    variance: float
    p_value: float
    p_floor: float
    exact: bool
    no_interval: Reason = Reason.NONE


def relative_effect(scores: Array, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """Brunner & Munzel's relative effect of scores (n,), higher better."""
    return effect_of_pairs(by_value(scores), labels, level)


def effect_of_pairs(pairs: Pairs, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """The same of any comparison of pairs (n, n) (see pairs.py): estimate, test and interval.

    Estimate and variance: Brunner & Munzel 2000 (Biom J 42:17-25), IN-1 and IN-2; the variance is that of a two-sample
    U-statistic, which asks nothing of the comparison. The statistic takes a dispersion that is drawn towards a prior
    one (IN-3), since five subjects that nearly all win show none. Test: the larger p of its permutations (Neubert &
    Brunner 2007, Comput Stat Data Anal 51:5192-5204) and of t (IN-4). Interval: the test inverted (IN-5).
    """
    moments = _moments(pairs, labels)
    size = np.abs(moments.statistic)
    reach = Reach(size, 1 - level, float(moments.df[0]))
    theta, variance = float(moments.theta[0]), float(moments.variance[0])
    floor = reach.permuted(size.max()) if labels.exact else 1 / len(size)
    reason = _no_interval(theta, variance, floor > 1 - level)
    # Under complete separation one limit remains. Where no labelling is rare enough the test rejects nothing, and the
    # interval would be everything.
    none = reason not in (Reason.NONE, Reason.COMPLETE_SEPARATION) or floor > 1 - level
    lower, upper = (float("nan"),) * 2 if none else _interval(theta, float(moments.dispersion[0]), reach)
    return RelativeEffect(
        probability=theta,
        win_odds=_odds(theta),
        lower=lower,
        upper=upper,
        df=reach.df,
        statistic=float(moments.statistic[0]),
        variance=variance,
        p_value=reach.p_value(size[0]),
        p_floor=floor,
        exact=labels.exact,
        no_interval=reason,
    )


@dataclass(frozen=True)
class Moments:
    """Per labelling (B,): estimate, Brunner & Munzel's variance, dispersion Phi and df of IN-3."""

    theta: Array
    variance: Array
    dispersion: Array
    df: Array

    @property
    def statistic(self) -> Array:
        """Wilson's statistic against win odds of 1 (IN-4)."""
        return (self.theta - 0.5) / (0.5 * np.sqrt(self.dispersion))


def _moments(pairs: Pairs, labels: Labels) -> Moments:
    """Of every labelling (B,), from the pairwise wins alone."""
    n1 = labels.counts
    n0 = len(pairs) - n1
    (theta, s1), (_, s0) = (_of_few if labels.few else _of_many)(pairs, labels, n1, n0)
    part1, part0 = (_shrunk(s, theta, n, other) for s, n, other in ((s1, n1, n0), (s0, n0, n1)))
    df = (part1 + part0) ** 2 / (part1**2 / (n1 - 1 + PRIOR_SUBJECTS) + part0**2 / (n0 - 1 + PRIOR_SUBJECTS))
    return Moments(theta, s1 / n1 + s0 / n0, part1 + part0, df)


MeanVariance = tuple[Array, Array]


def _of_many(pairs: Pairs, labels: Labels, n1: Array, n0: Array) -> tuple[MeanVariance, MeanVariance]:
    """Mean and variance of the treated's and of the controls' placements, by products with the 0/1 labels (B, n)."""
    wins = (pairs + 1) / 2
    # Nobody is compared with himself; the diagonal would count as half a win.
    np.fill_diagonal(wins, 0.0)
    t = labels.matrix.astype(np.float64)
    over_treated = t @ wins.T  # (B, n): how many of the treated each subject beats
    over_controls = wins.sum(axis=1) - over_treated
    return (
        _mean_and_variance(over_controls / n0[:, None], t, n1),
        _mean_and_variance(over_treated / n1[:, None], 1 - t, n0),
    )


def _of_few(pairs: Pairs, labels: Labels, n1: Array, n0: Array) -> tuple[MeanVariance, MeanVariance]:
    """The same from pairs with the treated, of whom there are few: nothing is as long as all pairs of subjects."""
    # Wins are 0, 1/2 or 1: the sums are exact. A position behind all subjects is none, and wins nothing.
    members, n = labels.members, len(pairs)
    real = members < n
    members = np.minimum(members, n - 1)
    # Twice what each subject wins against the others; the diagonal, half a win against oneself, is left out.
    won = pairs.sum(axis=1, dtype=np.float64) + (n - 1)
    among = np.zeros(members.shape)  # (B, k): treated that a treated one beats
    for column, own in zip(members.T, real.T, strict=True):
        met = own[:, None] & real & (members != column[:, None])
        among += np.where(met, (pairs[members, column[:, None]] + 1) / 2, 0.0)
    over_controls = np.where(real, won[members] / 2 - among, 0.0) / n0[:, None]
    # What all subjects win of the treated, less what these win of each other, and the squares of the controls' part.
    total = np.where(real, (n - 1) - won[members] / 2, 0.0).sum(axis=1) - among.sum(axis=1)
    return (
        _from_sums(over_controls.sum(axis=1), (over_controls**2).sum(axis=1), n1),
        _from_sums(total / n1, _squares(pairs, members, real) / n1**2, n0),
    )


def _squares(pairs: Pairs, members: Positions, real: Flags) -> Array:
    """The controls' wins of the treated, squared and summed over the controls (B,); real (B, k): members that count."""
    out = np.empty(len(members))
    block = max(1, CELLS // (members.shape[1] * len(pairs)))
    for first in range(0, len(members), block):
        own, counts = members[first : first + block], real[first : first + block]
        # Twice the wins of each subject: of each treated one 1 less what that one's comparison with it is.
        lost = (pairs[own] * counts[:, :, None]).sum(axis=1, dtype=np.int32)
        twice = counts.sum(axis=1, dtype=np.int32)[:, None] - lost
        # The treated are no controls.
        rows = np.broadcast_to(np.arange(len(own))[:, None], own.shape)[counts]
        twice[rows, own[counts]] = 0
        out[first : first + block] = np.einsum("bn,bn->b", twice, twice, dtype=np.int64) / 4
    return out


def _from_sums(total: Array, squares: Array, count: Array) -> MeanVariance:
    mean = total / count
    return mean, (squares - count * mean**2) / (count - 1)


def _shrunk(s: Array, theta: Array, n: Array, other: Array) -> Array:
    """One arm's part of Phi: its variance in units of theta (1 - theta), drawn towards the prior, over n (IN-3).

    Under complete separation nothing varies; the arm's dispersion is then that of a single lost pair, 1 / other.
    """
    unit = theta * (1 - theta)
    varies = unit > 1e-12
    own = np.where(varies, s / np.where(varies, unit, 1.0), 1 / other)
    return ((n - 1) * own + PRIOR_SUBJECTS * PRIOR_DISPERSION) / (n - 1 + PRIOR_SUBJECTS) / n


def _mean_and_variance(values: Array, member: Array, count: Array) -> tuple[Array, Array]:
    """Mean and sample variance over the members of each labelling; values lie in 0 to 1, so that squares may sum."""
    own = values * member
    return _from_sums(own.sum(axis=1), np.einsum("bn,bn->b", own, values), count)


def _no_interval(theta: float, variance: float, floor_above_level: bool) -> Reason:
    # A share of all pairs, or of none, is computed without rounding.
    if theta in (0.0, 1.0):
        return Reason.COMPLETE_SEPARATION
    if no_spread(np.sqrt(max(variance, 0.0)), 1.0):
        return Reason.NO_SPREAD
    return Reason.FLOOR_ABOVE_LEVEL if floor_above_level else Reason.NONE


@dataclass(frozen=True)
class Reach:
    """|T| of every labelling, the observed first, the share alpha that may be rejected, and the df of t."""

    size: Array
    alpha: float
    df: float

    @property
    def _tolerance(self) -> float:
        """Ties among labellings are equal up to rounding."""
        return 1e-9 * float(self.size.max())

    def permuted(self, size: float) -> float:
        """Share of labellings at least so far out."""
        return float((self.size >= size - self._tolerance).mean())

    def p_value(self, size: float) -> float:
        """The larger of the two: permutations keep their level where the arms are exchangeable, t also where they
        differ in spread (IN-4)."""
        return max(self.permuted(size), 2 * float(stdtr(self.df, -size)))

    @property
    def farthest(self) -> float:
        """The largest |T| that the test does not reject."""
        ordered = np.sort(self.size)
        # Share of labellings at least as far out as each, ties included.
        p = 1 - np.searchsorted(ordered, ordered - self._tolerance) / len(ordered)
        return max(float(ordered[p > self.alpha].max()), float(stdtrit(self.df, 1 - self.alpha / 2)))


def _interval(theta: float, dispersion: float, reach: Reach) -> tuple[float, float]:
    """Interval of the win odds: all x with |theta - x| <= c sqrt(x (1 - x) Phi), c the farthest not rejected (IN-5).

    Wilson 1927 (J Am Stat Assoc 22:209-212) with a dispersion; the limits stay within 0 and 1, and at 1/2 the
    inequality is that of the test.
    """
    k = reach.farthest**2 * dispersion
    middle, half = theta + k / 2, np.sqrt(k * theta * (1 - theta) + k**2 / 4)
    # The limits are the roots of (1 + k) x^2 - 2 middle x + theta^2; at theta of 0 and 1 one of them is theta.
    lower, upper = (_odds(min(max((middle + sign * half) / (1 + k), 0.0), 1.0)) for sign in (-1.0, 1.0))
    if reach.p_value(abs(theta - 0.5) / (0.5 * np.sqrt(dispersion))) > reach.alpha:  # rounding may say otherwise
        return min(lower, 1.0), max(upper, 1.0)
    return lower, upper


def _odds(p: float) -> float:
    """Odds of a probability; inf where its complement is no more than rounding."""
    return float(p / (1 - p)) if 1 - p > 1e-12 else float("inf")
