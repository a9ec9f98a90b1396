"""Rows of the results table that a finished fit gives: how it came about, contrasts, means, curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.analysis.model.gates import near_day, reason_against_contrast
from historical_controls.analysis.model.ladder import FAILURES, Fitted, Refused
from historical_controls.analysis.model.mean_model import TREATED, difference_rows
from historical_controls.analysis.model.model_data import ModelData, spread_of
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.scales import effect_of, effect_unit, error_unit, mean_format, mean_of
from historical_controls.mixed_model.censored.draws import COPIES
from historical_controls.mixed_model.fits.imputed import ImputedFit
from historical_controls.mixed_model.inference.contrast import Contrast
from historical_controls.tables.days import told_days

# Limits of a curve on a day, and the columns of the library that hold them.
BANDS = {
    Statistic.LOWER: "lower",
    Statistic.UPPER: "upper",
    Statistic.LOWER_SIMULTANEOUS: "band_lower",
    Statistic.UPPER_SIMULTANEOUS: "band_upper",
}


def tried_rows(cell: Cell, fitted: Fitted | Refused) -> Iterator[Row]:
    """Convergence is data: which rungs were left, and why."""
    yield from (cell.at(level=rung).text(Statistic.LEFT_BECAUSE, why) for rung, why in fitted.tried)
    yield cell.text(Statistic.CONVERGED, "yes" if isinstance(fitted, Fitted) else "no")


def fit_rows(cell: Cell, fitted: Fitted) -> Iterator[Row]:
    """The rung taken, its convergence and its covariance parameters."""
    fit = fitted.fit
    yield cell.text(Statistic.COVARIANCE_RUNG, fitted.rung)
    yield cell.text(Statistic.DF_METHOD, fitted.df_method)
    yield cell.text(Statistic.MEAN_MODEL, fitted.mean.form)
    for one in fitted.rungs:
        yield cell.at(level=one.rung.id).number(Statistic.CRITERION, one.criterion, format="0.0")
    yield cell.text(Statistic.SINGULAR, "; ".join(message.coded for message in fit.singular) or "no")
    yield cell.number(Statistic.N_ATTEMPTS, len(fit.attempts))
    # Said where there are fewer than the methods say.
    if isinstance(fit, ImputedFit) and 1 < len(fit.fits) < COPIES:
        yield cell.number(Statistic.N_COPIES, len(fit.fits))
    yield cell.number(Statistic.LOGLIK, fit.loglik, format="0.000")
    for row in fit.covariance_parameters.to_dict("records"):
        own = cell.at(arm=row["group"] if row["group"] in ARMS else "", level=str(row["parameter"]))
        # As of the variance of a visit at which an arm has one patient, whom its own mean fits exactly (MM-17).
        if np.isnan(row["estimate"]):
            yield own.text(Statistic.NOT_IDENTIFIED, "nothing_tells")
        else:
            yield own.number(Statistic.COVARIANCE_PARAMETER, row["estimate"], format="0.0000")


def near_rows(cell: Cell, data: ModelData, settings: Analysis) -> Iterator[Row]:
    """Patients measured near each declared day; of an outcome without a model too, whose reader sees who was."""
    for day in settings.days:
        for arm in ARMS:
            yield cell.at(day=day, arm=arm).number(Statistic.N_MEASURED, len(near_day(data, arm, day, settings)))


def contrast_rows(cell: Cell, data: ModelData, fitted: Fitted, settings: Analysis) -> Iterator[Row]:
    """Treated minus historical and the arms' means at each declared day, or why not at that day."""
    yield from near_rows(cell, data, settings)
    for day in settings.days:
        reason = reason_against_contrast(data, fitted.mean, day, settings)
        try:
            rows = [] if reason else [*_difference_rows(cell, data, fitted, day, settings)]
        except FAILURES:
            rows, reason = [], "df_too_small"
        if reason:
            yield cell.at(day=day).text(Statistic.NOT_ESTIMABLE, reason)
        yield from rows


def _difference_rows(cell: Cell, data: ModelData, fitted: Fitted, day: int, settings: Analysis) -> Iterator[Row]:
    # The row of L that is treated minus historical at the day, everything else equal.
    L = difference_rows(fitted.answers, fitted.mean, [day])
    contrast = fitted.answers.contrasts(L, fitted.df_method, settings.level)[0]
    here = cell.at(day=day, contrast=CONTRAST)
    yield from estimate_rows(here, contrast, data)
    yield from _forest_rows(here, contrast, data)
    yield from _spread_rows(cell, data, day, settings.visit_window_days)
    # Both arms at the same covariates, so that the means differ by the contrast.
    at = {TREATED: [0.0, 1.0], fitted.mean.time: fitted.mean.moments([day]), **_covariate_means(data, fitted)}
    means = fitted.answers.marginal_means(at, (), fitted.df_method, settings.level).table
    for row in means.to_dict("records"):
        here = cell.at(day=day, arm="treated" if row[TREATED] else "historical")
        for name, column in ((Statistic.MEAN, "estimate"), (Statistic.LOWER, "lower"), (Statistic.UPPER, "upper")):
            value = mean_of(row[column], data.outcome.scale)
            yield here.number(name, value, data.outcome.unit, mean_format(data.outcome))


def estimate_rows(here: Cell, contrast: Contrast, data: ModelData, per: str = "") -> Iterator[Row]:
    """A difference as it is printed and on the model scale, with its uncertainty; per: '/d' for a slope."""
    unit, shown = effect_unit(data.outcome)
    shown = one_more_decimal(shown) if per else shown
    for name in INTERVAL:
        yield here.number(name, effect_of(getattr(contrast, name), data.outcome.scale), unit + per, shown)
    model_scale = error_unit(data.outcome) + per, one_more_decimal(shown)
    yield here.number(Statistic.ESTIMATE_MODEL_SCALE, contrast.estimate, *model_scale)
    yield here.number(Statistic.STANDARD_ERROR, contrast.standard_error, *model_scale)
    yield here.number(Statistic.DF, contrast.df, format="0.0")
    yield here.number(Statistic.P_VALUE, contrast.p_value, format="p")


