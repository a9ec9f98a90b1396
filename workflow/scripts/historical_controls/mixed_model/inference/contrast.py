"""Estimates, tests and intervals of linear combinations of beta, each naming its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from historical_controls.inference.spread import no_spread
from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.errors import NotEstimable, NumericalFailure
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.inference.kenward_roger import (
    SmallSample,
    degrees_of_freedom,
    joint,
    joint_satterthwaite,
)
from historical_controls.mixed_model.likelihood.laws import f_tail, t_quantile, two_sided

Method = Literal["kenward-roger", "kenward-roger-linear", "satterthwaite", "between-within", "z"]
METHODS: tuple[Method, ...] = (
    "kenward-roger",
    "kenward-roger-linear",
    "satterthwaite",
    "between-within",
    "z",
)


@dataclass(frozen=True)
class Contrast:
    """One row of L: L beta with its standard error, df (inf for z), t, two-sided p and interval."""

    estimate: float
    standard_error: float
    df: float
    statistic: float
    p_value: float
    lower: float
    upper: float
    level: float
    method: str


@dataclass(frozen=True)
class JointTest:
    """Several rows of L: the scaled F with its degrees of freedom; `unscaled` is F before scaling."""

    F: float
    ndf: int
    ddf: float
    scaling: float
    unscaled: float
    p_value: float
    method: str


def t_contrast(estimate: float, standard_error: float, df: float, level: float, method: str) -> Contrast:
    """t inference, or normal for infinite df. Raises NotEstimable where df < 2 or nothing varies."""
    if not np.isfinite(standard_error):
        raise NumericalFailure(Code.NUMERICAL_FAILURE, detail="no standard error")
    if no_spread(standard_error, abs(estimate)):
        raise NotEstimable(Code.NO_SPREAD)
    # Student's t of fewer than 2 df has no variance; written so that NaN is refused, too.
    if not df >= 2:
        raise NotEstimable(Code.DF_TOO_SMALL, method=method, df=float(df))
    # Plain floats: a contrast is printed as it is, and numpy's own say np.float64(...).
    estimate, standard_error = float(estimate), float(standard_error)
    statistic = estimate / standard_error
    half = float(t_quantile(0.5 + level / 2, df)) * standard_error
    p_value = two_sided(statistic, df)
    return Contrast(estimate, standard_error, df, statistic, p_value, estimate - half, estimate + half, level, method)


def joint_test(estimate: Array, state: SmallSample, L: Array, ddf: float | None) -> JointTest:
    """F = (L beta)'(L adjusted L')^-1 (L beta) / q, scaled for Kenward-Roger (MM-22, MM-23)."""
    covariance = L @ state.adjusted @ L.T
    # Dependent rows test the same hypothesis twice, and the covariance has no inverse.
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(L):
        raise NotEstimable(Code.ROWS_DEPENDENT)
    unscaled, scaling = float(estimate @ np.linalg.solve(covariance, estimate)) / len(L), 1.0
    if ddf is None and state.method == "satterthwaite":
        ddf = joint_satterthwaite(state, L)
    elif ddf is None:
        ddf, scaling = joint(state, L)
    if not ddf >= 2:
        raise NotEstimable(Code.JOINT_DF_TOO_SMALL, method=state.method, df=float(ddf))
    F = scaling * unscaled
    return JointTest(F, len(L), ddf, scaling, unscaled, f_tail(F, len(L), ddf), state.method)


def row_df(state: SmallSample, L: Array, design: Design, original: Array) -> float:
    """df of one row by the state's method; L in reduced, `original` in the caller's units."""
    if state.method == "z":
        return np.inf
    if state.method == "between-within":
        return between_within(design, original)
    return degrees_of_freedom(state, L)


def between_within(design: Design, L: Array) -> float:
    """Schluchter & Elashoff 1990 (MM-24): the fewest df among the columns that L (k, p) involves.

    Columns constant within every subject have n - rank(them) df, the others (and the intercept) N - n - rest.
    """
    N, n, p = len(design.y), len(design.first), design.X.shape[1]
    # Equal inputs give equal rows of X to the last bit, so that exact comparison is safe.
    constant = (np.repeat(design.X[design.first], design.counts, axis=0) == design.X).all(axis=0)
    intercept = np.ptp(design.X, axis=0) == 0
    n_between = int(constant.sum())
    involved = (np.abs(np.atleast_2d(L)) > 0).any(axis=0)
    # The intercept is constant within subjects, yet it is given the within-subject df (MM-24).
    df = np.where(constant & ~intercept, n - n_between, N - n - (p - n_between))
    return float(df[involved].min())
