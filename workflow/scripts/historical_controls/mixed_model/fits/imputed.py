"""Values beyond limits with any covariance and any small-sample rule of uncensored fits (CE-12 to CE-16).

The censored values are drawn between their limits, given the observed ones; each completed copy is fitted by restricted
likelihood and answers as any fit does; Rubin's rules join the answers. Without a censored value there is one copy, and
the answers are those of the uncensored fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.censored.draws import Unknown, copies_of, redraw, unknowns
from historical_controls.mixed_model.censored.problem import bounded, checked_bounds
from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.errors import NotConverged, SpecificationError, typed_failures
from historical_controls.mixed_model.design.messages import Code, Message
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits import covariance, influence
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design
from historical_controls.mixed_model.fits.responses import Responses, at_maximum, maxima, one_step
from historical_controls.mixed_model.inference.answers import SEED, Answers
from historical_controls.mixed_model.inference.contrast import Contrast, Method, t_contrast
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.optimiser import Attempt, Control, Near, not_converged
from historical_controls.mixed_model.likelihood.reduction import Problem

ROUNDS = 10
# Chains that go on from copies of another covariance begin near their law.
ROUNDS_ON = 3
# On the way each round takes one step, which is locally as good as the maximum itself (Lange 1995, J R Stat Soc B
# 57:425-437); what it leaves to gain, less than the draws scatter, the next round gains.
ON_THE_WAY = Control(converged=1e-2, polished=1e-2, certified=False, one_step=True)


@dataclass(frozen=True)
class ImputedFit(Answers):
    """fits: one per completed copy of the data; none where a copy did not converge (NotConverged).

    drawn: the model under which the copies were drawn, which need not be the one that is fitted.
    """

    design: Design
    fits: tuple[MixedModelFit, ...]
    attempts: tuple[Attempt, ...]
    share_censored: float
    drawn: MixedModelSpec
    default_df: ClassVar[Method] = "kenward-roger"

    @property
    def converged(self) -> bool:
        return bool(self.fits)

    @property
    def point(self) -> Point:
        """The optimum of the first copy. Raises NotConverged."""
        return self._all[0].point

    @property
    def _all(self) -> tuple[MixedModelFit, ...]:
        if not self.fits:
            raise not_converged(self.attempts)
        return self.fits

    @property
    def loglik(self) -> float:
        """Mean restricted log-likelihood of the completed copies."""
        # Likelihoods of different copies are of different data: they compare between models of the same copies only.
        return float(np.mean([fit.loglik for fit in self._all]))

    @cached_property
    def beta(self) -> pd.Series:
        """Mean of the copies' coefficients (CE-15)."""
        return pd.Series(self._betas.mean(axis=0), index=list(self.names), name="beta")

    @cached_property
    def _betas(self) -> Array:
        return np.stack([fit.beta.to_numpy() for fit in self._all])

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Model-based covariance of beta with the variance between the copies (CE-15)."""
        return self._joined([fit.vcov.to_numpy() for fit in self._all])

    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame:
        """The same of what a method's standard errors come from."""
        return self._joined([fit.adjusted_vcov(df or self.default_df).to_numpy() for fit in self._all])

    def _joined(self, within: list[Array]) -> pd.DataFrame:
        total = np.mean(within, axis=0) + _between(self._betas)
        return pd.DataFrame(total, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariance_parameters(self) -> pd.DataFrame:
        """Columns group, parameter, estimate: means over the copies."""
        tables = [fit.covariance_parameters for fit in self._all]
        return tables[0].assign(estimate=np.mean([table["estimate"] for table in tables], axis=0))

    @cached_property
    def singular(self) -> tuple[Message, ...]:
        """Boundaries that most of the copies lie on."""
        every = [message for fit in self._all for message in fit.singular]
        return tuple(one for one in dict.fromkeys(every) if every.count(one) > len(self._all) / 2)

    def contrast(self, L: Any, df: Method | None = None, level: float = 0.95) -> Contrast:
        """L beta for one row."""
        rows = self._all[0].checked_rows(L)
        if len(rows) != 1:
            raise SpecificationError(Code.NO_JOINT_TEST, fits="censored responses")
        return self.contrasts(rows, df, level)[0]

    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]:
        """One Contrast per row of L (k, p) (CE-15, CE-16)."""
        method = df or self.default_df
        answers = zip(*(fit.contrasts(L, method, level) for fit in self._all), strict=True)
        return tuple(_pooled(list(row), level, method) for row in answers)

    def refits(self, subjects: Collection[Any] | None = None, df: str = "") -> Iterator[tuple[Any, ImputedFit | None]]:
        """Each subject and the fit without it; None where a copy did not converge.

        The completed copies stay as they were drawn given everybody: drawing them anew for every subject would add the
        noise of the draws to a difference between two fits, and cost ten times as much.
        """
        for several in zip(*(influence.refits(fit, subjects, df) for fit in self._all), strict=True):
            fits = tuple(fit for _, fit in several if fit is not None)
            yield several[0][0], replace(self, fits=fits) if len(fits) == len(several) else None


