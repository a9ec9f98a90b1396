"""Table `eligibility`: each rule for each patient at the hour that decides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.eligibility.rules import evidence, judge_rules
from historical_controls.cohort.eligibility.time_zero import Decisions, moments_at
from historical_controls.cohort.records.kleene import WORDS
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import timestamps
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.tables.registry import ELIGIBILITY


def eligibility_rows(records: PatientRecords, decided: Decisions, cohort: Cohort, arm: str) -> pd.DataFrame:
    """Rows of table `eligibility` but for the scenario; a patient without any candidate hour has unknown states."""
    moments = moments_at(decided.judged_at)
    states = judge_rules(cohort.rules, moments, records)
    frames = []
    for position, (name, rule) in enumerate(cohort.rules.items(), start=1):
        if rule.applies_to in ("both", arm):
            # 0 is UNKNOWN, for patients without an hour to judge.
            state = np.zeros(len(records), dtype=np.int8)
            state[moments.patient] = states[name]
            number = np.full(len(records), np.nan)
            number[moments.patient] = evidence(rule, moments, records)
            frames.append(_of_rule(records, decided, name, position, state, number))
    return pd.concat(frames, ignore_index=True) if frames else ELIGIBILITY.empty().drop(columns="scenario")


def _of_rule(
    records: PatientRecords,
    decided: Decisions,
    name: str,
    position: int,
    state: np.ndarray,
    number: np.ndarray,
) -> pd.DataFrame:
    people = records.people
    return pd.DataFrame(
        {
            "source": people["source"],
            "patient_id": people["patient_id"],
            "arm": people["arm"],
            "rule": name,
            "position": position,
            "state": pd.Series(state).map(WORDS),
            "ever": pd.Series(decided.ever[name]).map(WORDS),
            "evaluated_at": timestamps(decided.judged_at),
            "evidence": number,
        }
    )
