"""Whether the controls can be weighted to a mean at all: linear programs over their convex hull (BA-7, BA-8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from historical_controls.balance.covariates import Floats
from historical_controls.balance.key_covariates import Flags

# In units of the standardised columns: what the solver may leave of 0 by rounding.
NOTHING = 1e-9


def distance_from_hull(Z: Floats) -> Floats:
    """Per column, how far the nearest weighted mean of the rows of Z (m, p) stays from 0; all 0 within the hull.

    Nearest in the sum of absolute distances, so that few columns carry the blame.
    """
    m, p = Z.shape
    # Variables (w, a, b): Z'w = b - a with a, b >= 0, so that a + b is the absolute distance at the minimum.
    balance: Any = hstack([csr_array(Z.T), eye_array(p), -eye_array(p)])
    total = csr_array(np.concatenate([np.ones(m), np.zeros(2 * p)])[None, :])
    stacked: Any = vstack([balance, total])
    cost = np.concatenate([np.zeros(m), np.ones(2 * p)])
    found: Any = linprog(cost, A_eq=stacked, b_eq=np.append(np.zeros(p), 1.0), method="highs")
    left = found.x[m : m + p] - found.x[m + p :]
    return np.where(np.abs(left) > NOTHING, left, 0.0)


def may_weigh(Z: Floats) -> Flags:
    """(m,): rows that have weight in some weighted mean of 0. The others carry none in any (0 lies on a face).

    max sum u over Z'(u + v) = 0, 0 <= u <= 1, v >= 0: weights may be scaled up, so every row that can have some
    weight reaches 1.
    """
    m, p = Z.shape
    both: Any = np.hstack([Z.T, Z.T])
    cost = np.concatenate([-np.ones(m), np.zeros(m)])
    bounds: Any = [(0.0, 1.0)] * m + [(0.0, None)] * m
    # Some solution always exists: u = v = 0.
    found: Any = linprog(cost, A_eq=both, b_eq=np.zeros(p), bounds=bounds, method="highs")
    # At the maximum every u is 0 or 1, so that 0.5 tells them apart whatever the solver's tolerance.
    return np.asarray(found.x[:m] > 0.5)
