"""Every registered outcome: was it measured, in which arm, and how was it analysed, or why not (output 14.1.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.dictionary.dictionary import Outcome

Counts = Mapping[str, tuple[int, int]]
CELL = Cell(AnalysisKey.COMPLETENESS, "primary")
# What an outcome with a p-value of this analysis is; the first that applies.
ANALYSED = {
    AnalysisKey.MIXED_MODEL: "analysed",
    AnalysisKey.RANK_TEST: "ranks_only",
    AnalysisKey.DETECTION: "detection_only",
}
# Reasons of the analysis that are states of the data; any other one is a comparison that could not be made.
STATES = {
    "no_data": "no_data",
    "no_control_data": "treated_only",
    "no_controls": "treated_only",
    "no_treated_data": "historical_only",
    "assays_differ": "assays_differ",
}


def completeness(ard: pd.DataFrame, inputs: AnalysisInputs, observations: pd.DataFrame) -> pd.DataFrame:
    """ARD rows of all registered outcomes of the dictionary, in their order.

    ard: the rows of the outcomes analysed; the others are not analysed by declaration. observations: table
    observations. Values count per patient and day, results singly; of events, the patients of sources that record any,
    and the events.
    """
    patients, dictionary = inputs.patients, inputs.dictionary
    included = patients.loc[patients["included"].fillna(False).astype(bool), [*PERSON]]
    # In the registry's order, whatever the order of the dictionary.
    registered = sorted((o for o in dictionary.outcomes.values() if o.registered), key=lambda o: o.registered or 0)
    rows: list[Row] = []
    for outcome in registered:
        table = inputs.visits if outcome.kind == "number" else observations
        own = table.loc[table["outcome"] == outcome.code]
        counts = _event_counts(ard, outcome) if outcome.kind == "event" else _counts(own.merge(included, on=PERSON))
        rows += _outcome_rows(outcome, counts, ard, inputs.settings.not_concluded)
    return ard_frame(rows)


def _counts(own: pd.DataFrame) -> Counts:
    """Patients with values, and values, by arm."""
    by_arm = {arm: own.loc[own["arm"] == arm] for arm in ARMS}
    return {arm: (len(rows.drop_duplicates(PERSON)), len(rows)) for arm, rows in by_arm.items()}


def _event_counts(ard: pd.DataFrame, outcome: Outcome) -> Counts:
    """Patients whose source records such events, and events, by arm: none of five is a finding, no record is none."""
    rows = ard.loc[
        (ard["outcome"] == outcome.code) & (ard["output_id"] == OutputId.ADVERSE_EVENTS) & (ard["level"] == "any")
    ]
    # A difference between the arms, which there is where both record such events, counts its patients by arm as well.
    rows = rows.loc[rows["contrast"] == ""]
    counts = rows.set_index(["arm", "statistic"])["value"]
    names = (Statistic.N_SUBJECTS, Statistic.N_EVENTS)
    return {arm: (int(counts.get((arm, names[0]), 0)), int(counts.get((arm, names[1]), 0))) for arm in ARMS}


def _outcome_rows(
    outcome: Outcome, counts: Counts, ard: pd.DataFrame, not_concluded: Mapping[str, str]
) -> Iterator[Row]:
    here = CELL.at(outcome=outcome.code)
    yield here.number(Statistic.REGISTERED, outcome.registered or 0)
    counted = Statistic.N_EVENTS if outcome.kind == "event" else Statistic.N_VALUES
    for arm, (n_subjects, n) in counts.items():
        yield here.at(arm=arm).number(Statistic.N_SUBJECTS, n_subjects)
        yield here.at(arm=arm).number(counted, n)
    state, how = state_of(outcome, counts, ard.loc[ard["outcome"] == outcome.code], not_concluded)
    yield here.text(Statistic.STATE, state)
    yield here.text(Statistic.HOW, how)


def state_of(outcome: Outcome, counts: Counts, own: pd.DataFrame, not_concluded: Mapping[str, str]) -> tuple[str, str]:
    """State and way of the analysis of one outcome; own: its rows of the results table."""
    # An outcome that the config does not list has no rows at all.
    if own.empty:
        return "declared", "not_listed"
    if outcome.code in not_concluded:
        return "declared", not_concluded[outcome.code]
    if outcome.kind != "number":
        measured = [arm for arm in ARMS if counts[arm][0]]
        return {0: "no_data", 1: f"{measured[0]}_only" if measured else "", 2: "events"}[len(measured)], "events"
    reason = _text(own, Statistic.NOT_ESTIMABLE)
    # These say something about the data themselves, whatever analysis was declared.
    if reason in STATES:
        return STATES[reason], "not_compared"
    for analysis, state in ANALYSED.items():
        rows = own.loc[(own["analysis"] == analysis) & (own["statistic"] == Statistic.P_VALUE)]
        if len(rows):
            return state, _model_of(own) if analysis is AnalysisKey.MIXED_MODEL else str(analysis)
    return "not_estimable", reason or "too_few_patients_at_day"


def _model_of(own: pd.DataFrame) -> str:
    censored = own.loc[own["statistic"] == Statistic.SHARE_CENSORED, "value"]
    # Half-limit values are numbers: the model that they enter is not the censored one.
    substituted = _text(own, Statistic.LIMITS) is not None
    return "censored_mixed_model" if (censored > 0).any() and not substituted else "mixed_model"


def _text(own: pd.DataFrame, statistic: Statistic) -> str | None:
    """What the mixed model said of the outcome as a whole."""
    here = (own["analysis"] == AnalysisKey.MIXED_MODEL) & (own["statistic"] == statistic) & own["day"].isna()
    texts = own.loc[here & (own["level"] == ""), "text"]
    return str(texts.iloc[0]) if len(texts) else None
