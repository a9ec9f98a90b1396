"""The traces and quadratic forms that the score, both information matrices and Kenward-Roger share.

For directions D_r of V: T_rs = tr(V^-1 D_r V^-1 D_s), P_r = M'V^-1 D_r V^-1 M and
Q_rs = M'V^-1 D_r V^-1 D_s V^-1 M with M = [X e], e the standardised residual (MM-13). Any number of leading axes
may stand for several problems at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from historical_controls.mixed_model.design.arrays import Array


class SecondOrder(ABC):
    """One group's T (..., R, R), P (..., R, m, m) and Q, the last only in the sums that are ever needed."""

    T: Array
    P: Array

    @abstractmethod
    def traced(self, Phi: Array) -> Array:
        """tr(Phi Q_rs) over the columns of X (R, R)."""

    @abstractmethod
    def residual(self) -> Array:
        """e'V^-1 D_r V^-1 D_s V^-1 e (R, R)."""

    @abstractmethod
    def contracted(self, W: Array) -> Array:
        """sum_rs W_rs Q_rs over the columns of X (p, p)."""

    @property
    @abstractmethod
    def bends(self) -> Array:
        """The score along the second derivatives of V in its coordinates (R, R) (MM-15)."""


@dataclass(frozen=True)
class FewDirections(SecondOrder):
    """Q held in full (..., R, R, m, m): random effects and their residual have few directions."""

    T: Array
    P: Array
    Q: Array
    bend: Array

    def traced(self, Phi: Array) -> Array:
        p = Phi.shape[-1]
        return np.asarray(np.einsum("...rsij,...ji->...rs", self.Q[..., :p, :p], Phi))

    def residual(self) -> Array:
        return self.Q[..., -1, -1]

    def contracted(self, W: Array) -> Array:
        return np.asarray(np.einsum("...rs,...rsij->...ij", W, self.Q[..., :-1, :-1]))

    @property
    def bends(self) -> Array:
        return self.bend


def added(parts: list[FewDirections]) -> FewDirections:
    """The sums over the blocks of one group."""
    return FewDirections(
        T=sum((part.T for part in parts), np.zeros(())),
        P=sum((part.P for part in parts), np.zeros(())),
        Q=sum((part.Q for part in parts), np.zeros(())),
        bend=sum((part.bend for part in parts), np.zeros(())),
    )
