"""Score and second-order terms of random effects with iid or continuous AR(1) residuals (MM-9, MM-13, MM-14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.likelihood import small_matrices
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.second_order import FewDirections, added
from historical_controls.mixed_model.random_effects.engine import (
    Coordinates,
    Products,
    RandomEffects,
    Solved,
    blocks,
    doubled,
    whitened,
)


@dataclass(frozen=True)
class Residualised:
    """A solved block with y replaced by e = (y - X beta) / sigma: h (q, m, n), H (q, q, n), M (m, m).

    The score goes with leading axes for several problems; second-order terms are for one problem at a time.
    """

    H: Array
    h: Array
    M: Array
    E: Array

    def products(self, A: Products, q: int) -> tuple[Array, Array, Array]:
        """Z'KZ, Z'K[X e] and [X e]'K[X e] from the cross-products of [Z X y]."""
        return A.Z[..., :q, :], _columns(A.Z[..., q:, :], self.E), self.E.mT @ A.M @ self.E


@dataclass(frozen=True)
class Ar1Terms:
    """Terms along R' for car1: D = [Z X e]'V^-1 R' V^-1 [Z X e] in pieces, and the traces."""

    D_ZZ: Array
    D_Zm: Array
    D_MM: Array
    trace: Any
    N: Array
    A_ZZ: Array
    J: Array


def residualised(solved: Solved, beta: Array, sigma: Any) -> Residualised:
    """Exchange y for the standardised residual."""
    q, p = solved.H.shape[-3], beta.shape[-1]
    E = np.zeros((*beta.shape[:-1], p + 1, p + 1))
    # [X e] = [X y] E: the unit matrix but for its last column, (-beta, 1) / sigma.
    E[..., range(p), range(p)] = 1.0
    E[..., :p, p], E[..., p, p] = -beta / np.expand_dims(sigma, -1), 1 / sigma
    return Residualised(solved.H[..., :q, :], _columns(solved.H[..., q:, :], E), E.mT @ solved.M @ E, E)


@dataclass(frozen=True)
class RandomEffectsEngine(RandomEffects):
    """The blocks of a problem with their score and second-order terms."""

    def score(self, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: Any) -> Array:
        return score(self, nu, solved, Phi, beta, sigma)

    def second_order(
        self, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: Any
    ) -> tuple[FewDirections, ...]:
        return second_order(self, nu, solved, Phi, beta, sigma)


def random_effects_engine(problem: Problem) -> RandomEffectsEngine:
    """Reduce the subjects of a problem to cross-products once."""
    return RandomEffectsEngine(problem, blocks(problem), problem.q**2 + 1 + (problem.gap is not None))


def score(engine: RandomEffects, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: Any) -> Array:
    """Derivative of the log-likelihood in every coordinate (MM-9); Phi is zero for ML."""
    total = np.zeros((*nu.shape[:-1], engine.problem.n_groups, engine.width))
    signed = _signed(Phi)
    for part in solved:
        at = engine.coordinates(nu, part.block.group)
        total[..., part.block.group, :] += _block_score(part, residualised(part, beta, sigma), at, signed)
    return total.reshape(nu.shape)


def _signed(Phi: Array) -> Array:
    """Weights of [X e]'V^-1 D V^-1 [X e] in the score: Phi for X, 1 for e."""
    p = Phi.shape[-1]
    signed = np.zeros((*Phi.shape[:-2], p + 1, p + 1))
    signed[..., :p, :p], signed[..., p, p] = Phi, 1.0
    return signed


def _block_score(solved: Solved, e: Residualised, at: Coordinates, signed: Array) -> Array:
    """-tr(V^-1 D)/2 + <signed, [X e]'V^-1 D V^-1 [X e]>/2 for each direction D."""
    along_G = small_matrices.outer_sums(e.h, e.h)
    on_G = 0.5 * (np.einsum("...abij,...ij->...ab", along_G, signed) - e.H.sum(axis=-1))
    # The direction R / r is (V - ZGZ') / r: along V the trace is the number of rows, and Z G Z' is known from on_G.
    scale = 0.5 * (_inner(e.M, signed) - solved.block.n_rows)
    parts = [on_G.reshape(*on_G.shape[:-2], -1), ((scale - _inner(at.G, on_G)) / at.r)[..., None]]
    if solved.moments is not None:
        terms = _ar1_terms(solved, e, at)
        parts.append(0.5 * (_inner(terms.D_MM, signed) - terms.trace)[..., None])
    return np.concatenate(parts, axis=-1)


