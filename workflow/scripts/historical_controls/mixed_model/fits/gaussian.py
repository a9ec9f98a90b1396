"""The fitted model: estimates, covariance, and every question that may be asked of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design import checks
from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.errors import (
    NotEstimable,
    NumericalFailure,
    SpecificationError,
    typed_failures,
)
from historical_controls.mixed_model.design.messages import Code, Message
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits import covariance, influence, residuals
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.inference.answers import Answers
from historical_controls.mixed_model.inference.contrast import (
    METHODS,
    Contrast,
    JointTest,
    Method,
    joint_test,
    row_df,
    t_contrast,
)
from historical_controls.mixed_model.inference.kenward_roger import (
    SmallSample,
    kenward_roger,
    kenward_roger_linear,
    satterthwaite,
)
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.optimiser import (
    Attempt,
    Control,
    Near,
    highest,
    maximise,
    not_converged,
)
from historical_controls.mixed_model.likelihood.reduction import Problem, reduce


@dataclass(frozen=True)
class MixedModelFit(Answers):
    """A finished fit. Without convergence it has attempts and no estimates (NotConverged)."""

    design: Design
    problem: Problem
    optimum: Point | None
    attempts: tuple[Attempt, ...]
    default_df: ClassVar[Method] = "kenward-roger"

    @property
    def converged(self) -> bool:
        return self.optimum is not None

    @property
    def point(self) -> Point:
        """The optimum in reduced units. Raises NotConverged."""
        if self.optimum is None:
            raise not_converged(self.attempts)
        return self.optimum

    def highest(self) -> MixedModelFit:
        """The fit at the highest maximum that is found from here and from all declared starts. Raises NotConverged."""
        with typed_failures():
            near = Near(self.point.theta)
            point, attempts = highest(*machinery(self.problem, self.design.spec), Control(), near)
        better = point is not None and point.loglik > self.loglik
        return replace(self, optimum=point if better else self.point, attempts=attempts)

    @cached_property
    def singular(self) -> tuple[Message, ...]:
        """Each boundary that the covariance parameters lie on; empty for an interior optimum."""
        return covariance.boundaries(self.design, self.problem, self.point)

    @property
    def loglik(self) -> float:
        """Restricted log-likelihood (MM-2), or the full one for ML."""
        return self.point.loglik

    @cached_property
    def beta(self) -> pd.Series:
        """Generalised least squares (MM-3), by coefficient."""
        T, scale = self.problem.T, self.problem.y_scale
        values = self.problem.offset + scale * linalg.solve_triangular(T, self.point.beta)
        return pd.Series(values, index=list(self.names), name="beta")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Model-based covariance of beta, unadjusted (MM-3)."""
        return self._covariance(self.point.Phi)

    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame:
        """Covariance of beta that a method's standard errors come from (MM-18)."""
        return self._covariance(self.small_sample(df or self.default_df).adjusted)

    @cached_property
    def covariance_parameters(self) -> pd.DataFrame:
        """Columns group, parameter, estimate: variances, covariances, correlations, range; response units."""
        return covariance.table(self.design, self.problem, self.point)

    def subject_covariance(self, subject: int) -> Array:
        """V_i (n_i, n_i) of the subject at this position of `design.subjects`, in squared response units."""
        return covariance.subject_covariance(self.design, self.problem, self.point, subject)

    @cached_property
    def states(self) -> dict[str, SmallSample]:
        """The states of small-sample methods that were asked for, by method."""
        return {}

    def small_sample(self, df: Method) -> SmallSample:
        """The state that a method shares among contrasts, computed once. Raises IllConditioned."""
        if df not in METHODS:
            raise SpecificationError(Code.WORD_UNKNOWN, key="df", word=df, allowed=", ".join(METHODS))
        if df not in self.states:
            with typed_failures():
                self.states[df] = self._small_sample(df)
        return self.states[df]

    def _small_sample(self, df: Method) -> SmallSample:
        if df in ("z", "between-within"):
            # Neither method looks at the uncertainty of the covariance parameters.
            none = np.empty((0, self.problem.p, self.problem.p))
            return SmallSample(df, self.point.Phi, self.point.Phi, none, np.empty((0, 0)))
        # Kenward and Roger's expansion is that of the restricted likelihood.
        if df != "satterthwaite" and not self.problem.reml:
            raise SpecificationError(Code.NEEDS_REML, what=f"df={df!r}")
        if df == "kenward-roger":
            return kenward_roger(self.point)
        # Observed information describes a parabola that a boundary optimum does not have; expected information (above)
        # needs none.
        if self.singular:
            raise NotEstimable(Code.BOUNDARY_METHOD, method=df, boundaries="; ".join(map(str, self.singular)))
        return satterthwaite(self.point) if df == "satterthwaite" else kenward_roger_linear(self.point)

    def contrast(
        self,
        L: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, float] | Array,
        df: Method = "kenward-roger",
        level: float = 0.95,
    ) -> Contrast | JointTest:
        """L beta for one row (Contrast) or the F test of several (JointTest); a mapping names coefficients.

        Raises NotEstimable (df below 2, dependent rows, boundary), IllConditioned, NotConverged.
        """
        rows = self.checked_rows(L)
        if len(rows) == 1:
            return self.contrasts(rows, df, level)[0]
        state, reduced = self.small_sample(df), self._reduced(rows)
        ddf = None
        if df == "z":
            ddf = np.inf
        elif df == "between-within":
            ddf = row_df(state, reduced, self.design, rows)
        # In units of V / sigma^2 and reduced y, as `state.adjusted` is.
        estimate = (rows @ self.beta.to_numpy()) / (self.problem.y_scale * self.point.sigma)
        with typed_failures():
            return joint_test(estimate, state, reduced, ddf)

    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]:
        """One Contrast per row of L (k, p)."""
        df = df or self.default_df
        rows = self.checked_rows(L)
        state, reduced = self.small_sample(df), self._reduced(rows)
        scale = self.problem.y_scale * self.point.sigma
        return tuple(
            t_contrast(
                float(row @ self.beta.to_numpy()),
                scale * standard_error(own, state.adjusted),
                row_df(state, own, self.design, row),
                level,
                df,
            )
            for row, own in zip(rows, reduced, strict=True)
        )

    def residuals(self, kind: residuals.Kind = "conditional") -> pd.Series:
        """One residual per row, in the order of the caller's table (MM-27)."""
        return residuals.residuals(self, kind)

    def random_effects(self) -> pd.DataFrame:
        """Predicted b_i (MM-28), one row per subject."""
        return residuals.predict_random_effects(self)

    def influence(self) -> influence.Influence:
        """Exact refits leaving out one subject at a time, each started from this fit."""
        return influence.leave_one_out(self)

    def refits(
        self, subjects: Collection[Any] | None = None, df: str = ""
    ) -> Iterator[tuple[Any, MixedModelFit | None]]:
        """The same refits, of some subjects or all, as fits that answer contrasts; None without convergence."""
        return influence.refits(self, subjects, df)

    def _covariance(self, Phi: Array) -> pd.DataFrame:
        # beta = offset + s T^-1 beta_reduced (MM-4).
        back = linalg.solve_triangular(self.problem.T, np.eye(self.problem.p))
        values = self.point.sigma2 * self.problem.y_scale**2 * back @ Phi @ back.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    def _reduced(self, rows: Array) -> Array:
        # The same contrast of the reduced coefficients, L T^-1.
        return np.asarray(linalg.solve_triangular(self.problem.T, rows.T, trans="T")).T

    def checked_rows(self, L: Any) -> Array:
        """L as a matrix (k, p); a mapping names coefficients. Raises NotEstimable, NotConverged."""
        rows = checks.contrast_rows(L, self.names)
        self.point  # noqa: B018  a fit that did not converge answers nothing
        return rows


