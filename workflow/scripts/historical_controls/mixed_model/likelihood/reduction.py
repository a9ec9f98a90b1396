"""The same problem in better numbers: weights absorbed, X orthonormal, Z and y of unit size (MM-4).

The likelihood of the original problem differs from the reduced one by a constant that is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import DataError
from historical_controls.mixed_model.design.messages import Code


@dataclass(frozen=True)
class Problem:
    """M (q + p + 1, N) holds the rows of Z, X and y, one component a row, subjects in order.

    present (N,): rows that take part; the others are zero in M. M, present and gap may have leading axes,
    for several problems that differ in the rows that take part.

    T (p, p): X = X_reduced T; offset (p,): least-squares coefficients taken out of y;
    z_scale (q,), y_scale: sizes taken out; constant: what to add to the reduced log-likelihood.
    gap (N,): time since the subject's previous row in units of `unit_gap`, inf at its first row.
    """

    M: Array
    present: NDArray[np.bool_]
    q: int
    p: int
    first: Codes
    group: Codes
    n_groups: int
    gap: Array | None
    unit_gap: float
    visit: Codes | None
    n_visits: int
    T: Array
    offset: Array
    z_scale: Array
    y_scale: float
    constant: float
    reml: bool

    @property
    def n_rows(self) -> int:
        return self.M.shape[-1]

    @property
    def cells(self) -> int:
        """Numbers that an engine keeps of one problem: of its rows, or of all visits that its subjects could have."""
        rows = self.n_rows if self.visit is None else len(self.first) * self.n_visits
        return rows * self.M.shape[-2]

    def one(self, number: int) -> Problem:
        """One of several problems."""
        gap = None if self.gap is None else part_of(self.gap, 1, number)
        return replace(self, M=part_of(self.M, 2, number), present=part_of(self.present, 1, number), gap=gap)

    @cached_property
    def freedom(self) -> Any:
        """Divisor of the profiled scale (MM-7): rows present, less p for REML."""
        # Not the number of rows: left-out subjects keep theirs, as zeros.
        return self.present.sum(axis=-1) - self.p * self.reml


def stacked(problems: Sequence[Problem]) -> Problem:
    """Several problems of one design in the same reduced units, as one with a leading axis."""
    one = problems[0]
    gap = None if one.gap is None else np.stack([problem.gap for problem in problems if problem.gap is not None])
    M, present = (np.stack([getattr(problem, name) for problem in problems]) for name in ("M", "present"))
    return replace(one, M=M, present=present, gap=gap)


def part_of(array: Any, axes: int, number: int) -> Any:
    """One problem's part of an array that has so many axes for each; the array itself where all problems share it."""
    return array[number] if np.ndim(array) > axes else array


def reduce(design: Design) -> Problem:
    """Rescale a design (MM-4). Raises DataError when the mean fits the response exactly."""
    root = np.ones(len(design.y)) if design.weight is None else np.sqrt(design.weight)
    q, p = design.Z.shape[1], design.X.shape[1]
    M = np.empty((q + p + 1, len(design.y)))
    z_scale = _root_mean_squares(design.Z)
    M[:q] = (design.Z / z_scale).T * root
    X = design.X.T * root
    T = _triangle(X)
    # X = Q T with orthonormal columns Q; these are the rows of Q' = T'^-1 X'.
    M[q : q + p] = linalg.solve_triangular(T, X, trans="T", check_finite=False)
    y = design.y * root
    fitted = M[q : q + p] @ y
    residual = y - fitted @ M[q : q + p]
    y_scale = float(np.sqrt(residual @ residual / len(y)))
    # What is left of a response that the mean fits exactly is rounding; the variance would be that of rounding errors.
    if y_scale <= 1e-10 * float(np.sqrt(y @ y / len(y))):
        raise DataError(Code.MEAN_EXACT)
    M[-1] = residual / y_scale
    gap, unit_gap = _gaps(design)
    # The log-likelihood of the reduced numbers differs by the Jacobians of the three rescalings (MM-4).
    constant = -(len(y) - p * design.spec.reml) * np.log(y_scale) + np.log(root).sum()
    if design.spec.reml:
        # From log|X'V^-1X|, which only the restricted likelihood has.
        constant -= np.log(np.abs(np.diag(T))).sum()
    return Problem(
        M=M,
        present=np.ones(len(design.y), dtype=bool),
        q=q,
        p=p,
        first=design.first,
        group=design.group,
        n_groups=len(design.group_levels),
        gap=gap,
        unit_gap=unit_gap,
        visit=design.visit if design.spec.over_visits else None,
        n_visits=len(design.visit_levels),
        T=T,
        offset=linalg.solve_triangular(T, fitted),
        z_scale=z_scale,
        y_scale=y_scale,
        constant=float(constant),
        reml=design.spec.reml,
    )


def _root_mean_squares(Z: Array) -> Array:
    sizes = np.sqrt(np.einsum("ij,ij->j", Z, Z) / len(Z))
    if (sizes == 0).any():
        raise DataError(Code.RANDOM_COLUMN_ZERO)
    return np.asarray(sizes)


def _triangle(X: Array) -> Array:
    """Upper triangle T with X'X = T'T; by Householder where squaring X would lose digits."""
    gram = X @ X.T
    size = np.sqrt(np.diag(gram))
    # Squaring squares the condition number: this loses at most 5 of 16 digits, and is faster.
    if np.linalg.eigvalsh(gram / np.outer(size, size))[0] > 1e-5:
        return np.asarray(np.linalg.cholesky(gram)).T
    T = np.linalg.qr((X / size[:, None]).T, mode="r") * size
    # QR leaves the signs of T open; Cholesky's diagonal is positive. The same data must give the same reduced units.
    return np.asarray(T * np.where(np.diag(T) < 0, -1.0, 1.0)[:, None])


def _gaps(design: Design) -> tuple[Array | None, float]:
    if design.spec.residual != "car1":
        return None, 1.0
    assert design.time is not None
    gap = np.append(np.inf, np.diff(design.time))
    # The row before a subject's first one belongs to somebody else: an infinite gap, hence correlation 0.
    gap[design.first] = np.inf
    if not np.isfinite(gap).any():
        raise DataError(Code.NO_REPEATED_TIMES)
    # Exponents of rho are then 1 or more, so that its derivatives at rho = 0 are finite.
    unit = float(gap.min())
    return gap / unit, unit
