"""Likelihood pieces of subjects with random effects and iid or continuous AR(1) residuals.

Per group the coordinates are G (q x q entries), r (residual variance) and rho (correlation at the unit gap);
every subject enters through its cross-products after whitening (MM-8), never through an n_i x n_i matrix.
Leading axes of the problem, and of nu with it, stand for several problems that are solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.likelihood import small_matrices
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.random_effects import car1

BLOCK = 2048  # subjects handled together: their arrays stay in the processor's cache


@dataclass(frozen=True)
class Products:
    """Cross-products with one residual matrix: Z'KM per subject (q, K, n), [X y]'K[X y] summed (m, m)."""

    Z: Array
    M: Array


@dataclass(frozen=True)
class Block:
    """Up to BLOCK subjects of one group; `rows` (K, rows) are kept for car1 only."""

    group: int
    n_rows: Any
    first: Codes
    rows: Array
    gap: Array | None
    steps: tuple[Codes, ...]
    identity: Products


@dataclass(frozen=True)
class Solved:
    """A block at one covariance: H = Z'V^-1[Z X y] (q, K, n), the sum [X y]'V^-1[X y], log|V|."""

    block: Block
    H: Array
    M: Array
    logdet: Any
    moments: car1.Transitions | None


@dataclass(frozen=True)
class Coordinates:
    """Where one group stands: G (q, q), residual variance r, correlation rho (None for iid)."""

    G: Array
    r: Array
    rho: Array | None


@dataclass(frozen=True)
class RandomEffects:
    """All blocks of a problem; coordinates per group: G row by row, r, and rho for car1."""

    problem: Problem
    blocks: tuple[Block, ...]
    width: int

    def coordinates(self, nu: Array, group: int) -> Coordinates:
        """Read one group's coordinates out of the stacked vector nu."""
        q = self.problem.q
        own = nu[..., group * self.width : (group + 1) * self.width]
        # A group's coordinates: q^2 entries of G, r, and rho last.
        rho = own[..., -1] if self.problem.gap is not None else None
        return Coordinates(own[..., : q * q].reshape(*nu.shape[:-1], q, q), own[..., q * q], rho)

    def solve(self, nu: Array) -> tuple[Solved, ...]:
        """V^-1 applied to everything, for all subjects (MM-8)."""
        return tuple(_solve(block, self.coordinates(nu, block.group)) for block in self.blocks)

    def totals(self, solved: tuple[Solved, ...]) -> tuple[Any, Array]:
        """log|V| and [X y]'V^-1[X y] over all subjects."""
        return sum(part.logdet for part in solved), np.sum([part.M for part in solved], axis=0)


def blocks(problem: Problem) -> tuple[Block, ...]:
    """Cut a problem into blocks of subjects and reduce each to cross-products once."""
    out: list[Block] = []
    for group in range(problem.n_groups):
        members = np.flatnonzero(problem.group == group)
        # Members of a group are consecutive, so that a block is one slice of rows.
        cuts = range(0, len(members), BLOCK)
        out += [_block(problem, members[start : start + BLOCK], group) for start in cuts]
    return tuple(out)


def _block(problem: Problem, members: Codes, group: int) -> Block:
    ends = np.append(problem.first[1:], problem.n_rows)
    start, stop = problem.first[members[0]], ends[members[-1]]
    rows = problem.M[..., start:stop]
    n_rows = problem.present[..., start:stop].sum(axis=-1)
    first = problem.first[members] - start
    identity = products(rows, rows, first, problem.q)
    # With independent residuals the cross-products never change: the rows themselves are not needed again.
    if problem.gap is None:
        return Block(group, n_rows, first, rows[..., :0], None, (), identity)
    # car1 goes through these rows at every evaluation: a compact copy stays in the processor's cache.
    rows = np.ascontiguousarray(rows)
    steps = car1.steps_from_end(first, stop - start)
    return Block(group, n_rows, first, rows, problem.gap[..., start:stop], steps, identity)


def products(left: Array, right: Array, first: Codes, q: int) -> Products:
    """left'right by subject for the rows of Z, summed for those of X and y."""
    *lead, K, _ = right.shape
    Z = np.empty((*lead, q, K, len(first)))
    for a in range(q):
        # reduceat gives an element, not 0, for an empty segment; every subject has at least one row.
        Z[..., a, :, :] = np.add.reduceat(left[..., a, None, :] * right, first, axis=-1)
    return Products(Z, left[..., q:, :] @ right[..., q:, :].mT)


def whitened(block: Block, t: car1.Transitions | None, order: int = 0) -> Products:
    """Cross-products with C^-1 or its derivatives (MM-10, MM-11)."""
    if t is None:
        return block.identity
    q = block.identity.Z.shape[-3]
    return products(block.rows, car1.times(t, order, block.rows), block.first, q)


def doubled(block: Block, t: car1.Transitions) -> Products:
    """Cross-products with (C^-1)' C (C^-1)' (MM-12)."""
    Y = car1.half_solve(t, car1.times(t, 1, block.rows), block.steps)
    return products(Y, Y, block.first, block.identity.Z.shape[-3])


def _solve(block: Block, at: Coordinates) -> Solved:
    """Woodbury with a factor of G, so that a singular G is an ordinary case (MM-8)."""
    t = None if block.gap is None or at.rho is None else car1.transitions(at.rho, block.gap)
    A = whitened(block, t)
    q = A.Z.shape[-3]
    logdet = block.n_rows * np.log(at.r) + (t.logdet[0] if t is not None else 0.0)
    # No random effects: V is the residual's matrix alone.
    if q == 0:
        return Solved(block, A.Z, A.M / at.r[..., None, None], logdet, t)
    r = at.r[..., None, None]
    # A holds cross-products with C^-1, without r: hence G / r here and the division by r at the end.
    root = small_matrices.root(at.G / r)
    B = small_matrices.shared(root.mT, A.Z)
    # I + L'A_ZZ L (q, q, n) of (MM-8): eigenvalues of 1 or more, so that its Cholesky factor exists for every G.
    inner = small_matrices.swapped(small_matrices.shared(root.mT, small_matrices.swapped(B[..., :q, :])))
    inner = inner + np.eye(q)[:, :, None]
    L = small_matrices.cholesky(inner)
    Y = small_matrices.forward(L, B)
    # Z'V^-1[Z X y] (q, K, n).
    H = (A.Z - small_matrices.product_transposed(Y[..., :q, :], Y)) / r[..., None]
    logdet = logdet + 2 * sum(np.log(L[..., j, j, :]).sum(axis=-1) for j in range(q))
    return Solved(block, H, (A.M - small_matrices.cross(Y[..., q:, :], Y[..., q:, :])) / r, logdet, t)