def fit_imputed(
    data: pd.DataFrame,
    spec: MixedModelSpec,
    copies: int | None = None,
    seed: int = SEED,
    near: Near | None = None,
    like: Design | None = None,
) -> ImputedFit:
    """Fit a response with bounds under any covariance; the response of a censored row is where its draws start.

    copies: completed copies of the data; None = as many as `copies_of` says. near: the maximum of a similar fit; like:
    a design of the same rows and mean, see `build_design`.
    Raises DataError, RankDeficient, NotEstimable or SpecificationError for what cannot be fitted; a fit one of whose
    copies did not converge has `converged` False and no estimates.
    """
    if not spec.censored:
        raise SpecificationError(Code.CENSORED_WITHOUT_BOUNDS)
    design = build_design(data, spec, like)
    with typed_failures():
        bounds = checked_bounds(design)
        censored = bounds[0] != bounds[1]
        start = fit_design(design, Control(), near)
        share = float(censored.mean())
        # Before convergence is asked for: a group that lies at its limit has no spread there, and looks like a bad fit.
        if censored.any():
            _determined(start.problem, design, bounds)
        # Nothing is censored: one copy, to which Rubin's rules add nothing, so that the answer is the uncensored one.
        if not start.converged or not censored.any():
            return ImputedFit(design, (start,) if start.converged else (), start.attempts, share, spec)
        copier = Copier(design, bounds, unknowns(design, censored))
        try:
            drawn = copies or copies_of(design, censored)
            fits = copier.completed(start, drawn, np.random.default_rng(seed))
        # An average over the copies that did converge would favour draws that suit the model.
        except NotConverged:
            fits = ()
    return ImputedFit(design, fits, start.attempts, share, spec)


def redrawn_under(fit: ImputedFit, spec: MixedModelSpec, seed: int = SEED) -> ImputedFit:
    """Fit under another covariance by carrying on the chains of a fit, which is quicker than to begin anew."""
    others = fit if spec == fit.spec else copies_under(fit, spec)
    # Chains that were drawn under this covariance have had all their rounds.
    if not others.fits or fit.share_censored == 0 or others.drawn == spec:
        return others
    design, bounds = others.design, checked_bounds(others.design)
    copier = Copier(design, bounds, unknowns(design, bounds[0] != bounds[1]))
    with typed_failures():
        try:
            fits = copier.carried_on(others.fits, np.random.default_rng(seed))
        except NotConverged:
            fits = ()
    return replace(others, fits=fits, drawn=spec)


def copies_under(fit: ImputedFit, spec: MixedModelSpec) -> ImputedFit:
    """The same completed copies under another specification of the covariance, so that restricted likelihoods compare.

    Criteria of models take the mean over draws of one of them (Cavanaugh & Shumway 1998, J Stat Plan Inference 67:45).
    """
    design = build_design(fit.design.data, spec, fit.design)
    values = np.empty((len(fit.fits), len(design.y)))
    for copy, own in zip(values, fit.fits, strict=True):
        # The other covariance may order rows differently (by visit): through the caller's order from one to the other.
        copy[own.design.row] = own.design.y
    if not fit.fits:
        return ImputedFit(design, (), fit.attempts, fit.share_censored, fit.drawn)
    y = values[:, design.row]
    first = fit_design(replace(design, y=y[0]), Control())
    fits: tuple[MixedModelFit, ...] = (first,) if first.converged else ()
    if fits and len(y) > 1:
        # Copies differ in few values: from the first one's optimum the others are near, and go there together.
        copier = Copier(design, checked_bounds(design), ())
        with suppress(NotConverged), typed_failures():
            fits = copier.others(first, y)
    fits = fits if len(fits) == len(y) else ()
    return ImputedFit(design, fits, first.attempts, fit.share_censored, fit.drawn)


def _determined(problem: Problem, design: Design, bounds: tuple[Array, Array]) -> None:
    """Refuse coefficients that only censored rows determine: their draws would run to infinity (CE-9)."""
    X = problem.M[problem.q : -1].T
    bounded(X, *bounds, bounds[0] == bounds[1])


@dataclass(frozen=True)
class Copies:
    """D completed responses y (D, N) in the caller's units, and where their restricted likelihoods stand.

    points: one of each, or of several at once; all are in the reduced units of one fit.
    """

    y: Array
    points: tuple[Point, ...]

    @property
    def first(self) -> Point:
        point = self.points[0]
        return point.one(0) if self._several else point

    @property
    def _several(self) -> bool:
        return self.points[0].theta.ndim > 1

    def stacked(self, name: str) -> Array:
        """One number or array of every copy."""
        values = [getattr(point, name) for point in self.points]
        return np.concatenate(values) if self._several else np.stack(values)


