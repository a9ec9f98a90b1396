"""What is often done instead, for comparison: no model, no time zero, no unequal spread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from historical_controls.calibration.pipeline import DAY
from historical_controls.calibration.verdicts import Answer

Array = NDArray[np.float64]
LABELLINGS = 999
Naive = Callable[[pd.DataFrame, pd.DataFrame, str, bool], Answer]


def day_values(patients: pd.DataFrame, visits: pd.DataFrame, outcome: str, log: bool, day: int) -> pd.Series:
    """Values of included patients at a day, on the model scale, by (arm, patient); a limit stands for itself."""
    rows = visits[(visits["outcome"] == outcome) & (visits["day"] == day)]
    rows = rows[rows["patient_id"].isin(patients.loc[patients["included"], "patient_id"])]
    values = rows.set_index(["arm", "patient_id"])["value"].fillna(rows.set_index(["arm", "patient_id"])["upper"])
    return pd.Series(np.log(values), values.index) if log else values


def arms_at(patients: pd.DataFrame, visits: pd.DataFrame, outcome: str, log: bool) -> tuple[Array, Array]:
    values = day_values(patients, visits, outcome, log, DAY)
    arm = values.index.get_level_values("arm")
    return values[arm == "treated"].to_numpy(float), values[arm == "historical"].to_numpy(float)


def student(patients: pd.DataFrame, visits: pd.DataFrame, outcome: str, log: bool) -> Answer:
    """Student's t on the values of those still measured at the day: crude, completers, one variance."""
    treated, historical = arms_at(patients, visits, outcome, log)
    if min(len(treated), len(historical)) < 2:
        return Answer(reason="too_few")
    test = stats.ttest_ind(treated, historical, equal_var=True)
    interval = test.confidence_interval()
    low, high = float(interval.low), float(interval.high)
    return Answer(float(treated.mean() - historical.mean()), low, high, float(test.pvalue))


def ordinary_permutation(patients: pd.DataFrame, visits: pd.DataFrame, outcome: str, log: bool) -> Answer:
    """Permutation of the difference of means, not studentised."""
    treated, historical = arms_at(patients, visits, outcome, log)
    if min(len(treated), len(historical)) < 2:
        return Answer(reason="too_few")
    # Seeded by the number of controls: the same study gives the same p-value.
    method = stats.PermutationMethod(n_resamples=LABELLINGS, rng=np.random.default_rng(len(historical)))
    test = stats.permutation_test(
        (treated, historical), _difference, vectorized=True, n_resamples=method.n_resamples, rng=method.rng
    )
    # No interval: inversion of this test is not what people do.
    return Answer(float(test.statistic), -np.inf, np.inf, float(test.pvalue))


def _difference(treated: Array, historical: Array, axis: int = -1) -> Array:
    return np.asarray(treated.mean(axis=axis) - historical.mean(axis=axis))


def before_after(patients: pd.DataFrame, visits: pd.DataFrame, outcome: str, log: bool) -> Answer:
    """The treated alone: the day against their own baseline, a paired t-test."""
    now, before = (day_values(patients, visits, outcome, log, day) for day in (DAY, 0))
    change = (now - before).dropna()
    own = change[change.index.get_level_values("arm") == "treated"].to_numpy(float)
    if len(own) < 2:
        return Answer(reason="too_few")
    test = stats.ttest_1samp(own, 0.0)
    interval = test.confidence_interval()
    return Answer(float(own.mean()), float(interval.low), float(interval.high), float(test.pvalue))


def half_the_limit(visits: pd.DataFrame) -> pd.DataFrame:
    """Values below a limit replaced by half of it."""
    # Left-censored values of log outcomes have the lower bound 0, or none.
    below = visits["value"].isna() & (visits["lower"].fillna(0) == 0)
    half = visits["upper"] / 2
    return visits.assign(**{name: visits[name].mask(below, half) for name in ("value", "lower", "upper")})


def without_assays(visits: pd.DataFrame) -> pd.DataFrame:
    """Nobody noted the instrument."""
    return visits.assign(assay="")


NAIVE: dict[str, Naive] = {
    "student": student,
    "ordinary_permutation": ordinary_permutation,
    "before_after": before_after,
}
