"""Weighted estimating equations with small-sample robust standard errors (EE-1 to EE-5).

Balance weights never enter a likelihood: V comes from the unweighted restricted fit (or independence is assumed),
the weights only choose whose residuals count how much, and the standard errors take them as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design import checks
from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.errors import DataError, NotEstimable, SpecificationError, typed_failures
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.fits.gaussian import MixedModelFit
from historical_controls.mixed_model.inference.answers import Answers
from historical_controls.mixed_model.inference.contrast import Contrast, Method, t_contrast


@dataclass(frozen=True)
class Subjects:
    """Sums per subject, all of X'-something-X form (n, p, p), that every contrast's variance and df need (EE-4).

    With G = A'W X: crossed X'G, own G'Phi G, mixed X'W Phi G; score (n, p): G'e.
    """

    score: Array
    crossed: Array
    own: Array
    mixed: Array


@dataclass(frozen=True)
class WeightedFit(Answers):
    """Solution of (EE-1). `working` says where V came from; weights (N,) are those of the rows, with mean one."""

    design: Design
    solution: Array
    bread: Array
    middle: Array
    subjects: Subjects
    weights: Array
    working: str
    default_df: ClassVar[Method] = "satterthwaite"

    @property
    def beta(self) -> pd.Series:
        return pd.Series(self.solution, index=list(self.names), name="beta")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """CR2 covariance of beta (EE-2, EE-3)."""
        half = self.subjects.score @ self.bread
        return pd.DataFrame(half.T @ half, index=list(self.names), columns=list(self.names))

    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame:
        """The same: CR2 is the adjustment."""
        _offered(df or self.default_df)
        return self.vcov

    def df(self, row: Array) -> float:
        """Satterthwaite's degrees of freedom of one row of L under the working covariance (EE-5)."""
        c = self.bread @ row
        own = np.einsum("p,npq,q->n", c, self.subjects.own, c)
        U = self.subjects.crossed @ c @ self.bread
        B = self.subjects.mixed @ c
        # p_i'V p_j = [i = j] own_i + left_i'right_j (EE-4). Summed over all pairs, squares of left_i'right_j are
        # tr(L'L R'R): matrices of 3p columns instead of n x n pairs.
        left = np.concatenate([-B, -U, U @ self.middle], axis=1)
        right = np.concatenate([U, B, U], axis=1)
        extra = np.einsum("nk,nk->n", left, right)
        total = own.sum() + extra.sum()
        squares = own @ own + 2 * own @ extra + np.sum((left.T @ left) * (right.T @ right))
        return float(total**2 / squares) if squares > 0 else float("nan")

    def contrast(
        self, L: Sequence[float] | Mapping[str, float] | Array, df: Method = "satterthwaite", level: float = 0.95
    ) -> Contrast:
        """L beta for one row. Raises NotEstimable where df is below 2."""
        rows = checks.contrast_rows(L, self.names)
        if len(rows) != 1:
            raise NotEstimable(Code.NO_JOINT_TEST, fits="weighted equations")
        return self.contrasts(rows, df, level)[0]

    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]:
        """One Contrast per row of L (k, p)."""
        df = df or self.default_df
        _offered(df)
        rows, V = checks.contrast_rows(L, self.names), self.vcov.to_numpy()
        return tuple(
            t_contrast(
                float(row @ self.solution),
                float(np.sqrt(row @ V @ row)),
                np.inf if df == "z" else self.df(row),
                level,
                df,
            )
            for row in rows
        )


def solve_weighted(fit: MixedModelFit, weights: pd.Series | Mapping[Any, float]) -> WeightedFit:
    """Weighted analysis with V of an unweighted fit; weights (>= 0) by subject, of any scale (EE-1).

    Raises DataError or RankDeficient for weights that cannot be used, NotConverged for a fit without estimates.
    """
    if not fit.spec.reml:
        raise SpecificationError(Code.NEEDS_REML, what="V of weighted equations")
    by_subject = _by_subject(fit.design, weights)
    with typed_failures():
        return _solve(fit.design, fit.subject_covariance, by_subject[fit.design.subject_of_row], "model")


def solve_independent(design: Design, weights: pd.Series | Mapping[Any, float] | Array) -> WeightedFit:
    """Weighted analysis with working independence; weights by subject, or one per row of the caller's table.

    The latter are for inverse-intensity weights (Buzkova & Lumley 2007), which differ among a subject's rows.
    """
    if isinstance(weights, np.ndarray):
        if weights.shape != design.y.shape:
            raise DataError(Code.WEIGHT_COUNT, weights=len(weights), rows=len(design.y))
        rows = _checked(weights.astype(np.float64)[design.row])
    else:
        rows = _by_subject(design, weights)[design.subject_of_row]
    own = design.weight
    with typed_failures():
        return _solve(
            design, lambda i: None if own is None else np.diag(1 / own[_rows(design, i)]), rows, "independence"
        )


