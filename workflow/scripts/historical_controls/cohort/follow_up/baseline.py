"""No value after the study treatment is a baseline: what the records say of it, beside what is declared."""

from __future__ import annotations

import math

import numpy as np

from historical_controls.cohort.eligibility.time_zero import event_times
from historical_controls.cohort.records.intervals import Integers
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.errors import UserError


def refuse_treated_baseline(records: PatientRecords, zero: Integers, cohort: Cohort) -> None:
    """Raise UserError where a patient was given the study treatment before the last of the hours after time zero.

    records: of the treated patients; zero: their time zero in milliseconds, NEVER for excluded ones. Treatments other
    than that of `time_zero.treatment` cannot be told from care that both arms are given.
    """
    event, baseline = cohort.time_zero.treatments[0], cohort.baseline
    treatment = event_times(records, event)
    known = (zero != NEVER) & (treatment != NEVER)
    hours = (treatment[known] - zero[known]) / HOUR
    early = hours[hours < baseline.after]
    if not baseline.after or not len(early):
        return
    # Rounded down to a tenth: the hours to type must end before the first treatment does.
    allowed = max(math.floor(float(np.min(early)) * 10) / 10, 0.0)
    people = "treated patient" if len(early) == 1 else "treated patients"
    what = (
        f"the '{event}' of {len(early)} {people} is less than {baseline.after:g} hours after time zero: "
        "baseline values after it may be its effect"
    )
    raise UserError(what, "cohort.baseline_hours_after", f"Type at most {allowed:g}.")
