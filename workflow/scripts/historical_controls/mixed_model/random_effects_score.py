"""Score and second-order terms of random effects with iid or continuous AR(1) residuals (MM-9, MM-13, MM-14)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import small
from .design import Array
from .random_effects import Coordinates, Products, RandomEffects, Solved, blocks, doubled, whitened
from .reduction import Problem
from .second_order import FewDirections, added


@dataclass(frozen=True)
class Residualised:
    """A solved block with y replaced by e = (y - X beta) / sigma: h (q, m, n), H (q, q, n), M (m, m)."""

    H: Array
    h: Array
    M: Array
    E: Array

    def products(self, A: Products, q: int) -> tuple[Array, Array, Array]:
        """Z'KZ, Z'K[X e] and [X e]'K[X e] from the cross-products of [Z X y]."""
        return A.Z[:, :q], _columns(A.Z[:, q:], self.E), self.E.T @ A.M @ self.E


@dataclass(frozen=True)
class Ar1Terms:
    """Terms along R' for car1: D = [Z X e]'V^-1 R' V^-1 [Z X e] in pieces, and the traces."""

    D_ZZ: Array
    D_Zm: Array
    D_MM: Array
    trace: float
    N: Array
    A_ZZ: Array
    J: Array


def residualised(solved: Solved, beta: Array, sigma: float) -> Residualised:
    """Exchange y for the standardised residual."""
    q, p = len(solved.H), len(beta)
    E = np.eye(p + 1)
    E[:p, p], E[p, p] = -beta / sigma, 1 / sigma
    return Residualised(solved.H[:, :q], _columns(solved.H[:, q:], E), E.T @ solved.M @ E, E)


@dataclass(frozen=True)
class RandomEffectsEngine(RandomEffects):
    """The blocks of a problem with their score and second-order terms."""

    def score(self, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: float) -> Array:
        return score(self, nu, solved, Phi, beta, sigma)

    def second_order(
        self, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: float
    ) -> tuple[FewDirections, ...]:
        return second_order(self, nu, solved, Phi, beta, sigma)


def random_effects_engine(problem: Problem) -> RandomEffectsEngine:
    """Reduce the subjects of a problem to cross-products once."""
    return RandomEffectsEngine(problem, blocks(problem), problem.q**2 + 1 + (problem.gap is not None))


def score(engine: RandomEffects, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: float) -> Array:
    """Derivative of the log-likelihood in every coordinate (MM-9); Phi is zero for ML."""
    total = np.zeros((engine.problem.n_groups, engine.width))
    signed = np.zeros((len(beta) + 1,) * 2)
    signed[:-1, :-1], signed[-1, -1] = Phi, 1.0
    for part in solved:
        at = engine.coordinates(nu, part.block.group)
        total[part.block.group] += _block_score(part, residualised(part, beta, sigma), at, signed)
    return total.ravel()


def _block_score(solved: Solved, e: Residualised, at: Coordinates, signed: Array) -> Array:
    """-tr(V^-1 D)/2 + <signed, [X e]'V^-1 D V^-1 [X e]>/2 for each direction D."""
    along_G = small.outer_sums(e.h, e.h)
    on_G = 0.5 * (np.einsum("abij,ij->ab", along_G, signed) - e.H.sum(axis=2))
    scale = 0.5 * (np.sum(e.M * signed) - solved.block.n_rows)
    parts = [on_G.ravel(), [(scale - np.sum(at.G * on_G)) / at.r]]
    if solved.moments is not None:
        terms = _ar1_terms(solved, e, at)
        parts.append([0.5 * (np.sum(terms.D_MM * signed) - terms.trace)])
    return np.concatenate(parts)


