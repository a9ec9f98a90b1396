"""The distribution of a time known only to lie in an interval: Turnbull's estimate (EV-6 to EV-8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# By Gentleman and Geyer's condition the log-likelihood of n subjects is then less than n times this below its maximum.
TOLERANCE = 1e-9
MOST_STEPS = 200_000


class NotConvergedError(ArithmeticError):
    """The steps ran out before the likelihood stood at its maximum."""


@dataclass(frozen=True)
class Turnbull:
    """left, right, mass (m,): the intervals (left, right] that carry the mass; where within one it lies is unknown."""

    left: Array
    right: Array
    mass: Array

    def least(self, day: float) -> float:
        """The share up to a day if the mass lies as late as it may."""
        return float(self.mass[self.right <= day].sum())

    def most(self, day: float) -> float:
        """The share up to a day if the mass lies as early as it may."""
        return float(self.mass[self.left < day].sum())


def turnbull(left: Array, right: Array) -> Turnbull:
    """Maximum likelihood from intervals (left, right] (n,), right infinite where the event was not seen.

    Turnbull 1976, J R Stat Soc B 38:290-295: mass sits on the innermost intervals alone, and each step gives every
    subject's mass to those that lie in its interval, in proportion. The end is known by Gentleman & Geyer's condition
    (1994, Biometrika 81:618-623). Raises NotConvergedError, and ValueError for an empty interval.
    """
    if not (left < right).all():
        raise ValueError("an interval (left, right] ends before it begins")
    low, high = _innermost(left, right)
    # (n, m): 1 where the m-th innermost interval is part of the subject's interval.
    inside = ((left[:, None] <= low) & (high <= right[:, None])).astype(float)
    mass = np.full(len(low), 1 / len(low))
    for _ in range(MOST_STEPS):
        gradient = (inside / (inside @ mass)[:, None]).mean(axis=0)
        if gradient.max() - 1 < TOLERANCE:
            # The steps multiply, so that mass which belongs nowhere shrinks for ever without becoming 0.
            kept = mass > TOLERANCE
            return Turnbull(low[kept], high[kept], mass[kept] / mass[kept].sum())
        mass = mass * gradient
    raise NotConvergedError(f"Turnbull's estimate did not settle within {MOST_STEPS} steps")


def _innermost(left: Array, right: Array) -> tuple[Array, Array]:
    """The intervals from a left end to a right end with no other end in between."""
    ends = np.concatenate([left, right])
    is_left = np.repeat([True, False], [len(left), len(right)])
    # (., t] and (t, .] share no time: a right end stands before a left end of the same time.
    order = np.lexsort((is_left, ends))
    ends, is_left = ends[order], is_left[order]
    at = np.flatnonzero(is_left[:-1] & ~is_left[1:])
    return ends[at], ends[at + 1]
