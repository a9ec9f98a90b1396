"""The chance that a treated subject fares better than a control, studentised for unequal spread (IN-1 to IN-5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from historical_controls.inference.labels import Labels
from historical_controls.inference.pairwise.pairs import by_value
from historical_controls.inference.reasons import Reason
from historical_controls.inference.spread import no_spread

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RelativeEffect:
    """probability: P(treated > control) + P(equal) / 2; win_odds: probability / (1 - probability), inf at 1.

    lower, upper: interval of the win odds, from the same permutations as the p-value: it contains one if and only if
    p_value exceeds one minus the level. nan where there is none, and no_interval says why. p_value: two-sided
    studentised permutation; p_floor: the smallest that this design can give.
    """

    probability: float
    win_odds: float
    lower: float
    upper: float
    df: float
    statistic: float
    p_value: float
    p_floor: float
    exact: bool
    no_interval: Reason = Reason.NONE


def relative_effect(scores: Array, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """Brunner & Munzel's relative effect of scores (n,), higher better."""
    return effect_of_pairs(by_value(scores), labels, level)


def effect_of_pairs(pairs: Array, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """The same of any comparison of pairs (n, n) (see pairs.py), with the permutation test of Neubert & Brunner.

    Estimate, variance, df: Brunner & Munzel 2000 (Biom J 42:17-25), IN-1 to IN-3; the variance is that of a two-sample
    U-statistic, which asks nothing of the comparison. Permutation of the studentised statistic: Neubert & Brunner 2007
    (Comput Stat Data Anal 51:5192-5204), IN-4. Interval: the same permutation test inverted, IN-5.
    """
    theta, variance, df = _moments(pairs, labels.matrix)
    size = np.abs(_studentised(theta, variance, labels))
    reach = Reach(size, 1 - level)
    floor = reach.p_value(size.max()) if labels.exact else 1 / len(size)
    reason = _no_interval(float(theta[0]), float(variance[0]), floor > 1 - level)
    lower, upper = (float("nan"),) * 2 if reason else _interval(float(theta[0]), _error(variance, labels)[0], reach)
    return RelativeEffect(
        probability=float(theta[0]),
        win_odds=float(theta[0] / (1 - theta[0])) if theta[0] < 1 else float("inf"),
        lower=lower,
        upper=upper,
        df=float(df[0]),
        statistic=float(_studentised(theta, variance, labels)[0]),
        p_value=reach.p_value(size[0]),
        p_floor=floor,
        exact=labels.exact,
        no_interval=reason,
    )


def _moments(pairs: Array, treated: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Estimate, its variance and df (B,) under every labelling (B, n), from the pairwise wins alone."""
    wins = (pairs + 1) / 2
    np.fill_diagonal(wins, 0.0)
    t = treated.astype(np.float64)
    n1 = t.sum(axis=1)
    n0 = len(pairs) - n1
    over_treated = t @ wins.T  # (B, n): how many of the treated each subject beats
    over_controls = wins.sum(axis=1) - over_treated
    mean1, s1 = _mean_and_variance(over_controls / n0[:, None], t, n1)
    _, s0 = _mean_and_variance(over_treated / n1[:, None], 1 - t, n0)
    part1, part0 = s1 / n1, s0 / n0
    with np.errstate(invalid="ignore", divide="ignore"):
        df = (part1 + part0) ** 2 / (part1**2 / (n1 - 1) + part0**2 / (n0 - 1))
    return mean1, part1 + part0, df


def _mean_and_variance(values: Array, member: Array, count: Array) -> tuple[Array, Array]:
    """Mean and sample variance over the members of each labelling; values lie in 0 to 1, so that squares may sum."""
    own = values * member
    mean = own.sum(axis=1) / count
    return mean, (np.einsum("bn,bn->b", own, values) - count * mean**2) / (count - 1)


def _studentised(theta: Array, variance: Array, labels: Labels) -> Array:
    """IN-4."""
    return (theta - 0.5) / _error(variance, labels)


def _error(variance: Array, labels: Labels) -> Array:
    """Standard error; without spread (complete separation) that of one tied pair: 1 / (n1 n0 sqrt(2))."""
    n1 = int(labels.matrix[0].sum())
    n0 = labels.matrix.shape[1] - n1
    return np.sqrt(np.maximum(variance, 1 / (2 * (n1 * n0) ** 2)))


def _no_interval(theta: float, variance: float, floor_above_level: bool) -> Reason:
    if theta in (0.0, 1.0):
        return Reason.COMPLETE_SEPARATION
    if no_spread(np.sqrt(max(variance, 0.0)), 1.0):
        return Reason.NO_SPREAD
    return Reason.FLOOR_ABOVE_LEVEL if floor_above_level else Reason.NONE


@dataclass(frozen=True)
class Reach:
    """|T| of every labelling, the observed first, and the share alpha that may be rejected."""

    size: Array
    alpha: float

    @property
    def _tolerance(self) -> float:
        """Ties among labellings are equal up to rounding."""
        return 1e-9 * float(self.size.max())

    def p_value(self, size: float) -> float:
        """Share of labellings at least so far out."""
        return float((self.size >= size - self._tolerance).mean())

    @property
    def farthest(self) -> float:
        """The largest |T| that the test does not reject."""
        ordered = np.sort(self.size)
        p = 1 - np.searchsorted(ordered, ordered - self._tolerance) / len(ordered)
        return float(ordered[p > self.alpha].max())


def _interval(theta: float, error: float, reach: Reach) -> tuple[float, float]:
    """Interval of the win odds: all theta whose studentised distance the permutations reach (IN-5).

    Pauly, Asendorf & Konietschke 2016 (Biom J 58:1319-1337) show that the permutation law of T also serves away from
    even odds. On the logit, so that the limits stay within 0 and 1; towards even odds by the chord from theta to 1/2,
    on which a limit is even exactly where T is the farthest not rejected, away from them by the tangent at theta.
    """
    away = np.log(theta / (1 - theta))
    tangent = 1 / (theta * (1 - theta))
    chord = away / (theta - 0.5) if abs(theta - 0.5) > 1e-9 else tangent
    towards, beyond = (reach.farthest * error * slope for slope in (chord, tangent))
    below, above = (towards, beyond) if theta > 0.5 else (beyond, towards)
    lower, upper = float(np.exp(away - below)), float(np.exp(away + above))
    if reach.p_value(abs(theta - 0.5) / error) > reach.alpha:  # what rounding may have left on the wrong side
        return min(lower, 1.0), max(upper, 1.0)
    return lower, upper