def second_order(
    engine: RandomEffects, nu: Array, solved: tuple[Solved, ...], Phi: Array, beta: Array, sigma: float
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
    HG = small.shared(at.G, e.H.transpose(1, 0, 2)).transpose(1, 0, 2)
    F = e.h - small.product(HG, e.h)
    F_ZZ = e.H - small.product(HG, e.H)
    _fill_g(out, e)
    _fill_r(out, e, F, F_ZZ, HG, solved.block.n_rows, at)
    if at.rho is not None:
        _fill_rho(out, solved, e, F, at, Phi)
    return out


def _fill_g(out: FewDirections, e: Residualised) -> None:
    """Directions Z e_a e_b' Z': T = H_bc H_da, P = h_a h_b', Q = h_a H_bc h_d'."""
    q, m, n = e.h.shape
    flat = e.H.reshape(q * q, n)
    HH = (flat @ flat.T).reshape(q, q, q, q)
    out.T[: q * q, : q * q] = HH.transpose(3, 0, 1, 2).reshape(q * q, q * q)
    out.P[: q * q] = small.outer_sums(e.h, e.h).reshape(q * q, m, m)
    Q = np.empty((q, q, q, q, m, m))
    for b in range(q):
        for c in range(q):
            Q[:, b, c] = small.outer_sums(e.h, e.H[b, c] * e.h)
    out.Q[: q * q, : q * q] = Q.reshape(q * q, q * q, m, m)


def _fill_r(
    out: FewDirections, e: Residualised, F: Array, F_ZZ: Array, HG: Array, n_rows: int, at: Coordinates
) -> None:
    """Direction R / r, from R = V - ZGZ'; F = Z'V^-1 R V^-1 [X e]."""
    q, m, _ = e.h.shape
    r = q * q
    HG_sum, GHGH = np.trace(HG.sum(axis=2)), np.einsum("abn,ban->", HG, HG)
    F_MM = e.M - _weighted(at.G, out.P[:r])
    out.T[r, r] = (n_rows - 2 * HG_sum + GHGH) / at.r**2
    out.T[:r, r] = out.T[r, :r] = F_ZZ.sum(axis=2).T.ravel() / at.r
    out.P[r] = F_MM / at.r
    hF = small.outer_sums(e.h, F).reshape(r, m, m) / at.r
    mixed = hF.reshape(q, q, m, m)
    out.Q[:r, r] = hF
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
    Gh = small.shared(at.G, e.h)
    out.T[:r, k] = out.T[k, :r] = terms.D_ZZ.sum(axis=2).T.ravel()
    out.T[r, k] = out.T[k, r] = (terms.trace - _trace(at.G, terms.D_ZZ)) / at.r
    NA = small.product(terms.N, terms.A_ZZ)
    out.T[k, k] = t.trace11 - 2 * np.einsum("abn,ban->", terms.N, B_ZZ) + np.einsum("abn,ban->", NA, NA)
    out.P[k] = terms.D_MM
    hD = small.outer_sums(e.h, terms.D_Zm)
    out.Q[:r, k] = hD.reshape(r, m, m)
    out.Q[k, :r] = hD.transpose(1, 0, 3, 2).reshape(r, m, m)
    out.Q[r, k] = (terms.D_MM - np.einsum("ab,abij->ij", at.G, hD)) / at.r
    out.Q[k, r] = out.Q[r, k].T
    RTR = B_MM - _twice(small.cross(B_Zm, Gh)) + small.cross(Gh, small.product(B_ZZ, Gh))
    out.Q[k, k] = RTR - small.cross(terms.J, small.product(terms.N, terms.J))
    signed = np.zeros((m, m))
    signed[:-1, :-1], signed[-1, -1] = Phi, 1.0
    K_ZZ, K_Zm, K_MM = (part / at.r for part in e.products(whitened(solved.block, t, 2), q))
    KM = K_MM - _twice(small.cross(K_Zm, Gh)) + small.cross(Gh, small.product(K_ZZ, Gh))
    trace2 = t.logdet[2] + t.trace11 - np.einsum("abn,ban->", terms.N, 2 * B_ZZ - K_ZZ)
    out.bend[k, k] = 0.5 * (np.sum((2 * RTR - KM) * signed) - trace2)
    out.bend[r, k] = out.bend[k, r] = 0.5 * (np.sum(terms.D_MM * signed) - terms.trace) / at.r


def _ar1_terms(solved: Solved, e: Residualised, at: Coordinates) -> Ar1Terms:
    """V^-1 R' V^-1 = -(I - V^-1 ZGZ') (R^-1)' (I - ZGZ'V^-1), in cross-products (MM-14)."""
    t = solved.moments
    assert t is not None
    q = len(e.H)
    A_ZZ, A_Zm, A_MM = (part / at.r for part in e.products(whitened(solved.block, t, 1), q))
    HG = small.shared(at.G, e.H.transpose(1, 0, 2)).transpose(1, 0, 2)
    Gh = small.shared(at.G, e.h)
    GH = small.shared(at.G, e.H)
    J = A_Zm - small.product(A_ZZ, Gh)
    J_ZZ = A_ZZ - small.product(A_ZZ, GH)
    D_MM = -(A_MM - small.cross(A_Zm, Gh) - small.cross(Gh, J))
    N = at.G[:, :, None] - small.shared(at.G, HG)
    trace = t.logdet[1] + float(np.einsum("abn,ban->", N, A_ZZ))
    return Ar1Terms(
        D_ZZ=small.product(HG, J_ZZ) - J_ZZ,
        D_Zm=small.product(HG, J) - J,
        D_MM=D_MM,
        trace=trace,
        N=N,
        A_ZZ=A_ZZ,
        J=J,
    )


def _columns(A: Array, E: Array) -> Array:
    """A E along the middle index of A (q, m, n); E differs from the unit matrix in its last column only."""
    out = A.copy()
    out[:, -1] = np.tensordot(A, E[:, -1], axes=(1, 0)) if len(A) else A[:, -1]
    return out


def _weighted(G: Array, P: Array) -> Array:
    return np.asarray(np.tensordot(G.ravel(), P, axes=(0, 0)))


def _trace(G: Array, D: Array) -> float:
    return float(np.einsum("ab,ban->", G, D))


def _twice(A: Array) -> Array:
    return A + A.T