def fit_mixed_model(
    data: pd.DataFrame,
    spec: MixedModelSpec,
    control: Control | None = None,
    like: Design | None = None,
    near: Near | None = None,
) -> MixedModelFit:
    """Fit one model to a long table. like: a design of the same rows and mean, see `build_design`.

    near: the maximum of a similar fit, tried before the declared starts.

    Raises DataError, RankDeficient or SpecificationError for what cannot be fitted; a fit that did not
    converge after all declared attempts is returned with `converged` False and no estimates.
    """
    if spec.censored:
        raise SpecificationError(Code.CENSORED_ELSEWHERE)
    return fit_design(build_design(data, spec, like), control or Control(), near)


def fit_design(design: Design, control: Control, near: Near | None = None) -> MixedModelFit:
    """Fit from finished design matrices."""
    with typed_failures():
        problem = reduce(design)
        point, attempts = maximise(*machinery(problem, design.spec), control, near)
    return MixedModelFit(design, problem, point, attempts)


def standard_error(L: Array, covariance: Array) -> float:
    """sqrt(L' C L). Raises NumericalFailure where the adjustment (MM-18) has left no positive matrix C."""
    variance = float(L @ covariance @ L)
    # Where few subjects tell little of a variance, more may be subtracted than is there.
    if not variance >= 0:
        raise NumericalFailure(Code.NUMERICAL_FAILURE, detail=f"the adjusted variance of a contrast is {variance:.2g}")
    return float(np.sqrt(variance))