def second_order(
    engine: RandomEffects, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: Any
) -> tuple[FewDirections, ...]:
    """Per group: T, P, Q and bends (MM-13, MM-15)."""
    groups: list[list[FewDirections]] = [[] for _ in range(engine.problem.n_groups)]
    for part in solved:
        at = engine.coordinates(nu, part.block.group)
        groups[part.block.group].append(_block_second_order(part, residualised(part, beta, sigma), at, Phi))
    return tuple(added(parts) for parts in groups)


def _block_second_order(solved: Solved, e: Residualised, at: Coordinates, Phi: Array) -> FewDirections:
    q, m = len(e.H), len(e.M)
    width = q * q + 1 + (at.rho is not None)
    out = FewDirections(
        np.zeros((width, width)),
        np.zeros((width, m, m)),
        np.zeros((width, width, m, m)),
        np.zeros((width, width)),
    )
    HG = small_matrices.swapped(small_matrices.shared(at.G, small_matrices.swapped(e.H)))
    # F = Z'V^-1 R V^-1 [X e], from R = V - ZGZ'.
    F = e.h - small_matrices.product(HG, e.h)
    _fill_g(out, e)
    _fill_r(out, e, F, HG, solved.block.n_rows, at)
    if at.rho is not None:
        _fill_rho(out, solved, e, F, at, Phi)
    return out


def _fill_g(out: FewDirections, e: Residualised) -> None:
    """Directions Z e_a e_b' Z': T = H_bc H_da, P = h_a h_b', Q = h_a H_bc h_d'."""
    q, m, n = e.h.shape
    flat = e.H.reshape(q * q, n)
    HH = (flat @ flat.T).reshape(q, q, q, q)
    # From HH[b, c, d, a] = H_bc H_da to the order (a, b), (c, d) of the directions.
    out.T[: q * q, : q * q] = HH.transpose(3, 0, 1, 2).reshape(q * q, q * q)
    out.P[: q * q] = small_matrices.outer_sums(e.h, e.h).reshape(q * q, m, m)
    Q = np.empty((q, q, q, q, m, m))
    for b in range(q):
        for c in range(q):
            Q[:, b, c] = small_matrices.outer_sums(e.h, e.H[b, c] * e.h)
    out.Q[: q * q, : q * q] = Q.reshape(q * q, q * q, m, m)


def _fill_r(out: FewDirections, e: Residualised, F: Array, HG: Array, n_rows: int, at: Coordinates) -> None:
    """Direction R / r, from R = V - ZGZ'; F = Z'V^-1 R V^-1 [X e]."""
    q, m, _ = e.h.shape
    r = q * q
    F_ZZ = e.H - small_matrices.product(HG, e.H)
    HG_sum, GHGH = np.trace(HG.sum(axis=2)), np.einsum("abn,ban->", HG, HG)
    F_MM = e.M - _weighted(at.G, out.P[:r])
    out.T[r, r] = (n_rows - 2 * HG_sum + GHGH) / at.r**2
    out.T[:r, r] = out.T[r, :r] = F_ZZ.sum(axis=2).T.ravel() / at.r
    out.P[r] = F_MM / at.r
    hF = small_matrices.outer_sums(e.h, F).reshape(r, m, m) / at.r
    mixed = hF.reshape(q, q, m, m)
    out.Q[:r, r] = hF
    # Q_sr is Q_rs' with the two indices of the entry of G exchanged.
    out.Q[r, :r] = mixed.transpose(1, 0, 3, 2).reshape(r, m, m)
    out.Q[r, r] = F_MM / at.r**2 - np.einsum("ab,abij->ij", at.G, mixed) / at.r


