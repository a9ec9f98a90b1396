"""Continuous-time AR(1) within subjects: its inverse is tridiagonal, so rows only meet their neighbours.

With rho_j the correlation across gap j, C^-1 has 1 + a_j + a_{j+1} on its diagonal and -b_j beside it,
a = rho^2 / (1 - rho^2), b = rho / (1 - rho^2) (MM-10); derivatives in rho, the correlation at the unit gap,
keep that shape (MM-11). a and b are those of the distinct gaps: visits on whole days have few. Leading axes of rho
stand for several problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import lapack

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.likelihood.reduction import part_of


@dataclass(frozen=True)
class Lags:
    """The distinct gaps (G,) of some rows; code (N,): which of them a row has, G at a subject's first row.

    counts (..., G): rows of each, by problem.
    """

    gaps: Array
    code: Codes
    counts: Array

    def one(self, number: int) -> Lags:
        """Those of one problem."""
        return replace(self, counts=part_of(self.counts, 1, number))


def lags_of(gap: Array) -> Lags:
    """Of gaps (..., N), inf at first rows and, by problem, at the rows that take no part."""
    inside = np.isfinite(gap)
    # Problems differ in the subjects that take part, never in the gaps of one.
    own = gap.reshape(-1, gap.shape[-1]).min(axis=0)
    gaps = np.unique(own[np.isfinite(own)])
    code = np.searchsorted(gaps, own)
    in_order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[in_order], np.arange(len(gaps) + 1))
    up_to = np.concatenate([np.zeros((*gap.shape[:-1], 1)), inside[..., in_order].cumsum(axis=-1)], axis=-1)
    return Lags(gaps, code, np.diff(up_to[..., ends]))


@dataclass(frozen=True)
class Transitions:
    """Per distinct gap: rho and (a, b) with two derivatives, and last a zero for first rows; per problem: logdet and
    trace11."""

    rho: Array
    a: tuple[Array, Array, Array]
    b: tuple[Array, Array, Array]
    logdet: tuple[Any, Any, Any]
    trace11: Any

    def one(self, number: int) -> Transitions:
        """Those of one problem."""
        a, b, logdet = (tuple(order[number] for order in orders) for orders in (self.a, self.b, self.logdet))
        return Transitions(self.rho[number], a, b, logdet, self.trace11[number])


def transitions(rho: Array, lags: Lags) -> Transitions:
    """Everything about C(rho) that does not involve data (MM-10, MM-11).

    logdet: log|C| and its two derivatives; trace11: tr(C^-1 C' C^-1 C').
    """
    # rho^(gap-2) is infinite at rho = 0 for 1 < gap < 2; the likelihood is flat below this floor
    log_rho = np.log(np.maximum(rho, 1e-12))[..., None]
    tau = lags.gaps
    r = np.exp(tau * log_rho)
    # Derivatives of rho^tau in rho; those of a and b follow by the chain rule from da, db (in r) and u = 1 / (1 - r^2).
    r1 = tau * np.exp((tau - 1) * log_rho)
    r2 = tau * (tau - 1) * np.exp((tau - 2) * log_rho)
    u = 1 / (1 - r * r)
    da, db = 2 * r * u**2, (1 + r * r) * u**2
    a2 = (2 + 6 * r * r) * u**3 * r1**2 + da * r2
    b2 = (6 * r + 2 * r**3) * u**3 * r1**2 + db * r2
    logdet = (
        -(lags.counts * np.log(u)).sum(-1),
        -2 * (lags.counts * (r * r1 * u)).sum(-1),
        -2 * (lags.counts * (u * (r1**2 + r * r2) + 2 * (r * r1 * u) ** 2)).sum(-1),
    )
    trace11 = 2 * (lags.counts * (r1**2 * (1 + r * r) * u**2)).sum(-1)
    a, b = (r * r * u, da * r1, a2), (r * u, db * r1, b2)
    return Transitions(_ended(r), _derived(a), _derived(b), logdet, trace11)


Derived = tuple[Array, Array, Array]


def _derived(values: Derived) -> Derived:
    value, first, second = map(_ended, values)
    return value, first, second


def _ended(values: Array) -> Array:
    """With a last zero: a first row meets no neighbour."""
    return np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)


def times(t: Transitions, order: int, M: Array, code: Codes) -> Array:
    """The order-th derivative of C^-1 applied to the rows of M (..., K, N), for all subjects at once."""
    a, b = t.a[order][..., code], t.b[order][..., None, code[1:]]
    # The 1 of 1 + a_j + a_{j+1} has no derivative. The sum is a copy, so that the next line leaves t as it is.
    diagonal = a + (order == 0)
    diagonal[..., :-1] += a[..., 1:]
    out = diagonal[..., None, :] * M
    # b is zero at first rows: neighbours of different subjects do not meet.
    out[..., 1:] -= b * M[..., :-1]
    out[..., :-1] -= b * M[..., 1:]
    return out


def half_solve(t: Transitions, N: Array, code: Codes) -> Array:
    """Y with W'Y = N (..., K, N) for the whitening W (C^-1 = W'W), so that Y'Y = N'CN (MM-12)."""
    rho = t.rho[..., code]
    # Row j of W is (x_j - rho_j x_{j-1}) / s_j: W' has two diagonals.
    inverse = 1 / np.sqrt(1 - rho**2)
    bands = np.stack([-rho * inverse, inverse], axis=-2)
    out = np.empty_like(N)
    for problem in np.ndindex(N.shape[:-2]):
        # LAPACK's solver of triangular bands: `solve_banded` would factorise what is a factor already. Its last result
        # is the first position without a pivot, and 1 / s_j is never 0.
        solution, _ = lapack.dtbtrs(bands[problem], N[problem].T, uplo="U")
        out[problem] = solution.T
    return out
