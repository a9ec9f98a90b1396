"""Each outcome from its visits to rows of the results table, or to the reason why there is no answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd

from historical_controls.analysis.copies import same_cohort_remark, same_inputs, same_people, without_copies
from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.fit_rows import contrast_rows, curve_rows, fit_rows, near_rows, tried_rows
from historical_controls.analysis.model.gates import CONSTANT, FEW_VALUES, may_be_ranked
from historical_controls.analysis.model.ladder import Refused, fit_ladder
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.model.permutation import (
    Joint,
    PermutedOutcome,
    joint_labels,
    permutation_rows,
    permute,
)
from historical_controls.analysis.model.summary_contrasts import period_rows
from historical_controls.analysis.model_checks.agreement import agreement_rows
from historical_controls.analysis.model_checks.lack_of_fit import lack_of_fit_rows
from historical_controls.analysis.model_checks.residual_rows import Checked, residual_rows
from historical_controls.analysis.without_model.description import described, description_rows
from historical_controls.analysis.without_model.limits_of_detection import limit_rows
from historical_controls.analysis.without_model.vital_status import n_at_risk
from historical_controls.analysis.without_model.while_alive import while_alive_rows
from historical_controls.analysis.without_model.win_ratio import win_ratio_rows
from historical_controls.analysis.without_model.worst_rank import agreement, headline_cell, worst_rank_rows
from historical_controls.ard.keys.analyses import AnalysisKey, output_of
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame, rows_of
from historical_controls.tables.days import told_days
from historical_controls.tables.endings import ALIVE, vital_status


@dataclass(frozen=True)
class Analysed:
    """ard: rows of the results table; statistics: table `statistics` of each outcome that was permuted."""

    ard: pd.DataFrame
    statistics: dict[str, pd.DataFrame]


def analyse_outcomes(codes: Iterable[str], inputs: AnalysisInputs) -> Analysed:
    """The analysis of these outcomes of one scenario.

    The mixed model's estimand is hypothetical: the difference if no patient had died or been discharged. Log outcomes
    are reported as ratios of geometric means, logit ones as odds ratios, with the standard error on that scale. Beside
    it are answers for those who live: while alive and in hospital, and with deaths as the worst ranks.
    """
    rows: list[Row] = []
    settings = inputs.settings
    # One label matrix for all outcomes: their joint distribution under exchange is what max-T needs (IN-13).
    joint = joint_labels(inputs.compared_patients, settings, inputs.scenario, inputs.seed, inputs.comparison.sets)
    statistics: dict[str, pd.DataFrame] = {}
    for code in codes:
        cell = _outcome_cell(code, inputs)
        rows += inputs.comparison.rows(cell)
        if settings.limits != "likelihood":
            rows.append(cell.text(Statistic.LIMITS, settings.limits))
        if inputs.single_arm:
            rows += _described_rows(cell, inputs)
        data = inputs.table(code)
        rows += _count_rows(cell, data, inputs.compared_patients, inputs.horizon_days)
        own, permuted = _model_rows(cell, data, inputs, joint)
        if permuted is not None and permuted.days:
            statistics[code] = _statistics_frame(permuted)
        rows += own
        rows += _further_rows(cell, data, own, inputs)
    return Analysed(ard_frame(rows), statistics)


def analyse_scenario(codes: Sequence[str], inputs: AnalysisInputs, primary: AnalysisInputs) -> pd.DataFrame:
    """Rows of the results table for these outcomes of a scenario written by hand.

    primary: the primary scenario. What the scenario leaves as it is there is no second answer: it says so.
    """
    if not same_people(inputs, primary):
        return analyse_outcomes(codes, inputs).ard
    if same_inputs(inputs, primary, codes):
        return ard_frame([same_cohort_remark(inputs.scenario)])
    own = analyse_outcomes(codes, inputs).ard
    # Asked as a scenario is: the primary analysis draws more labellings, whose other answer would look like a change.
    before = analyse_outcomes(codes, replace(primary, scenario="", summaries=None)).ard
    return ard_frame(without_copies(inputs.scenario, rows_of(own), rows_of(before)))


def _described_rows(cell: Cell, inputs: AnalysisInputs) -> Iterator[Row]:
    outcome = inputs.dictionary.outcomes[cell.outcome]
    # Declared by people before any data are looked at, as for comparisons.
    if outcome.kind == "number" and cell.outcome not in inputs.settings.not_concluded:
        data = described(outcome, inputs.patients, inputs.visits, inputs.settings, inputs.horizon_days)
        yield from description_rows(cell, data)


def _outcome_cell(code: str, inputs: AnalysisInputs) -> Cell:
    # Weighted estimates come from estimating equations with CR2 errors, not from a likelihood.
    method = "cr2" if inputs.weighted else "reml"
    output = output_of(AnalysisKey.MIXED_MODEL, inputs.dictionary.outcomes[code].family)
    return Cell(AnalysisKey.MIXED_MODEL, inputs.scenario, method, code, output=output)


def _model_rows(
    cell: Cell, data: ModelData, inputs: AnalysisInputs, joint: Joint | None
) -> tuple[list[Row], PermutedOutcome | None]:
    """What a fit gives and its permutation answer, or the reason for none."""
    settings, weights = inputs.settings, inputs.comparison.weights
    reason = inputs.reason_against(data)
    # joint is None where an arm is empty: there are no labels to exchange and nothing to contrast.
    if reason is not None or joint is None:
        return [*near_rows(cell, data, settings), cell.text(Statistic.NOT_ESTIMABLE, reason or "no_data")], None
    fitted = fit_ladder(data, settings, weights)
    rows = list(tried_rows(cell, fitted))
    if isinstance(fitted, Refused):
        return [*rows, *near_rows(cell, data, settings), cell.text(Statistic.NOT_ESTIMABLE, fitted.reason)], None
    rows += fit_rows(cell, fitted)
    rows += contrast_rows(cell, data, fitted, settings)
    rows += period_rows(cell, data, fitted, settings)
    if cell.scenario == "primary":  # no figure shows the curves of another
        rows += curve_rows(cell, data, fitted, settings, inputs.horizon_days, inputs.seed)
        # Of every outcome: a job does not know which are key secondary, so that their list may change without a rerun.
        rows += residual_rows(cell, Checked(fitted.fit, data.outcome, settings))
    if inputs.weighted:
        return [
            *rows,
            cell.at(analysis=AnalysisKey.PERMUTATION, method="studentised").text(Statistic.NOT_PERMUTED, "weighted"),
        ], None
    permuted = permute(data, fitted, settings, joint)
    rows += permutation_rows(cell, data, permuted)
    if cell.scenario == "primary":
        rows += agreement_rows(cell, data, fitted, permuted, settings)
        rows += lack_of_fit_rows(cell, fitted, settings)
    return rows, permuted


def _statistics_frame(permuted: PermutedOutcome) -> pd.DataFrame:
    frame = pd.DataFrame(permuted.statistics, columns=[f"day {day}" for day in permuted.days])
    # The number of the labelling: rows of all outcomes are matched by it.
    return frame.assign(permutation=range(len(frame)))


def _further_rows(cell: Cell, data: ModelData, model_rows: list[Row], inputs: AnalysisInputs) -> Iterator[Row]:
    """The answers without a mixed model, under the same gates: ranks where limits of detection leave no mean,
    while-alive summaries, the death-aware answer and whether it agrees with the model's, and the win ratio.
    """
    analysis_set, primary, code = inputs.analysis_set, inputs.primary, data.outcome.code
    reason = inputs.reason_against(data)
    yield from limit_rows(cell, data, analysis_set, reason)
    ranked = _ranked_rows(cell, data, inputs, reason)
    yield from ranked
    if reason not in (None, *CONSTANT) or inputs.comparison.refusal is not None:
        return
    yield from while_alive_rows(cell, data, analysis_set)
    verdict = agreement([*model_rows, *ranked], data.outcome, primary.day)
    # Of other outcomes no sentence says both answers, so that none has to say whether they agree.
    if inputs.is_headline(code) and verdict:
        yield headline_cell(cell).at(day=primary.day).text(Statistic.AGREEMENT, verdict)
    if code == primary.outcome and inputs.summaries is not None:
        yield from win_ratio_rows(cell, analysis_set, inputs.summaries, inputs.dictionary, primary)


def _ranked_rows(cell: Cell, data: ModelData, inputs: AnalysisInputs, reason: str | None) -> list[Row]:
    """The death-aware answer, which needs no mean: of too few values the days alone at which deaths settle the ranks.

    reason: why no mean is modelled, if so. Ranks are no way around a gate that refuses the comparison.
    """
    if not may_be_ranked(reason, data, inputs.settings) or inputs.comparison.refusal is not None:
        return []
    rows = worst_rank_rows(cell, data.outcome, inputs.analysis_set, inputs.primary)
    if reason not in FEW_VALUES:
        return rows
    answered = {row["day"] for row in rows if row["statistic"] == Statistic.PROBABILITY}
    return [row for row in rows if row["day"] in answered and _settled_by_deaths(row["day"], data, inputs)]


def _settled_by_deaths(day: Any, data: ModelData, inputs: AnalysisInputs) -> bool:
    """Whether an arm is short of values because patients died: of those alive at the day nearly all have a response."""
    people = inputs.analysis_set.patients
    living = people.loc[vital_status(people, day) == ALIVE]
    lacking = ~living["subject"].isin(data.frame.loc[data.frame["day"] <= day, "subject"])
    return not bool((lacking.groupby(living["arm"]).mean() > inputs.settings.max_share_unmeasured).any())


def _count_rows(cell: Cell, data: ModelData, patients: pd.DataFrame, horizon_days: int) -> Iterator[Row]:
    """Patients and values that entered, and per day who could be measured and who was."""
    for arm in ARMS:
        here = cell.at(arm=arm)
        own = data.frame.loc[data.frame["arm"] == arm]
        yield here.number(Statistic.N_SUBJECTS, own["subject"].nunique())
        yield here.number(Statistic.N_VALUES, len(own))
        yield from _risk_rows(cell, arm, own, patients, horizon_days)
    for name, count in data.imputed.items():
        yield cell.at(level=name).number(Statistic.N_IMPUTED, count)
    for name, why in data.left_out.items():
        yield cell.at(level=name).text(Statistic.COVARIATE_LEFT_OUT, why)
    if data.n_at_limit:
        yield cell.at(level="baseline").number(Statistic.N_AT_LIMIT, data.n_at_limit)
    if len(data.frame):
        yield cell.number(Statistic.SHARE_CENSORED, data.share_beyond, format="percent")


def _risk_rows(cell: Cell, arm: str, own: pd.DataFrame, patients: pd.DataFrame, horizon_days: int) -> Iterator[Row]:
    """At risk on a day: alive and in hospital when it begins, that is, followed for more than day - 1 days.

    Over years, days are told by steps: at risk at any time since the day told before, and measured since then.
    """
    included = patients.loc[patients["included"].fillna(False).astype(bool) & (patients["arm"] == arm)]
    for before, day in pairwise(told_days(horizon_days)):
        here = cell.at(analysis=AnalysisKey.AT_RISK, method="", arm=arm, day=day)
        measured = own.loc[own["day"].between(before, day, inclusive="right"), "subject"]
        yield here.number(Statistic.N_AT_RISK, n_at_risk(included["end_day"], before + 1))
        yield here.number(Statistic.N_MEASURED, measured.nunique())
