"""Linear algebra on many small matrices at once, components first: (q, q, n) and (q, m, n).

Any number of leading axes may stand for several problems at once: (..., q, m, n).
"""

from __future__ import annotations

import numpy as np

from historical_controls.mixed_model.design.arrays import Array


# q is 1 or 2 and n up to 2,048: a few Python loops over entries, each a vector operation over all subjects,
# with unit stride because n is the last axis. One random effect, the most frequent case, needs no loop.
def cholesky(A: Array) -> Array:
    """Lower factors of n symmetric positive definite q x q matrices."""
    if A.shape[-2] == 1:
        return np.sqrt(A)
    L = np.zeros_like(A)
    q = A.shape[-2]
    for j in range(q):
        L[..., j, j, :] = np.sqrt(A[..., j, j, :] - _dot(L[..., j, :j, :], L[..., j, :j, :]))
        for i in range(j + 1, q):
            L[..., i, j, :] = (A[..., i, j, :] - _dot(L[..., i, :j, :], L[..., j, :j, :])) / L[..., j, j, :]
    return L


def forward(L: Array, B: Array) -> Array:
    """Y with L Y = B for n lower triangles L and right sides B (q, m, n)."""
    if L.shape[-2] == 1:
        return B / L
    Y = np.empty_like(B)
    for i in range(L.shape[-2]):
        rest = B[..., i, :, :]
        for k in range(i):
            # Not in place: `rest` starts as a view of the caller's B.
            rest = rest - L[..., i, k, None, :] * Y[..., k, :, :]
        Y[..., i, :, :] = rest / L[..., i, i, None, :]
    return Y


def product(A: Array, B: Array) -> Array:
    """A B for n matrices (a, b, n) and (b, m, n)."""
    if A.shape[-2] == 1:
        return A * B
    out = np.zeros((*A.shape[:-2], *B.shape[-2:]))
    for i in range(A.shape[-3]):
        for k in range(A.shape[-2]):
            out[..., i, :, :] += A[..., i, k, None, :] * B[..., k, :, :]
    return out


def product_transposed(A: Array, B: Array) -> Array:
    """A' B for n matrices (b, a, n) and (b, m, n)."""
    return product(swapped(A), B)


def shared(G: Array, B: Array) -> Array:
    """G B for one G (a, b) and n matrices B (b, m, n)."""
    *lead, b, m, n = B.shape
    if G.shape[-2:] == (1, 1):
        return G[..., None] * B
    return np.asarray(G @ B.reshape(*lead, b, m * n)).reshape(*lead, G.shape[-2], m, n)


def outer_sums(A: Array, B: Array) -> Array:
    """Sums over n of A_a B_b' (a, b, m, k) for A (a, m, n) and B (b, k, n)."""
    *lead, a, m, n = A.shape
    b, k = B.shape[-3:-1]
    # One matrix product (a m, n) @ (n, b k) instead of a b small ones.
    sums = A.reshape(*lead, a * m, n) @ B.reshape(*lead, b * k, n).mT
    return np.asarray(sums.reshape(*lead, a, m, b, k)).swapaxes(-3, -2)


def cross(A: Array, B: Array) -> Array:
    """Sum over n and the first index of A_a B_a' (m, k)."""
    if A.shape[-3] == 1:
        return np.asarray(A[..., 0, :, :] @ B[..., 0, :, :].mT)
    out = np.zeros((*A.shape[:-3], A.shape[-2], B.shape[-2]))
    for i in range(A.shape[-3]):
        out += A[..., i, :, :] @ B[..., i, :, :].mT
    return out


def root(G: Array) -> Array:
    """Some L with L L' = G, for a positive semidefinite G that may be singular."""
    if G.shape[-1] == 1:
        return np.sqrt(np.maximum(G, 0.0))
    values, vectors = np.linalg.eigh(G)
    # The eigenvalue of a singular G may come out as -1e-17. Cholesky would refuse such a G; this root need not.
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])


def swapped(A: Array) -> Array:
    """The n transposes."""
    return np.swapaxes(A, -3, -2)


def _dot(a: Array, b: Array) -> Array:
    """n sums over the last axis but one."""
    return np.asarray(np.einsum("...kn,...kn->...n", a, b))
