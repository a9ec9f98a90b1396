"""Inverse-intensity weights: values count by how unlikely they were to be measured on their day (SN-7)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.inference.spread import varies

Array = NDArray[np.float64]
# On a standardised covariate: rates a thousandfold apart, which no few patients can tell from infinitely many.
STEEPEST = 7.0


def inverse_intensity(values: pd.DataFrame, people: pd.DataFrame, baseline: pd.Series) -> Array:
    """Return a weight for each row of `values`, with mean one in each arm; nan where no finite rates fit an arm.

    values: columns subject, arm, day, y (one row a day, model scale); people: all patients compared, columns subject,
    arm, end_day; baseline: by subject, nan where unknown. Within an arm, being measured on a day of follow-up has the
    rate lambda(day) exp(gamma z), z the last value before the day (Lin, Scharfstein & Rosenheck 2004, J R Stat Soc B
    66:791-813; Buzkova & Lumley 2007, Can J Stat 35:485-500).
    """
    weights = pd.Series(1.0, index=values.index)
    for arm, own in values.groupby("arm"):
        days = person_days(own, people[people["arm"] == arm], baseline)
        relative = np.exp(-rate_slope(days) * days["z"])
        keyed = pd.Series(relative.to_numpy(), index=pd.MultiIndex.from_frame(days[["subject", "day"]]))
        weights[own.index] = keyed.reindex(pd.MultiIndex.from_frame(own[["subject", "day"]])).to_numpy()
        weights[own.index] /= weights[own.index].mean()
    return np.asarray(weights, dtype=np.float64)


def person_days(own: pd.DataFrame, people: pd.DataFrame, baseline: pd.Series) -> pd.DataFrame:
    """One row per patient of an arm and day followed, up to the last day with a value: subject, day, measured, and z,
    the last value before the day (the baseline before the first), standardised; 0 where there is none.
    """
    last = int(own["day"].max())
    days = pd.DataFrame(_followed(people, last), columns=["subject", "day"])
    rows = days.merge(own[["subject", "day", "y"]], on=["subject", "day"], how="left")
    rows = rows.assign(measured=rows["y"].notna(), baseline=rows["subject"].map(baseline))
    before = rows.groupby("subject")["y"].transform(lambda y: y.ffill().shift())
    z = before.fillna(rows["baseline"]).astype(float)
    centred = z - z.mean()
    spread = z.std() if varies(z.dropna()) else np.nan
    return rows.assign(z=(centred / spread).fillna(0.0))[["subject", "day", "measured", "z"]]


def _followed(people: pd.DataFrame, last: int) -> Iterator[tuple[str, int]]:
    for subject, end in zip(people["subject"], people["end_day"].astype(float), strict=True):
        # At risk on a day: followed for more than day - 1 days.
        yield from ((subject, day) for day in range(1, min(last, int(np.ceil(end))) + 1))


def rate_slope(days: pd.DataFrame) -> float:
    """Return gamma of the proportional rates of being measured, by Breslow's likelihood; nan where it has no maximum.

    days: rows of `person_days`.
    """
    groups = [(own["z"].to_numpy(), own["measured"].to_numpy(dtype=float)) for _, own in days.groupby("day")]
    gamma = 0.0
    for _ in range(50):
        score = information = 0.0
        for z, measured in groups:
            share = np.exp(gamma * z - np.max(gamma * z))
            share /= share.sum()
            mean = share @ z
            score += measured @ (z - mean)
            information += measured.sum() * (share @ (z - mean) ** 2)
        if information <= 0 or abs(score) < 1e-10 * (1 + information):
            return gamma
        # The likelihood is concave: Newton's step, no longer than one.
        gamma += float(np.clip(score / information, -1, 1))
        if abs(gamma) > STEEPEST:
            return float("nan")
    return float("nan")
