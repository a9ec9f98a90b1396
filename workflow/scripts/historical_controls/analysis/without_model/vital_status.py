"""Who is alive, who died and of whom it is not known: one definition for every count, share, rank and curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from historical_controls.inference.pairwise.pairs import by_survival

Array = NDArray[np.float64]
DEATH, DISCHARGE = "death", "discharge_alive"
# What ends the record of a patient of whom the files say nothing afterwards.
LOST = ("transfer_out", "last_record")
DIED, ALIVE, UNKNOWN = "died", "alive", "unknown"


def vital_status(people: pd.DataFrame, day: float) -> pd.Series:
    """'died', 'alive' or 'unknown' of each patient by the end of a study day (EV-2).

    people: columns end_state and end_day of table cohort_patients. Patients discharged alive are taken to have lived
    on, since deaths are counted in hospital; patients transferred or without later records before the day are unknown.
    """
    by_then = people["end_day"] <= day
    status = pd.Series(ALIVE, index=people.index)
    status = status.mask(people["end_state"].isin(LOST) & (people["end_day"] < day), UNKNOWN)
    return status.mask((people["end_state"] == DEATH) & by_then, DIED)


def survival_pairs(people: pd.DataFrame, day: float) -> Array:
    """Each pair of patients (n, n) by who lived longer up to a day (IN-15): 1 where the row's patient did.

    A patient alive at the end of the day outlived all who died by then, also on that day. One who was lost outlived
    those who died while the patient was still observed, and is not compared with anybody else.
    """
    status = vital_status(people, day)
    last_seen = people["end_day"].to_numpy(dtype=float)
    return by_survival(np.where(status == ALIVE, np.inf, last_seen), (status == DIED).to_numpy(dtype=bool))


def n_at_risk(end_day: ArrayLike, day: float) -> int:
    """Patients alive and in hospital when a study day begins; day d is hours 24 (d - 1) to 24 d after time zero."""
    return int((np.asarray(end_day, dtype=np.float64) > day - 1).sum())
