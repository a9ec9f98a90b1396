"""The chance that a treated subject fares better than a control, studentised for unequal spread (IN-1 to IN-5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from historical_controls.inference.labels import Labels
from historical_controls.inference.pairs import by_value

Array = NDArray[np.float64]
# What rounding leaves of a variance that is zero.
ROUNDING = 1e-12


@dataclass(frozen=True)
class RelativeEffect:
    """probability: P(treated > control) + P(equal) / 2; win_odds: probability / (1 - probability), inf at 1.

    lower, upper: interval of the win odds, nan where every treated subject lies beyond every control (or the other
    way round): no spread, no interval. p_value: two-sided studentised permutation; p_floor: the smallest that this
    design can give.
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


def relative_effect(scores: Array, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """Brunner & Munzel's relative effect of scores (n,), higher better."""
    return effect_of_pairs(by_value(scores), labels, level)


def effect_of_pairs(pairs: Array, labels: Labels, level: float = 0.95) -> RelativeEffect:
    """The same of any comparison of pairs (n, n) (see pairs.py), with the permutation test of Neubert & Brunner.

    Estimate, variance, df: Brunner & Munzel 2000 (Biom J 42:17-25), IN-1 to IN-3; the variance is that of a two-sample
    U-statistic, which asks nothing of the comparison. Permutation of the studentised statistic: Neubert & Brunner 2007
    (Comput Stat Data Anal 51:5192-5204), IN-4. Interval: t on the logit, IN-5.
    """
    theta, variance, df = _moments(pairs, labels.matrix)
    size = np.abs(_studentised(theta, variance, labels))
    tolerance = 1e-9 * size.max()
    lower, upper = _interval(theta[0], variance[0], df[0], level)
    floor = float((size >= size.max() - tolerance).mean()) if labels.exact else 1 / len(size)
    return RelativeEffect(
        probability=float(theta[0]),
        win_odds=float(theta[0] / (1 - theta[0])) if theta[0] < 1 else float("inf"),
        lower=lower,
        upper=upper,
        df=float(df[0]),
        statistic=float(_studentised(theta, variance, labels)[0]),
        p_value=float((size >= size[0] - tolerance).mean()),
        p_floor=floor,
        exact=labels.exact,
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
    """IN-4. Without spread (complete separation) the variance is that of one tied pair: 1 / (2 (n1 n0)^2)."""
    n1 = int(labels.matrix[0].sum())
    n0 = labels.matrix.shape[1] - n1
    least = 1 / (2 * (n1 * n0) ** 2)
    return (theta - 0.5) / np.sqrt(np.maximum(variance, least))


def _interval(theta: float, variance: float, df: float, level: float) -> tuple[float, float]:
    """Interval of the win odds: t on the logit of the probability (IN-5)."""
    if not 0 < theta < 1 or variance <= ROUNDING:
        return float("nan"), float("nan")
    half = float(stdtrit(df, 0.5 + level / 2)) * np.sqrt(variance) / (theta * (1 - theta))
    centre = np.log(theta / (1 - theta))
    return float(np.exp(centre - half)), float(np.exp(centre + half))
