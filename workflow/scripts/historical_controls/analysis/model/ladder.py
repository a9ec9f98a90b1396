"""The declared ladder of covariances: the first rung that gives an answer is taken, and the report names it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from historical_controls.analysis.model.model_data import ModelData, fixed_formula
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung, DfMethod
from historical_controls.mixed_model import (
    CensoredFit,
    IllConditioned,
    MixedModelFit,
    MixedModelSpec,
    ModelError,
    NotConverged,
    WeightedFit,
    fit_censored,
    fit_mixed_model,
    solve_weighted,
)

Fit = MixedModelFit | CensoredFit


@dataclass(frozen=True)
class Fitted:
    """The accepted fit, its rung, how its degrees of freedom are found; tried: (rung, why it was left) in order.

    weighted: the weighted equations solved with the covariance of the fit; weights: by subject.
    """

    fit: Fit
    rung: str
    df_method: DfMethod
    tried: tuple[tuple[str, str], ...]
    weighted: WeightedFit | None = None
    weights: pd.Series | None = None

    @property
    def answers(self) -> Fit | WeightedFit:
        """What contrasts and means come from."""
        return self.fit if self.weighted is None else self.weighted

    @property
    def means(self) -> Fit | WeightedFit:
        """What the arms' means come from: for censored responses with Wald intervals, which the curves have too."""
        return replace(self.fit, interval="wald") if isinstance(self.fit, CensoredFit) else self.answers


@dataclass(frozen=True)
class Refused:
    """No rung gave an answer; reason: code of why."""

    reason: str
    tried: tuple[tuple[str, str], ...]


def fit_ladder(data: ModelData, settings: Analysis, weights: pd.Series | None = None) -> Fitted | Refused:
    """Fit rung after rung. Only non-convergence and ill-conditioned information move down; anything else refuses.

    Values beyond a limit take the ladder of censored models, whose intervals are profile likelihood with
    between-within t, whatever `df_method` says; they have no weighted form. weights: by subject.
    """
    censored = data.share_censored() > 0
    if censored and weights is not None:
        return Refused("weighted_censored", ())
    rungs = settings.censored_ladder if censored else settings.ladder
    method: DfMethod = "between-within" if censored else settings.df_method
    tried: list[tuple[str, str]] = []
    for rung in rungs:
        try:
            fitted = Fitted(fit_rung(data, rung, settings), rung.id, method, tuple(tried))
            return fitted if weights is None else _weighted(fitted, weights)
        except (NotConverged, IllConditioned) as error:
            tried.append((rung.id, error.message.coded))
        except ModelError as error:
            return Refused("model_refused", (*tried, (rung.id, error.message.coded)))
    return Refused("not_converged" if rungs else "no_censored_model", tuple(tried))


def _weighted(fitted: Fitted, weights: pd.Series) -> Fitted:
    """The weighted equations on top of an unweighted fit. Raises ModelError."""
    assert isinstance(fitted.fit, MixedModelFit)
    return replace(fitted, weighted=solve_weighted(fitted.fit, weights), weights=weights)


def fit_rung(data: ModelData, rung: CovarianceRung, settings: Analysis, null: bool = False) -> Fit:
    """One fit whose inference is usable; `null`: of the model without arms. Raises ModelError."""
    fit_one = _fit_censored if data.share_censored() > 0 else _fit
    return fit_one(data, rung, settings, null)


def _fit(data: ModelData, rung: CovarianceRung, settings: Analysis, null: bool) -> MixedModelFit:
    """One fit whose inference is usable. Raises ModelError."""
    over_visits = rung.residual not in ("iid", "car1")
    frame = at_visits(data.frame, settings.visits) if over_visits else data.frame
    fit = fit_mixed_model(frame, _specification(data, rung, settings, null))
    fit.point  # noqa: B018  raises NotConverged
    if not null and settings.weighting not in ("entropy", "overlap"):
        fit.small_sample(settings.df_method)
    return fit


def _fit_censored(data: ModelData, rung: CovarianceRung, settings: Analysis, null: bool) -> CensoredFit:
    """One fit of values some of which are known only to lie beyond a limit. Raises ModelError."""
    spec = _specification(data, rung, settings, null)
    fit = fit_censored(with_open_bounds(data.frame), replace(spec, reml=False, lower="lower", upper="upper"))
    fit.point  # noqa: B018  raises NotConverged
    return fit


def _specification(data: ModelData, rung: CovarianceRung, settings: Analysis, null: bool) -> MixedModelSpec:
    over_visits = rung.residual not in ("iid", "car1")
    return MixedModelSpec(
        fixed=fixed_formula(data, settings, null),
        subject="subject",
        random=rung.random,
        residual=rung.residual,
        time="day",
        visit="visit" if over_visits else None,
        groups=None if rung.per_arm == "pooled" else "arm",
        group_form="free" if rung.per_arm == "pooled" else rung.per_arm,
    )


def with_open_bounds(frame: pd.DataFrame) -> pd.DataFrame:
    """Bounds of every row on the model scale, infinite where open; rows that say nothing at all are left out.

    The response of a censored row is only a starting value: its limit.
    """
    lower = frame["lower"].fillna(-np.inf)
    upper = frame["upper"].fillna(np.inf)
    start = frame["y"].fillna(upper.where(np.isfinite(upper))).fillna(lower.where(np.isfinite(lower)))
    return frame.assign(lower=lower, upper=upper, y=start).loc[start.notna()].reset_index(drop=True)


def at_visits(frame: pd.DataFrame, visits: list[int]) -> pd.DataFrame:
    """One response per subject and scheduled visit: the nearest day, the earlier of two equally near.

    Midpoints between visits bound the windows; a day belongs to its nearest visit.
    """
    nearest = frame["day"].map(lambda day: min(visits, key=lambda visit: (abs(visit - day), visit)))
    placed = frame.assign(visit=nearest, distance=(frame["day"] - nearest).abs())
    chosen = placed.sort_values(["subject", "visit", "distance", "day"]).drop_duplicates(["subject", "visit"])
    return chosen.drop(columns="distance").reset_index(drop=True)
