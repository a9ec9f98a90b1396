"""Each subject's score for a difference between arms, from a fit that knows no arms (IN-6, IN-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .design import Array
from .errors import SpecificationError
from .fit import MixedModelFit


@dataclass(frozen=True)
class SubjectScores:
    """score, information (n, k): one column per contrast; cross (n, k, p): the subject's X'V^-1 times the direction;
    Phi (p, p): covariance of the null coefficients. Rows stand in the order of `design.subjects`."""

    score: Array
    information: Array
    cross: Array
    Phi: Array

    def shift(self, treated: NDArray[np.bool_]) -> Array:
        """(n, k): what a difference of one between these arms takes off each score, the null model refitted (IN-7)."""
        arm = treated.astype(np.float64)
        absorbed = np.einsum("n,nkp->kp", arm, self.cross) @ self.Phi
        return arm[:, None] * self.information - np.einsum("nkp,kp->nk", self.cross, absorbed)


def subject_scores(fit: MixedModelFit, columns: Sequence[str], at: Array) -> SubjectScores:
    """Scores for a difference whose shape over time is a combination of `columns` of the null model's X.

    at (k, len(columns)): values of those columns at the k times asked for. Of all shapes that are 1 there, the one of
    least information is taken, so that the score speaks of that time and not of the others (IN-6).
    """
    names = list(fit.names)
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise SpecificationError(f"{unknown[0]!r} is no coefficient of the fit: choose from {', '.join(names)}")
    chosen = [names.index(name) for name in columns]
    design = fit.design
    ends = np.append(design.first, len(design.y))[1:]
    residual = design.y - design.X @ fit.beta.to_numpy()
    crossed, summed = [], []
    for subject, (start, end) in enumerate(zip(design.first, ends, strict=True)):
        X = design.X[start:end]
        both = np.column_stack([X, residual[start:end]])
        solved = linalg.cho_solve(linalg.cho_factor(fit.subject_covariance(subject)), both)
        crossed.append(X.T @ solved[:, :-1])
        summed.append(X.T @ solved[:, -1])
    XVX, XVr = np.stack(crossed), np.stack(summed)
    directions = _directions(XVX[:, chosen][:, :, chosen].mean(axis=0), at)
    cross = np.einsum("npc,kc->nkp", XVX[:, :, chosen], directions)
    return SubjectScores(
        score=XVr[:, chosen] @ directions.T,
        information=np.einsum("nkc,kc->nk", cross[:, :, chosen], directions),
        cross=cross,
        Phi=np.linalg.inv(XVX.sum(axis=0)),
    )


def _directions(information: Array, at: Array) -> Array:
    """(k, c): coefficients of the shape of least information that is 1 at each row of `at` (IN-6)."""
    least = np.linalg.solve(information, at.T).T
    return least / np.einsum("kc,kc->k", least, at)[:, None]
