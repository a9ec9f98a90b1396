"""The declared ladder of covariances: the first rung that gives an answer is taken, and the report names it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..config import Analysis, CovarianceRung
from ..mixed_model import (
    IllConditioned,
    MixedModelFit,
    MixedModelSpec,
    ModelError,
    NotConverged,
    fit_mixed_model,
)
from .model_data import ModelData, fixed_formula


@dataclass(frozen=True)
class LadderFit:
    """fit: the accepted fit, None where no rung gave one; rung: its id; tried: (rung, why it was left) in order."""

    fit: MixedModelFit | None
    rung: str
    tried: tuple[tuple[str, str], ...]
    reason: str = ""


def climb_down(data: ModelData, settings: Analysis) -> LadderFit:
    """Fit rung after rung. Only non-convergence and ill-conditioned information move down; anything else refuses."""
    tried: list[tuple[str, str]] = []
    for rung in settings.ladder:
        try:
            fit = _fit(data, rung, settings)
            return LadderFit(fit, rung.id, tuple(tried))
        except (NotConverged, IllConditioned) as error:
            tried.append((rung.id, str(error)))
        except ModelError as error:
            return LadderFit(None, rung.id, (*tried, (rung.id, str(error))), "model_refused")
    return LadderFit(None, "", tuple(tried), "not_converged")


def _fit(data: ModelData, rung: CovarianceRung, settings: Analysis) -> MixedModelFit:
    """One fit whose inference is usable. Raises ModelError."""
    over_visits = rung.residual not in ("iid", "car1")
    frame = at_visits(data.frame, settings.visits) if over_visits else data.frame
    fit = fit_mixed_model(frame, _specification(data, rung, settings, over_visits))
    if not fit.converged:
        raise NotConverged("; ".join(attempt.message for attempt in fit.attempts))
    fit.small_sample(settings.df_method)
    return fit


def _specification(data: ModelData, rung: CovarianceRung, settings: Analysis, over_visits: bool) -> MixedModelSpec:
    pooled = rung.per_arm == "pooled"
    return MixedModelSpec(
        fixed=fixed_formula(data, settings.spline_df),
        subject="subject",
        random=rung.random,
        residual=rung.residual,
        time="day",
        visit="visit" if over_visits else None,
        groups=None if pooled else "arm",
        group_form="free" if rung.per_arm == "pooled" else rung.per_arm,
        reml=True,
    )


def at_visits(frame: pd.DataFrame, visits: list[int]) -> pd.DataFrame:
    """One response per subject and scheduled visit: the nearest day, the earlier of two equally near.

    Midpoints between visits bound the windows; a day belongs to its nearest visit.
    """
    nearest = frame["day"].map(lambda day: min(visits, key=lambda visit: (abs(visit - day), visit)))
    placed = frame.assign(visit=nearest, distance=(frame["day"] - nearest).abs())
    chosen = placed.sort_values(["subject", "visit", "distance", "day"]).drop_duplicates(["subject", "visit"])
    return chosen.drop(columns="distance").reset_index(drop=True)
