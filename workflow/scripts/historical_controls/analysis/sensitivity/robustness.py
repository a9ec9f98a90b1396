"""Robustness of each outcome's answer without another scenario: one patient, the unobserved, time before zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.contrast_at_day import estimate_contrasts
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.sensitivity.leave_one_out import leave_one_out_rows
from historical_controls.analysis.sensitivity.placebo_time import placebo_rows
from historical_controls.analysis.sensitivity.tipping_point import tipping_rows
from historical_controls.ard.rows import Row, ard_frame
from historical_controls.config.analysis.sensitivity import Sensitivity


def assess_robustness(
    codes: Iterable[str], inputs: AnalysisInputs, observations: pd.DataFrame, plan: Sensitivity
) -> pd.DataFrame:
    """ARD rows 14.2.13 to 14.2.15 and 15.14 of the primary scenario, at the primary day.

    observations: table observations, up to time zero. An outcome without an estimate has no rows: its reason stands
    with its analysis. A day without a contrast says so.
    """
    before = dict(list(observations.groupby("outcome")))
    rows: list[Row] = []
    for code in codes:
        rows += _outcome_rows(code, inputs, before.get(code, observations.iloc[:0]), plan)
    return ard_frame(rows)


def _outcome_rows(code: str, inputs: AnalysisInputs, before: pd.DataFrame, plan: Sensitivity) -> Iterator[Row]:
    """before: the outcome's observations up to time zero."""
    data, settings, comparison = inputs.table(code), inputs.settings, inputs.comparison
    if reason_against(data, settings, comparison.refusal) is not None:
        return
    yield from placebo_rows(data, before, inputs.analysis_set, plan.placebo_days)
    estimates = estimate_contrasts(data, settings, [inputs.primary.day], comparison.weights, comparison.refusal)
    if isinstance(estimates, str):
        return
    if plan.leave_one_out:
        yield from leave_one_out_rows(estimates, inputs, plan.leave_one_out_most)
    yield from tipping_rows(estimates, inputs, plan.tipping.steps, inputs.is_headline(code))
