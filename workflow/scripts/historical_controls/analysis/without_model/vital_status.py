"""Pairs of patients by who lived longer, and who can still be observed on a day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from historical_controls.inference.pairwise.pairs import Pairs, by_survival
from historical_controls.tables.endings import ALIVE, DIED, vital_status


def survival_pairs(people: pd.DataFrame, day: float) -> Pairs:
    """Each pair of patients (n, n) by who lived longer up to a day (IN-15): 1 where the row's patient did.

    A patient alive at the end of the day outlived all who died by then, also on that day. One who was lost outlived
    those who died while the patient was still observed, and is not compared with anybody else.
    """
    status = vital_status(people, day)
    last_seen = people["end_day"].to_numpy(dtype=float)
    # Whoever is alive at the end of the day outlives every death up to it.
    return by_survival(np.where(status == ALIVE, np.inf, last_seen), (status == DIED).to_numpy(dtype=bool))


def n_at_risk(end_day: ArrayLike, day: float) -> int:
    """Patients alive and in hospital when a study day begins; day d is hours 24 (d - 1) to 24 d after time zero."""
    return int((np.asarray(end_day, dtype=np.float64) > day - 1).sum())
