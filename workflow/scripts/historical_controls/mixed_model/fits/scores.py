"""Each subject's score for a difference between two groups, from a fit that knows none (IN-6, IN-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from historical_controls.inference.spread import no_spread
from historical_controls.mixed_model.censored.likelihood import subject_derivatives
from historical_controls.mixed_model.censored.problem import censored_problem
from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.design.errors import SpecificationError, typed_failures
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.fits.censored import CensoredFit
from historical_controls.mixed_model.fits.gaussian import MixedModelFit
from historical_controls.mixed_model.fits.imputed import ImputedFit
from historical_controls.mixed_model.random_effects.engine import RandomEffects


@dataclass(frozen=True)
class SubjectScores:
    """score, information (n, k): one column per contrast; cross (n, k, p): the subject's X'V^-1 times the direction;
    Phi (p, p): covariance of the null coefficients. Rows stand in the order of `design.subjects`."""

    score: Array
    information: Array
    cross: Array
    Phi: Array

    def shift(self, members: NDArray[np.bool_]) -> Array:
        """(n, k): what a difference of one between members (n,) of a group and the others takes off each score, the
        null model refitted (IN-7)."""
        group = members.astype(np.float64)
        # What the refitted nuisance coefficients take up of a difference of one (k, p).
        absorbed = np.einsum("n,nkp->kp", group, self.cross) @ self.Phi
        return group[:, None] * self.information - np.einsum("nkp,kp->nk", self.cross, absorbed)


def subject_scores(fit: MixedModelFit | CensoredFit | ImputedFit, columns: Sequence[str], at: Array) -> SubjectScores:
    """Scores for a difference whose shape over time is a combination of `columns` of the null model's X.

    at (k, len(columns)): values of those columns at the k times asked for. Of all shapes that are 1 there, the one of
    least information is taken, so that the score speaks of that time and not of the others (IN-6). For censored
    responses scores and informations are derivatives of each subject's marginal likelihood (CE-7, CE-8).
    """
    names = list(fit.names)
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise SpecificationError(Code.SCORE_COLUMN_UNKNOWN, name=unknown[0], names=", ".join(names))
    chosen = [names.index(name) for name in columns]
    with typed_failures():
        score, information = _sums(fit)
        # The mean over all subjects: the shape must not depend on who is in which group.
        directions = _directions(information[:, chosen][:, :, chosen].mean(axis=0), at)
        Phi = np.linalg.inv(information.sum(axis=0))
    cross = np.einsum("npc,kc->nkp", information[:, :, chosen], directions)
    informed = np.einsum("nkc,kc->nk", cross[:, :, chosen], directions)
    scores = score[:, chosen] @ directions.T
    # A score over its information is a difference in the response's unit: where everybody has the same value at a time,
    # what is left of it is rounding, which relabelling would take for data.
    rounding = no_spread(np.abs(scores), informed * np.abs(fit.design.y).max())
    return SubjectScores(
        score=np.where(rounding, 0.0, scores),
        information=informed,
        cross=cross,
        Phi=Phi,
    )


def _sums(fit: MixedModelFit | CensoredFit | ImputedFit) -> tuple[Array, Array]:
    """Score (n, p) and information (n, p, p) in beta of every subject; of completed copies, what they say together."""
    if isinstance(fit, CensoredFit):
        return _censored(fit)
    if isinstance(fit, MixedModelFit):
        return _exact(fit)
    scores, informations = zip(*map(_exact, fit.fits), strict=True)
    # Where no value lies beyond a limit there is one copy.
    information = informations[0] if len(scores) == 1 else _observed(np.stack(scores), np.stack(informations))
    return np.mean(scores, axis=0), information


def _observed(scores: Array, informations: Array) -> Array:
    """What the observed data inform about beta (n, p, p), from completed copies (D, n, p), (D, n, p, p) (CE-17).

    Louis's (CE-8) by draws: the copies' information less the variance of their scores. As a few copies may put that
    below zero for a subject whose values all lie beyond a limit, no direction is given less than nothing.
    """
    left = scores - scores.mean(axis=0)
    lost = np.einsum("dnp,dnq->npq", left, left) / (len(scores) - 1)
    values, vectors = np.linalg.eigh(informations.mean(axis=0) - lost)
    return np.asarray((vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.swapaxes(1, 2))


def _exact(fit: MixedModelFit) -> tuple[Array, Array]:
    """X'V^-1 r (n, p) and X'V^-1 X (n, p, p) of every subject."""
    problem, point = fit.problem, fit.point
    if not isinstance(point.engine, RandomEffects):
        return _by_covariances(fit)
    # In reduced units X is X_reduced T, and y - X beta is s (y_reduced - X_reduced beta_reduced) (MM-4).
    both = point.engine.by_subject(point.nu, point.solved)
    error = both[:, :-1, -1] - both[:, :-1, :-1] @ point.beta
    unit = point.sigma2 * problem.y_scale**2
    return problem.y_scale * (error @ problem.T) / unit, problem.T.T @ both[:, :-1, :-1] @ problem.T / unit


def _by_covariances(fit: MixedModelFit) -> tuple[Array, Array]:
    """The same from V itself: over visits, which are few."""
    design = fit.design
    ends = np.append(design.first, len(design.y))[1:]
    residual = design.y - design.X @ fit.beta.to_numpy()
    scores, information = [], []
    for subject, (start, end) in enumerate(zip(design.first, ends, strict=True)):
        X = design.X[start:end]
        both = np.column_stack([X, residual[start:end]])
        solved = X.T @ linalg.cho_solve(linalg.cho_factor(fit.subject_covariance(subject)), both)
        information.append(solved[:, :-1])
        scores.append(solved[:, -1])
    return np.stack(scores), np.stack(information)


def _censored(fit: CensoredFit) -> tuple[Array, Array]:
    """The same by quadrature, back in the units of the response."""
    # One subject per block, so that its derivatives are not summed with those of others.
    one_each = censored_problem(fit.design, len(fit.rule.x), cells=1)
    score, information = subject_derivatives(one_each, fit.parameters, fit.rule, fit.point.theta)
    # Chain rule of beta_reduced = T (beta - offset) / s.
    T = one_each.reduced.T / one_each.reduced.y_scale
    return score @ T, T.T @ information @ T


def _directions(information: Array, at: Array) -> Array:
    """(k, c): coefficients of the shape of least information that is 1 at each row of `at` (IN-6)."""
    least = np.linalg.solve(information, at.T).T
    return least / np.einsum("kc,kc->k", least, at)[:, None]
