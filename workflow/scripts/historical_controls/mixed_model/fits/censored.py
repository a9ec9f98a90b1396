"""The fitted model for censored responses: maximum likelihood, profile intervals, between-within t."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.censored.likelihood import CensoredPoint, Rule, evaluate, gauss_hermite
from historical_controls.mixed_model.censored.parameters import CensoredParameters
from historical_controls.mixed_model.censored.problem import CensoredProblem, censored_problem
from historical_controls.mixed_model.censored.profile import Objective, bound, profile
from historical_controls.mixed_model.design import checks
from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.errors import (
    IllConditioned,
    NotEstimable,
    SpecificationError,
    typed_failures,
)
from historical_controls.mixed_model.design.messages import Code, Message
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.covariance import by_group, degenerate
from historical_controls.mixed_model.inference.answers import SEED, Answers
from historical_controls.mixed_model.inference.contrast import Contrast, Method, between_within, t_contrast
from historical_controls.mixed_model.inference.margins import Margins
from historical_controls.mixed_model.likelihood.laws import t_quantile, two_sided
from historical_controls.mixed_model.likelihood.optimiser import Attempt, Control, newton, not_converged, quasi_newton

Interval = Literal["profile", "wald"]
# Quadrature nodes by number of random effects: the log-likelihood is then good to about 1e-9 of its size.
NODES = {0: 1, 1: 15, 2: 15}
NOISE = 1e-9  # of the quadrature, relative
FAR = 8.0  # standard errors from zero, beyond which Wald's statistic is precise enough for a p-value


@dataclass(frozen=True)
class CensoredFit(Answers):
    """A finished fit. Without convergence it has attempts and no estimates (NotConverged).

    It answers what MixedModelFit answers about beta, by df="between-within" or "z" only. interval: "profile"
    likelihood (CE-11) or "wald"; trajectories, whose bands are simultaneous, always take the latter.
    """

    design: Design
    engine: CensoredProblem
    parameters: CensoredParameters
    rule: Rule
    optimum: CensoredPoint | None
    attempts: tuple[Attempt, ...]
    interval: Interval = "profile"
    default_df: ClassVar[Method] = "between-within"

    @property
    def converged(self) -> bool:
        return self.optimum is not None

    @property
    def point(self) -> CensoredPoint:
        """The optimum in reduced units. Raises NotConverged."""
        if self.optimum is None:
            raise not_converged(self.attempts)
        return self.optimum

    @property
    def loglik(self) -> float:
        """Marginal log-likelihood (CE-1): densities of observed, probabilities of censored responses."""
        return self.point.loglik

    @property
    def share_censored(self) -> float:
        return float(self.engine.censored.mean())

    @cached_property
    def beta(self) -> pd.Series:
        """Maximum-likelihood estimates, by coefficient."""
        reduced = self.engine.reduced
        values = reduced.offset + reduced.y_scale * linalg.solve_triangular(reduced.T, self.point.theta[: reduced.p])
        return pd.Series(values, index=list(self.names), name="beta")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance of beta by the observed information about all parameters (CE-8)."""
        reduced = self.engine.reduced
        back = reduced.y_scale * linalg.solve_triangular(reduced.T, np.eye(reduced.p))
        values = back @ self._covariance[: reduced.p, : reduced.p] @ back.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame:
        """The same: censored fits have no small-sample adjustment of the covariance."""
        _offered(df or self.default_df)
        return self.vcov

    @cached_property
    def covariance_parameters(self) -> pd.DataFrame:
        """Columns group, parameter, estimate: variances and covariances in squared response units."""
        rows = [row for g, label in enumerate(self.design.group_levels) for row in self._parameter_rows(g, label)]
        return pd.DataFrame(rows, columns=["group", "parameter", "estimate"])

    @cached_property
    def singular(self) -> tuple[Message, ...]:
        """Each boundary that the covariance parameters lie on."""
        natural = [self._natural(g) for g in range(len(self.design.group_levels))]
        names = self.design.random_names
        return by_group(self.design, [degenerate(Lambda @ Lambda.T / sigma**2, names) for Lambda, sigma in natural])

    def contrast(
        self,
        L: Sequence[float] | Mapping[str, float] | Array,
        df: Method = "between-within",
        level: float = 0.95,
    ) -> Contrast:
        """L beta for one row; with interval "profile", statistic is the signed root of the deviance (CE-11)."""
        rows = checks.contrast_rows(L, self.names)
        if len(rows) != 1:
            raise NotEstimable(Code.NO_JOINT_TEST, fits="censored responses")
        return self.contrasts(rows, df, level)[0]

    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]:
        """One Contrast per row of L (k, p). Raises NotEstimable, NotConverged or SpecificationError."""
        df = df or self.default_df
        _offered(df)
        rows = checks.contrast_rows(L, self.names)
        with typed_failures():
            return tuple(self._contrast(row, df, level) for row in rows)

    def trajectory(
        self,
        days: Sequence[float] | Mapping[str, Sequence[Any]],
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        df: Method | None = None,
        level: float = 0.95,
        seed: int = SEED,
    ) -> Margins:
        """Marginal means along time with Wald pointwise and simultaneous bands (MM-26)."""
        # One quantile for all days needs symmetric intervals. The parent's method is called on a copy, because
        # `wald.trajectory` would be this one again.
        wald = replace(self, interval="wald")
        return super(CensoredFit, wald).trajectory(days, by, at, df, level, seed)

    @cached_property
    def _covariance(self) -> Array:
        """Inverse observed information about psi; directions that move no variance are left out."""
        values, vectors = np.linalg.eigh(self.point.information)
        # A clearly negative eigenvalue means that this is no maximum; a small one may be the error of the quadrature.
        if values[-1] <= 0 or values[0] < -1e-6 * values[-1]:
            raise IllConditioned(Code.INFORMATION_NOT_POSITIVE)
        # Where a variance is zero, other entries of Lambda do not matter: flat directions, harmless unless beta moves.
        kept = values > 1e-10 * values[-1]
        if np.abs(vectors[: self.engine.p, ~kept]).max(initial=0.0) > 1e-4:
            raise IllConditioned(Code.COEFFICIENT_UNKNOWN_TO_DATA)
        return np.asarray(vectors[:, kept] / values[kept] @ vectors[:, kept].T)

    def _contrast(self, row: Array, df: Method, level: float) -> Contrast:
        estimate = float(row @ self.beta.to_numpy())
        standard_error = float(np.sqrt(row @ self.vcov.to_numpy() @ row))
        freedom = np.inf if df == "z" else between_within(self.design, row)
        wald = t_contrast(estimate, standard_error, freedom, level, df)
        return wald if self.interval == "wald" else self._profiled(row, wald)

    def _profiled(self, row: Array, wald: Contrast) -> Contrast:
        """Bounds where the signed root reaches the quantile of t, and the root at zero as statistic (CE-11)."""
        reduced = self.engine.reduced
        direction = np.zeros(len(self.point.theta))
        direction[: reduced.p] = reduced.y_scale * linalg.solve_triangular(reduced.T, row, trans="T")
        # The profile is of the reduced beta, from which the least-squares fit has been taken out.
        shift = float(row @ reduced.offset)
        curve = profile(self._objective, self.point, self._covariance, direction)
        quantile = t_quantile(0.5 + wald.level / 2, wald.df)
        lower, upper = (bound(curve, side * quantile) + shift for side in (-1, 1))
        statistic = wald.statistic
        # At the estimate itself the profile has no path to follow, and far away it need not be followed.
        if 0 < abs(wald.statistic) < FAR:
            # Minus the signed root at L beta = 0, so that its sign is that of the estimate.
            statistic = -curve.root(curve.at(-shift, self.point))
        return replace(wald, lower=lower, upper=upper, statistic=statistic, p_value=two_sided(statistic, wald.df))

    @property
    def _objective(self) -> Objective:
        return partial(evaluate, self.engine, self.parameters, self.rule)

    def _natural(self, group: int) -> tuple[Array, float]:
        natural = self.parameters.natural(self.point.theta[self.engine.p :], group)
        return self.parameters.Lambda(natural), float(np.exp(natural[-1]))

    def _parameter_rows(self, group: int, label: Any) -> list[tuple[Any, str, float]]:
        Lambda, sigma = self._natural(group)
        reduced, names = self.engine.reduced, self.design.random_names
        G = reduced.y_scale**2 * Lambda @ Lambda.T / np.outer(reduced.z_scale, reduced.z_scale)
        rows = [(label, f"variance({name})", float(G[k, k])) for k, name in enumerate(names)]
        if self.spec.random_correlated and len(names) == 2:
            rows.append((label, f"covariance({names[1]}, {names[0]})", float(G[1, 0])))
        return [*rows, (label, "residual variance", (reduced.y_scale * sigma) ** 2)]


