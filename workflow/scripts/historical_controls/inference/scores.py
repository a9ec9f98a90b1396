"""What permutation needs of each subject: a score, its information, and how an effect moves it (IN-6 to IN-8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from historical_controls.inference.spread import no_spread

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """Columns are contrasts (days), rows subjects; all (n, k).

    score: each subject's score for a treated-minus-control difference, from a fit that knows no arms;
    information: what the subject tells about it; shift: what a difference of one takes off each score.
    """

    score: Array
    information: Array
    shift: Array

    def __post_init__(self) -> None:
        if not self.score.shape == self.information.shape == self.shift.shape or self.score.ndim != 2:
            raise ValueError(f"{self.score.shape}, {self.information.shape}, {self.shift.shape}: all must be (n, k)")
        if not np.isfinite([self.score, self.information, self.shift]).all():
            raise ValueError("scores must be finite: leave subjects without data out")


def scores_of_values(values: Array, treated: Flags, covariates: Array | None = None) -> Scores:
    """Scores of one value per subject (n,), adjusted for covariates (n, q) by least squares (IN-8).

    Residuals of a fit without arms are what Freedman & Lane permute (1983, J Bus Econ Stat 1:292-298).
    """
    n = len(values)
    Q = np.empty((n, 0)) if covariates is None else _basis(covariates)
    arm = treated.astype(np.float64)
    # (I - H) y and (I - H) a without forming the n x n matrix H.
    residual, shift = (column - Q @ (Q.T @ column) for column in map(_centred, (values, arm)))
    # What is left of a response that the covariates explain exactly is rounding, which permutation would take for data.
    residual = np.where(no_spread(np.abs(residual), np.abs(values).max()), 0.0, residual)
    return Scores(residual[:, None], np.ones((n, 1)), shift[:, None])


def _basis(covariates: Array) -> Array:
    """Orthonormal columns (n, rank) that span the covariates (n, q) beside the intercept.

    A constant, or a covariate that follows from the others, adds none: its direction would be an arbitrary one.
    """
    # In units of their own size, so that what rounding leaves of a dependent column is small in every unit.
    size = np.abs(covariates).max(axis=0)
    Q, R, _ = linalg.qr(_centred(covariates / np.where(size > 0, size, 1.0)), mode="economic", pivoting=True)
    # Pivoting takes the column of which most is left; the lengths on the diagonal of R never grow.
    return np.asarray(Q[:, ~no_spread(np.abs(np.diag(R)), np.sqrt(len(covariates)))])


def _centred(columns: Array) -> Array:
    return np.asarray(columns - columns.mean(axis=0))
