"""Everyone considered: time zero, what precedes it, and how follow-up ended."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from historical_controls.cohort.eligibility.time_zero import Decisions, event_times
from historical_controls.cohort.inputs import midnight
from historical_controls.cohort.records.intervals import Floats, Integers
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER, timestamps
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study import StudyCalendar
from historical_controls.tables.registry import COHORT_PATIENTS

DAY = 24 * HOUR
# What weeks are counted from until it is known who is included.
SOME_MONDAY = date(2000, 1, 3)


def patient_rows(records: PatientRecords, decided: Decisions, study: StudyCalendar, cohort: Cohort) -> pd.DataFrame:
    """Columns of table `cohort_patients` but scenario and display_id, and `undecided`; one row per patient."""
    zero = decided.time_zero
    included = zero != NEVER
    state, end_day = end_of_follow_up(records, zero, cohort.horizon_days)
    people = records.people
    admitted = records.stays.start if cohort.time_zero.tells_admission else np.full(len(zero), NEVER)
    characteristics = people.drop(columns=["source", "patient_id", "arm"])
    fixed = pd.DataFrame(
        {
            "source": people["source"],
            "patient_id": people["patient_id"],
            "arm": people["arm"],
            "included": included,
            "excluded_by": decided.excluded_by,
            "time_zero": timestamps(zero),
            "days_from_onset": _since(zero, event_times(records, "symptom_onset"), DAY),
            "hours_from_admission": _since(zero, admitted, HOUR),
            "hours_to_treatment": _to_treatment(records, zero, cohort),
            "calendar_week": _since(zero, np.full(len(zero), _reference(study)), 7 * DAY),
            "end_state": state,
            "end_day": end_day,
            "responses_from": np.where(included, cohort.baseline.after, np.nan),
            "undecided": decided.undecided,
        }
    )
    return pd.concat([fixed, characteristics.drop(columns=list(COHORT_PATIENTS.names), errors="ignore")], axis=1)


def _to_treatment(records: PatientRecords, zero: Integers, cohort: Cohort) -> Floats:
    """Hours from time zero to the study treatment of treated patients, nan where it is not dated (EL-11)."""
    treatment = np.full(len(zero), NEVER)
    for event in cohort.time_zero.treatments:
        treatment = np.where(treatment == NEVER, event_times(records, event), treatment)
    treated = (records.people["arm"] == "treated").to_numpy(dtype=bool)
    return np.where(treated, _since(treatment, zero, HOUR), np.nan)


def _reference(study: StudyCalendar) -> int:
    return midnight(study.calendar_reference or SOME_MONDAY, study.timezone)


def from_first_week(weeks: pd.Series) -> pd.Series:
    """Weeks of the patients included, week 0 that of the first: they must not tell a date that nobody declared."""
    first = weeks.min()
    return weeks if pd.isna(first) else weeks - np.floor(first)


def _since(zero: Integers, event: Integers, unit: int) -> Floats:
    known = (zero != NEVER) & (event != NEVER)
    return np.where(known, (np.where(known, zero, 0) - np.where(known, event, 0)) / unit, np.nan)


def end_of_follow_up(records: PatientRecords, zero: Integers, horizon_days: int) -> tuple[np.ndarray, Floats]:
    """How and when follow-up ended, in days since time zero; None and nan for excluded.

    The event that ended the stay within the horizon; else the horizon, where there are records that far; else the
    last record.
    """
    included = zero != NEVER
    stays = records.stays
    # A patient without any record after time zero has been followed for no time at all.
    last = np.where(included & (stays.end != NEVER), np.maximum(stays.end, zero), zero)
    day = np.where(included, (last - zero) / DAY, np.nan)
    ended = np.where(stays.end_state == "", "last_record", stays.end_state)
    state = np.where(day >= horizon_days, "horizon", ended)
    # A death on the last hour of the horizon is a death.
    state = np.where((day == horizon_days) & (stays.end_state != ""), stays.end_state, state)
    return pd.Series(state, dtype=object).where(included, None).to_numpy(), np.minimum(day, horizon_days)