def _fill_rho(out: FewDirections, solved: Solved, e: Residualised, F: Array, at: Coordinates, Phi: Array) -> None:
    """Direction R' = r dC/drho, and the bend of V in rho (MM-14, MM-15)."""
    t = solved.moments
    assert t is not None
    q, m, _ = e.h.shape
    r, k = q * q, q * q + 1
    terms = _ar1_terms(solved, e, at)
    B_ZZ, B_Zm, B_MM = (part / at.r for part in e.products(doubled(solved.block, t), q))
    Gh = small_matrices.shared(at.G, e.h)
    out.T[:r, k] = out.T[k, :r] = terms.D_ZZ.sum(axis=2).T.ravel()
    out.T[r, k] = out.T[k, r] = (terms.trace - _trace(at.G, terms.D_ZZ)) / at.r
    NA = small_matrices.product(terms.N, terms.A_ZZ)
    out.T[k, k] = t.trace11 - 2 * np.einsum("abn,ban->", terms.N, B_ZZ) + np.einsum("abn,ban->", NA, NA)
    out.P[k] = terms.D_MM
    hD = small_matrices.outer_sums(e.h, terms.D_Zm)
    out.Q[:r, k] = hD.reshape(r, m, m)
    out.Q[k, :r] = hD.transpose(1, 0, 3, 2).reshape(r, m, m)
    out.Q[r, k] = (terms.D_MM - np.einsum("ab,abij->ij", at.G, hD)) / at.r
    out.Q[k, r] = out.Q[r, k].T
    # M'S T R T S'M, with S = I - V^-1 ZGZ' multiplied out on both sides (MM-14).
    RTR = B_MM - _twice(small_matrices.cross(B_Zm, Gh)) + small_matrices.cross(Gh, small_matrices.product(B_ZZ, Gh))
    out.Q[k, k] = RTR - small_matrices.cross(terms.J, small_matrices.product(terms.N, terms.J))
    signed = _signed(Phi)
    K_ZZ, K_Zm, K_MM = (part / at.r for part in e.products(whitened(solved.block, t, 2), q))
    KM = K_MM - _twice(small_matrices.cross(K_Zm, Gh)) + small_matrices.cross(Gh, small_matrices.product(K_ZZ, Gh))
    # tr(C^-1 C'') is (log|C|)'' + tr(C^-1 C' C^-1 C'); N takes off the part of Z (MM-14).
    trace2 = t.logdet[2] + t.trace11 - np.einsum("abn,ban->", terms.N, 2 * B_ZZ - K_ZZ)
    out.bend[k, k] = 0.5 * (np.sum((2 * RTR - KM) * signed) - trace2)
    out.bend[r, k] = out.bend[k, r] = 0.5 * (np.sum(terms.D_MM * signed) - terms.trace) / at.r


def _ar1_terms(solved: Solved, e: Residualised, at: Coordinates) -> Ar1Terms:
    """V^-1 R' V^-1 = -(I - V^-1 ZGZ') (R^-1)' (I - ZGZ'V^-1), in cross-products (MM-14)."""
    t = solved.moments
    assert t is not None
    q, r = e.H.shape[-2], at.r[..., None, None]
    A_ZZ, A_Zm, A_MM = e.products(whitened(solved.block, t, 1), q)
    A_ZZ, A_Zm, A_MM = A_ZZ / r[..., None], A_Zm / r[..., None], A_MM / r
    HG = small_matrices.swapped(small_matrices.shared(at.G, small_matrices.swapped(e.H)))
    Gh = small_matrices.shared(at.G, e.h)
    GH = small_matrices.shared(at.G, e.H)
    J = A_Zm - small_matrices.product(A_ZZ, Gh)
    J_ZZ = A_ZZ - small_matrices.product(A_ZZ, GH)
    # S T S' multiplied out; J = Z'TS'[X e] is the piece that D_Zm and Q share.
    D_MM = -(A_MM - small_matrices.cross(A_Zm, Gh) - small_matrices.cross(Gh, J))
    N = at.G[..., None] - small_matrices.shared(at.G, HG)
    trace = t.logdet[1] + np.einsum("...abn,...ban->...", N, A_ZZ)
    return Ar1Terms(
        D_ZZ=small_matrices.product(HG, J_ZZ) - J_ZZ,
        D_Zm=small_matrices.product(HG, J) - J,
        D_MM=D_MM,
        trace=trace,
        N=N,
        A_ZZ=A_ZZ,
        J=J,
    )


def _columns(A: Array, E: Array) -> Array:
    """A E along the middle index of A (q, m, n); E differs from the unit matrix in its last column only."""
    out = A.copy()
    out[..., -1:, :] = E[..., None, :, -1:].mT @ A
    return out


def _inner(A: Array, B: Array) -> Any:
    """Sum of the products of the entries of two matrices."""
    return (A * B).sum(axis=(-2, -1))


def _weighted(G: Array, P: Array) -> Array:
    return np.asarray(np.tensordot(G.ravel(), P, axes=(0, 0)))


def _trace(G: Array, D: Array) -> float:
    return float(np.einsum("ab,ban->", G, D))


def _twice(A: Array) -> Array:
    return A + A.T
