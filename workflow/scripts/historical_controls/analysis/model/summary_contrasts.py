"""What the arms differ by over a whole period: mean change and slope, from the same fit (EM-1, EM-2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from historical_controls.analysis.model.fit_rows import LEVELS, estimate_rows
from historical_controls.analysis.model.gates import reason_against_day
from historical_controls.analysis.model.ladder import Fitted
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.mixed_model import ModelError

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
        yield from _contrast_rows(cell.at(level="slope"), slope_row(fitted), data, fitted, settings, "/d")


def mean_row(fitted: Fitted, day: int) -> Array:
    """Row of L (p,): area under the curve of the arms' difference per day, which is 0 at time zero (EM-1)."""
    rows = fitted.answers.difference_rows("arm", LEVELS, {"day": list(range(1, day + 1))})
    trapezoids = np.ones(day)
    trapezoids[-1] = 0.5
    return trapezoids @ rows / day


def slope_row(fitted: Fitted) -> Array:
    """Row of L (p,): what the arms' difference gains in a day (EM-2)."""
    first, second = fitted.answers.difference_rows("arm", LEVELS, {"day": [1, 2]})
    return second - first


def _contrast_rows(
    cell: Cell, L: Array, data: ModelData, fitted: Fitted, settings: Analysis, per: str = ""
) -> Iterator[Row]:
    """One contrast L (p,); per: what ends its unit ('/d')."""
    try:
        contrast = fitted.answers.contrasts(L[None, :], fitted.df_method, settings.level)[0]
    except ModelError:
        yield cell.text(Statistic.NOT_ESTIMABLE, "df_too_small")
        return
    yield from estimate_rows(cell.at(contrast=CONTRAST), contrast, data, per)
