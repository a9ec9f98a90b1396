"""Linear algebra on many small matrices at once, components first: (q, q, n) and (q, m, n)."""

from __future__ import annotations

import numpy as np

from .design import Array


def cholesky(A: Array) -> Array:
    """Lower factors of n symmetric positive definite q x q matrices."""
    L = np.zeros_like(A)
    for j in range(len(A)):
        L[j, j] = np.sqrt(A[j, j] - np.einsum("kn,kn->n", L[j, :j], L[j, :j]))
        for i in range(j + 1, len(A)):
            L[i, j] = (A[i, j] - np.einsum("kn,kn->n", L[i, :j], L[j, :j])) / L[j, j]
    return L


def forward(L: Array, B: Array) -> Array:
    """Y with L Y = B for n lower triangles L and right sides B (q, m, n)."""
    Y = np.empty_like(B)
    for i in range(len(L)):
        rest = B[i]
        for k in range(i):
            rest = rest - L[i, k] * Y[k]
        Y[i] = rest / L[i, i]
    return Y


def product(A: Array, B: Array) -> Array:
    """A B for n matrices (a, b, n) and (b, m, n)."""
    out = np.zeros((A.shape[0], B.shape[1], B.shape[2]))
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            out[i] += A[i, k] * B[k]
    return out


def product_transposed(A: Array, B: Array) -> Array:
    """A' B for n matrices (b, a, n) and (b, m, n)."""
    return product(A.transpose(1, 0, 2), B)


def shared(G: Array, B: Array) -> Array:
    """G B for one G (a, b) and n matrices B (b, m, n)."""
    return np.asarray(G @ B.reshape(len(B), B.shape[1] * B.shape[2])).reshape(len(G), *B.shape[1:])


def outer_sums(A: Array, B: Array) -> Array:
    """Sums over n of A_a B_b' (a, b, m, k) for A (a, m, n) and B (b, k, n)."""
    a, m, n = A.shape
    b, k, _ = B.shape
    return (A.reshape(a * m, n) @ B.reshape(b * k, n).T).reshape(a, m, b, k).transpose(0, 2, 1, 3)


def cross(A: Array, B: Array) -> Array:
    """Sum over n and the first index of A_a B_a' (m, k)."""
    out = np.zeros((A.shape[1], B.shape[1]))
    for left, right in zip(A, B, strict=True):
        out += left @ right.T
    return out


def root(G: Array) -> Array:
    """Some L with L L' = G, for a positive semidefinite G that may be singular."""
    values, vectors = np.linalg.eigh(G)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
