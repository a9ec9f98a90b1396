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

    Leading axes stand for several problems.
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
    """Exchange y for the standardised residual; at one covariance there is one beta and one sigma."""
    if "residualised" not in solved.known:
        solved.known["residualised"] = _residualised(solved, beta, sigma)
    own: Residualised = solved.known["residualised"]
    return own


def _residualised(solved: Solved, beta: Array, sigma: Any) -> Residualised:
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
    *lead, q, m, _ = e.h.shape
    width = q * q + 1 + (at.rho is not None)
    out = FewDirections(
        np.zeros((*lead, width, width)),
        np.zeros((*lead, width, m, m)),
        np.zeros((*lead, width, width, m, m)),
        np.zeros((*lead, width, width)),
    )
    HG = small_matrices.swapped(small_matrices.shared(at.G, small_matrices.swapped(e.H)))
    # F = Z'V^-1 R V^-1 [X e], from R = V - ZGZ'.
    F = e.h - small_matrices.product(HG, e.h)
    _fill_g(out, e)
    _fill_r(out, e, F, HG, solved.block.n_rows, at)
    if at.rho is not None:
        _fill_rho(out, solved, e, at, Phi)
    return out


def _fill_g(out: FewDirections, e: Residualised) -> None:
    """Directions Z e_a e_b' Z': T = H_bc H_da, P = h_a h_b', Q = h_a H_bc h_d'."""
    *lead, q, m, n = e.h.shape
    r = q * q
    flat = e.H.reshape(*lead, r, n)
    HH = (flat @ flat.mT).reshape(*lead, q, q, q, q)
    # From HH[b, c, d, a] = H_bc H_da to the order (a, b), (c, d) of the directions.
    out.T[..., :r, :r] = np.moveaxis(HH, -1, -4).reshape(*lead, r, r)
    out.P[..., :r, :, :] = small_matrices.outer_sums(e.h, e.h).reshape(*lead, r, m, m)
    Q = np.empty((*lead, q, q, q, q, m, m))
    for b in range(q):
        for c in range(q):
            Q[..., :, b, c, :, :, :] = small_matrices.outer_sums(e.h, e.H[..., b, c, None, None, :] * e.h)
    out.Q[..., :r, :r, :, :] = Q.reshape(*lead, r, r, m, m)


def _fill_r(out: FewDirections, e: Residualised, F: Array, HG: Array, n_rows: Any, at: Coordinates) -> None:
    """Direction R / r, from R = V - ZGZ'; F = Z'V^-1 R V^-1 [X e]."""
    *lead, q, m, _ = e.h.shape
    r = q * q
    of_row, of_matrix = at.r[..., None], at.r[..., None, None]
    F_ZZ = e.H - small_matrices.product(HG, e.H)
    F_MM = e.M - _weighted(at.G, out.P[..., :r, :, :])
    HG_sum = np.einsum("...aan->...", HG)
    out.T[..., r, r] = (n_rows - 2 * HG_sum + _traced(HG, HG)) / at.r**2
    out.T[..., :r, r] = out.T[..., r, :r] = F_ZZ.sum(axis=-1).mT.reshape(*lead, r) / of_row
    out.P[..., r, :, :] = F_MM / of_matrix
    mixed = small_matrices.outer_sums(e.h, F) / of_matrix[..., None, None]
    out.Q[..., :r, r, :, :] = mixed.reshape(*lead, r, m, m)
    out.Q[..., r, :r, :, :] = _turned(mixed)
    out.Q[..., r, r, :, :] = F_MM / of_matrix**2 - _weighted(at.G, out.Q[..., :r, r, :, :]) / of_matrix


