"""What the arms differ by over a whole period: mean change and slope, from the same fit (EM-1, EM-2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from historical_controls.analysis.model.fit_rows import estimate_rows
from historical_controls.analysis.model.gates import reason_against_day
from historical_controls.analysis.model.ladder import FAILURES, Fitted
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis

Array = NDArray[np.float64]


def period_rows(cell: Cell, data: ModelData, fitted: Fitted, settings: Analysis) -> Iterator[Row]:
    """Difference in the mean change over days 0 to d, and in the slope where a straight line is declared."""
    for day in settings.mean_over:
        here = cell.at(level=f"mean_{day}", day=day)
        reason = reason_against_day(data, day, settings)
        if reason is not None:
            yield here.text(Statistic.NOT_ESTIMABLE, reason)
        else:
            yield from _contrast_rows(here, mean_row(fitted, day), data, fitted, settings)
    if data.outcome.code in settings.straight_lines:
        here = cell.at(level="slope")
        reason = reason_against_slope(data, fitted, settings)
        if reason is not None:
            yield here.text(Statistic.NOT_ESTIMABLE, reason)
        else:
            yield from _contrast_rows(here, slope_row(fitted), data, fitted, settings, "/d")


def reason_against_slope(data: ModelData, fitted: Fitted, settings: Analysis) -> str | None:
    """Why no change per day is given: between different people it is none of theirs."""
    days = data.frame.groupby(["arm", "subject"])["day"].nunique()
    repeated = (days > 1).groupby("arm").sum()
    if repeated.min() < settings.min_patients_per_arm:
        return "one_value_each"
    return None if fitted.mean.form == "line" else "common_course"


def mean_row(fitted: Fitted, day: int) -> Array:
    """Row of L (p,): area under the curve of the arms' difference per day, which is 0 at time zero (EM-1)."""
    weights = fitted.mean.weights(day)
    rows = difference_rows(fitted.answers, fitted.mean, list(weights))
    return np.array(list(weights.values())) @ rows


def slope_row(fitted: Fitted) -> Array:
    """Row of L (p,): what the arms' difference gains in a day (EM-2)."""
    first, second = difference_rows(fitted.answers, fitted.mean, [1, 2])
    return second - first


def _contrast_rows(
    cell: Cell, L: Array, data: ModelData, fitted: Fitted, settings: Analysis, per: str = ""
) -> Iterator[Row]:
    """One contrast L (p,); per: what ends its unit ('/d')."""
    try:
        contrast = fitted.answers.contrasts(L[None, :], fitted.df_method, settings.level)[0]
    except FAILURES:
        yield cell.text(Statistic.NOT_ESTIMABLE, "df_too_small")
        return
    yield from estimate_rows(cell.at(contrast=CONTRAST), contrast, data, per)
