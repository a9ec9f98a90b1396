"""Each outcome from its visits to rows of the results table, or to the reason why there is no answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.fit_rows import Row, contrast_rows, curve_rows, fit_rows, tried_rows
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.ladder import Refused, climb_down
from historical_controls.analysis.model.model_data import ARMS, ModelData, model_data
from historical_controls.analysis.model.permutation import (
    Joint,
    PermutedOutcome,
    joint_labels,
    permutation_rows,
    permute,
)
from historical_controls.analysis.model.summary_contrasts import period_rows
from historical_controls.analysis.without_model.limits_of_detection import limit_rows
from historical_controls.analysis.without_model.sample import Sample, sample
from historical_controls.analysis.without_model.while_alive import while_alive_rows
from historical_controls.analysis.without_model.win_ratio import win_ratio_rows
from historical_controls.analysis.without_model.worst_rank import agreement, headline_cell, worst_rank_rows
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary

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


@dataclass(frozen=True)
class Analysed:
    """ard: rows of the results table; statistics: table `statistics` of each outcome that was permuted."""

    ard: pd.DataFrame
    statistics: dict[str, pd.DataFrame]


def analyse_outcomes(
    codes: Iterable[str],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    settings: Analysis,
    dictionary: Dictionary,
    primary: Primary,
    scenario: str,
    horizon_days: int,
    seed: int,
    compared: Comparison,
    summaries: pd.DataFrame | None = None,
) -> Analysed:
    """The analysis of these outcomes (tables cohort_patients, visits, patient_summaries; without the last one there
    is no win ratio).

    The mixed model's estimand is hypothetical: the difference had nobody died or gone home. Log outcomes are reported
    as ratios of geometric means, logit ones as odds ratios, with the standard error on that scale. Beside it stand
    answers for those who live: while alive and in hospital, and with deaths as the worst ranks.
    """
    rows: list[Row] = []
    patients = compared.of(patients)
    who = sample(patients, visits, settings, compared, seed)
    method = "reml" if compared.weights is None else "cr2"
    joint = joint_labels(patients, settings, scenario, seed, compared.sets)
    kept: dict[str, pd.DataFrame] = {}
    for code in codes:
        outcome = dictionary.outcomes[code]
        cell = Cell(OUTPUTS.get(outcome.family, "14.2.10"), scenario, "mixed_model", method=method, outcome=code)
        rows += compared.rows(cell)
        if settings.limits != "likelihood":
            rows.append(cell.text("limits", settings.limits))
        data = model_data(outcome, patients, visits, settings, dictionary)
        rows += _count_rows(cell, data, patients, horizon_days)
        own, permuted = _answer(cell, data, settings, horizon_days, seed, joint, compared)
        if permuted is not None:
            kept[code] = _statistics_frame(permuted)
        reason = reason_against(data, settings, compared.refusal)
        own += _beside_rows(cell, data, own, who, primary, reason)
        if code == primary.outcome and summaries is not None and reason is None:
            own += win_ratio_rows(cell, who, summaries, dictionary, primary)
        rows += own
    return Analysed(ard_frame(rows), kept)


def _answer(
    cell: Cell,
    data: ModelData,
    settings: Analysis,
    horizon_days: int,
    seed: int,
    joint: Joint | None,
    compared: Comparison,
) -> tuple[list[Row], PermutedOutcome | None]:
    """What a fit gives and its permutation answer, or the reason for none."""
    reason = reason_against(data, settings, compared.refusal)
    if reason is not None or joint is None:
        return [cell.text("not_estimable", reason or "no_data")], None
    found = climb_down(data, settings, compared.weights)
    rows = list(tried_rows(cell, found))
    if isinstance(found, Refused):
        return [*rows, cell.text("not_estimable", found.reason)], None
    rows += fit_rows(cell, found)
    rows += contrast_rows(cell, data, found, settings)
    rows += period_rows(cell, data, found, settings)
    if cell.scenario == "primary":  # no figure shows the curves of another
        rows += curve_rows(cell, data, found, settings, horizon_days, seed)
    if compared.weights is not None:
        return [*rows, cell.at(analysis="permutation", method="studentised").text("not_permuted", "weighted")], None
    permuted = permute(data, found, settings, joint)
    return [*rows, *permutation_rows(cell, data, permuted)], permuted


def _statistics_frame(permuted: PermutedOutcome) -> pd.DataFrame:
    frame = pd.DataFrame(permuted.statistics, columns=[f"day {day}" for day in permuted.days])
    return frame.assign(permutation=range(len(frame)))


def _beside_rows(
    cell: Cell, data: ModelData, own: list[Row], who: Sample, primary: Primary, reason: str | None
) -> Iterator[Row]:
    """What stands beside the mixed model under the same gates: the death-aware answer, whether it agrees with the
    model's at the primary day, while-alive summaries, and ranks where limits of detection leave no mean.
    """
    yield from limit_rows(cell, data, who, reason)
    if reason is not None:
        return
    yield from while_alive_rows(cell, data, who)
    ranked = worst_rank_rows(cell, data.outcome, who, primary)
    yield from ranked
    headline = data.outcome.code in (primary.outcome, *primary.key_secondary)
    verdict = agreement([*own, *ranked], data.outcome, primary.day)
    if headline and verdict:
        yield headline_cell(cell).at(day=primary.day).text("agreement", verdict)


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
        yield cell.number("share_censored", data.share_beyond, format="percent")


def _risk_rows(cell: Cell, arm: str, own: pd.DataFrame, patients: pd.DataFrame, horizon_days: int) -> Iterator[Row]:
    """At risk on a day: alive and in hospital when it begins, that is, followed for more than day - 1 days."""
    included = patients.loc[patients["included"].fillna(False).astype(bool) & (patients["arm"] == arm)]
    measured = own.groupby("day")["subject"].nunique()
    for day in range(1, horizon_days + 1):
        here = cell.at(output_id="15.5", analysis="at_risk", method="", arm=arm, day=day)
        yield here.number("n_at_risk", int((included["end_day"] > day - 1).sum()))
        yield here.number("n_measured", int(measured.get(day, 0)))
