"""Rows of output 14.1.2: every rule for every treated patient, and for how many of each arm it held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.config.cohort.rules import EventRule, RatioRule, Rule, ThresholdRule
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.text.display_order import by_display_id

STATES = ("true", "false", "unknown")


def eligibility_ard(eligibility: pd.DataFrame, patients: pd.DataFrame, inputs: CohortInputs) -> pd.DataFrame:
    """States and deciding values of the treated by display id; counts of states by arm (tables of this stage)."""
    # The rules as judged: readings change their limits, and with them the decimals printed.
    rules, scenario = inputs.cohort.as_read().rules, inputs.scenario
    ids = patients.loc[patients["arm"] == "treated", ["source", "patient_id", "display_id"]]
    own = eligibility[eligibility["arm"] == "treated"].merge(ids, on=["source", "patient_id"])
    # Excluded patients have no display id, and no other id may be printed.
    shown = own[own["display_id"] != ""].sort_values(["display_id", "position"], key=by_display_id, ignore_index=True)
    return ard_frame([*_matrix(shown, rules, inputs.dictionary, scenario), *_counts(eligibility, scenario)])


def _matrix(shown: pd.DataFrame, rules: Mapping[str, Rule], dictionary: Dictionary, scenario: str) -> Iterator[Row]:
    columns = (shown[name] for name in ("display_id", "rule", "state", "evidence"))
    for patient, rule, state, evidence in zip(*columns, strict=True):
        cell = Cell(AnalysisKey.ELIGIBILITY, scenario, arm="treated", level=patient, contrast=rule)
        yield cell.text(Statistic.STATE, state)
        printed = _printed(rules[rule], dictionary)
        if printed is not None and pd.notna(evidence):
            yield cell.number(Statistic.EVIDENCE, evidence, *printed)


def _printed(rule: Rule, dictionary: Dictionary) -> tuple[str, str] | None:
    """Unit and format of the deciding value; None where it may not be shown (an exact age) or there is none."""
    match rule:
        case ThresholdRule():
            outcome = dictionary.outcomes[rule.outcome]
            return outcome.unit, "0" if not outcome.decimals else f"0.{'0' * outcome.decimals}"
        case RatioRule():
            return "ratio", "0.00"
        case EventRule():
            return "h", "0"
    return None


def _counts(eligibility: pd.DataFrame, scenario: str) -> Iterator[Row]:
    for arm in ARMS:
        own = eligibility[eligibility["arm"] == arm]
        for rule, part in own.groupby("rule", sort=False):
            cell = Cell(AnalysisKey.ELIGIBILITY_COUNTS, scenario, population="all", arm=arm, contrast=str(rule))
            for state in STATES:
                yield cell.at(level=state).number(Statistic.COUNT, int((part["state"] == state).sum()))
                yield cell.at(level=state).number(Statistic.EVER, int((part["ever"] == state).sum()))
