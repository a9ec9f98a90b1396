"""Likelihood pieces of subjects whose covariance is a matrix over scheduled visits.

The coordinates of a group are all entries of its matrix Sigma (m x m). Arrays are padded to m visits; subjects
that were seen at the same visits share one inverse (MM-30).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.second_order import SecondOrder


@dataclass(frozen=True)
class Group:
    """One group's subjects: M (n, m, K) padded with zeros, seen (patterns, m), pattern (n,), counts."""

    M: Array
    seen: Array
    pattern: Codes
    counts: Codes


@dataclass(frozen=True)
class SolvedVisits:
    """A group at one Sigma: inverse by pattern (padded), H = V^-1 [X y] (n, m, K), [X y]'V^-1[X y], log|V|."""

    group: Group
    inverse: Array
    H: Array
    M: Array
    logdet: float


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
        hX = self.h[:, :, :-1]
        return self._paired((hX @ Phi) @ hX.transpose(0, 2, 1))

    def residual(self) -> Array:
        """sum over subjects of (V^-1)_bc e_d e_a."""
        e = self.h[:, :, -1]
        return self._paired(e[:, :, None] * e[:, None, :])

    def contracted(self, W: Array) -> Array:
        m = self.h.shape[1]
        # Sum of W_rs h_a (V^-1)_bc h_d' over r = (a, b), s = (c, d): W meets V^-1 once per pattern, which gives the
        # (a, d) matrix between a subject's rows.
        weights = W.reshape(m, m, m, m).transpose(0, 3, 1, 2).reshape(m * m, m * m)
        inner = (self.inverse.reshape(-1, m * m) @ weights.T).reshape(-1, m, m)[self.group.pattern]
        hX = self.h[:, :, :-1]
        p = hX.shape[2]
        return hX.reshape(-1, p).T @ (inner @ hX).reshape(-1, p)

    @property
    def bends(self) -> Array:
        # V is linear in the entries of Sigma.
        return np.zeros((1, 1))

    def _paired(self, K: Array) -> Array:
        """sum of (V^-1)_bc K_da, arranged as (ab), (cd); subjects of one pattern are added first."""
        m = K.shape[1]
        by_pattern = _summed(K.reshape(len(K), m * m), self.group)
        # All pairs of m^2 directions at once: a product over patterns, usually far fewer than subjects.
        mixed = self.inverse.reshape(-1, m * m).T @ by_pattern
        return mixed.reshape(m, m, m, m).transpose(3, 0, 1, 2).reshape(m * m, m * m)


@dataclass(frozen=True)
class VisitsEngine:
    """All groups of a problem over visits."""

    problem: Problem
    groups: tuple[Group, ...]

    def solve(self, nu: Array) -> tuple[SolvedVisits, ...]:
        """V^-1 applied to everything, for all subjects."""
        m = self.problem.n_visits
        Sigma = nu.reshape(len(self.groups), m, m)
        return tuple(_solve(group, own) for group, own in zip(self.groups, Sigma, strict=True))

    def totals(self, solved: tuple[SolvedVisits, ...]) -> tuple[float, Array]:
        """log|V| and [X y]'V^-1[X y] over all subjects."""
        return sum(part.logdet for part in solved), np.sum([part.M for part in solved], axis=0)

    def score(self, nu: Array, solved: tuple[SolvedVisits, ...], Phi: Array, beta: Array, sigma: float) -> Array:
        """Derivative of the log-likelihood in the entries of every Sigma (MM-31)."""
        # Full likelihood gives a zero Phi, which has no Cholesky factor.
        root = np.asarray(np.linalg.cholesky(Phi)) if Phi.any() else Phi
        return np.concatenate([_score(part, root, beta, sigma).ravel() for part in solved])

    def second_order(
        self, nu: Array, solved: tuple[SolvedVisits, ...], Phi: Array, beta: Array, sigma: float
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
    rows = (owner >= 0) & problem.present
    M = np.zeros((len(members), problem.n_visits, len(problem.M)))
    M[owner[rows], problem.visit[rows]] = problem.M[:, rows].T
    seen = np.zeros((len(members), problem.n_visits))
    seen[owner[rows], problem.visit[rows]] = 1.0
    patterns, index, sizes = np.unique(seen, axis=0, return_inverse=True, return_counts=True)
    # numpy 2.0 gives the inverse of np.unique along an axis a second dimension; other versions do not.
    return Group(M, patterns, index.reshape(-1), sizes)


def _solve(group: Group, Sigma: Array) -> SolvedVisits:
    """Unseen visits are given the unit matrix, which adds nothing to log|V|, and are blotted out afterwards."""
    both = group.seen[:, :, None] * group.seen[:, None, :]
    m = Sigma.shape[0]
    L = np.linalg.cholesky(Sigma * both + (1 - group.seen)[:, :, None] * np.eye(m))
    half = np.linalg.solve(L, np.broadcast_to(np.eye(m), L.shape))
    inverse = half.transpose(0, 2, 1) @ half * both
    # One factor per pattern, counted as often as subjects have it; the unit entries add log 1.
    logdet = 2 * float(group.counts @ np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1))
    H = inverse[group.pattern] @ group.M
    K = H.shape[2]
    return SolvedVisits(group, inverse, H, group.M.reshape(-1, K).T @ H.reshape(-1, K), logdet)


def _residualised(solved: SolvedVisits, beta: Array, sigma: float) -> Array:
    """V^-1 [X e] (n, m, k)."""
    e = (solved.H[:, :, -1] - solved.H[:, :, :-1] @ beta) / sigma
    return np.concatenate([solved.H[:, :, :-1], e[:, :, None]], axis=2)


def _score(solved: SolvedVisits, root: Array, beta: Array, sigma: float) -> Array:
    h = _residualised(solved, beta, sigma)
    # h_X Phi h_X' = (h_X root)(h_X root)': both terms of (MM-31) in one product over subjects and columns.
    scaled = np.concatenate([h[:, :, :-1] @ root, h[:, :, -1:]], axis=2)
    flat = scaled.transpose(1, 0, 2).reshape(h.shape[1], -1)
    return 0.5 * (flat @ flat.T - np.tensordot(solved.group.counts, solved.inverse, axes=1))


def _second_order(solved: SolvedVisits, beta: Array, sigma: float) -> ManyDirections:
    h = _residualised(solved, beta, sigma)
    n, m, k = h.shape
    flat = solved.inverse.reshape(-1, m * m)
    HH = (flat.T * solved.group.counts) @ flat
    T = HH.reshape(m, m, m, m).transpose(3, 0, 1, 2).reshape(m * m, m * m)
    rows = h.reshape(n, m * k)
    P = (rows.T @ rows).reshape(m, k, m, k).transpose(0, 2, 1, 3).reshape(m * m, k, k)
    return ManyDirections(solved.group, solved.inverse, h, T, P)


def _summed(K: Array, group: Group) -> Array:
    """Sums of the rows of K by pattern."""
    # Every subject has its own pattern: there is nothing to add, only to reorder.
    if len(group.counts) == len(K):
        out = np.empty_like(K)
        out[group.pattern] = K
        return out
    order = np.argsort(group.pattern, kind="stable")
    starts = np.cumsum(np.append(0, group.counts[:-1]))
    return np.asarray(np.add.reduceat(K[order], starts, axis=0))
