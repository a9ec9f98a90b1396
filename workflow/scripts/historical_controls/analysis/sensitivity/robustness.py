"""What would overturn each outcome's answer without another scenario: one patient, the unobserved, time before zero."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.contrast import answered
from historical_controls.analysis.model.fit_rows import Row
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.model_data import model_data
from historical_controls.analysis.sensitivity.leave_one_out import leave_one_out_rows
from historical_controls.analysis.sensitivity.placebo_time import placebo_rows
from historical_controls.analysis.sensitivity.tipping_point import tipping_rows
from historical_controls.analysis.without_model.sample import sample
from historical_controls.ard.rows import ard_frame
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.dictionary.dictionary import Dictionary


def robustness(
    codes: Iterable[str],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    observations: pd.DataFrame,
    settings: Analysis,
    asked: Sensitivity,
    dictionary: Dictionary,
    primary: Primary,
    seed: int,
    compared: Comparison,
) -> pd.DataFrame:
    """ARD rows 14.2.13 to 14.2.15 and 15.14 of the primary scenario, at the primary day.

    patients, visits, observations: tables cohort_patients, visits and observations. An outcome without an estimate has
    no rows: its reason stands with its analysis. A day without a contrast says so.
    """
    people = compared.of(patients)
    who = sample(people, visits, settings, compared, seed)
    shown = dict(zip(who.patients["subject"], who.patients["display_id"], strict=True))
    before = dict(list(observations.loc[observations["hours"] <= 0].groupby("outcome")))
    rows: list[Row] = []
    for code in codes:
        data = model_data(dictionary.outcomes[code], people, visits, settings, dictionary)
        if reason_against(data, settings, compared.refusal) is None:
            own = before.get(code, observations.iloc[:0])
            rows += placebo_rows(data, own, who, asked.placebo_days)
        found = answered(data, settings, [primary.day], compared.weights, compared.refusal)
        if isinstance(found, str):
            continue
        if asked.leave_one_out:
            rows += leave_one_out_rows(found, primary.day, settings, compared, shown, asked.leave_one_out_most)
        headline = code in (primary.outcome, *primary.key_secondary)
        rows += tipping_rows(found, primary.day, settings, people, compared.weights, asked.tipping.steps, headline)
    return ard_frame(rows)
