"""Many outcomes and days at once: step-down max-T from one set of relabellings, and a fixed sequence (IN-13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from historical_controls.inference.permutation.welch import TIE
from historical_controls.inference.scores import Array


def step_down_max_t(T: Array) -> Array:
    """Adjusted p-values (k,) of statistics T (B, k), row 0 observed (Westfall & Young 1993, algorithm 4.1).

    nan: under that relabelling the contrast does not exist, so that it cannot be rejected either; a contrast that does
    not exist under the observed one gets no p-value.
    """
    size = np.abs(T)
    adjusted = np.full(T.shape[1], np.nan)
    known = np.flatnonzero(~np.isnan(size[0]))
    order = known[np.argsort(size[0, known], kind="stable")]
    largest = np.zeros(len(T))
    # From the smallest |T| up: the running maximum is that over the contrast and all with smaller statistics.
    for column in order:
        # Unlike np.maximum, fmax passes over nan.
        np.fmax(largest, size[:, column], out=largest)
        observed = size[0, column]
        # An infinite statistic (no spread, arms differ) has no tolerance: inf - inf is nan.
        least = observed - TIE * max(observed, 1.0) if np.isfinite(observed) else observed
        adjusted[column] = (largest >= least).mean()
    # Nobody may be rejected before one with a larger statistic.
    adjusted[order[::-1]] = np.maximum.accumulate(adjusted[order[::-1]])
    return adjusted


def fixed_sequence(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of hypotheses tested in a declared order: each at least as large as all before it.

    A hypothesis without a p-value stops the sequence: it and all after it have none (Maurer, Hothorn & Lehmacher 1995).
    """
    out: list[float] = []
    largest = 0.0
    for p in p_values:
        largest = float("nan") if np.isnan(p) or np.isnan(largest) else max(largest, p)
        out.append(largest)
    return out
