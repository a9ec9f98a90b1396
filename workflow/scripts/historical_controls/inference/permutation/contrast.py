"""The studentised contrast of scores under every relabelling: p-value and interval by inversion (IN-9 to IN-12).

Welch's t of every labelling counts as the normal deviate of its own degrees of freedom (IN-19).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.inference.labels import Labels
from historical_controls.inference.permutation.inversion import interval
from historical_controls.inference.permutation.welch import Sums, arm_ratio, deviate, tied
from historical_controls.inference.reasons import Reason
from historical_controls.inference.scores import Array, Scores

# An arm with fewer subjects has no variance of its own.
FEWEST = 2


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
    Z = deviate(arm_ratio(treated, difference), arm_ratio(rest, difference), treated.n - 1, rest.n - 1)
    return np.where((treated.n >= fewest) & (rest.n >= fewest), Z, np.nan)


def _tested(treated: Sums, everyone: Sums, exact: bool, level: float, fewest: int) -> Permuted:
    rest = everyone.without(treated)
    Z = _statistic(treated, rest, 0.0, fewest)
    size = np.abs(Z[~np.isnan(Z)])
    nan = float("nan")
    # A shift of 0 over the treated: the covariates determine the arm, and no difference can be told from theirs.
    if np.isnan(Z[0]) or not treated.m[0]:
        return Permuted(nan, nan, nan, nan, nan, nan, len(size), exact, Reason.NO_CONTRAST)
    floor = float((size >= tied(size.max())).mean()) if exact else 1 / len(size)
    estimate = float(treated.s[0] / treated.m[0])
    error, reason = _standard_error(treated.take(slice(1)), rest.take(slice(1)), estimate), Reason.NONE
    if error == 0:
        reason = Reason.NO_SPREAD
    elif floor > 1 - level:
        reason = Reason.FLOOR_ABOVE_LEVEL
    lower, upper = (nan, nan) if reason else interval(treated, rest, fewest, level, estimate, error)
    # Limits on neither side are none: an estimate must not stand there as if it had an interval.
    if np.isinf(lower) and np.isinf(upper):
        lower, upper, reason = nan, nan, Reason.UNBOUNDED
    return Permuted(estimate, lower, upper, float(Z[0]), p_value(size), floor, len(size), exact, reason)


def p_value(size: Array) -> float:
    """Share of relabellings whose |Z| is at least the observed one, which stands first (IN-10)."""
    return float((size >= tied(size[0])).mean())


def _standard_error(treated: Sums, rest: Sums, estimate: float) -> float:
    """Rough size of the estimate's error, which only sets where the search for a bound starts."""
    variance = arm_ratio(treated, estimate)[1] + arm_ratio(rest, estimate)[1]
    contrast = treated.m / treated.h - rest.m / rest.h
    return float(np.sqrt(variance[0]) / abs(contrast[0]))
