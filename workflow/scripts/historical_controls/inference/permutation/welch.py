"""Welch's t of scores under a labelling, as the normal deviate of its degrees of freedom (IN-9, IN-19)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from historical_controls.inference.scores import Array
from historical_controls.inference.spread import cancelled

Flags = NDArray[np.bool_]

# Ties among relabellings are equal up to rounding.
TIE = 1e-9
# Beyond any squared t.
LARGEST = 1e300


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


def deviate(treated: tuple[Array, Array], rest: tuple[Array, Array], df: Array, other_df: Array) -> Array:
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


def squared_t(deviate: float, df: float) -> float:
    """The squared t of that normal deviate; falls with the df."""
    with np.errstate(over="ignore"):
        square = df * np.expm1((deviate * (8 * df + 3) / (8 * df + 1)) ** 2 / df)
    # An infinite one could not be multiplied by a difference of zero.
    return float(min(square, LARGEST))


def arm_ratio(sums: Sums, difference: float) -> tuple[Array, Array]:
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


def tied(size: float) -> float:
    # Infinity minus a share of itself is nan.
    return size - TIE * max(size, 1.0) if np.isfinite(size) else size
