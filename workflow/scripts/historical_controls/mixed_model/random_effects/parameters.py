"""From unconstrained numbers to G, r and rho of every group, for the three forms of groups (MM-5, MM-6).

Theta holds, per shape, a symmetric root B (G = r B B) and for car1 a number t with rho = t^2 / (1 + t^2);
then log-ratios of the groups' scales, then angles between the groups' factors of G. Zero variances,
correlations of +-1 and rho = 0 lie at ordinary points of theta, so that boundary fits are stationary points
like any other. A triangle instead of B would have a curved ridge wherever its first variance vanishes.
Every map takes leading axes of theta, for several problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.design.specification import GroupForm
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.random_effects import shares


@dataclass(frozen=True)
class GroupPlace:
    """One group: B, scale r, share (factor of G with gradient and Hessian in the angles), rho likewise in t."""

    B: Array
    scale: Array
    share: tuple[Array, Array, Array]
    rho: tuple[Array, ...]

    @property
    def core(self) -> Array:
        return self.B @ self.B

    def coordinates(self) -> Array:
        """G row by row, r, and rho where there is one."""
        G = (self.scale * self.share[0])[..., None, None] * self.core
        rest = [part[..., None] for part in (self.scale, *self.rho[:1])]
        return np.concatenate([G.reshape(*G.shape[:-2], -1), *rest], axis=-1)


@dataclass(frozen=True)
class RandomEffectsParameters:
    """q random columns, correlated or not, with or without rho, for n_groups groups in a given form."""

    q: int
    correlated: bool
    car1: bool
    n_groups: int
    form: GroupForm
    decay: float = 0.5

    @cached_property
    def cells(self) -> tuple[Codes, Codes]:
        """Row and column of every free entry of B."""
        if self.correlated:
            rows, columns = np.tril_indices(self.q)
            return rows, columns
        return np.arange(self.q), np.arange(self.q)

    @cached_property
    def moves(self) -> Array:
        """Symmetric unit matrices of the free entries of B (entries, q, q)."""
        rows, columns = self.cells
        moves = np.zeros((len(rows), self.q, self.q))
        # An off-diagonal entry moves both of its mirror images.
        moves[range(len(rows)), rows, columns] = moves[range(len(rows)), columns, rows] = 1.0
        return moves

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
        """Equal groups, standard deviations `spread` times the residual's (G = r B B), a moderate rho."""
        rows, columns = self.cells
        shape = np.where(rows == columns, spread, 0.0)
        if self.car1:
            shape = np.append(shape, np.sqrt(self.decay / (1 - self.decay)))
        # The point of the sphere with equal squared coordinates: every group's factor of G is 1.
        equal = np.arctan(np.sqrt(np.arange(self.angles, 0, -1.0)))
        return np.concatenate([np.tile(shape, self.shapes), np.zeros(self.n_groups - 1), equal])

    def canonical(self, theta: Array) -> Array:
        """The theta of the same model whose roots B have no negative eigenvalue."""
        out = theta.copy()
        for shape in range(self.shapes):
            own = slice(shape * self.per_shape, shape * self.per_shape + len(self.moves))
            B = self._root(theta[..., own])
            # A random intercept, the most frequent case, needs no eigenvalues.
            if self.q == 0 or (self.q == 1 and (B >= 0).all()):
                continue
            values, vectors = np.linalg.eigh(B)
            negative = values[..., :1] < 0
            if negative.any():
                # G = r B B does not change when an eigenvalue of B changes its sign.
                positive = vectors * np.abs(values)[..., None, :] @ vectors.mT
                out[..., own] = np.where(negative, positive[..., *self.cells], theta[..., own])
        return out

    def natural(self, theta: Array) -> Array:
        """Stacked coordinates (G entries, r, rho) of the groups, with r = 1 in the first."""
        return np.concatenate([self._read(theta, g).coordinates() for g in range(self.n_groups)], axis=-1)

    def jacobian(self, theta: Array) -> Array:
        """Derivative of `natural` (..., n_groups * width, size)."""
        lead = theta.shape[:-1]
        J = np.zeros((*lead, self.n_groups, self.width, self.size))
        q2 = self.q**2
        for g in range(self.n_groups):
            at, own = self._read(theta, g), self._own(g)
            # d(B B) = E B + B E for a move E of B; the second product is the transpose of the first.
            half = (at.scale * at.share[0])[..., None, None, None] * (self.moves @ at.B[..., None, :, :])
            cells = slice(own.start, own.start + len(self.moves))
            J[..., g, :q2, cells] = (half + half.mT).reshape(*lead, len(self.moves), q2).mT
            if self.car1:
                J[..., g, -1, own.stop - 1] = at.rho[1]
            if g > 0:
                # The scale is exp(a): its derivative is G and r themselves; rho is free of it.
                J[..., g, : q2 + 1, self._scale_index(g)] = at.coordinates()[..., : q2 + 1]
            if self.angles:
                core = at.scale[..., None, None] * at.core.reshape(*lead, q2, 1)
                J[..., g, :q2, -self.angles :] = core * at.share[1][..., None, :]
        return J.reshape(*lead, self.n_groups * self.width, self.size)

    def curvature(self, theta: Array, score: Array) -> Array:
        """sum_k score_k d^2 nu_k / dtheta^2 (..., size, size)."""
        lead = theta.shape[:-1]
        out = np.zeros((*lead, self.size, self.size))
        by_group = score.reshape(*lead, self.n_groups, self.width)
        for g in range(self.n_groups):
            self._curve(out, self._read(theta, g), g, by_group[..., g, :])
        return out

    def scale_direction(self, nu: Array) -> Array:
        """Derivative of the coordinates (..., n_groups * width), or of a move of them, in the log of a factor of V."""
        out = nu.copy()
        if self.car1:
            # A factor of V changes G and r, but no correlation.
            out[..., self.width - 1 :: self.width] = 0.0
        return out

    def tangent(self, theta: Array) -> Array:
        """Directions linear in G (..., coordinates, R) that span the model at theta, at boundaries too (MM-16)."""
        # At a boundary some derivatives in theta vanish (dG = 0 where B = 0), and Kenward-Roger would lose parameters.
        nu = self.natural(theta).reshape(*theta.shape[:-1], self.n_groups, self.width)
        places = [self._read(theta, g) for g in range(self.n_groups)]
        factor = [at.scale * at.share[0] for at in places]
        columns = []
        for shape in range(self.shapes):
            members = [shape] if self.form == "free" else range(self.n_groups)
            columns += [self._spread(members, factor, cell) for cell in zip(*self.cells, strict=True)]
            if self.car1:
                columns.append(self._spread(members, factor, None))
        for g in range(self.n_groups):
            # With one scale per group its G moves along with r; otherwise G has directions of its own.
            moved = np.zeros_like(nu)
            moved[..., g, self.q**2] = nu[..., g, self.q**2]
            moved[..., g, : self.q**2] = nu[..., g, : self.q**2] * (self.form == "one_scale")
            columns.append(moved)
        if self.angles:
            columns += self._factors(places, np.zeros_like(nu))
        return np.stack([column.reshape(*column.shape[:-2], -1) for column in columns], axis=-1)

    def _factors(self, places: list[GroupPlace], still: Array) -> list[Array]:
        """The groups' own factors of G; the largest stays: others may vanish, and G has no scale beside them."""
        core = places[0].core
        # A G of zero has no shape: one random effect has the unit for its shape, more have no direction.
        core = np.where(core.any(axis=(-2, -1), keepdims=True) | (self.q > 1), core, 1.0)
        size = np.maximum(np.trace(core, axis1=-2, axis2=-1), 1e-300)
        shape = (core / size[..., None, None]).reshape(*core.shape[:-2], -1)
        kept = np.argmax([at.share[0] for at in places], axis=0)
        columns = []
        for n in range(self.n_groups - 1):
            column = still.copy()
            # The n-th of the groups other than the one that stays.
            own = np.asarray(n + (n >= kept))[..., None, None]
            np.put_along_axis(column[..., : self.q**2], own, shape[..., None, :], axis=-2)
            columns.append(column)
        return columns

    def _curve(self, out: Array, at: GroupPlace, g: int, score: Array) -> None:
        """Add one group's part of the curvature: G = scale * share * B B is a product of three."""
        lead, q2, moves = score.shape[:-1], self.q**2, self.moves.reshape(len(self.moves), self.q**2)
        factor, first, second = at.share
        S = score[..., :q2].reshape(*lead, self.q, self.q)
        # G moves symmetrically only; rounding may leave its score asymmetric.
        S = (S + S.mT) * at.scale[..., None, None] / 2
        total = (S * at.core).sum(axis=(-2, -1))
        slope = (S @ at.B + at.B @ S).reshape(*lead, q2) @ moves.T
        shape = self._own(g)
        cells = slice(shape.start, shape.start + len(moves))
        # The moves are symmetric: the trace of a product is the sum over the entries.
        twice = (S[..., None, :, :] @ self.moves).reshape(*lead, len(moves), q2) @ moves.T
        out[..., cells, cells] += factor[..., None, None] * (twice + twice.mT)
        if self.car1:
            out[..., shape.stop - 1, shape.stop - 1] += score[..., -1] * at.rho[2]
        k = self._scale_index(g)
        if g > 0:
            out[..., k, cells] += factor[..., None] * slope
            out[..., cells, k] += factor[..., None] * slope
            out[..., k, k] += factor * total + at.scale * score[..., q2]
        if self.angles:
            turn = slice(self.size - self.angles, self.size)
            out[..., turn, turn] += total[..., None, None] * second
            out[..., cells, turn] += slope[..., :, None] * first[..., None, :]
            out[..., turn, cells] += first[..., :, None] * slope[..., None, :]
        # Cross derivatives of scale and share; the first group's scale is fixed at 1.
        if self.angles and g > 0:
            out[..., k, turn] += total[..., None] * first
            out[..., turn, k] += total[..., None] * first

    @cached_property
    def _last(self) -> dict[int, tuple[Array, GroupPlace]]:
        """What was read last of each group: coordinates and their derivatives are asked for at one theta."""
        return {}

    def _read(self, theta: Array, g: int) -> GroupPlace:
        """What theta says about one group; theta is never changed in place."""
        if g not in self._last or self._last[g][0] is not theta:
            self._last[g] = theta, self._place(theta, g)
        return self._last[g][1]

    def _place(self, theta: Array, g: int) -> GroupPlace:
        own = self._own(g)
        B = self._root(theta[..., own.start : own.start + len(self.moves)])
        scale = np.ones(theta.shape[:-1]) if g == 0 else np.exp(theta[..., self._scale_index(g)])
        share = shares.share(theta[..., self.size - self.angles :], g, self.n_groups)
        if not self.car1:
            return GroupPlace(B, scale, share, ())
        t = theta[..., own.stop - 1]
        t2 = t**2
        # rho = t^2 / (1 + t^2) with its first two derivatives in t.
        rho = (t2 / (1 + t2), 2 * t / (1 + t2) ** 2, (2 - 6 * t2) / (1 + t2) ** 3)
        return GroupPlace(B, scale, share, rho)

    def _root(self, entries: Array) -> Array:
        """B (..., q, q) from its free entries."""
        flat = entries @ self.moves.reshape(len(self.moves), self.q**2)
        return np.asarray(flat.reshape(*entries.shape[:-1], self.q, self.q))

    def _own(self, g: int) -> slice:
        # All groups read the same shape unless each has its own.
        start = (g if self.form == "free" else 0) * self.per_shape
        return slice(start, start + self.per_shape)

    def _scale_index(self, g: int) -> int:
        return self.shapes * self.per_shape + g - 1

    def _spread(self, members: range | list[int], factor: list[Array], cell: tuple[int, int] | None) -> Array:
        """One entry of the shared G (or, with no cell, rho) moved in all groups that share it."""
        out = np.zeros((*factor[0].shape, self.n_groups, self.width))
        for g in members:
            if cell is None:
                out[..., g, -1] = 1.0
            else:
                out[..., g, cell[0] * self.q + cell[1]] = factor[g]
                out[..., g, cell[1] * self.q + cell[0]] = factor[g]
        return out


def random_effects_parameters(problem: Problem, correlated: bool, form: GroupForm) -> RandomEffectsParameters:
    """The parametrisation that fits a problem."""
    return RandomEffectsParameters(problem.q, correlated, problem.gap is not None, problem.n_groups, form)
