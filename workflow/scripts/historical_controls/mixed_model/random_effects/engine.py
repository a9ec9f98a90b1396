"""Likelihood pieces of subjects with random effects and iid or continuous AR(1) residuals.

Per group the coordinates are G (q x q entries), r (residual variance) and rho (correlation at the unit gap);
every subject enters through its cross-products after whitening (MM-8), never through an n_i x n_i matrix.
Leading axes of the problem, and of nu with it, stand for several problems that are solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.likelihood import small_matrices
from historical_controls.mixed_model.likelihood.reduction import Problem, part_of
from historical_controls.mixed_model.random_effects import car1

BLOCK = 2048  # subjects handled together: their arrays stay in the processor's cache
# Sums by distinct gap serve where they are at most so many times as large as the rows, which every evaluation would
# go through several times.
LARGER = 4


@dataclass(frozen=True)
class Products:
    """Cross-products with one residual matrix: Z'KM per subject (q, K, n), [X y]'K[X y] summed (m, m)."""

    Z: Array
    M: Array

    def one(self, number: int, axes: int = 3) -> Products:
        """Those of one of several problems; axes: those that Z has for each."""
        return Products(part_of(self.Z, axes, number), part_of(self.M, 2, number))


@dataclass(frozen=True)
class Block:
    """Up to BLOCK subjects of one group; `rows` (K, rows) are kept for car1 only.

    sums: of car1 with few distinct gaps, the cross-products that any correlation needs (see `_sums_by_gap`).
    """

    group: int
    n_rows: Any
    first: Codes
    rows: Array
    lags: car1.Lags | None
    identity: Products
    sums: Products | None = None

    def one(self, number: int) -> Block:
        """That of one of several problems."""
        return Block(
            self.group,
            part_of(self.n_rows, 0, number),
            self.first,
            part_of(self.rows, 2, number),
            None if self.lags is None else self.lags.one(number),
            self.identity.one(number),
            None if self.sums is None else self.sums.one(number, axes=2),
        )


@dataclass(frozen=True)
class Solved:
    """A block at one covariance: H = Z'V^-1[Z X y] (q, K, n), the sum [X y]'V^-1[X y], log|V|.

    known: by name, what first and second derivatives there share.
    """

    block: Block
    H: Array
    M: Array
    logdet: Any
    moments: car1.Transitions | None
    known: dict[str, Any] = field(default_factory=dict)

    def one(self, number: int) -> Solved:
        """That of one of several problems."""
        moments = None if self.moments is None else self.moments.one(number)
        return Solved(self.block.one(number), self.H[number], self.M[number], self.logdet[number], moments)


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

    def one(self, number: int) -> Self:
        """The engine of one of several problems."""
        return replace(self, problem=self.problem.one(number), blocks=tuple(part.one(number) for part in self.blocks))

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

    def by_subject(self, nu: Array, solved: tuple[Solved, ...]) -> Array:
        """[X y]'V^-1[X y] of every subject (n, m, m) of one problem, from V^-1 = R^-1 - R^-1 ZGZ'V^-1."""
        ends, done, out = np.append(self.problem.first[1:], self.problem.n_rows), 0, []
        for part in solved:
            # Blocks follow the order of the subjects.
            last = done + len(part.block.first) - 1
            rows = self.problem.M[:, self.problem.first[done] : ends[last]]
            out.append(_by_subject(part, self.coordinates(nu, part.block.group), rows))
            done = last + 1
        return np.concatenate(out)


def _by_subject(part: Solved, at: Coordinates, rows: Array) -> Array:
    """The same of one block with these rows (K, N)."""
    block, q = part.block, part.H.shape[-3]
    code = block.lags.code if block.lags is not None else None
    whole = rows[q:] if part.moments is None or code is None else car1.times(part.moments, 0, rows[q:], code)
    sums = np.stack([np.add.reduceat(one * whole, block.first, axis=-1) for one in rows[q:]])
    AG = small_matrices.shared(at.G, whitened(block, part.moments).Z[:, q:, :])
    return np.asarray((sums - np.einsum("akn,aln->kln", AG, part.H[:, q:, :])).transpose(2, 0, 1) / at.r)


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
        return Block(group, n_rows, first, rows[..., :0], None, identity)
    # car1 goes through these rows again: a compact copy stays in the processor's cache.
    rows = np.ascontiguousarray(rows)
    lags = car1.lags_of(problem.gap[..., start:stop])
    few = (1 + 2 * len(lags.gaps)) * max(problem.q, 1) * len(first) <= LARGER * (stop - start)
    sums = _sums_by_gap(rows, lags, first, identity) if few else None
    return Block(group, n_rows, first, rows, lags, identity, sums)


def _sums_by_gap(rows: Array, lags: car1.Lags, first: Codes, identity: Products) -> Products:
    """Z'KM (..., 1 + 2 G, q K n) and [X y]'K[X y] (..., 1 + 2 G, m m) for K = I and, per distinct gap, two others.

    They add the squares of all rows j with this gap to those of the rows before (S), and square the changes between
    them (D). C^-1 and its derivatives are I + sum_g (a_g - b_g) S_g + b_g D_g (MM-10): with M_j - M_{j-1} in place of
    the products M_j M_{j-1}' nothing cancels as the correlation nears 1.
    """
    G, q, n = len(lags.gaps), identity.Z.shape[-3], len(first)
    own = np.flatnonzero(lags.code < G)
    # By gap, then by subject: rows of one sum stand beside each other.
    own = own[np.argsort(lags.code[own], kind="stable")]
    gap, subject = lags.code[own], np.searchsorted(first, own, side="right") - 1
    starts, ends = np.flatnonzero(np.diff(gap * n + subject, prepend=-1)), np.searchsorted(gap, np.arange(G + 1))
    now, before = np.take(rows, own, axis=-1), np.take(rows, own - 1, axis=-1)
    squares = [_squares(part, starts, ends, q) for part in (now, before, now - before)]
    both = Products(squares[0].Z + squares[1].Z, squares[0].M + squares[1].M)
    Z = np.zeros((*identity.Z.shape[:-3], 1 + 2 * G, *identity.Z.shape[-3:]))
    M = np.empty((*identity.M.shape[:-2], 1 + 2 * G, *identity.M.shape[-2:]))
    Z[..., 0, :, :, :], M[..., 0, :, :] = identity.Z, identity.M
    for kind, part in enumerate((both, squares[2]), start=1):
        # numpy puts axes that are indexed together first.
        Z[..., 2 * gap[starts] + kind, :, :, subject[starts]] = np.moveaxis(part.Z, -1, 0)
        M[..., kind::2, :, :] = part.M
    return Products(Z.reshape(*Z.shape[:-3], -1), M.reshape(*M.shape[:-2], -1))


def _squares(rows: Array, starts: Codes, ends: Codes, q: int) -> Products:
    """Z'[Z X y] (..., q, K, segments) and [X y]'[X y] by gap (..., G, m, m) of rows in the order of gaps."""
    *lead, K, _ = rows.shape
    Z = np.empty((*lead, q, K, len(starts)))
    for a in range(q):
        Z[..., a, :, :] = np.add.reduceat(rows[..., a, None, :] * rows, starts, axis=-1)
    fixed = rows[..., q:, :]
    M = np.empty((*lead, len(ends) - 1, K - q, K - q))
    for gap, (start, end) in enumerate(pairwise(ends)):
        M[..., gap, :, :] = fixed[..., start:end] @ fixed[..., start:end].mT
    return Products(Z, M)


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
    if t is None or block.lags is None:
        return block.identity
    if block.sums is None:
        rows = car1.times(t, order, block.rows, block.lags.code)
        return products(block.rows, rows, block.first, block.identity.Z.shape[-3])
    a, b = t.a[order][..., :-1], t.b[order][..., :-1]
    # (..., 1, 1 + 2 G): of the identity, which has no derivative, and of S and D of each gap in turn.
    pairs = np.stack([a - b, b], axis=-1).reshape(*a.shape[:-1], -1)
    weights = np.concatenate([np.full((*a.shape[:-1], 1), float(order == 0)), pairs], axis=-1)[..., None, :]
    like = block.identity
    return Products((weights @ block.sums.Z).reshape(like.Z.shape), (weights @ block.sums.M).reshape(like.M.shape))


def doubled(block: Block, t: car1.Transitions) -> Products:
    """Cross-products with (C^-1)' C (C^-1)' (MM-12)."""
    assert block.lags is not None
    code = block.lags.code
    Y = car1.half_solve(t, car1.times(t, 1, block.rows, code), code)
    return products(Y, Y, block.first, block.identity.Z.shape[-3])


def _solve(block: Block, at: Coordinates) -> Solved:
    """Woodbury with a factor of G, so that a singular G is an ordinary case (MM-8)."""
    t = None if block.lags is None or at.rho is None else car1.transitions(at.rho, block.lags)
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
