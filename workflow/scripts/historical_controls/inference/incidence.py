"""Cumulative incidence with competing events: Aalen and Johansen's estimate (EV-9)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cumulative_incidence(time: Array, cause: NDArray[np.int_], n_causes: int, at: Array) -> Array:
    """Share with each cause by the times `at` (len(at), n_causes).

    time (n,): when the first event happened or follow-up ended; cause (n,): 1..n_causes, 0 where it only ended. A
    follow-up that ends at the time of another's event was at risk of it. Aalen & Johansen 1978, Scand J Stat 5:141-150.
    """
    moments, place = np.unique(time, return_inverse=True)
    # (moments,): a patient whose follow-up ends at a moment is still at risk at it.
    at_risk = len(time) - np.searchsorted(np.sort(time), moments)
    events = np.zeros((len(moments), n_causes))
    happened = cause > 0
    np.add.at(events, (place[happened], cause[happened] - 1), 1)
    hazard = events / at_risk[:, None]
    free = np.cumprod(1 - hazard.sum(axis=1))
    # An event at a moment happens to those still free of any event just before it.
    before = np.concatenate([[1.0], free[:-1]])
    steps = np.vstack([np.zeros(n_causes), np.cumsum(before[:, None] * hazard, axis=0)])
    # side="right": an event at time t counts by t. The row of zeros is the time before the first moment.
    return steps[np.searchsorted(moments, at, side="right")]
