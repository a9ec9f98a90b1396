"""Measurements and events of included patients on the axis of hours since time zero."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.intervals import Floats, Integers
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER
from historical_controls.tables.registry import COHORT_EVENTS, OBSERVATIONS

# At least: the listings show these, whatever the config asks for.
HOURS_BEFORE = 72.0


def hours_before(inputs: CohortInputs) -> float:
    """How far before time zero observations reach: as far as the baseline and the slopes before time zero ask for."""
    return max(HOURS_BEFORE, inputs.cohort.baseline_hours, inputs.placebo_hours)


def observation_rows(records: PatientRecords, zero: Integers, end_day: Floats, before: float) -> pd.DataFrame:
    """Rows of table `observations` but for the scenario.

    From `before` hours before time zero to the end of follow-up: what was measured after discharge or transfer belongs
    to another setting. A finding, such as a positive test, still says something later: it is kept from any time before.
    """
    findings = records.measurements["result"].notna().to_numpy()
    after = np.where(findings, -np.inf, -before)
    rows = _since_zero(records.measurements, records, zero, after, end_day * 24)
    return rows[[name for name in OBSERVATIONS.names if name != "scenario"]]


def event_rows(records: PatientRecords, zero: Integers) -> pd.DataFrame:
    """Rows of table `cohort_events` but for the scenario: every event, before and after time zero."""
    rows = _since_zero(records.events, records, zero, -np.inf, np.full(len(records), np.inf))
    end = rows["end_time"].to_numpy(np.int64)
    lasting = end != NEVER
    start = zero[rows["patient"].to_numpy()]
    rows["end_hours"] = np.where(lasting, (np.where(lasting, end, 0) - start) / HOUR, np.nan)
    return rows[[name for name in COHORT_EVENTS.names if name != "scenario"]]


def _since_zero(
    frame: pd.DataFrame, records: PatientRecords, zero: Integers, after: Floats | float, until: Floats
) -> pd.DataFrame:
    """Rows of included patients whose hours since time zero lie in (after, until of the patient]."""
    patient = frame["patient"].to_numpy()
    hours = (frame["time"].to_numpy(np.int64) - zero[patient]) / HOUR
    # An excluded patient's zero is NEVER: the hours computed from it are dropped here.
    kept = (zero[patient] != NEVER) & (hours > after) & (hours <= until[patient])
    rows, patient = frame[kept].assign(hours=hours[kept]), patient[kept]
    names = {column: records.people[column].to_numpy()[patient] for column in ("source", "patient_id", "arm")}
    return rows.assign(**names)
