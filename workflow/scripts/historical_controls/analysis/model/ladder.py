"""The declared ladder of covariances: all rungs are fitted, and one is chosen by a criterion blind to the contrast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from historical_controls.analysis.model.mean_model import MeanModel, arm_without_spread, at_visits, build_mean_model
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung, DfMethod
from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.design.errors import IllConditioned, ModelError, NotConverged
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_mixed_model
from historical_controls.mixed_model.fits.imputed import ImputedFit, copies_under, fit_imputed, redrawn_under
from historical_controls.mixed_model.fits.small_samples import share_small_samples
from historical_controls.mixed_model.fits.weighted import WeightedFit, solve_independent, solve_weighted
from historical_controls.mixed_model.likelihood.optimiser import Near

Fit = MixedModelFit | ImputedFit
# By the formula of the mean and what a rung declares of the covariance.
Maxima = Mapping[tuple[str, ...], Near]
# What a model says of coefficients that only values beyond a limit determine, and what an analysis says of it.
SEPARATED, ONLY_LIMITS = "separated", "only_limits"
# What both say of a mean that leaves nothing unexplained.
MEAN_EXACT = "mean_exact"
HIGHER = 1e-6  # a log-likelihood, beyond rounding
# What a fit may fail with: the library's refusals, and what linear algebra raises where there is nothing to invert.
FAILURES = (ModelError, np.linalg.LinAlgError, ArithmeticError)


# With one value each there are no variances between and within patients to tell apart: analysis of covariance.
ONE_VALUE_EACH = CovarianceRung(id="one_value_each", random=None, residual="iid", per_arm="pooled")
# An arm of whom hardly anybody has two values cannot tell its own variances apart: one shape for both, a scale each.
ONE_SCALE = (
    CovarianceRung(id="one_scale_car1", random="1", residual="car1", per_arm="one_scale"),
    CovarianceRung(id="one_scale_independent", random="1", residual="iid", per_arm="one_scale"),
)
# Weights of visits: the equations take no covariance from a likelihood that knows nothing of why values are there.
INDEPENDENT = CovarianceRung(id="working_independence", random=None, residual="iid", per_arm="pooled")


@dataclass(frozen=True)
class RungFit:
    """One rung that was fitted, with its information criterion: smaller is better, among fits of the same rows."""

    rung: CovarianceRung
    fit: Fit
    criterion: float


@dataclass(frozen=True)
class Fitted:
    """The chosen fit, its rung, how its degrees of freedom are found; tried: (rung, why it was left) in order.

    rungs: all rungs that gave a fit to the same rows, the chosen one first. weighted: the weighted equations solved
    with the covariance of the fit; weights: by subject.
    """

    fit: Fit
    rung: str
    df_method: DfMethod
    mean: MeanModel
    tried: tuple[tuple[str, str], ...]
    rungs: tuple[RungFit, ...]
    weighted: WeightedFit | None = None
    weights: pd.Series | None = None

    @property
    def maxima(self) -> Maxima:
        """Where each rung has its maximum, for another ladder of these rows, or of similar ones, to start there."""
        points = {(self.mean.fixed, *one.rung.covariance): one.fit.point for one in self.rungs}
        return {rung: Near(point.theta, point.information) for rung, point in points.items()}

    @property
    def answers(self) -> Fit | WeightedFit:
        """What contrasts and means come from."""
        return self.fit if self.weighted is None else self.weighted


@dataclass(frozen=True)
class Refused:
    """No rung gave an answer; reason: code of why."""

    reason: str
    tried: tuple[tuple[str, str], ...]


def fit_ladder(
    data: ModelData, settings: Analysis, weights: pd.Series | None = None, near: Maxima | None = None
) -> Fitted | Refused:
    """Fit every rung; of those fitted to the same rows take the one with the smallest criterion, the first of equals.

    The criterion is -2 l + 2 q, l the restricted log-likelihood and q the covariance parameters. All rungs share the
    mean, arms included, and the restricted likelihood does not change when any difference between the arms that the
    mean can take is added to the responses: the choice is blind to the contrast. Rungs over visits have rows of their
    own and serve where no rung before them gives an answer; so do rungs with one shape for both arms where an arm has
    hardly any second values. Any failure of a rung is recorded and moves on. Values beyond a limit are drawn under the
    first rung that converges, all rungs are compared on these copies, and the one that is chosen draws its own; they
    have no weighted form. weights: by subject. near: the maxima of the same rows or
    of similar ones, at which the same rungs of the same mean start.
    """
    # Censored likelihoods have no weighted form, and weights enter no likelihood.
    by_visit = settings.visit_weights != "none"
    if data.share_censored() > 0 and (weights is not None or by_visit):
        return Refused("weighted_censored", ())
    rungs = settings.ladder
    try:
        mean = build_mean_model(data, settings)
    except ModelError as error:
        return Refused("model_refused", (("mean", error.message.coded),))
    if by_visit:
        return _visit_weighted(mean, settings, weights)
    if mean.one_value_each:
        rungs = [ONE_VALUE_EACH]
    failures = _Failures()
    # Restricted likelihoods compare only between fits of the same rows (EM-5).
    alike = [list(ONE_SCALE)] if _without_repeats(mean, settings) else []
    for group in [*_groups(rungs, mean), *alike]:
        ranked = _ranked(mean, group, settings, failures, near or {})
        while ranked:
            fitted = _accepted(mean, ranked, settings, weights)
            if isinstance(fitted, Fitted):
                return replace(fitted, tried=failures.tried)
            # A rung may fit and yet allow no inference (Kenward-Roger refused): the next best is taken.
            failures.add(ranked.pop(0).rung, fitted)
    # Said where it explains what numerics made of it.
    exact = failures.reason in ("not_converged", "model_refused") and arm_without_spread(mean)
    return Refused("arm_without_spread" if exact else failures.reason, failures.tried)


def _without_repeats(mean: MeanModel, settings: Analysis) -> bool:
    """Whether an arm, but not everybody, has too few patients with two values to tell variances from."""
    values = mean.frame.groupby(["arm", "subject"], observed=True).size()
    repeated = (values > 1).groupby(level="arm").sum()
    return not mean.one_value_each and bool(repeated.min() < settings.min_patients_per_arm)


def _visit_weighted(mean: MeanModel, settings: Analysis, weights: pd.Series | None) -> Fitted | Refused:
    """Equations under working independence, rows weighted by `visit_weight` and the weights of subjects (SN-7)."""
    rows = mean.frame["visit_weight"].to_numpy(dtype=float)
    if not np.isfinite(rows).all():
        return Refused("visit_intensity", ())
    if weights is not None:
        rows = rows * weights.reindex(mean.frame["subject"]).to_numpy(dtype=float)
    try:
        fit = fit_rung(mean, INDEPENDENT, settings)
        assert isinstance(fit, MixedModelFit)
        weighted = solve_independent(fit.design, rows)
    except FAILURES as error:
        return Refused("model_refused", ((INDEPENDENT.id, _coded(error)),))
    rungs = (rung_fit(INDEPENDENT, fit),)
    return Fitted(fit, INDEPENDENT.id, settings.df_method, mean, (), rungs, weighted, weights)


class _Failures:
    """Why rungs were left, in the order in which they were."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Exception]] = []

    def add(self, rung: CovarianceRung, error: Exception) -> None:
        self.found.append((rung.id, error))

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        return tuple((rung, _coded(error)) for rung, error in self.found)

    @property
    def reason(self) -> str:
        """Numerics that failed may be another model's success; a refusal of the data is none."""
        refused = [error for _, error in self.found if isinstance(error, ModelError)]
        # No rung can give a mean that no value within the assay's limits tells.
        if any(error.message.coded == SEPARATED for error in refused):
            return ONLY_LIMITS
        if refused and all(error.message.coded == MEAN_EXACT for error in refused):
            return MEAN_EXACT
        # Rungs over visits have rows of their own, which may refuse a mean that the others could not fit.
        unstable = not refused or any(isinstance(error, (NotConverged, IllConditioned)) for error in refused)
        return "not_converged" if unstable else "model_refused"