def fit_censored(
    data: pd.DataFrame, spec: MixedModelSpec, control: Control | None = None, nodes: int | None = None
) -> CensoredFit:
    """Fit a model whose response has bounds; `nodes` of quadrature per random effect (15 if not given).

    Raises DataError, RankDeficient, NotEstimable or SpecificationError for what cannot be fitted; a fit that did
    not converge after all declared attempts is returned with `converged` False and no estimates.
    """
    return fit_censored_design(build_design(data, spec), control or Control(noise=NOISE), nodes)


def fit_censored_design(design: Design, control: Control, nodes: int | None = None) -> CensoredFit:
    """Fit from finished design matrices."""
    q = design.Z.shape[1]
    rule = gauss_hermite(q, nodes or NODES.get(q, 1))
    with typed_failures():
        engine = censored_problem(design, len(rule.x))
        spec = design.spec
        parameters = CensoredParameters(q, spec.random_correlated, len(design.group_levels), spec.group_form)
        point, attempts = _maximised(partial(evaluate, engine, parameters, rule), engine, parameters, control)
    return CensoredFit(design, engine, parameters, rule, point, attempts)


def _maximised(
    objective: Objective, engine: CensoredProblem, parameters: CensoredParameters, control: Control
) -> tuple[CensoredPoint | None, tuple[Attempt, ...]]:
    """The best point, None unless one attempt converged, and every attempt made."""
    attempts: list[Attempt] = []
    for point, attempt in _protocol(objective, engine, parameters, control):
        attempts.append(attempt)
        if attempt.converged:
            return point, tuple(attempts)
    return None, tuple(attempts)


def _protocol(
    objective: Objective, engine: CensoredProblem, parameters: CensoredParameters, control: Control
) -> Iterator[tuple[CensoredPoint | None, Attempt]]:
    """Newton from three starts, then from where L-BFGS-B ends (docs/methods.md, "Convergence")."""
    # y has been replaced by its least-squares residual: beta starts at that fit.
    zero = np.zeros(engine.p)
    starts = {f"spread {s:g}": np.concatenate([zero, parameters.start(s)]) for s in (1.0, 0.1, 5.0)}
    for label, start in starts.items():
        yield newton(objective, start, label, control)
    for label, start in starts.items():
        point, attempt = newton(objective, quasi_newton(objective, start, "L-BFGS-B"), label, control)
        yield point, replace(attempt, optimiser=f"L-BFGS-B + {attempt.optimiser}")


def _offered(df: Method) -> None:
    if df not in ("between-within", "z"):
        raise SpecificationError(Code.METHOD_NOT_FOR_CENSORED, method=df)
