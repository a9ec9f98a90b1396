"""Exact refits that leave out one subject at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import linalg

from .design import Array
from .errors import ModelError
from .likelihood import Point, evaluate
from .optimiser import Control, maximise, refine
from .reduction import Problem

if TYPE_CHECKING:
    from .fit import MixedModelFit


@dataclass(frozen=True)
class Influence:
    """Per left-out subject: beta (n, p), whether the refit converged, and its log-likelihood.

    The basis of X (knots, levels) stays that of the full table. Rows without convergence are missing.
    """

    beta: pd.DataFrame
    converged: pd.Series
    loglik: pd.Series

    def contrast(self, L: Array) -> pd.Series:
        """L beta of every refit, by left-out subject."""
        return pd.Series(self.beta.to_numpy() @ np.asarray(L, float), index=self.beta.index, name="estimate")


def leave_one_out(fit: MixedModelFit) -> Influence:
    """Refit without each subject in turn, from the full fit's covariance parameters."""
    rows, converged, loglik = [], [], []
    for subject in range(len(fit.design.first)):
        problem = without(fit.problem, subject)
        point = _refitted(fit, problem)
        converged.append(point is not None)
        loglik.append(np.nan if point is None else point.loglik)
        missing = np.full(problem.p, np.nan)
        own = missing if point is None else linalg.solve_triangular(problem.T, point.beta)
        rows.append(problem.offset + problem.y_scale * own)
    index = fit.design.subjects
    return Influence(
        pd.DataFrame(rows, index=index, columns=list(fit.names)),
        pd.Series(converged, index=index, name="converged"),
        pd.Series(loglik, index=index, name="loglik"),
    )


def _refitted(fit: MixedModelFit, problem: Problem) -> Point | None:
    """Gradients suffice next to an interior optimum; from a boundary one the full protocol is run."""
    from .fit import machinery

    try:
        engine, parameters = machinery(problem, fit.spec)
        near = None
        if not fit.singular:
            near = refine(
                lambda theta: evaluate(engine, parameters, theta), fit.point.theta, fit.point.information, Control()
            )
        return near or maximise(engine, parameters, Control(), fit.point.theta)[0]
    except ModelError:
        return None


def without(problem: Problem, subject: int) -> Problem:
    """The problem with one subject's rows taken out, in the same reduced units."""
    ends = np.append(problem.first[1:], problem.n_rows)
    own = slice(problem.first[subject], ends[subject])
    size = own.stop - own.start
    first = np.delete(problem.first, subject)
    first[subject:] -= size
    return replace(
        problem,
        M=np.delete(problem.M, np.s_[own], axis=1),
        first=first,
        group=np.delete(problem.group, subject),
        gap=None if problem.gap is None else np.delete(problem.gap, np.s_[own]),
        visit=None if problem.visit is None else np.delete(problem.visit, np.s_[own]),
    )
