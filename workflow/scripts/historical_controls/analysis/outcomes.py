"""Each outcome from its visits to rows of the results table: contrasts, means, curves, counts, or the reason for none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from ..ard import Cell, ard_frame
from ..config import Analysis
from ..dictionary import Dictionary, Outcome
from ..mixed_model import MixedModelFit, ModelError
from .gates import reason_against, reason_against_day
from .ladder import LadderFit, climb_down
from .model_data import ARMS, ModelData, from_scale, model_data

Row = dict[str, object]
CONTRAST = "treated - historical"
LEVELS = ("treated", "historical")
OUTPUTS = {
    "respiratory": "14.2.2",
    "vital": "14.2.3",
    "haematology": "14.2.4",
    "coagulation": "14.2.4",
    "inflammation": "14.2.5",
    "cytokine": "14.2.6",
    "imaging": "14.2.7",
    "cell": "14.2.8",
    "virology": "14.2.9",
}


def analyse_outcomes(
    codes: Iterable[str],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    settings: Analysis,
    dictionary: Dictionary,
    scenario: str,
    horizon_days: int,
    seed: int,
) -> pd.DataFrame:
    """ARD rows of the mixed-model analysis of these outcomes (patients: cohort_patients; visits: table visits).

    The estimand is hypothetical: the difference had nobody died or gone home. Log outcomes are reported as ratios of
    geometric means, with the standard error on the log scale.
    """
    rows: list[Row] = []
    for code in codes:
        outcome = dictionary.outcomes[code]
        rows += _outcome_rows(outcome, patients, visits, settings, dictionary, scenario, horizon_days, seed)
    return ard_frame(rows)


def _outcome_rows(
    outcome: Outcome,
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    settings: Analysis,
    dictionary: Dictionary,
    scenario: str,
    horizon_days: int,
    seed: int,
) -> Iterator[Row]:
    cell = Cell(OUTPUTS.get(outcome.family, "14.2.10"), scenario, "mixed_model", method="reml", outcome=outcome.code)
    data = model_data(outcome, patients, visits, settings, dictionary)
    yield from _count_rows(cell, data, patients, horizon_days)
    reason = reason_against(data, settings)
    if reason is not None:
        yield cell.text("not_estimable", reason)
        return
    found = climb_down(data, settings)
    yield from _ladder_rows(cell, found, settings)
    if found.fit is None:
        yield cell.text("not_estimable", found.reason)
        return
    yield from _contrast_rows(cell, data, found.fit, settings)
    yield from _curve_rows(cell, data, found.fit, settings, horizon_days, seed)


def _count_rows(cell: Cell, data: ModelData, patients: pd.DataFrame, horizon_days: int) -> Iterator[Row]:
    """Patients and values that entered, and per day who could be measured and who was."""
    for arm in ARMS:
        here = cell.at(arm=arm)
        own = data.frame.loc[data.frame["arm"] == arm]
        yield here.number("n_subjects", own["subject"].nunique())
        yield here.number("n_values", len(own))
        yield from _risk_rows(cell, arm, own, patients, horizon_days)
    for name, count in data.imputed.items():
        yield cell.at(level=name.removeprefix("x_")).number("n_imputed", count)
    if len(data.frame):
        yield cell.number("share_censored", data.share_censored(), format="percent")


def _risk_rows(cell: Cell, arm: str, own: pd.DataFrame, patients: pd.DataFrame, horizon_days: int) -> Iterator[Row]:
    """At risk on a day: alive and in hospital when it begins, that is, followed for more than day - 1 days."""
    included = patients.loc[patients["included"].fillna(False).astype(bool) & (patients["arm"] == arm)]
    measured = own.groupby("day")["subject"].nunique()
    for day in range(1, horizon_days + 1):
        here = cell.at(output_id="15.5", analysis="at_risk", method="", arm=arm, day=day)
        yield here.number("n_at_risk", int((included["end_day"] > day - 1).sum()))
        yield here.number("n_measured", int(measured.get(day, 0)))


def _ladder_rows(cell: Cell, found: LadderFit, settings: Analysis) -> Iterator[Row]:
    """How the fit came about. Convergence is data."""
    for rung, why in found.tried:
        yield cell.at(level=rung).text("left_because", why)
    yield cell.text("converged", "no" if found.fit is None else "yes")
    if found.fit is None:
        return
    yield cell.text("covariance_rung", found.rung)
    yield cell.text("df_method", settings.df_method)
    yield cell.text("singular", "; ".join(found.fit.singular) or "no")
    yield cell.number("n_attempts", len(found.fit.attempts))
    yield cell.number("loglik", found.fit.loglik, format="0.000")
    for row in found.fit.covariance_parameters.itertuples():
        level = f"{row.group}: {row.parameter}" if str(row.group) not in ("", "all") else str(row.parameter)
        yield cell.at(level=level).number("covariance_parameter", float(str(row.estimate)), format="0.0000")


def _contrast_rows(cell: Cell, data: ModelData, fit: MixedModelFit, settings: Analysis) -> Iterator[Row]:
    for day in settings.days:
        here = cell.at(day=day, contrast=CONTRAST)
        reason = reason_against_day(data, day, settings)
        if reason is not None:
            yield cell.at(day=day).text("not_estimable", reason)
            continue
        try:
            table = fit.difference("arm", LEVELS, {"day": [day]}, settings.df_method, settings.level).table
        except ModelError:
            yield cell.at(day=day).text("not_estimable", "df_too_small")
            continue
        yield from _estimate_rows(here, data, table.iloc[0])
        yield from _mean_rows(cell, data, fit, day, settings)


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


def _mean_rows(cell: Cell, data: ModelData, fit: MixedModelFit, day: int, settings: Analysis) -> Iterator[Row]:
    at = {"day": [day], **_covariate_means(data)}
    table = fit.marginal_means(at, "arm", settings.df_method, settings.level).table
    for row in table.to_dict("records"):
        here = cell.at(day=day, arm=row["arm"])
        for name, column in (("mean", "estimate"), ("lower", "lower"), ("upper", "upper")):
            yield here.number(name, from_scale(row[column], data.outcome), data.outcome.unit, decimals(data.outcome))


def _curve_rows(
    cell: Cell, data: ModelData, fit: MixedModelFit, settings: Analysis, horizon_days: int, seed: int
) -> Iterator[Row]:
    """Model means per arm over the days that the arm was observed: a curve is not drawn past its last patient."""
    for arm in ARMS:
        own = data.frame.loc[data.frame["arm"] == arm, "day"]
        days = list(range(int(own.min()), min(int(own.max()), horizon_days) + 1))
        at = {"arm": [arm], **_covariate_means(data)}
        try:
            table = fit.trajectory(days, (), at, "day", settings.df_method, settings.level, seed).table
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


def _covariate_means(data: ModelData) -> dict[str, list[float]]:
    """Each covariate at its mean over patients (not rows: the sicker are measured more)."""
    per_patient = data.frame.drop_duplicates("subject")
    return {name: [float(per_patient[name].mean())] for name in data.covariates}


def decimals(outcome: Outcome) -> str:
    """How a mean of this outcome is printed."""
    return f"{0:.{outcome.decimals}f}"


def more(shown: str) -> str:
    """One decimal more, for standard errors."""
    return shown + "0" if "." in shown else shown + ".0"
