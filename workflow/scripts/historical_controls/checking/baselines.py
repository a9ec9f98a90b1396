"""Patients without a baseline who have values near it: of the day before, of their inclusion, of the first hours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.checking.comparison import Compared, included_patients
from historical_controls.config.check import after_zero_allowed

# Hours: where only dates are known, yesterday is exactly so long ago.
DAY = 24.0
# Hours after time zero that are proposed as baseline: the first samples of a shift, of half a day, of a day.
FIRST_HOURS = (6.0, 12.0, DAY)
# Days before time zero within which a visit may be the baseline.
EARLIER_DAYS = 31


def baselines_missed(comparison: Compared) -> list[str]:
    """Outcomes whose values lie just outside of the baseline hours: yesterday's, of dated records, or the first ones
    after an admission, where these may be baseline."""
    cohort = comparison.config.cohort
    hours, seen = cohort.baseline_hours, comparison.tables.observations
    seen = seen.merge(included_patients(comparison), on=["source", "patient_id"])
    said: list[str] = []
    for code in comparison.config.outcomes:
        own = seen.loc[(seen["outcome"] == code) & (seen["lower"].notna() | seen["upper"].notna())]
        known = own.loc[cohort.baseline.holds(own["hours"].to_numpy(np.float64)), "patient_id"]
        lacking = own[~own["patient_id"].isin(known)]
        last = _hours_before(comparison, code)
        last = last[~last.index.isin(known) & (last >= hours)]
        before = last.index[last <= hours + DAY]
        said += _earlier_values(code, last[last <= DAY * EARLIER_DAYS], hours)
        # Whoever has declared such hours has weighed them: the table of values tells how many patients they reach.
        if not cohort.baseline.after and after_zero_allowed(cohort):
            # A value of the day before comes first: nothing given later can have changed it.
            later = lacking[~lacking["patient_id"].isin(before) & lacking["hours"].between(0, DAY, inclusive="right")]
            said += _first_samples(code, later.groupby("patient_id")["hours"].min())
    return said


def _hours_before(comparison: Compared, code: str) -> pd.Series:
    """Hours from the last value of each included patient at or before time zero to it; observations reach back less."""
    zero = comparison.tables.patients[["source", "patient_id", "time_zero"]]
    seen = comparison.measurements[comparison.measurements["outcome"] == code]
    seen = seen[seen["lower"].notna() | seen["upper"].notna()].merge(included_patients(comparison).merge(zero))
    hours = (seen["time_zero"] - seen["time"]).dt.total_seconds() / 3600
    return hours[hours >= 0].groupby(seen["patient_id"]).min()


def _earlier_values(code: str, last: pd.Series, hours: float) -> Iterator[str]:
    """Values before the baseline hours: of the day before or, where most are older, of a visit at inclusion.

    last: hours from the last earlier value of each patient without a baseline to time zero.
    """
    if last.empty:
        return
    yesterday = int((last <= hours + DAY).sum())
    if 2 * yesterday >= len(last):
        count, when, least = yesterday, "a value on the day before", hours + DAY
    else:
        days = np.ceil(last / DAY)
        count, least = len(last), DAY * (days.max() + 1)
        span = f"{days.min():g}" if days.min() == days.max() else f"{days.min():g} to {days.max():g}"
        when = f"an earlier value, {span} days before time zero"
    yield f"{code}: {count} patients have no baseline and {when}; 'cohort: {{baseline_hours: {least:g}}}' would take it"


def _first_samples(code: str, first: pd.Series) -> Iterator[str]:
    """The fewest of the declared hours that give a baseline to half of those whose first value is after time zero.

    first: hours from time zero to the first value of each patient without a baseline, of those within a day.
    """
    if first.empty:
        return
    taken = {hours: int((first <= hours).sum()) for hours in FIRST_HOURS}
    hours, count = next((hours, count) for hours, count in taken.items() if 2 * count >= len(first))
    yield (
        f"{code}: {len(first)} patients have no baseline and a value in the {DAY:g} hours after time zero; "
        f"'cohort: {{baseline_hours_after: {hours:g}}}' would take it for {count} of them"
        f"{', and leave no day 1' if hours == DAY else ''}"
    )
