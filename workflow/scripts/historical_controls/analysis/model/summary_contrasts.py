"""What the arms differ by over a whole period: mean change and slope, from the same fit (EM-1, EM-2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from historical_controls.analysis.model.covariates import BASELINE
from historical_controls.analysis.model.fit_rows import estimate_rows
from historical_controls.analysis.model.gates import reason_against_day
from historical_controls.analysis.model.ladder import FAILURES, Fitted
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TimeUnit:
    """What a rate is per: its UCUM symbol, its days, and the level of its rows."""

    symbol: str
    days: float
    level: str


# The first whose last day is not exceeded: a change per day of a study of years would print as 1.000 (1.000 to 1.000).
TIME_UNITS = {
    60: TimeUnit("d", 1.0, "slope"),
    365: TimeUnit("wk", 7.0, "slope_week"),
    5 * 365: TimeUnit("mo", 365.25 / 12, "slope_month"),
}
YEAR = TimeUnit("a", 365.25, "slope_year")


def time_unit(last_day: float) -> TimeUnit:
    """The unit of time that suits a course up to this day."""
    return next((unit for most, unit in TIME_UNITS.items() if last_day <= most), YEAR)


def period_rows(cell: Cell, data: ModelData, fitted: Fitted, settings: Analysis) -> Iterator[Row]:
    """Difference in the mean over a period, and in the slope where a straight line is declared.

    Adjusted for its own baseline an outcome starts without a difference, and the period begins at day 0 ('mean_7', a
    mean change). Unadjusted nothing is known of day 0, and it begins at day 1 ('average_7').
    """
    adjusted = BASELINE in data.covariates
    for day in settings.mean_over:
        here = cell.at(level=f"{'mean' if adjusted else 'average'}_{day}", day=day)
        reason = reason_against_day(data, day, settings) or _reason_against_period(data, fitted, day)
        if reason is not None:
            yield here.text(Statistic.NOT_ESTIMABLE, reason)
        else:
            yield from _contrast_rows(here, mean_row(fitted, day, adjusted), data, fitted, settings)
    if data.outcome.code in settings.straight_lines:
        unit = time_unit(float(data.frame["day"].max()))
        here = cell.at(level=unit.level)
        reason = reason_against_slope(data, fitted, settings)
        if reason is not None:
            yield here.text(Statistic.NOT_ESTIMABLE, reason)
        else:
            yield from _contrast_rows(here, unit.days * slope_row(fitted), data, fitted, settings, f"/{unit.symbol}")


def _reason_against_period(data: ModelData, fitted: Fitted, day: int) -> str | None:
    """Why no mean over days up to this one is given: an arm measured on a single day has no course."""
    # One value each within a window of days: the fit knows no other day either.
    if fitted.mean.form == "single_day":
        return "one_day_only"
    days = data.frame.loc[data.frame["day"] <= day].groupby("arm")["day"].nunique()
    return "one_day_only" if days.reindex(list(ARMS), fill_value=0).min() < 2 else None


def reason_against_slope(data: ModelData, fitted: Fitted, settings: Analysis) -> str | None:
    """Why no change per day is given: between different people it is none of theirs."""
    days = data.frame.groupby(["arm", "subject"])["day"].nunique()
    repeated = (days > 1).groupby("arm").sum()
    if repeated.min() < settings.min_patients_per_arm:
        return "one_value_each"
    # A common slope has no difference; a declared line may have fallen back to one.
    return None if fitted.mean.form == "line" else "common_course"


def mean_row(fitted: Fitted, day: int, from_zero: bool = True) -> Array:
    """Row of L (p,): area under the curve of the arms' difference per day, which is 0 at time zero (EM-1).

    from_zero: whether it is; else the area begins at day 1 (see `MeanModel.weights` for days before any response).
    """
    # weights (days,) @ rows (days, p): the mean of a linear contrast is the contrast of the mean.
    weights = fitted.mean.weights(day, from_zero)
    rows = difference_rows(fitted.answers, fitted.mean, list(weights))
    return np.array(list(weights.values())) @ rows


def slope_row(fitted: Fitted) -> Array:
    """Row of L (p,): what the arms' difference gains in a day (EM-2)."""
    # On a line the difference grows alike between any two days.
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
