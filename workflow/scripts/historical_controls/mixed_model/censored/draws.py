"""Draws of the values beyond limits, given the observed ones and a fit of the completed data (CE-12 to CE-14).

Leading axis D: completed copies of one data set, each with covariance parameters of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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
# Numbers of the covariances of all copies of the subjects whose values are drawn together: 32 MB.
MOST_TOGETHER = 4_000_000


@dataclass(frozen=True)
class Unknown:
    """One subject with values beyond a limit: its rows (slice of y), its position, the censored ones among its rows."""

    subject: int
    rows: slice
    censored: Codes

    @property
    def n(self) -> int:
        """Number of its rows."""
        return self.rows.stop - self.rows.start


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
    for some in _blocks(subjects, len(y)):
        _redraw_together(y, mean, bounds, some, covariance, generator)
    return y


def _blocks(subjects: tuple[Unknown, ...], copies: int) -> Iterator[tuple[Unknown, ...]]:
    """Subjects in order, as many at once as there is room for the covariances of their copies."""
    rows = max((one.n for one in subjects), default=1)
    size = max(1, MOST_TOGETHER // (copies * rows**2))
    return (subjects[begin : begin + size] for begin in range(0, len(subjects), size))


def _redraw_together(
    y: Array,
    mean: Array,
    bounds: tuple[Array, Array],
    subjects: tuple[Unknown, ...],
    covariance: Callable[[int], Array],
    generator: np.random.Generator,
) -> None:
    """The same in place, one row of every subject at a time: given their means subjects are independent."""
    D, n = len(y), max(one.n for one in subjects)
    V, e = np.tile(np.eye(n), (len(subjects), D, 1, 1)), np.zeros((len(subjects), D, n))
    for i, one in enumerate(subjects):
        # Rows that a subject lacks are independent of those it has.
        V[i, :, : one.n, : one.n] = covariance(one.subject)
        e[i, :, : one.n] = y[:, one.rows] - mean[:, one.rows]
    K = np.linalg.inv(V)
    # A single censored value is drawn from its exact law; several depend on each other and need Gibbs' sweeps.
    steps = [np.tile(one.censored, SWEEPS if len(one.censored) > 1 else 1) for one in subjects]
    lengths, starts = np.array([len(own) for own in steps]), np.array([one.rows.start for one in subjects])
    # One after the other by subject, so that a subject's numbers depend on none that follow it.
    u, before = generator.random((lengths.sum(), D)), np.cumsum(lengths) - lengths
    for step in range(lengths.max()):
        own = np.flatnonzero(lengths > step)
        j = np.array([steps[i][step] for i in own])
        row, K_j, e_j = starts[own] + j, K[own, :, j], e[own, :, j]
        variance = 1 / K_j[np.arange(len(own)), :, j]
        # K_j e includes K_jj e_j itself, hence e_j in front: the mean of e_j given all others (CE-13).
        centre = e_j - variance * np.einsum("sdk,sdk->sd", K_j, e[own])
        sd, at = np.sqrt(variance), mean[:, row].T
        lower, upper = (bound[row][:, None] for bound in bounds)
        low, high = ((bound - at - centre) / sd for bound in (lower, upper))
        e_j = centre + sd * truncated_normal(low, high, u[before[own] + step])
        e[own, :, j] = e_j
        # Far in a tail the quantile may step over a limit by rounding.
        y[:, row] = np.clip(at + e_j, lower, upper).T


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
