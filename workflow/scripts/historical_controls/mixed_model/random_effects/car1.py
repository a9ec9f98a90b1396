"""Continuous-time AR(1) within subjects: its inverse is tridiagonal, so rows only meet their neighbours.

With rho_j the correlation across gap j, C^-1 has 1 + a_j + a_{j+1} on its diagonal and -b_j beside it,
a = rho^2 / (1 - rho^2), b = rho / (1 - rho^2) (MM-10); derivatives in rho, the correlation at the unit gap,
keep that shape (MM-11). Leading axes of rho and gap stand for several problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes


@dataclass(frozen=True)
class Transitions:
    """Per row: rho_j and (a, b) with two derivatives, zero at first rows; per problem: logdet and trace11."""

    rho: Array
    rho1: Array
    a: tuple[Array, Array, Array]
    b: tuple[Array, Array, Array]
    logdet: tuple[Any, Any, Any]
    trace11: Any


def transitions(rho: Array, gap: Array) -> Transitions:
    """Everything about C(rho) that does not involve data (MM-10, MM-11).

    logdet: log|C| and its two derivatives; trace11: tr(C^-1 C' C^-1 C').
    """
    # rho^(gap-2) is infinite at rho = 0 for 1 < gap < 2; the likelihood is flat below this floor
    log_rho = np.log(np.maximum(rho, 1e-12))[..., None]
    # A first row has an infinite gap. With tau = 0 its derivatives vanish; its correlation is set to 0 by hand.
    inside = np.isfinite(gap)
    tau = np.where(inside, gap, 0.0)
    r = np.where(inside, np.exp(tau * log_rho), 0.0)
    # Derivatives of rho^tau in rho; those of a and b follow by the chain rule from da, db (in r) and u = 1 / (1 - r^2).
    r1 = tau * np.exp((tau - 1) * log_rho)
    r2 = tau * (tau - 1) * np.exp((tau - 2) * log_rho)
    u = 1 / (1 - r * r)
    da, db = 2 * r * u**2, (1 + r * r) * u**2
    a2 = (2 + 6 * r * r) * u**3 * r1**2 + da * r2
    b2 = (6 * r + 2 * r**3) * u**3 * r1**2 + db * r2
    logdet = (
        -np.log(u).sum(-1),
        -2 * (r * r1 * u).sum(-1),
        -2 * (u * (r1**2 + r * r2) + 2 * (r * r1 * u) ** 2).sum(-1),
    )
    trace11 = 2 * (r1**2 * (1 + r * r) * u**2).sum(-1)
    return Transitions(r, r1, (r * r * u, da * r1, a2), (r * u, db * r1, b2), logdet, trace11)


def times(t: Transitions, order: int, M: Array) -> Array:
    """The order-th derivative of C^-1 applied to the rows of M (..., K, N), for all subjects at once."""
    a, b = t.a[order], t.b[order][..., None, 1:]
    # The 1 of 1 + a_j + a_{j+1} has no derivative. The sum is a copy, so that the next line leaves t as it is.
    diagonal = a + (order == 0)
    diagonal[..., :-1] += a[..., 1:]
    out = diagonal[..., None, :] * M
    # b is zero at first rows: neighbours of different subjects do not meet.
    out[..., 1:] -= b * M[..., :-1]
    out[..., :-1] -= b * M[..., 1:]
    return out


def half_solve(t: Transitions, N: Array, steps: tuple[Codes, ...]) -> Array:
    """Y with W'Y = N for the whitening W (C^-1 = W'W), so that Y'Y = N'CN (MM-12).

    steps: rows by distance from the end of their subject, nearest first.
    """
    s = np.sqrt(1 - t.rho**2)
    Y = N * s[..., None, :]
    # Row j of W is (x_j - rho_j x_{j-1}) / s_j. W'Y = N is solved from a subject's last row backwards.
    carry = (t.rho / s)[..., 1:] * s[..., :-1]
    # One step for all subjects at once: as many steps as the longest series has rows, not as there are rows.
    for rows in steps[1:]:
        Y[..., rows] += carry[..., None, rows] * Y[..., rows + 1]
    return Y


def steps_from_end(first: Codes, n_rows: int) -> tuple[Codes, ...]:
    """Rows grouped by their distance from the end of their subject."""
    last = np.append(first[1:], n_rows) - 1
    counts = np.diff(np.append(first, n_rows))
    distance = np.repeat(last, counts) - np.arange(n_rows)
    order = np.argsort(distance, kind="stable")
    return tuple(np.split(order, np.cumsum(np.bincount(distance))[:-1]))
