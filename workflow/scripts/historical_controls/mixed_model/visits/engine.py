"""Likelihood pieces of subjects whose covariance is a matrix over scheduled visits.

The coordinates of a group are all entries of its matrix Sigma (m x m). Arrays are padded to m visits; subjects
that were seen at the same visits share one inverse (MM-30). Leading axes of the problem, and of nu with it, stand for
several problems that are solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.likelihood.reduction import Problem, part_of
from historical_controls.mixed_model.likelihood.second_order import SecondOrder


@dataclass(frozen=True)
class Group:
    """One group's subjects: M (n, m, K) padded with zeros, seen (patterns, m), pattern (n,).

    counts (patterns,): subjects that take part; order (n,): subjects by pattern, of which those of a pattern begin at
    starts (patterns,).
    """

    M: Array
    seen: Array
    pattern: Codes
    counts: Array
    order: Codes
    starts: Codes

    def one(self, number: int) -> Group:
        """That of one of several problems."""
        return replace(self, M=part_of(self.M, 3, number), counts=part_of(self.counts, 1, number))


@dataclass(frozen=True)
class SolvedVisits:
    """A group at one Sigma: inverse by pattern (padded), H = V^-1 [X y] (n, m, K), [X y]'V^-1[X y], log|V|."""

    group: Group
    inverse: Array
    H: Array
    M: Array
    logdet: Any

    def one(self, number: int) -> SolvedVisits:
        """That of one of several problems."""
        own = (getattr(self, name)[number] for name in ("inverse", "H", "M", "logdet"))
        return SolvedVisits(self.group.one(number), *own)


@dataclass(frozen=True)
class ManyDirections(SecondOrder):
    """Second-order terms in the entries (a, b) of Sigma; Q is never formed.

    inverse (patterns, m, m); H (n, m, m) by subject; h = V^-1 [X e] (n, m, k).
    """

    group: Group
    inverse: Array
    h: Array
    T: Array
    P: Array

    def traced(self, Phi: Array) -> Array:
        """sum over subjects of (V^-1)_bc h_d'Phi h_a."""
        hX = self.h[..., :-1]
        return self._paired((hX @ Phi[..., None, :, :]) @ hX.mT)

    def residual(self) -> Array:
        """sum over subjects of (V^-1)_bc e_d e_a."""
        e = self.h[..., -1]
        return self._paired(e[..., :, None] * e[..., None, :])

    def contracted(self, W: Array) -> Array:
        *lead, _, m, k = self.h.shape
        # Sum of W_rs h_a (V^-1)_bc h_d' over r = (a, b), s = (c, d): W meets V^-1 once per pattern, which gives the
        # (a, d) matrix between a subject's rows.
        weights = _arranged(W.reshape(*lead, m, m, m, m), (0, 3, 1, 2))
        inner = (self.inverse.reshape(*lead, -1, m * m) @ weights.mT).reshape(self.inverse.shape)
        hX = self.h[..., :-1]
        weighted = inner[..., self.group.pattern, :, :] @ hX
        return np.asarray(hX.reshape(*lead, -1, k - 1).mT @ weighted.reshape(*lead, -1, k - 1))

    @property
    def bends(self) -> Array:
        # V is linear in the entries of Sigma.
        return np.zeros((1, 1))

    def _paired(self, K: Array) -> Array:
        """sum of (V^-1)_bc K_da, arranged as (ab), (cd); subjects of one pattern are added first."""
        *lead, n, m, _ = K.shape
        by_pattern = _summed(K.reshape(*lead, n, m * m), self.group)
        # All pairs of m^2 directions at once: a product over patterns, usually far fewer than subjects.
        mixed = self.inverse.reshape(*lead, -1, m * m).mT @ by_pattern
        return _arranged(mixed.reshape(*lead, m, m, m, m), (3, 0, 1, 2))


@dataclass(frozen=True)
class VisitsEngine:
    """All groups of a problem over visits."""

    problem: Problem
    groups: tuple[Group, ...]

    def one(self, number: int) -> Self:
        """The engine of one of several problems."""
        return replace(self, problem=self.problem.one(number), groups=tuple(part.one(number) for part in self.groups))

    def solve(self, nu: Array) -> tuple[SolvedVisits, ...]:
        """V^-1 applied to everything, for all subjects."""
        m = self.problem.n_visits
        Sigma = nu.reshape(*nu.shape[:-1], len(self.groups), m, m)
        return tuple(_solve(group, Sigma[..., g, :, :]) for g, group in enumerate(self.groups))

    def totals(self, solved: tuple[SolvedVisits, ...]) -> tuple[Any, Array]:
        """log|V| and [X y]'V^-1[X y] over all subjects."""
        return sum(part.logdet for part in solved), np.sum([part.M for part in solved], axis=0)

    def score(self, nu: Array, solved: tuple[SolvedVisits, ...], Phi: Array, beta: Array, sigma: Any) -> Array:
        """Derivative of the log-likelihood in the entries of every Sigma (MM-31)."""
        # Full likelihood gives a zero Phi, which has no Cholesky factor.
        root = np.asarray(np.linalg.cholesky(Phi)) if Phi.any() else Phi
        return np.concatenate([_score(part, root, beta, sigma) for part in solved], axis=-1)

    def second_order(
        self, nu: Array, solved: tuple[SolvedVisits, ...], Phi: Array, beta: Array, sigma: Any
    ) -> tuple[ManyDirections, ...]:
        """Per group: T, P, and Q on demand (MM-13)."""
        return tuple(_second_order(part, beta, sigma) for part in solved)