def _fill_rho(out: FewDirections, solved: Solved, e: Residualised, at: Coordinates, Phi: Array) -> None:
    """Direction R' = r dC/drho, and the bend of V in rho (MM-14, MM-15)."""
    t = solved.moments
    assert t is not None
    *lead, q, m, _ = e.h.shape
    r, k = q * q, q * q + 1
    of_matrix, of_subjects = at.r[..., None, None], at.r[..., None, None, None]
    terms = _ar1_terms(solved, e, at)
    B_ZZ, B_Zm, B_MM = e.products(doubled(solved.block, t), q)
    B_ZZ, B_Zm, B_MM = B_ZZ / of_subjects, B_Zm / of_subjects, B_MM / of_matrix
    Gh = small_matrices.shared(at.G, e.h)
    along_G = terms.D_ZZ.sum(axis=-1)
    out.T[..., :r, k] = out.T[..., k, :r] = along_G.mT.reshape(*lead, r)
    out.T[..., r, k] = out.T[..., k, r] = (terms.trace - _inner(at.G, along_G.mT)) / at.r
    NA = small_matrices.product(terms.N, terms.A_ZZ)
    out.T[..., k, k] = t.trace11 - 2 * _traced(terms.N, B_ZZ) + _traced(NA, NA)
    out.P[..., k, :, :] = terms.D_MM
    hD = small_matrices.outer_sums(e.h, terms.D_Zm)
    out.Q[..., :r, k, :, :] = hD.reshape(*lead, r, m, m)
    out.Q[..., k, :r, :, :] = _turned(hD)
    out.Q[..., r, k, :, :] = (terms.D_MM - _weighted(at.G, out.Q[..., :r, k, :, :])) / of_matrix
    out.Q[..., k, r, :, :] = out.Q[..., r, k, :, :].mT
    # M'S T R T S'M, with S = I - V^-1 ZGZ' multiplied out on both sides (MM-14).
    RTR = B_MM - _twice(small_matrices.cross(B_Zm, Gh)) + small_matrices.cross(Gh, small_matrices.product(B_ZZ, Gh))
    out.Q[..., k, k, :, :] = RTR - small_matrices.cross(terms.J, small_matrices.product(terms.N, terms.J))
    signed = _signed(Phi)
    K_ZZ, K_Zm, K_MM = e.products(whitened(solved.block, t, 2), q)
    K_ZZ, K_Zm, K_MM = K_ZZ / of_subjects, K_Zm / of_subjects, K_MM / of_matrix
    KM = K_MM - _twice(small_matrices.cross(K_Zm, Gh)) + small_matrices.cross(Gh, small_matrices.product(K_ZZ, Gh))
    # tr(C^-1 C'') is (log|C|)'' + tr(C^-1 C' C^-1 C'); N takes off the part of Z (MM-14).
    trace2 = t.logdet[2] + t.trace11 - _traced(terms.N, 2 * B_ZZ - K_ZZ)
    out.bend[..., k, k] = 0.5 * (_inner(2 * RTR - KM, signed) - trace2)
    bent = 0.5 * (_inner(terms.D_MM, signed) - terms.trace) / at.r
    out.bend[..., r, k] = out.bend[..., k, r] = bent


def _ar1_terms(solved: Solved, e: Residualised, at: Coordinates) -> Ar1Terms:
    if "along rho" not in solved.known:
        solved.known["along rho"] = _along_rho(solved, e, at)
    own: Ar1Terms = solved.known["along rho"]
    return own


def _along_rho(solved: Solved, e: Residualised, at: Coordinates) -> Ar1Terms:
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
    trace = t.logdet[1] + _traced(N, A_ZZ)
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
    """Sum over the entries of G (..., q, q) times the matrices P (..., q^2, m, m)."""
    *lead, r, m, k = P.shape
    return np.asarray(G.reshape(*lead, 1, r) @ P.reshape(*lead, r, m * k)).reshape(*lead, m, k)


def _traced(A: Array, B: Array) -> Any:
    """Sum of the traces of n products A B, for A and B (..., q, q, n)."""
    return np.einsum("...abn,...ban->...", A, B)


def _turned(mixed: Array) -> Array:
    """Q_sr (..., q^2, m, m) from Q_rs (..., q, q, m, m): transposed, the two indices of the entry of G exchanged."""
    *lead, q, _, m, _ = mixed.shape
    return mixed.swapaxes(-4, -3).mT.reshape(*lead, q * q, m, m)


def _twice(A: Array) -> Array:
    return A + A.mT
