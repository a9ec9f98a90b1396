"""What columns end_state and end_day of table cohort_patients say of life: one definition for all stages."""

from __future__ import annotations

import pandas as pd

DEATH, DISCHARGE = "death", "discharge_alive"
# What ends the record of a patient of whom the files say nothing afterwards, beside the ends that a study declares.
LOST = ("transfer_out", "last_record")
# After these all is known, or taken to be.
FOLLOWED = (DEATH, DISCHARGE, "horizon", "")
DIED, ALIVE, UNKNOWN = "died", "alive", "unknown"


def lost(state: pd.Series) -> pd.Series:
    """Return whether nothing is known of a patient afterwards: column end_state of table cohort_patients.

    An end that the study declares itself, such as a transplant, is one: later records are not used.
    """
    return state.notna() & ~state.isin(FOLLOWED)


def vital_status(people: pd.DataFrame, day: float) -> pd.Series:
    """Return 'died', 'alive' or 'unknown' for each patient by the end of a study day (EV-2).

    people: columns end_state and end_day of table cohort_patients. Patients discharged alive are taken to have lived
    on, since deaths are counted in hospital; patients transferred or without later records before the day are unknown.
    """
    by_then = people["end_day"] <= day
    status = pd.Series(ALIVE, index=people.index)
    # Lost on the day itself: known alive up to then. Death counts on its day: hence < here and <= below.
    status = status.mask(lost(people["end_state"]) & (people["end_day"] < day), UNKNOWN)
    return status.mask((people["end_state"] == DEATH) & by_then, DIED)