def visits_engine(problem: Problem) -> VisitsEngine:
    """Pad every subject to the scheduled visits and find who shares a pattern."""
    return VisitsEngine(problem, tuple(_group(problem, g) for g in range(problem.n_groups)))


def _group(problem: Problem, g: int) -> Group:
    assert problem.visit is not None
    counts = np.diff(np.append(problem.first, problem.n_rows))
    members = np.flatnonzero(problem.group == g)
    # Position of a subject within its group; -1 for those of other groups.
    position = np.full(len(problem.first), -1)
    position[members] = np.arange(len(members))
    owner = position[np.repeat(np.arange(len(problem.first)), counts)]
    rows = owner >= 0
    place = owner[rows], problem.visit[rows]
    M = np.zeros((*problem.M.shape[:-2], len(members), problem.n_visits, problem.M.shape[-2]))
    M[..., *place, :] = problem.M[..., rows].mT
    seen = np.zeros((len(members), problem.n_visits))
    seen[place] = 1.0
    patterns, index, sizes = np.unique(seen, axis=0, return_inverse=True, return_counts=True)
    # numpy 2.0 gives the inverse of np.unique along an axis a second dimension; other versions do not.
    pattern = index.reshape(-1)
    order, starts = np.argsort(pattern, kind="stable"), np.cumsum(np.append(0, sizes[:-1]))
    # Problems differ in the subjects that take part, whose rows are zero elsewhere, never in the visits of one.
    present = problem.present[..., problem.first[members]].astype(np.float64)
    return Group(M, patterns, pattern, np.add.reduceat(present[..., order], starts, axis=-1), order, starts)


def _solve(group: Group, Sigma: Array) -> SolvedVisits:
    """Unseen visits are given the unit matrix, which adds nothing to log|V|, and are blotted out afterwards."""
    both = group.seen[:, :, None] * group.seen[:, None, :]
    *lead, m, _ = Sigma.shape
    L = np.linalg.cholesky(Sigma[..., None, :, :] * both + (1 - group.seen)[:, :, None] * np.eye(m))
    half = np.linalg.solve(L, np.broadcast_to(np.eye(m), L.shape))
    inverse = half.mT @ half * both
    # One factor per pattern, counted as often as subjects have it; the unit entries add log 1.
    logdet = 2 * (group.counts * np.log(np.diagonal(L, axis1=-2, axis2=-1)).sum(axis=-1)).sum(axis=-1)
    H = inverse[..., group.pattern, :, :] @ group.M
    K = H.shape[-1]
    return SolvedVisits(group, inverse, H, group.M.reshape(*lead, -1, K).mT @ H.reshape(*lead, -1, K), logdet)


def _residualised(solved: SolvedVisits, beta: Array, sigma: Any) -> Array:
    """V^-1 [X e] (n, m, k)."""
    X = solved.H[..., :-1]
    fitted = (X @ beta[..., None, :, None])[..., 0]
    e = (solved.H[..., -1] - fitted) / np.asarray(sigma)[..., None, None]
    return np.concatenate([X, e[..., None]], axis=-1)


def _score(solved: SolvedVisits, root: Array, beta: Array, sigma: Any) -> Array:
    h = _residualised(solved, beta, sigma)
    *lead, n, m, k = h.shape
    # h_X Phi h_X' = (h_X root)(h_X root)': both terms of (MM-31) in one product over subjects and columns.
    scaled = np.concatenate([h[..., :-1] @ root[..., None, :, :], h[..., -1:]], axis=-1)
    flat = scaled.swapaxes(-3, -2).reshape(*lead, m, n * k)
    traces = (solved.group.counts[..., None, :] @ solved.inverse.reshape(*lead, -1, m * m))[..., 0, :]
    return np.asarray(0.5 * ((flat @ flat.mT).reshape(*lead, m * m) - traces))


def _second_order(solved: SolvedVisits, beta: Array, sigma: Any) -> ManyDirections:
    h = _residualised(solved, beta, sigma)
    *lead, n, m, k = h.shape
    flat = solved.inverse.reshape(*lead, -1, m * m)
    HH = (flat.mT * solved.group.counts[..., None, :]) @ flat
    rows = h.reshape(*lead, n, m * k)
    P = (rows.mT @ rows).reshape(*lead, m, k, m, k).swapaxes(-3, -2).reshape(*lead, m * m, k, k)
    T = _arranged(HH.reshape(*lead, m, m, m, m), (3, 0, 1, 2))
    return ManyDirections(solved.group, solved.inverse, h, T, P)


def _arranged(A: Array, order: tuple[int, int, int, int]) -> Array:
    """A (..., m, m, m, m) with its last four axes in another order, as a matrix (..., m^2, m^2)."""
    lead, m = A.ndim - 4, A.shape[-1]
    turned = A.transpose(*range(lead), *(lead + axis for axis in order))
    return turned.reshape(*A.shape[:-4], m * m, m * m)


def _summed(K: Array, group: Group) -> Array:
    """Sums of the rows of K (..., n, c) by pattern."""
    # Every subject has its own pattern: there is nothing to add, only to reorder.
    own = K[..., group.order, :]
    return own if len(group.starts) == K.shape[-2] else np.asarray(np.add.reduceat(own, group.starts, axis=-2))
