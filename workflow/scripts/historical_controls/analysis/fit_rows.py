"""Rows of the results table that a finished fit gives: how it came about, contrasts, means, curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..ard import Cell
from ..config import Analysis
from ..dictionary import Outcome
from ..mixed_model import ModelError
from .gates import reason_against_day
from .ladder import Fitted, Refused
from .model_data import ARMS, ModelData, from_scale

Row = dict[str, object]
CONTRAST = "treated - historical"
LEVELS = ("treated", "historical")


def tried_rows(cell: Cell, found: Fitted | Refused) -> Iterator[Row]:
    """Convergence is data: which rungs were left, and why."""
    yield from (cell.at(level=rung).text("left_because", why) for rung, why in found.tried)
    yield cell.text("converged", "yes" if isinstance(found, Fitted) else "no")


def fit_rows(cell: Cell, found: Fitted) -> Iterator[Row]:
    """The rung taken, its convergence and its covariance parameters."""
    fit = found.fit
    yield cell.text("covariance_rung", found.rung)
    yield cell.text("df_method", found.df_method)
    yield cell.text("singular", "; ".join(fit.singular) or "no")
    yield cell.number("n_attempts", len(fit.attempts))
    yield cell.number("loglik", fit.loglik, format="0.000")
    for row in fit.covariance_parameters.to_dict("records"):
        level = f"{row['group']}: {row['parameter']}" if row["group"] not in ("", "all") else str(row["parameter"])
        yield cell.at(level=level).number("covariance_parameter", row["estimate"], format="0.0000")


def contrast_rows(cell: Cell, data: ModelData, found: Fitted, settings: Analysis) -> Iterator[Row]:
    """Treated minus historical and the arms' means at each declared day, or why not at that day."""
    for day in settings.days:
        reason = reason_against_day(data, day, settings)
        try:
            rows = [] if reason else [*_difference_rows(cell, data, found, day, settings)]
        except ModelError:
            rows, reason = [], "df_too_small"
        if reason:
            yield cell.at(day=day).text("not_estimable", reason)
        yield from rows


def _difference_rows(cell: Cell, data: ModelData, found: Fitted, day: int, settings: Analysis) -> Iterator[Row]:
    table = found.answers.difference("arm", LEVELS, {"day": [day]}, found.df_method, settings.level).table
    yield from _estimate_rows(cell.at(day=day, contrast=CONTRAST), data, table.iloc[0])
    at = {"day": [day], **_covariate_means(data, found)}
    means = found.answers.marginal_means(at, "arm", found.df_method, settings.level).table
    for row in means.to_dict("records"):
        here = cell.at(day=day, arm=row["arm"])
        for name, column in (("mean", "estimate"), ("lower", "lower"), ("upper", "upper")):
            yield here.number(name, from_scale(row[column], data.outcome), data.outcome.unit, decimals(data.outcome))


def _estimate_rows(here: Cell, data: ModelData, row: pd.Series) -> Iterator[Row]:
    outcome = data.outcome
    ratio = outcome.scale == "log"
    unit, shown = ("ratio", "0.00") if ratio else (outcome.unit, decimals(outcome))
    for name in ("estimate", "lower", "upper"):
        yield here.number(name, from_scale(row[name], outcome), unit, shown)
    yield here.number("standard_error", row["standard_error"], "log" if ratio else outcome.unit, more(shown))
    yield here.number("df", row["df"], format="0.0")
    yield here.number("p_value", row["p_value"], format="p")
    if data.baseline_sd > 0:
        forest = here.at(output_id="15.10", analysis="forest")
        for name in ("estimate", "lower", "upper"):
            yield forest.number(name, row[name] / data.baseline_sd, "SD", "0.00")


def curve_rows(
    cell: Cell, data: ModelData, found: Fitted, settings: Analysis, horizon_days: int, seed: int
) -> Iterator[Row]:
    """Model means per arm over the days that the arm was observed: a curve is not drawn past its last patient."""
    for arm in ARMS:
        own = data.frame.loc[data.frame["arm"] == arm, "day"]
        days = list(range(int(own.min()), min(int(own.max()), horizon_days) + 1))
        at = {"arm": [arm], **_covariate_means(data, found)}
        try:
            table = found.answers.trajectory(days, (), at, "day", found.df_method, settings.level, seed).table
        except ModelError:
            continue
        yield from _band_rows(cell, data, arm, table)


def _band_rows(cell: Cell, data: ModelData, arm: str, table: pd.DataFrame) -> Iterator[Row]:
    columns = {
        "mean": "estimate",
        "lower": "lower",
        "upper": "upper",
        "lower_simultaneous": "band_lower",
        "upper_simultaneous": "band_upper",
    }
    shown = decimals(data.outcome)
    for row in table.to_dict("records"):
        here = cell.at(output_id="15.5", analysis="trajectory", arm=arm, day=row["day"])
        for statistic, column in columns.items():
            yield here.number(statistic, from_scale(row[column], data.outcome), data.outcome.unit, shown)


def _covariate_means(data: ModelData, found: Fitted) -> dict[str, list[float]]:
    """Each covariate at its (weighted) mean over patients (not rows: the sicker are measured more)."""
    per_patient = data.frame.drop_duplicates("subject")
    weights = None if found.weights is None else found.weights.reindex(per_patient["subject"]).to_numpy()
    return {name: [float(np.average(per_patient[name], weights=weights))] for name in data.covariates}


def decimals(outcome: Outcome) -> str:
    """How a mean of this outcome is printed."""
    return f"{0:.{outcome.decimals}f}"


def more(shown: str) -> str:
    """One decimal more, for standard errors."""
    return shown + "0" if "." in shown else shown + ".0"
