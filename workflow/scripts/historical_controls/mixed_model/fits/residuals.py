"""Residuals and predicted random effects (MM-27, MM-28)."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.errors import SpecificationError
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.reduction import Problem

Kind = Literal["conditional", "marginal", "scaled"]


class Fit(Protocol):
    """What residuals ask of a fit."""

    @property
    def design(self) -> Design: ...
    @property
    def problem(self) -> Problem: ...
    @property
    def point(self) -> Point: ...
    @property
    def beta(self) -> pd.Series: ...
    def subject_covariance(self, subject: int) -> Array: ...


def residuals(fit: Fit, kind: Kind) -> pd.Series:
    """conditional: y - X beta - Z b; marginal: y - X beta; scaled: L_i^-1 (y - X beta), V_i = L_i L_i'."""
    design = fit.design
    marginal = design.y - design.X @ fit.beta.to_numpy()
    if kind == "marginal":
        values = marginal
    elif kind == "conditional":
        b = predict_random_effects(fit).to_numpy() if design.Z.shape[1] else np.zeros((len(design.first), 0))
        values = marginal - np.einsum("ij,ij->i", design.Z, b[design.subject_of_row])
    elif kind == "scaled":
        values = np.concatenate([_scaled(fit, i, part) for i, part in _split(fit, marginal)])
    else:
        raise SpecificationError(Code.WORD_UNKNOWN, key="kind", word=kind, allowed="conditional, marginal, scaled")
    out = np.empty_like(values)
    # The design is ordered by group and subject; the caller's table is not.
    out[design.row] = values
    return pd.Series(out, name=f"{kind} residual")


def predict_random_effects(fit: Fit) -> pd.DataFrame:
    """b_i = G Z_i' V_i^-1 (y_i - X_i beta), one row per subject, columns of Z."""
    design, problem, point = fit.design, fit.problem, fit.point
    if not design.random_names:
        raise SpecificationError(Code.NO_RANDOM_EFFECTS)
    # [X y] e = y - X beta, so that Z'V^-1[X y] e (q, n) needs no residuals.
    e = np.append(-point.beta, 1.0)
    rows = []
    for part in point.solved:
        G = point.engine.coordinates(point.nu, part.block.group).G  # type: ignore[attr-defined]
        # Blocks follow the order of the subjects.
        rows.append((G @ np.einsum("qmn,m->qn", part.H[:, problem.q :], e)).T)
    b = np.concatenate(rows) * problem.y_scale / problem.z_scale
    return pd.DataFrame(b, index=design.subjects, columns=list(design.random_names))


def _split(fit: Fit, values: Array) -> list[tuple[int, Array]]:
    return list(enumerate(np.split(values, fit.design.first[1:])))


def _scaled(fit: Fit, subject: int, marginal: Array) -> Array:
    L = linalg.cholesky(fit.subject_covariance(subject), lower=True)
    return np.asarray(linalg.solve_triangular(L, marginal, lower=True))
