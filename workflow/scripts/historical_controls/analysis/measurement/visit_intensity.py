"""Inverse-intensity weights: values count by how unlikely they were to be measured on their day (SN-7)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.config.cohort.baseline import DAY
from historical_controls.inference.spread import varies

Array = NDArray[np.float64]
# On a standardised covariate: rates a thousandfold apart, which no few patients can tell from infinitely many.
STEEPEST = 7.0


def inverse_intensity(values: pd.DataFrame, people: pd.DataFrame, baseline: pd.Series) -> Array:
    """Return a weight for each row of `values`, with mean one in each arm; nan where no finite rates fit an arm.

    values: columns subject, arm, day, y (one row a day, model scale); people: all patients compared, columns subject,
    arm, end_day, responses_from (hours); baseline: by subject, nan where unknown. Within an arm, being measured on a
    day of follow-up has the rate lambda(day) exp(gamma z), z the last value before the day, of those who can have a
    response on it (Lin, Scharfstein & Rosenheck 2004, J R Stat Soc B 66:791-813; Buzkova & Lumley 2007, Can J Stat
    35:485-500).
    """
    weights = pd.Series(1.0, index=values.index)
    for arm, own in values.groupby("arm"):
        group = people[people["arm"] == arm]
        days = person_days(own, group, baseline)
        relative = np.exp(-rate_slope(days) * days["z"].to_numpy())
        # A value after the end of follow-up, its row -1, is on no day that was followed: it has no rate.
        weights[own.index] = np.append(relative, np.nan)[_rows_of(own, group)]
        weights[own.index] /= weights[own.index].mean()
    return np.asarray(weights, dtype=np.float64)


def person_days(own: pd.DataFrame, people: pd.DataFrame, baseline: pd.Series) -> pd.DataFrame:
    """One row per patient of an arm and day at risk, up to the last day with a value: subject, day, measured, and z,
    the last value before the day (the baseline before the first), standardised; 0 where there is none.
    """
    followed = _followed(own, people)
    person = np.repeat(np.arange(len(people)), followed)
    row = np.arange(len(person))
    first = (np.cumsum(followed) - followed)[person]
    y, place = np.full(len(person), np.nan), _rows_of(own, people)
    y[place[place >= 0]] = own["y"].to_numpy(dtype=float)[place >= 0]
    latest = np.maximum.accumulate(np.where(np.isnan(y), -1, row))
    before = np.concatenate([[-1], latest])[:-1]
    known = people["subject"].map(baseline).to_numpy(dtype=float)[person]
    z = pd.Series(np.where(before >= first, y[before], known))
    spread = z.std() if varies(z.dropna()) else np.nan
    return pd.DataFrame(
        {
            "subject": pd.Categorical.from_codes(person, dtype=pd.CategoricalDtype(people["subject"])),
            "day": row - first + 1,
            "measured": ~np.isnan(y),
            "z": ((z - z.mean()) / spread).fillna(0.0),
        }
    )


def _followed(own: pd.DataFrame, people: pd.DataFrame) -> NDArray[np.int64]:
    """Days that each patient was followed, up to the last day with a value; at risk on a day: for more than day - 1.

    Who left within the hours of the baseline can have no response, and is at risk on no day.
    """
    ends = people["end_day"].to_numpy(dtype=float)
    days = np.where(ends * DAY > people["responses_from"].to_numpy(dtype=float), np.ceil(ends), 0)
    return np.clip(days, 0, int(own["day"].max())).astype(np.int64)


def _rows_of(own: pd.DataFrame, people: pd.DataFrame) -> NDArray[np.int64]:
    """The row of `person_days` that each value is on; -1 on a day that was not followed."""
    followed = _followed(own, people)
    person = pd.Index(people["subject"].to_numpy(dtype=object)).get_indexer(own["subject"].to_numpy(dtype=object))
    day = own["day"].to_numpy(dtype=np.int64)
    inside = (person >= 0) & (day >= 1) & (day <= followed[person])
    return np.where(inside, (np.cumsum(followed) - followed)[person] + day - 1, -1)


def rate_slope(days: pd.DataFrame) -> float:
    """Return gamma of the proportional rates of being measured, by Breslow's likelihood; nan where it has no maximum.

    days: rows of `person_days`.
    """
    order = np.argsort(days["day"].to_numpy(), kind="stable")
    z, measured = days["z"].to_numpy(dtype=float)[order], days["measured"].to_numpy(dtype=float)[order]
    _, starts, risk_set = np.unique(days["day"].to_numpy()[order], return_index=True, return_inverse=True)
    events = np.add.reduceat(measured, starts)
    gamma = 0.0
    for _ in range(50):
        steep = gamma * z
        share = np.exp(steep - np.maximum.reduceat(steep, starts)[risk_set])
        total = np.add.reduceat(share, starts)
        mean = np.add.reduceat(share * z, starts) / total
        score = measured @ z - events @ mean
        information = events @ (np.add.reduceat(share * (z - mean[risk_set]) ** 2, starts) / total)
        if information <= 0 or abs(score) < 1e-10 * (1 + information):
            return gamma
        # The likelihood is concave: Newton's step, no longer than one.
        gamma += float(np.clip(score / information, -1, 1))
        if abs(gamma) > STEEPEST:
            return float("nan")
    return float("nan")
