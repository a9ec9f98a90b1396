"""From unconstrained numbers to the covariance over visits of every group (MM-6, MM-29).

Every map takes leading axes of theta, for several problems at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.design.specification import GroupForm
from historical_controls.mixed_model.visits import structures as visit_structures


@dataclass(frozen=True)
class VisitParameters:
    """A structure over m visits for n_groups groups, each its own ("free") or with a factor ("one_scale")."""

    structure: str
    m: int
    n_groups: int
    form: GroupForm

    @property
    def shapes(self) -> int:
        return self.n_groups if self.form == "free" else 1

    @property
    def per_shape(self) -> int:
        return visit_structures.size(self.structure, self.m)

    @property
    def size(self) -> int:
        return self.shapes * self.per_shape + self.n_groups - 1

    def start(self, spread: float = 1.0) -> Array:
        """Neighbours correlated by spread / (1 + spread), equal groups."""
        shape = visit_structures.start(self.structure, self.m, spread / (1 + spread))
        return np.concatenate([np.tile(shape, self.shapes), np.zeros(self.n_groups - 1)])

    def canonical(self, theta: Array) -> Array:
        """Every theta is its own."""
        # No two theta give the same matrix: logs and signs are fixed by the structures.
        return theta

    def natural(self, theta: Array) -> Array:
        """All entries of every group's matrix, row by row."""
        parts = [self._scale(theta, g)[..., None] * self._entries(theta, g) for g in range(self.n_groups)]
        return np.concatenate(parts, axis=-1)

    def jacobian(self, theta: Array) -> Array:
        """Derivative of `natural` (..., n_groups m^2, size) at each theta (..., size), by complex steps (exact)."""
        m2, batch = self.m**2, theta.shape[:-1]
        J = np.zeros((*batch, self.n_groups * m2, self.size))
        for g in range(self.n_groups):
            rows, scale = slice(g * m2, (g + 1) * m2), self._scale(theta, g)[..., None]
            own = self._own(g)
            # A complex step needs no difference of two nearly equal numbers, so that it can be as small as this.
            steps = theta[..., None, own] + 1e-30j * np.eye(self.per_shape)
            moved = visit_structures.covariance(self.structure, steps, self.m).imag / 1e-30
            J[..., rows, own] = scale[..., None] * np.swapaxes(moved.reshape(*batch, self.per_shape, m2), -1, -2)
            if g > 0:
                own_scale = self.shapes * self.per_shape + g - 1
                J[..., rows, own_scale] = scale * self._entries(theta, g)
        return J

    def curvature(self, theta: Array, score: Array) -> Array:
        """sum_k score_k d^2 nu_k / dtheta^2 (..., size, size)."""
        if self.structure == "us":
            return self._unstructured_curvature(theta, score)
        of_moves = score[..., None, None, :]
        # The Jacobian is exact, so that central differences of it are good to about 1e-10.
        return differenced(lambda at: (of_moves @ self.jacobian(at))[..., 0, :], theta)

    def _unstructured_curvature(self, theta: Array, score: Array) -> Array:
        """In closed form: the many parameters of "us" are too many for differences."""
        J, m, batch = self.jacobian(theta), self.m, theta.shape[:-1]
        out = np.zeros((*batch, self.size, self.size))
        for g in range(self.n_groups):
            own, rows = self._own(g), slice(g * m * m, (g + 1) * m * m)
            S = self._scale(theta, g)[..., None, None] * score[..., rows].reshape(*batch, m, m)
            out[..., own, own] += visit_structures.unstructured_curvature(theta[..., own], (S + S.mT) / 2)
            if g > 0:
                # The scale is exp(a): its derivatives are Sigma itself, and the Jacobian once more.
                k = self.shapes * self.per_shape + g - 1
                turned = (J[..., rows, :].mT @ score[..., rows, None])[..., 0]
                out[..., own, k] = out[..., k, own] = turned[..., own]
                out[..., k, k] = turned[..., k]
        return out

    def scale_direction(self, nu: Array) -> Array:
        """Derivative of the coordinates in the log of an overall factor."""
        return nu

    def tangent(self, theta: Array) -> Array:
        """Directions that span the model at theta (MM-16)."""
        return np.concatenate([self.jacobian(theta), self.natural(theta)[..., None]], axis=-1)

    def _own(self, g: int) -> slice:
        start = (g if self.form == "free" else 0) * self.per_shape
        return slice(start, start + self.per_shape)

    def _entries(self, theta: Array, g: int) -> Array:
        """The matrix of a group before its factor (..., m^2)."""
        matrix = visit_structures.covariance(self.structure, theta[..., self._own(g)], self.m)
        return matrix.reshape(*theta.shape[:-1], self.m**2)

    def _scale(self, theta: Array, g: int) -> Array:
        """The factor of a group (...), 1 for the first one."""
        scale = np.ones(theta.shape[:-1]) if g == 0 else np.exp(theta[..., self.shapes * self.per_shape + g - 1])
        return np.asarray(scale)


def differenced(function: Callable[[Array], Array], theta: Array, step: float = 1e-5) -> Array:
    """Symmetric matrices (..., size, size) of central differences of a gradient-like function of theta (..., size)."""
    moves, at = np.eye(theta.shape[-1]) * step, theta[..., None, :]
    out = (function(at + moves) - function(at - moves)) / (2 * step)
    return np.asarray((out + out.mT) / 2)