def _coded(error: Exception) -> str:
    return error.message.coded if isinstance(error, ModelError) else str(error)


def _groups(rungs: list[CovarianceRung], mean: MeanModel) -> Iterator[list[CovarianceRung]]:
    """Rungs fitted to the same rows, in the order in which the first of each group is declared."""
    # Where the mean itself is over visits, all rungs share its rows.
    own_rows = [rung.over_visits and not mean.visits for rung in rungs]
    for wanted in dict.fromkeys(own_rows):
        yield [rung for rung, own in zip(rungs, own_rows, strict=True) if own == wanted]


def _ranked(
    mean: MeanModel,
    rungs: list[CovarianceRung],
    settings: Analysis,
    failures: _Failures,
    near: Maxima,
) -> list[RungFit]:
    """The rungs that gave a fit, by their criterion."""
    fits: list[RungFit] = []
    for rung in rungs:
        try:
            # Censored: the first rung draws the copies, and the others are fitted to the same ones.
            first = fits[0].fit if fits else None
            if isinstance(first, ImputedFit):
                fit: Fit = _compared(first, mean, rung)
            else:
                start, like = near.get((mean.fixed, *rung.covariance)), None if first is None else first.design
                fit = fit_rung(mean, rung, settings, near=start, like=like)
            fits.append(rung_fit(rung, fit))
        except FAILURES as error:
            failures.add(rung, error)
    fits = [_highest(one, fits) for one in fits]
    # Rounded, so that the optimiser's last digits do not decide between equals; `sorted` keeps the declared order.
    return sorted(fits, key=lambda one: round(one.criterion, 6))