@dataclass(frozen=True)
class Copier:
    """Alternates fits of the copies and draws of what is censored: the stochastic EM algorithm, D chains (CE-14)."""

    design: Design
    bounds: tuple[Array, Array]
    subjects: tuple[Unknown, ...]

    def completed(self, start: MixedModelFit, copies: int, generator: np.random.Generator) -> tuple[MixedModelFit, ...]:
        """The copies after all rounds, as fits. Raises NotConverged."""
        # A chain starts at the response given for a censored row, its limit; the rounds that follow forget it.
        state = Copies(np.tile(self.design.y, (copies, 1)), (start.point,) * copies)
        return self._after(ROUNDS, start, state, generator)

    def carried_on(self, fits: tuple[MixedModelFit, ...], generator: np.random.Generator) -> tuple[MixedModelFit, ...]:
        """The same from completed copies and their fits. Raises NotConverged."""
        state = Copies(np.stack([fit.design.y for fit in fits]), tuple(fit.point for fit in fits))
        return self._after(ROUNDS_ON, fits[0], state, generator)

    def others(self, first: MixedModelFit, y: Array) -> tuple[MixedModelFit, ...]:
        """Fits of given copies y (D, N), from that of the first one. Raises NotConverged."""
        responses = Responses(first, self.design, y, first.point.theta[None])
        return _fits(first, y, _maxima(responses, Control()))

    def _after(
        self, rounds: int, start: MixedModelFit, state: Copies, generator: np.random.Generator
    ) -> tuple[MixedModelFit, ...]:
        for _ in range(rounds - 1):
            responses = self._drawn_anew(start, state, generator)
            # Its points hold the rows of every copy, which a registry has room for once.
            del state
            state = Copies(responses.y, one_step(responses, ON_THE_WAY) or _maxima(responses, ON_THE_WAY))
        responses = self._drawn_anew(start, state, generator)
        return _fits(start, responses.y, _maxima(responses, Control()))

    def _drawn_anew(self, start: MixedModelFit, state: Copies, generator: np.random.Generator) -> Responses:
        y = self._drawn(start, state, generator)
        return Responses(start, self.design, y, state.stacked("theta"), state.first.information)

    def _drawn(self, start: MixedModelFit, state: Copies, generator: np.random.Generator) -> Array:
        """New values beyond the limits, the mean drawn from its law given the covariance (CE-13)."""
        problem, design = start.problem, self.design
        beta, sigma2 = state.stacked("beta"), state.stacked("sigma2")
        z = generator.standard_normal(beta.shape)
        # beta is drawn, not kept at its estimate: copies with one mean would vary too little between them.
        noise = np.asarray(np.linalg.cholesky(state.stacked("Phi")) @ z[..., None])[..., 0]
        drawn = beta + np.sqrt(sigma2)[:, None] * noise
        coefficients = problem.offset + problem.y_scale * linalg.solve_triangular(problem.T, drawn.T).T
        at = (start.point, state.stacked("nu"), sigma2)
        covariances = partial(covariance.subject_covariances, design, problem, *at)
        return redraw(state.y, coefficients @ design.X.T, self.bounds, self.subjects, covariances, generator)


def _maxima(responses: Responses, control: Control) -> tuple[Point, ...]:
    """The maximum of each response. Raises NotConverged."""
    points = tuple(point for point in maxima(responses, control) if point is not None)
    if len(points) < len(responses.y):
        raise not_converged(responses.start.attempts)
    return points


def _fits(start: MixedModelFit, y: Array, points: tuple[Point, ...]) -> tuple[MixedModelFit, ...]:
    return tuple(at_maximum(start, own, point) for own, point in zip(y, points, strict=True))


def _between(estimates: Array) -> Any:
    """(1 + 1/D) times the covariance of D estimates (CE-15); zero for one."""
    D = len(estimates)
    return 0.0 if D == 1 else (1 + 1 / D) * np.cov(estimates, rowvar=False)


def _pooled(rows: list[Contrast], level: float, method: str) -> Contrast:
    """Rubin's rules, with degrees of freedom that are the uncensored ones where nothing is censored (CE-15, CE-16)."""
    estimates = np.array([row.estimate for row in rows])
    between = float(_between(estimates))
    total = float(np.mean([row.standard_error**2 for row in rows])) + between
    # The share of the information that is lost to censoring, lambda of (CE-16).
    lost = between / total
    inverse = float(np.mean([1 / row.df for row in rows])) / (1 - lost)
    # Without censoring there is one copy, and D - 1 is zero.
    if lost > 0:
        inverse += lost**2 / (len(rows) - 1)
    df = 1 / inverse if inverse > 0 else np.inf
    return t_contrast(float(estimates.mean()), float(np.sqrt(total)), df, level, method)