def _solve(design: Design, covariance: Callable[[int], Array | None], weights: Array, working: str) -> WeightedFit:
    """Solve (EE-1), then adjust every subject's residuals (EE-3). covariance: V_i, None for the unit matrix."""
    # Weights of zero may leave out all rows that determine a coefficient.
    checks.full_rank(design.X[weights > 0], design.coefficient_names)
    weights = weights / weights.mean()
    # a subject without weight adds nothing to any sum
    used = [i for i in range(len(design.first)) if weights[_rows(design, i)].any()]
    parts = [(_rows(design, i), covariance(i)) for i in used]
    WX = [_weighted(V, weights[own], design.X[own]) for own, V in parts]
    crossed = _total(W.T @ design.X[own] for W, (own, _) in zip(WX, parts, strict=True))
    bread = np.asarray(np.linalg.inv(crossed), dtype=np.float64)
    solution = bread @ _total(W.T @ design.y[own] for W, (own, _) in zip(WX, parts, strict=True))
    middle = _total(W.T @ _times(V, W) for W, (_, V) in zip(WX, parts, strict=True))
    error = design.y - design.X @ solution
    sums = [_sums(design.X[own], W, V, error[own], bread, middle) for W, (own, V) in zip(WX, parts, strict=True)]
    subjects = Subjects(*(np.stack(column) for column in zip(*sums, strict=True)))
    return WeightedFit(design, solution, bread, middle, subjects, weights, working)


def _total(terms: Iterable[Array]) -> Array:
    return np.asarray(sum(terms, np.zeros(())), dtype=np.float64)


def _weighted(V: Array | None, weights: Array, X: Array) -> Array:
    """W X for W = w V^-1; where rows of one subject differ in weight V is diagonal, and so is W."""
    scaled = weights[:, None] * X
    return scaled if V is None else np.asarray(linalg.cho_solve(linalg.cho_factor(V), scaled))


def _times(V: Array | None, A: Array) -> Array:
    return A if V is None else V @ A


def _sums(X: Array, WX: Array, V: Array | None, error: Array, bread: Array, middle: Array) -> tuple[Array, ...]:
    """One subject's entries of `Subjects`, residuals adjusted by A (EE-3)."""
    G = _adjusted_independent(X, WX, bread, middle) if V is None else _adjusted(X, WX, V, bread, middle)
    VG = _times(V, G)
    return G.T @ error, X.T @ G, G.T @ VG, WX.T @ VG


def _adjusted_independent(X: Array, WX: Array, bread: Array, middle: Array) -> Array:
    """A' W X where V is the unit matrix: B is the unit matrix but for the columns of X and W X.

    In an orthonormal basis of these B^(-1/2) is a matrix of twice as many columns as X, however many rows there are.
    """
    basis, R = np.linalg.qr(np.hstack([X, WX]))
    inner = np.block([[bread @ middle @ bread, -bread], [-bread, np.zeros_like(bread)]])
    along = basis.T @ WX
    rooted = _root_of_inverse(np.eye(len(R)) + R @ inner @ R.T, float(len(X)), along)
    return np.asarray(WX + basis @ (rooted - along))


def _adjusted(X: Array, WX: Array, V: Array, bread: Array, middle: Array) -> Array:
    """A' W X."""
    # scipy's factor is the upper triangle, V = D'D; numpy's would be the lower one.
    D: Array = linalg.cholesky(V)
    # D (V - HV - VH' + HVH') D' with H = X (bread) WX': D V D' is (D D')^2, the rest has as few columns as X. A
    # subject's hundreds of rows meet in as few products as that allows.
    DD, DX, DVW = D @ D.T, D @ X @ bread, D @ (V @ WX)
    crossed = DX @ DVW.T
    B = DD @ DD - crossed - crossed.T + DX @ middle @ DX.T
    return np.asarray(D.T @ _root_of_inverse(B, float(np.linalg.norm(V)) ** 2, D @ WX))


def _root_of_inverse(B: Array, size: float, right: Array) -> Array:
    """Symmetric root of the Moore-Penrose inverse, times the matrix to its right."""
    values, vectors = np.linalg.eigh((B + B.T) / 2)
    # A subject who alone determines a coefficient has a singular B and a zero residual: the generalised inverse leaves
    # out what it cannot tell (Pustejovsky & Tipton 2018).
    kept = values > 1e-11 * size
    return np.asarray(vectors[:, kept] @ ((vectors[:, kept].T @ right) / np.sqrt(values[kept])[:, None]))


def _rows(design: Design, subject: int) -> slice:
    start = int(design.first[subject])
    return slice(start, start + int(design.counts[subject]))


def _by_subject(design: Design, weights: pd.Series | Mapping[Any, float]) -> Array:
    given = pd.Series(weights, dtype=np.float64)
    if given.index.has_duplicates:
        raise DataError(Code.WEIGHT_REPEATED)
    # A missing weight is not zero: it would leave the subject out in silence.
    missing = design.subjects.difference(given.index)
    if len(missing):
        raise DataError(Code.WEIGHT_MISSING, subjects=len(missing), first=str(missing[0]))
    return _checked(given.reindex(design.subjects).to_numpy())


def _checked(weights: Array) -> Array:
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise DataError(Code.WEIGHTS_UNUSABLE)
    return weights


def _offered(df: Method) -> None:
    if df not in ("satterthwaite", "z"):
        raise SpecificationError(Code.METHOD_VOID_UNDER_WEIGHTS, method=df)
