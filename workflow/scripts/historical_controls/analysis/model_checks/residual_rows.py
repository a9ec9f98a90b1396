"""Whether what the model leaves unexplained looks as the model says: residuals, their quantiles, and the means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from historical_controls.analysis.model.ladder import Fit
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import mean_format, mean_of
from historical_controls.mixed_model.fits.imputed import ImputedFit

Array = NDArray[np.float64]
# Three standard deviations: 27 of 10,000 normal values are farther out.
FAR = 3.0
MOST_QUANTILES = 50
QUANTILES = {
    Statistic.EXPECTED: "expected",
    Statistic.OBSERVED: "observed",
    Statistic.LOWER: "lower",
    Statistic.UPPER: "upper",
}
FEWEST_A_GROUP, FEWEST_GROUPS, MOST_GROUPS = 20, 3, 10


@dataclass(frozen=True)
class Checked:
    """The fit that is checked, its outcome, and the settings of its analysis."""

    fit: Fit
    outcome: Outcome
    settings: Analysis

    def frame(self) -> pd.DataFrame:
        """One row a response: subject, arm, day, y, fitted (X beta), scaled (MM-27); y and fitted on the model scale.

        Values beyond a limit are those of the first completed copy (CE-15): in one copy they vary as values do, in
        their mean over copies they would not.
        """
        fit = self.fit.fits[0] if isinstance(self.fit, ImputedFit) else self.fit
        design = fit.design
        rows = design.data.iloc[design.row]
        return pd.DataFrame(
            {
                **{name: rows[name].to_numpy() for name in ("subject", "arm", "day")},
                "y": design.y,
                "fitted": design.X @ fit.beta.to_numpy(),
                "scaled": fit.residuals("scaled").to_numpy()[design.row],
            }
        )


def residual_rows(cell: Cell, checked: Checked) -> Iterator[Row]:
    """Summaries of the scaled residuals (RS-1), and what the figure of residuals shows of them.

    Under the model these residuals are independent standard normal values. No row is that of a single patient's value
    but the largest residual, and the outermost quantiles where values are few.
    """
    frame = checked.frame()
    here = cell.at(analysis=AnalysisKey.RESIDUALS, output=OutputId.RESIDUALS)
    scaled = frame["scaled"].to_numpy()
    quantiles = normal_quantiles(scaled, checked.settings.level)
    yield from _summary_rows(here, scaled, quantiles)
    here = here.at(output=OutputId.RESIDUAL_FIGURE)
    yield from _quantile_rows(here.at(method="normal_quantiles"), quantiles)
    yield from _fitted_rows(here.at(method="by_fitted"), frame, checked.outcome)
    yield from _mean_rows(here.at(method="means"), frame, checked)


def normal_quantiles(scaled: Array, level: float) -> pd.DataFrame:
    """Quantiles of the residuals and of the standard normal law, with pointwise limits of the former.

    scaled (N,). Columns probability, expected, observed, lower, upper; at most 50 rows. The k-th of n normal values is
    at probability (k - 1/2) / n; in probability it follows a beta law with k and n + 1 - k (David & Nagaraja 2003,
    Order Statistics, sec. 2.2), from which the limits are (RS-2).
    """
    n = len(scaled)
    m = min(n, MOST_QUANTILES)
    p = (np.arange(1, m + 1) - 0.5) / m
    a, b = n * p + 0.5, n * (1 - p) + 0.5
    tail = (1 - level) / 2
    return pd.DataFrame(
        {
            "probability": p,
            "expected": ndtri(p),
            "observed": np.quantile(scaled, p, method="hazen"),
            "lower": ndtri(betaincinv(a, b, tail)),
            "upper": ndtri(betaincinv(a, b, 1 - tail)),
        }
    )


def _summary_rows(here: Cell, scaled: Array, quantiles: pd.DataFrame) -> Iterator[Row]:
    centred = scaled - scaled.mean()
    variance = float(np.mean(centred**2))
    yield here.number(Statistic.N_VALUES, len(scaled))
    yield here.number(Statistic.SD, float(np.std(scaled, ddof=1)), format="0.00")
    if variance > 0:
        yield here.number(Statistic.SKEWNESS, float(np.mean(centred**3)) / variance**1.5, format="0.00")
        yield here.number(Statistic.KURTOSIS, float(np.mean(centred**4)) / variance**2 - 3, format="0.00")
    yield here.number(Statistic.LARGEST, float(np.abs(scaled).max()), format="0.0")
    yield here.number(Statistic.N_FAR, int((np.abs(scaled) > FAR).sum()))
    outside = (quantiles["observed"] < quantiles["lower"]) | (quantiles["observed"] > quantiles["upper"])
    yield here.number(Statistic.N_CHECKED, len(quantiles))
    yield here.number(Statistic.N_OUTSIDE, int(outside.sum()))


def _quantile_rows(here: Cell, quantiles: pd.DataFrame) -> Iterator[Row]:
    for row in quantiles.to_dict("records"):
        point = here.at(level=f"{row['probability']:.4f}")
        for name, column in QUANTILES.items():
            yield point.number(name, row[column], format="0.00")


def _fitted_rows(here: Cell, frame: pd.DataFrame, outcome: Outcome) -> Iterator[Row]:
    """Quartiles of the scaled residuals in groups of equally many rows, in the order of the fitted values."""
    groups = min(max(len(frame) // FEWEST_A_GROUP, FEWEST_GROUPS), MOST_GROUPS)
    ordered = frame.sort_values(["fitted", "scaled"]).reset_index(drop=True)
    for place, rows in enumerate(np.array_split(ordered.index, groups), start=1):
        own = ordered.loc[rows]
        point = here.at(level=f"{place:02d}")
        x = mean_of(float(own["fitted"].mean()), outcome.scale)
        yield point.number(Statistic.N_VALUES, len(own))
        yield point.number(Statistic.EXPECTED, x, outcome.unit, mean_format(outcome))
        for name, share in ((Statistic.Q1, 0.25), (Statistic.MEDIAN, 0.5), (Statistic.Q3, 0.75)):
            yield point.number(name, float(own["scaled"].quantile(share)), format="0.00")


def _mean_rows(here: Cell, frame: pd.DataFrame, checked: Checked) -> Iterator[Row]:
    """Mean of the values near each declared day, and of what is fitted to the same rows; geometric for logs."""
    outcome, window = checked.outcome, checked.settings.visit_window_days
    for arm in ARMS:
        own = frame[frame["arm"] == arm]
        for day in checked.settings.days:
            near = own[(own["day"] - day).abs() <= window]
            if near.empty:
                continue
            point = here.at(arm=arm, day=day)
            yield point.number(Statistic.N_MEASURED, near["subject"].nunique())
            for name, column in ((Statistic.MEAN, "y"), (Statistic.EXPECTED, "fitted")):
                value = mean_of(float(near[column].mean()), outcome.scale)
                yield point.number(name, value, outcome.unit, mean_format(outcome))
