"""Covariance matrices over m scheduled visits from unconstrained numbers (MM-29).

Every function takes a batch theta (..., k) and uses analytic operations only, so that a complex step gives
derivatives without error (Squire & Trapp 1998, SIAM Review 40:110-112). First variances are 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]  # real, or complex during differentiation


def covariance(structure: str, theta: Numbers, m: int) -> Numbers:
    """The matrix (..., m, m) of a structure; the heterogeneous ones end with log-ratios of standard deviations."""
    # One visit has one variance under every structure, and nothing that it could correlate with.
    if m == 1:
        return np.ones((*theta.shape[:-1], 1, 1), dtype=theta.dtype)
    if structure == "us":
        return _unstructured(theta, m)
    base = homogeneous(structure)
    k = correlation_size(base, m)
    C = _CORRELATIONS[base](theta[..., :k], m)
    if base == structure:
        return C
    sd = np.concatenate([np.ones_like(theta[..., :1]), np.exp(theta[..., k:])], axis=-1)
    return C * sd[..., :, None] * sd[..., None, :]


def homogeneous(structure: str) -> str:
    """The structure with equal variances behind a heterogeneous one."""
    return {"csh": "cs", "ar1h": "ar1", "toeph": "toep", "adh": "ad"}.get(structure, structure)


def correlation_size(base: str, m: int) -> int:
    """Numbers that describe the correlations."""
    return {"cs": min(m - 1, 1), "ar1": min(m - 1, 1), "toep": m - 1, "ad": m - 1}[base]


def size(structure: str, m: int) -> int:
    """Numbers that describe the matrix up to its scale."""
    if structure == "us":
        return m * (m + 1) // 2 - 1
    base = homogeneous(structure)
    return correlation_size(base, m) + (m - 1 if base != structure else 0)


def start(structure: str, m: int, level: float) -> Numbers:
    """Equal variances and correlations of about `level` between neighbours."""
    if m == 1:
        return np.zeros(0)
    # The inverse of `_inside`.
    slope = level / np.sqrt(1 - level**2)
    if structure == "us":
        L = np.linalg.cholesky((1 - level) * np.eye(m) + level)
        rows, columns = _lower_cells(m)
        return np.where(rows == columns, np.log(np.diag(L))[rows], L[rows, columns])
    base = homogeneous(structure)
    k = correlation_size(base, m)
    first = np.full(k, slope)
    if base == "cs":
        low = -1 / (m - 1)
        # Below -1 / (m - 1) equal correlations have no positive definite matrix: the logit is taken over the rest.
        first[:] = np.log((level - low) / (1 - level))
    if base == "toep":
        # Partial autocorrelations that vanish after the first: an AR(1).
        first[1:] = 0.0
    return np.concatenate([first, np.zeros(size(structure, m) - k)])


def _unstructured(theta: Numbers, m: int) -> Numbers:
    """L L' with the first entry of L equal to 1 and the logs of the other diagonal ones free."""
    rows, columns = _lower_cells(m)
    # The type is complex during differentiation.
    L = np.zeros((*theta.shape[:-1], m, m), dtype=theta.dtype)
    L[..., 0, 0] = 1.0
    # np.where evaluates both branches: without the inner one, exp of an off-diagonal entry could overflow.
    L[..., rows, columns] = np.where(rows == columns, np.exp(np.where(rows == columns, theta, 0.0)), theta)
    return L @ np.swapaxes(L, -1, -2)


def unstructured_curvature(theta: Numbers, S: Numbers) -> Numbers:
    """Second derivatives (..., k, k) of <S, L L'> for a symmetric S (..., m, m), L as in "us"."""
    m = S.shape[-1]
    rows, columns = _lower_cells(m)
    diagonal = rows == columns
    L = np.zeros(S.shape)
    L[..., 0, 0] = 1.0
    L[..., rows, columns] = np.where(diagonal, np.exp(np.where(diagonal, theta, 0.0)), theta)
    slope = np.where(diagonal, L[..., rows, columns], 1.0)
    out = 2 * S[..., rows[:, None], rows] * (columns[:, None] == columns) * (slope[..., :, None] * slope[..., None, :])
    own = np.flatnonzero(diagonal)
    out[..., own, own] += 2 * (S @ L)[..., rows[own], columns[own]] * slope[..., own]
    return np.asarray(out)


def _lower_cells(m: int) -> tuple[Numbers, Numbers]:
    rows, columns = np.tril_indices(m)
    return rows[1:], columns[1:]


def _compound_symmetry(theta: Numbers, m: int) -> Numbers:
    low = -1 / (m - 1)
    rho = low + (1 - low) / (1 + np.exp(-theta[..., 0]))
    return rho[..., None, None] * np.ones((m, m)) + (1 - rho)[..., None, None] * np.eye(m)


def _first_order(theta: Numbers, m: int) -> Numbers:
    return _ante_dependence(np.repeat(theta, m - 1, axis=-1), m)


def _ante_dependence(theta: Numbers, m: int) -> Numbers:
    """Correlation of two visits: the product of the neighbours' correlations between them."""
    rho = _inside(theta)
    C = np.zeros((*theta.shape[:-1], m, m), dtype=theta.dtype)
    C[..., range(m), range(m)] = 1.0
    for j in range(1, m):
        C[..., :j, j] = C[..., :j, j - 1] * rho[..., j - 1, None]
        C[..., j, :j] = C[..., :j, j]
    return C


def _toeplitz(theta: Numbers, m: int) -> Numbers:
    """Partial autocorrelations to autocorrelations (Durbin-Levinson): every positive definite Toeplitz matrix."""
    partial = _inside(theta)
    # Durbin-Levinson: phi are the coefficients of the best prediction from k - 1 visits, v its error variance.
    r = [np.ones_like(partial[..., 0])]
    phi: list[Numbers] = []
    v = np.ones_like(partial[..., 0])
    for k in range(1, m):
        pi = partial[..., k - 1]
        r.append(sum((phi[j] * r[k - 1 - j] for j in range(k - 1)), pi * v))
        phi = [phi[j] - pi * phi[k - 2 - j] for j in range(k - 1)] + [pi]
        v = v * (1 - pi**2)
    lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
    return np.stack(r, axis=-1)[..., lag]


def _inside(theta: Numbers) -> Numbers:
    """Any number to (-1, 1)."""
    return theta / np.sqrt(1 + theta**2)


_CORRELATIONS: dict[str, Callable[[Numbers, int], Numbers]] = {
    "cs": _compound_symmetry,
    "ar1": _first_order,
    "toep": _toeplitz,
    "ad": _ante_dependence,
}
