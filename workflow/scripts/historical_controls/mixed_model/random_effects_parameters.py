"""From unconstrained numbers to G, r and rho of every group, for the three forms of groups (MM-5, MM-6).

Theta holds, per shape, a triangle lambda (G = r lambda lambda') and for car1 a number t with
rho = t^2 / (1 + t^2); then log-ratios of the groups' scales, then angles between the groups' factors of G.
Zero variances, correlations of +-1 and rho = 0 lie at ordinary points of theta, so that boundary fits are
stationary points like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .design import Array, Codes
from .reduction import Problem
from .specification import GroupForm


def differenced(function: Callable[[Array], Array], theta: Array, step: float = 1e-5) -> Array:
    """Symmetric matrix of central differences of a gradient-like function."""
    moves = np.eye(len(theta)) * step
    rows = [(function(theta + move) - function(theta - move)) / (2 * step) for move in moves]
    out = np.array(rows).reshape(len(theta), len(theta))
    return (out + out.T) / 2


@dataclass(frozen=True)
class RandomEffectsParameters:
    """q random columns, correlated or not, with or without rho, for n_groups groups in a given form."""

    q: int
    correlated: bool
    car1: bool
    n_groups: int
    form: GroupForm
    decay: float = 0.5

    @property
    def cells(self) -> tuple[Codes, Codes]:
        """Row and column of every free entry of lambda."""
        if self.correlated:
            rows, columns = np.tril_indices(self.q)
            return rows, columns
        return np.arange(self.q), np.arange(self.q)

    @property
    def shapes(self) -> int:
        return self.n_groups if self.form == "free" else 1

    @property
    def per_shape(self) -> int:
        return len(self.cells[0]) + self.car1

    @property
    def angles(self) -> int:
        return self.n_groups - 1 if self.form == "two_scales" else 0

    @property
    def size(self) -> int:
        return self.shapes * self.per_shape + self.n_groups - 1 + self.angles

    @property
    def width(self) -> int:
        """Coordinates of one group: G, r and rho."""
        return self.q**2 + 1 + self.car1

    def start(self, spread: float = 1.0) -> Array:
        """Equal groups, variances `spread` times the residual's, a moderate rho."""
        rows, columns = self.cells
        shape = np.where(rows == columns, spread, 0.0)
        if self.car1:
            shape = np.append(shape, np.sqrt(self.decay / (1 - self.decay)))
        equal = np.arctan(np.sqrt(np.arange(self.angles, 0, -1.0)))
        return np.concatenate([np.tile(shape, self.shapes), np.zeros(self.n_groups - 1), equal])

    def natural(self, theta: Array) -> Array:
        """Stacked coordinates (G entries, r, rho) of the groups, with r = 1 in the first."""
        return np.concatenate([self._group(theta, g)[0] for g in range(self.n_groups)])

    def jacobian(self, theta: Array) -> Array:
        """Derivative of `natural` (n_groups * width, size)."""
        return np.vstack([self._group(theta, g)[1] for g in range(self.n_groups)])

    def curvature(self, theta: Array, score: Array) -> Array:
        """sum_k score_k d^2 nu_k / dtheta^2 (size, size), by central differences of the exact Jacobian."""
        return differenced(lambda at: self.jacobian(at).T @ score, theta)

    def scale_direction(self, nu: Array) -> Array:
        """Derivative of the coordinates (or of their derivatives, by row) in the log of a factor of V."""
        out = nu.copy()
        if self.car1:
            out[self.width - 1 :: self.width] = 0.0
        return out

    def tangent(self, theta: Array) -> Array:
        """Directions linear in G that span the model at theta, valid at boundaries too (MM-16)."""
        nu = self.natural(theta).reshape(self.n_groups, self.width)
        factor = [np.exp(self._log_scale(theta, g)) * self._share(theta, g)[0] ** 2 for g in range(self.n_groups)]
        columns = []
        for shape in range(self.shapes):
            members = [shape] if self.form == "free" else range(self.n_groups)
            columns += [self._spread(members, factor, cell) for cell in zip(*self.cells, strict=True)]
            if self.car1:
                columns.append(self._spread(members, factor, None))
        for g in range(self.n_groups):
            columns.append(self._place(g, r=nu[g, self.q**2], G=nu[g, : self.q**2] * (self.form == "one_scale")))
        for g in range(self.angles):
            columns.append(self._place(g + 1, r=0.0, G=nu[g + 1, : self.q**2]))
        return np.column_stack(columns)

    def _group(self, theta: Array, g: int) -> tuple[Array, Array]:
        """Coordinates of one group and their derivative."""
        q2, at = self.q**2, self._shape_slice(g)
        lam, share = self._lambda(theta, g), self._share(theta, g)
        scale = np.exp(self._log_scale(theta, g))
        nu, J = np.empty(self.width), np.zeros((self.width, self.size))
        core = lam @ lam.T
        nu[:q2], nu[q2] = (scale * share[0] ** 2 * core).ravel(), scale
        for k, (a, b) in enumerate(zip(*self.cells, strict=True)):
            d = np.zeros((self.q, self.q))
            d[a] = lam[:, b]
            J[:q2, at.start + k] = (scale * share[0] ** 2 * (d + d.T)).ravel()
        if self.car1:
            t = theta[at.stop - 1]
            nu[-1], J[-1, at.stop - 1] = t * t / (1 + t * t), 2 * t / (1 + t * t) ** 2
        if g > 0:
            J[: q2 + 1, self.shapes * self.per_shape + g - 1] = nu[: q2 + 1]
        if self.angles:
            J[:q2, -self.angles :] = np.outer(core.ravel(), 2 * scale * share[0] * share[1])
        return nu, J

    def _shape_slice(self, g: int) -> slice:
        start = (g if self.form == "free" else 0) * self.per_shape
        return slice(start, start + self.per_shape)

    def _lambda(self, theta: Array, g: int) -> Array:
        lam = np.zeros((self.q, self.q))
        lam[self.cells] = theta[self._shape_slice(g)][: len(self.cells[0])]
        return lam

    def _log_scale(self, theta: Array, g: int) -> float:
        return 0.0 if g == 0 else float(theta[self.shapes * self.per_shape + g - 1])

    def _share(self, theta: Array, g: int) -> tuple[float, Array]:
        """Root of the group's factor of G relative to its r, on a sphere, with its derivative in the angles."""
        if not self.angles:
            return 1.0, np.empty(0)
        angles = theta[-self.angles :]
        radius = np.sqrt(self.n_groups)
        terms = [np.sin(angle) for angle in angles[:g]] + [np.cos(angle) for angle in angles[g : g + 1]]
        slopes = [np.cos(angle) for angle in angles[:g]] + [-np.sin(angle) for angle in angles[g : g + 1]]
        gradient = np.zeros(self.angles)
        for k, slope in enumerate(slopes):
            gradient[k] = radius * slope * np.prod(terms[:k] + terms[k + 1 :])
        return float(radius * np.prod(terms)), gradient

    def _spread(self, members: range | list[int], factor: list[float], cell: tuple[int, int] | None) -> Array:
        """One entry of the shared G (or, with no cell, rho) moved in all groups that share it."""
        out = np.zeros((self.n_groups, self.width))
        for g in members:
            if cell is None:
                out[g, -1] = 1.0
            else:
                out[g, cell[0] * self.q + cell[1]] = factor[g]
                out[g, cell[1] * self.q + cell[0]] = factor[g]
        return out.ravel()

    def _place(self, g: int, r: float, G: Array) -> Array:
        out = np.zeros((self.n_groups, self.width))
        out[g, : self.q**2], out[g, self.q**2] = G, r
        return out.ravel()


def random_effects_parameters(problem: Problem, correlated: bool, form: GroupForm) -> RandomEffectsParameters:
    """The parametrisation that fits a problem."""
    return RandomEffectsParameters(problem.q, correlated, problem.gap is not None, problem.n_groups, form)
