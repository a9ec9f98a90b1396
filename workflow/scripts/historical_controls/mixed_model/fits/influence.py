"""Exact refits that leave out one subject at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import NumericalFailure, typed_failures
from historical_controls.mixed_model.design.messages import Message
from historical_controls.mixed_model.fits import small_samples
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.likelihood.likelihood import Point, evaluate
from historical_controls.mixed_model.likelihood.optimiser import Control, Near, maximise
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.together import Objective, maximise_together

CELLS = 200_000  # of all the refits that are done together: their arrays stay in the processor's cache


class Fit(small_samples.Fit, Protocol):
    """What refits ask of a fit: a frozen dataclass with `problem` and `optimum` as fields."""

    @property
    def design(self) -> Design: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def singular(self) -> tuple[Message, ...]: ...


Refit = TypeVar("Refit", bound=Fit)


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


def leave_one_out(fit: Fit) -> Influence:
    """Refit without each subject, from the full fit's covariance parameters; many at once where that is possible."""
    problem, index = fit.problem, fit.design.subjects
    beta, loglik = np.full((len(index), problem.p), np.nan), np.full(len(index), np.nan)
    for subject, point in _points(fit):
        if point is not None:
            beta[subject], loglik[subject] = point.beta, point.loglik
    values = problem.offset + problem.y_scale * linalg.solve_triangular(problem.T, beta.T, check_finite=False).T
    return Influence(
        pd.DataFrame(values, index=index, columns=list(fit.names)),
        pd.Series(~np.isnan(loglik), index=index, name="converged"),
        pd.Series(loglik, index=index, name="loglik"),
    )


def refits(fit: Refit, subjects: Collection[Any] | None = None, df: str = "") -> Iterator[tuple[Any, Refit | None]]:
    """Each subject and the fit without it, which answers contrasts; None where no refit converged.

    subjects: those left out, None for everybody. df: the method that contrasts of the refits will be asked for.
    Design and basis stay those of the full table, so small-sample methods that count its rows (between-within) are not
    those of a refit.
    """
    chosen = [n for n, label in enumerate(fit.design.subjects) if subjects is None or label in subjects]
    points = _points(fit) if subjects is None else ((n, _alone(fit, n)) for n in chosen)
    # replace() asks for a dataclass, which a protocol cannot say
    again = (
        (n, None if point is None else replace(cast(Any, fit), problem=point.engine.problem, optimum=point))
        for n, point in points
    )
    while several := list(islice(again, _together(fit))):
        small_samples.share_small_samples([refit for _, refit in several if refit is not None], df)
        yield from ((fit.design.subjects[position], refit) for position, refit in several)


def _points(fit: Fit) -> Iterator[tuple[int, Point | None]]:
    """Every subject and the maximum without it; what the batch could not settle goes through the full protocol."""
    for subject, point in _neighbours(fit):
        yield subject, _alone(fit, subject) if point is None else point


def _neighbours(fit: Fit) -> Iterator[tuple[int, Point | None]]:
    """Every subject and the maximum without it where it lies near that of the fit; None where that is not known."""
    # On a boundary there may be no gradient to follow.
    borrowed = None if fit.singular else fit.point.information
    for subjects in _batches(fit):

        def objective_of(numbers: Codes, subjects: Codes = subjects) -> Objective:
            return partial(evaluate, *machinery(without(fit.problem, subjects[numbers]), fit.spec))

        theta = np.tile(fit.point.theta, (len(subjects), 1))
        points = maximise_together(objective_of, theta, Control(), borrowed)
        yield from zip(map(int, subjects), points, strict=True)


def _batches(fit: Fit) -> list[Codes]:
    """Positions of the subjects whose refits go together, in their order."""
    everyone = np.arange(len(fit.design.first))
    return np.array_split(everyone, -(-len(everyone) // _together(fit)))


def _together(fit: Fit) -> int:
    """How many refits go together."""
    return max(CELLS // fit.problem.cells, 1)


def _alone(fit: Fit, subject: int) -> Point | None:
    """The full protocol for one refit; None where it does not converge, or where its linear algebra fails."""
    near = Near(fit.point.theta, None if fit.singular else fit.point.information)
    try:
        with typed_failures():
            return maximise(*machinery(without(fit.problem, subject), fit.spec), Control(), near)[0]
    except NumericalFailure:
        # Without one of four subjects a covariance over visits may be singular: no answer, and no reason to stop.
        return None


def without(problem: Problem, subjects: Any) -> Problem:
    """The problem with one subject's rows taken out, in the same reduced units; one problem for each of `subjects`."""
    owner = np.repeat(np.arange(len(problem.first)), np.diff(np.append(problem.first, problem.n_rows)))
    present = owner != np.expand_dims(subjects, -1)
    # Rows that are zero in M and start series of their own add nothing to the likelihood (MM-2).
    gap = None if problem.gap is None else np.where(present, problem.gap, np.inf)
    return replace(problem, M=problem.M * present[..., None, :], present=present, gap=gap)
