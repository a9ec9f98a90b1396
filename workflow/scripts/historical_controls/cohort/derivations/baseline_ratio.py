"""A value over the patient's own baseline: unit-free, so that assays and unit types never mix (DV-14)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.records.derived import Derived, refuse, stacked
from historical_controls.cohort.records.intervals import Flags, Floats, Integers, group_median
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER, hours
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import RatioToBaseline
from historical_controls.dictionary.dictionary import Outcome

SAME = ["patient", "outcome", "assay", "specimen"]


def ratio_to_baseline(
    records: PatientRecords, zero: Integers, cohort: Cohort, rule: RatioToBaseline, outcome: Outcome
) -> Derived:
    """Ratios of included patients after the baseline, and values without a baseline of their own assay and specimen.

    A ratio of censored values keeps its bounds: lower over upper, upper over lower.
    """
    rows = _rows_of(records, zero, rule)
    base = rows[_is_baseline(rows, records, zero, cohort, rule)]
    rows = _with_baseline(rows, base)
    # A baseline that can only be 0 gives no ratio.
    known = rows["base_upper"].notna().to_numpy() & (rows["base_upper"] > 0).to_numpy()
    later = _since_zero(rows, zero) > cohort.baseline.after
    # The smallest ratio is the lower bound over the largest possible baseline, and the other way round.
    lower = _over(rows["lower"].fillna(0), rows["base_upper"])
    upper = _over(rows["upper"], rows["base_lower"])
    found = rows.assign(
        outcome=outcome.code,
        value=np.where(lower == upper, lower, np.nan),
        lower=np.where(np.isfinite(lower), lower, np.nan),
        upper=np.where(np.isfinite(upper), upper, np.nan),
        result=None,
        unit=outcome.unit,
    ).drop(columns=["base_lower", "base_upper"])
    refused = refuse(rows, outcome.code, "no_baseline", ~known & later)
    return Derived(found[known], stacked([refused]))


def _rows_of(records: PatientRecords, zero: Integers, rule: RatioToBaseline) -> pd.DataFrame:
    measured = records.measurements
    bounded = measured["lower"].notna() | measured["upper"].notna()
    rows = measured[measured["outcome"].isin(rule.of) & bounded]
    return rows[zero[rows["patient"].to_numpy(np.int64)] != NEVER].reset_index(drop=True)


def _since_zero(rows: pd.DataFrame, zero: Integers) -> Floats:
    """Hours after time zero (negative before) of rows of included patients."""
    return (rows["time"].to_numpy(np.int64) - zero[rows["patient"].to_numpy(np.int64)]) / HOUR


def _is_baseline(
    rows: pd.DataFrame, records: PatientRecords, zero: Integers, cohort: Cohort, rule: RatioToBaseline
) -> Flags:
    patient, time, since = rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64), _since_zero(rows, zero)
    if rule.baseline == "time_zero":
        return cohort.baseline.holds(since)
    start = records.stays.start[patient]
    begin = np.where(start == NEVER, 0, start)
    inside = (time >= begin + hours(rule.first_from_hours)) & (time <= begin + hours(rule.first_until_hours))
    # "First" is never a response, even where admission is less than `first_until_hours` before time zero.
    inside &= (start != NEVER) & (since <= cohort.baseline.after)
    # The first time, which several values may share: all of them are the baseline, through their median.
    first = rows.assign(time=np.where(inside, time, NEVER)).groupby(SAME, sort=False)["time"].transform("min")
    return inside & (first.to_numpy(np.int64) == time)


def _with_baseline(rows: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Bounds of the median (on the log scale) of each patient's baseline values, beside every value."""
    group = np.asarray(base.groupby(SAME, sort=False).ngroup(), dtype=np.int64)
    first = base[~base.duplicated(SAME)][SAME]
    # Concentrations are not negative, so that an open lower bound is 0.
    lower, upper = base["lower"].fillna(0).to_numpy(np.float64), base["upper"].fillna(np.inf).to_numpy(np.float64)
    bounds = {
        "base_lower": group_median(lower, group, len(first), log=True),
        "base_upper": group_median(upper, group, len(first), log=True),
    }
    return rows.merge(first.assign(**bounds), on=SAME, how="left")


def _over(above: pd.Series, below: pd.Series) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        out = above.fillna(np.inf).to_numpy(np.float64) / below.to_numpy(np.float64)
    # inf / inf and 0 / 0: nothing is known of the bound.
    return np.where(np.isnan(out), np.inf, out)