def rung_fit(rung: CovarianceRung, fit: Fit) -> RungFit:
    return RungFit(rung, fit, -2 * fit.loglik + 2 * len(fit.point.theta))


def _highest(one: RungFit, fits: Sequence[RungFit]) -> RungFit:
    """A rung that other starts may bring higher: one of fewer parameters has a higher likelihood of the same rows."""
    fewer = [other.fit.loglik for other in fits if len(other.fit.point.theta) < len(one.fit.point.theta)]
    # Copies of values beyond limits start beside each other, and their likelihoods are means over all.
    if isinstance(one.fit, ImputedFit) or max(fewer, default=-np.inf) <= one.fit.loglik + HIGHER:
        return one
    with suppress(*FAILURES):
        return rung_fit(one.rung, one.fit.highest())
    return one


def _compared(first: ImputedFit, mean: MeanModel, rung: CovarianceRung) -> ImputedFit:
    """Another rung fitted to the completed copies of the first one, without which likelihoods do not compare."""
    return copies_under(first, with_bounds(specification(mean.fixed, rung)))


def _accepted(
    mean: MeanModel, ranked: list[RungFit], settings: Analysis, weights: pd.Series | None
) -> Fitted | Exception:
    """The first of the ranked fits with its inference, or why it has none."""
    first = ranked[0]
    try:
        if isinstance(first.fit, ImputedFit):
            first = replace(first, fit=_own_draws(first, mean))
            ranked = [first, *ranked[1:]]
        fitted = Fitted(first.fit, first.rung.id, settings.df_method, mean, (), tuple(ranked))
        if weights is not None:
            return _weighted(fitted, weights)
        # Computed here for its errors: small-sample inference that fails must move the ladder on.
        fits = first.fit.fits if isinstance(first.fit, ImputedFit) else (first.fit,)
        share_small_samples(fits, settings.df_method)
        for fit in fits:
            fit.small_sample(settings.df_method)
        return fitted
    except FAILURES as error:
        return error


def _own_draws(chosen: RungFit, mean: MeanModel) -> ImputedFit:
    """The chosen rung with draws of its own, so that none of its answers depends on another covariance."""
    assert isinstance(chosen.fit, ImputedFit)
    fit = redrawn_under(chosen.fit, chosen.fit.spec, mean.seed)
    fit.point  # noqa: B018  raises NotConverged
    return fit


def _weighted(fitted: Fitted, weights: pd.Series) -> Fitted:
    """The weighted equations on top of an unweighted fit. Raises ModelError."""
    assert isinstance(fitted.fit, MixedModelFit)
    return replace(fitted, weighted=solve_weighted(fitted.fit, weights), weights=weights)


def fit_rung(
    mean: MeanModel,
    rung: CovarianceRung,
    settings: Analysis,
    null: bool = False,
    near: Near | None = None,
    like: Design | None = None,
) -> Fit:
    """One converged fit; `null`: of the model without arms; near: the maximum of a similar fit; like: the design of
    another rung of the same rows. Raises ModelError."""
    rows = mean.frame if like is None else like.data
    if like is None and rung.over_visits and not mean.visits:
        rows = at_visits(rows, settings)
    spec = specification(mean.null if null else mean.fixed, rung)
    fit: Fit
    if rows["y"].isna().any():
        bounded = with_open_bounds(rows)
        fit = fit_imputed(bounded, with_bounds(spec), seed=mean.seed, near=near, like=like or mean.design)
    else:
        fit = fit_mixed_model(rows, spec, like=like or mean.design, near=near)
    fit.point  # noqa: B018  raises NotConverged
    return fit


def specification(fixed: str, rung: CovarianceRung) -> MixedModelSpec:
    """The library's description of one rung with this fixed part ('y ~ ...')."""
    return MixedModelSpec(
        fixed=fixed,
        subject="subject",
        random=rung.random,
        residual=rung.residual,
        time="day",
        visit="visit" if rung.over_visits else None,
        groups=None if rung.per_arm == "pooled" else "arm",
        # Without groups the form is not read.
        group_form="free" if rung.per_arm == "pooled" else rung.per_arm,
    )


def with_bounds(spec: MixedModelSpec) -> MixedModelSpec:
    """The same for responses with columns lower and upper."""
    return replace(spec, lower="lower", upper="upper")


def with_open_bounds(frame: pd.DataFrame) -> pd.DataFrame:
    """Bounds of every row on the model scale, infinite where open; rows that say nothing at all are left out.

    The response of a censored row is only a starting value: its limit.
    """
    lower = frame["lower"].fillna(-np.inf)
    upper = frame["upper"].fillna(np.inf)
    # A row with no finite bound at all has no start and is left out.
    start = frame["y"].fillna(upper.where(np.isfinite(upper))).fillna(lower.where(np.isfinite(lower)))
    return frame.assign(lower=lower, upper=upper, y=start).loc[start.notna()].reset_index(drop=True)
