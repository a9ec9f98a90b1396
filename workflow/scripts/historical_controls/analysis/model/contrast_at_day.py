"""One outcome's contrast at one day: the smallest answer, which every check of the result asks for again."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.model.gates import reason_against, reason_against_contrast
from historical_controls.analysis.model.ladder import FAILURES, Fitted, Maxima, Refused, fit_ladder
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.mixed_model.inference.contrast import Contrast


@dataclass(frozen=True)
class ContrastEstimates:
    """The data, the fit, and the contrast by day; a day's reason (a locale key) where it has none."""

    data: ModelData
    fitted: Fitted
    contrasts: dict[int, Contrast | str]

    def at(self, day: int) -> Contrast | str:
        return self.contrasts[day]


def estimate_contrasts(
    data: ModelData,
    settings: Analysis,
    days: list[int],
    weights: pd.Series | None,
    refusal: str | None,
    near: Maxima | None = None,
) -> ContrastEstimates | str:
    """The contrasts at these days, or why this outcome has none.

    weights: by subject; refusal: a gate's; near: the maxima of similar data, see `fit_ladder`.
    """
    reason = reason_against(data, settings, refusal)
    if reason is not None:
        return reason
    fitted = fit_ladder(data, settings, weights, near)
    if isinstance(fitted, Refused):
        return fitted.reason
    return ContrastEstimates(data, fitted, {day: contrast_at(data, fitted, day, settings) for day in days})


def contrast_at(data: ModelData, fitted: Fitted, day: int, settings: Analysis) -> Contrast | str:
    """Treated minus historical at a day on the model scale, or why there is none."""
    reason = reason_against_contrast(data, fitted.mean, day, settings)
    if reason is not None:
        return reason
    try:
        L = difference_rows(fitted.answers, fitted.mean, [day])
        return fitted.answers.contrasts(L, fitted.df_method, settings.level)[0]
    # Data that give a fit can still give a contrast fewer than 2 degrees of freedom.
    except FAILURES:
        return "df_too_small"
