"""Draws of the values beyond limits, given the observed ones and a fit of the completed data (CE-12 to CE-14).

Leading axis D: completed copies of one data set, each with covariance parameters of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from historical_controls.mixed_model.design.arrays import Array, Codes, Design

SWEEPS = 2  # over a subject's censored rows, for each new mean
# The Monte Carlo error of an estimate is at most 0.13 standard errors where half of the information is lost
# (docs/methods.md, "Limits of the method").
COPIES = 30
# Of many rows fewer copies: a row of a copy takes some 2 kB, and each copy as long as a fit.
MOST_ROWS, FEWEST_COPIES = 1_000_000, 5


@dataclass(frozen=True)
class Unknown:
    """One subject with values beyond a limit: its rows (slice of y), its position, the censored ones among its rows."""

    subject: int
    rows: slice
    censored: Codes


def copies_of(design: Design, censored: NDArray[np.bool_]) -> int:
    """How many copies are drawn: 30, or of many rows with few censored ones fewer (CE-18); censored (N,)."""
    of_row = np.repeat(design.group, design.counts)
    share = float(np.max(np.bincount(of_row, censored) / np.bincount(of_row)))
    # At least as many as keep the Monte Carlo error that 30 have where half of the information is lost.
    enough = max(FEWEST_COPIES, math.ceil(2 * COPIES * share))
    return min(COPIES, max(enough, MOST_ROWS // len(censored)))


def unknowns(design: Design, censored: Codes) -> tuple[Unknown, ...]:
    """Every subject with a censored row; censored (N,) flags."""
    ends = np.append(design.first[1:], len(design.y))
    parts = [slice(int(a), int(b)) for a, b in zip(design.first, ends, strict=True)]
    return tuple(
        Unknown(i, rows, np.flatnonzero(censored[rows])) for i, rows in enumerate(parts) if censored[rows].any()
    )


def redraw(
    y: Array,
    mean: Array,
    bounds: tuple[Array, Array],
    subjects: tuple[Unknown, ...],
    covariance: Callable[[int], Array],
    generator: np.random.Generator,
) -> Array:
    """y (D, N) with its censored values drawn anew, given mean (D, N) and covariance(subject) (D, n_i, n_i).

    Each value given all others of its subject is normal between its bounds, so that Gibbs' sweeps over the subject's
    censored rows draw from their joint law (CE-13).
    """
    y = y.copy()
    lower, upper = bounds
    for one in subjects:
        K = np.linalg.inv(covariance(one.subject))
        e = y[:, one.rows] - mean[:, one.rows]
        # A single censored value is drawn from its exact law; several depend on each other and need Gibbs' sweeps.
        for _ in range(SWEEPS if len(one.censored) > 1 else 1):
            for j in one.censored:
                variance = 1 / K[:, j, j]
                # K_j e includes K_jj e_j itself, hence e_j in front: the mean of e_j given all others (CE-13).
                centre = e[:, j] - variance * np.einsum("dk,dk->d", K[:, j], e)
                sd, row = np.sqrt(variance), one.rows.start + j
                low, high = ((bound[row] - mean[:, row] - centre) / sd for bound in (lower, upper))
                e[:, j] = centre + sd * truncated_normal(low, high, generator.random(len(sd)))
                # Far in a tail the quantile may step over a limit by rounding.
                y[:, row] = np.clip(mean[:, row] + e[:, j], lower[row], upper[row])
    return y


def truncated_normal(low: Array, high: Array, u: Array) -> Array:
    """The quantile at u of a standard normal between two bounds, without loss in either tail (CE-13)."""
    # Logarithms of small probabilities keep their digits, those of probabilities near 1 do not: intervals in the upper
    # tail are mirrored into the lower one.
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    log_a, log_b = log_ndtr(a), log_ndtr(b)
    u = np.where(flip, 1 - u, u)
    value = ndtri_exp(log_b + np.log(np.exp(log_a - log_b) * (1 - u) + u))
    return np.asarray(np.where(flip, -value, value))