def _spread_rows(cell: Cell, data: ModelData, day: int, window: int) -> Iterator[Row]:
    """Standard deviation, on the model scale, of the historical patients near a day, and how many they are."""
    spread, n = spread_near(data, day, window)
    if spread > 0:
        here = cell.at(analysis=AnalysisKey.SPREAD, method="", arm="historical", day=day)
        yield here.number(
            Statistic.SD, spread, error_unit(data.outcome), one_more_decimal(effect_unit(data.outcome)[1])
        )
        yield here.number(Statistic.N_SUBJECTS, n)


def spread_near(data: ModelData, day: int, window: int) -> tuple[float, int]:
    """Standard deviation (model scale) and number of the historical patients near a day, each one's nearest value.

    nan where a value lies beyond a limit, since the deviation is then not known, or fewer than two are there.
    """
    own = data.frame.loc[data.frame["arm"] == "historical"].assign(apart=(data.frame["day"] - day).abs())
    near = own.loc[own["apart"] <= window].sort_values(["subject", "apart", "day"]).drop_duplicates("subject")
    return (spread_of(near["y"]) if near["y"].notna().all() else float("nan")), len(near)


def _forest_rows(here: Cell, contrast: Contrast, data: ModelData) -> Iterator[Row]:
    """The same in standard deviations at baseline, so that outcomes can stand side by side."""
    if data.baseline_sd > 0:
        forest = here.at(analysis=AnalysisKey.FOREST)
        for name in INTERVAL:
            yield forest.number(name, getattr(contrast, name) / data.baseline_sd, "SD", "0.00")


def curve_rows(
    cell: Cell, data: ModelData, fitted: Fitted, settings: Analysis, horizon_days: int, seed: int
) -> Iterator[Row]:
    """Model means per arm over the days that the arm was observed: a curve is not drawn past its last patient."""
    for arm in ARMS:
        own = data.frame.loc[data.frame["arm"] == arm, "day"]
        # Whole days between the first and the last response of the arm.
        days = _between(int(own.min()), min(int(own.max()), horizon_days), horizon_days)
        moments = fitted.mean.moments_of(arm, days)
        if not moments:
            continue
        at = {TREATED: [float(arm == "treated")], **_covariate_means(data, fitted)}
        try:
            table = fitted.answers.trajectory(
                {fitted.mean.time: moments}, (), at, fitted.df_method, settings.level, seed
            ).table
        except FAILURES:
            continue
        yield from _band_rows(cell, data, arm, table.assign(day=table[fitted.mean.time].astype(float)))
    yield from _difference_curve_rows(cell, data, fitted, settings, (horizon_days, seed))


def _between(first: int, last: int, horizon_days: int) -> list[int]:
    """The days told between two days, and these."""
    return (
        sorted({first, *(day for day in told_days(horizon_days) if first < day < last), last}) if first <= last else []
    )


def _difference_curve_rows(
    cell: Cell, data: ModelData, fitted: Fitted, settings: Analysis, horizon_and_seed: tuple[int, int]
) -> Iterator[Row]:
    """Treated minus historical on the days told on which both arms were still, or already, observed (MM-26).

    Of censored models by Wald, as their means are: a profile a day would take minutes. The declared days keep their
    profile interval in the mixed model's own rows.
    """
    observed = data.frame.groupby("arm")["day"].agg(["min", "max"])
    horizon_days, seed = horizon_and_seed
    days = _between(int(observed["min"].max()), int(observed["max"].min()), horizon_days)
    moments = fitted.mean.moments([day for day in days if not fitted.mean.visits or day in fitted.mean.shared_visits])
    if not moments:
        return
    at = {fitted.mean.time: moments}
    try:
        table = fitted.answers.difference(TREATED, (1.0, 0.0), at, fitted.df_method, settings.level, seed).table
    except FAILURES:
        return
    unit, shown = effect_unit(data.outcome)
    for row in table.to_dict("records"):
        here = cell.at(analysis=AnalysisKey.TRAJECTORY, day=float(row[fitted.mean.time]), contrast=CONTRAST)
        for statistic, column in {Statistic.ESTIMATE: "estimate", **BANDS}.items():
            yield here.number(statistic, effect_of(row[column], data.outcome.scale), unit, shown)


def _band_rows(cell: Cell, data: ModelData, arm: str, table: pd.DataFrame) -> Iterator[Row]:
    columns = {Statistic.MEAN: "estimate", **BANDS}
    shown = mean_format(data.outcome)
    for row in table.to_dict("records"):
        here = cell.at(analysis=AnalysisKey.TRAJECTORY, arm=arm, day=row["day"])
        for statistic, column in columns.items():
            yield here.number(statistic, mean_of(row[column], data.outcome.scale), data.outcome.unit, shown)


def _covariate_means(data: ModelData, fitted: Fitted) -> dict[str, list[float]]:
    """Each covariate at its (weighted) mean over patients (not rows: the sicker are measured more)."""
    # Covariates are constant within a patient.
    per_patient = data.frame.drop_duplicates("subject")
    weights = None if fitted.weights is None else fitted.weights.reindex(per_patient["subject"]).to_numpy()
    return {name: [float(np.average(per_patient[name], weights=weights))] for name in data.covariates}


def one_more_decimal(shown: str) -> str:
    """One decimal more, for standard errors."""
    return shown + "0" if "." in shown else shown + ".0"
