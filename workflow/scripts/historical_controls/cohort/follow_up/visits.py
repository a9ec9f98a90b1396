"""One value per patient, outcome and study day; censored values keep their bounds through every summary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Floats, Integers, group_median
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.dictionary.dictionary import Dictionary, Outcome

VISIT_KEY = ["source", "patient_id", "arm", "outcome", "day"]
SUMMARISED = ["hours", "assay", "specimen", "lower", "upper", "flags"]


def visit_table(
    observations: pd.DataFrame, dictionary: Dictionary, baseline: BaselineWindow, scenario: str
) -> pd.DataFrame:
    """Table `visits` from table `observations`; outcomes without a daily summary or without numbers have none.

    Day 0 is the median of the baseline hours, whatever the daily summary.
    """
    numbers = observations[observations["lower"].notna() | observations["upper"].notna()]
    day = study_days(numbers["hours"].to_numpy(np.float64), baseline)
    numbers = numbers.assign(day=day)[day >= 0]
    outcomes = {str(code): dictionary.outcomes[str(code)] for code in numbers["outcome"].unique()}
    daily = {code: one for code, one in outcomes.items() if one.kind == "number" and one.daily_summary != "none"}
    numbers = numbers.loc[numbers["outcome"].isin(daily), [*VISIT_KEY, *SUMMARISED]]
    columns = ["scenario", *VISIT_KEY, "value", "lower", "upper", "n", "assay", "flags"]
    if numbers.empty:
        return pd.DataFrame(columns=columns)
    return _summaries(numbers, daily).assign(scenario=scenario)[columns]


def study_days(hours: Floats, baseline: BaselineWindow) -> Integers:
    """Day d = hours ((d-1)*24, d*24] after the baseline hours, which are day 0; -1 = before them."""
    later = np.where(hours > baseline.after, np.ceil(hours / 24).astype(np.int64), -1)
    return np.where(baseline.holds(hours), 0, later)


def _summaries(rows: pd.DataFrame, outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per patient and day of each outcome, sorted by outcome first; rows: VISIT_KEY and SUMMARISED."""
    # Rows of all outcomes are sorted together: sorting text costs more by its calls than by its rows. Ties in one
    # declared order: "last" must not depend on the order of the file.
    order = ["outcome", "source", "patient_id", "arm", "day", "hours", "assay", "specimen"]
    rows = rows.sort_values(order, kind="stable", ignore_index=True)
    begins = ~rows.duplicated(VISIT_KEY).to_numpy()
    group = np.cumsum(begins) - 1
    first = rows[begins].reset_index(drop=True)
    count = len(first)
    starts = np.append(np.flatnonzero(begins), len(rows))
    day_zero = (first["day"] == 0).to_numpy()
    lower, upper = (rows[name].to_numpy(np.float64, na_value=np.nan) for name in ("lower", "upper"))
    low, high = np.empty(count), np.empty(count)
    for code, own in first.groupby("outcome", sort=False).indices.items():
        here, theirs = slice(own[0], own[-1] + 1), slice(starts[own[0]], starts[own[-1] + 1])
        outcome = outcomes[str(code)]
        how, log = _reduction(outcome), outcome.scale == "log"
        # On the log scale a lower bound of 0 is minus infinity.
        bounds = _known(lower[theirs], 0.0 if log else -np.inf), _known(upper[theirs], np.inf)
        # Lower and upper bounds are summarised alike; the day is exact where both summaries agree.
        low[here], high[here] = (
            _reduce(bound, group[theirs] - own[0], len(own), how, day_zero[here], log) for bound in bounds
        )
    return first[VISIT_KEY].assign(
        value=np.where(low == high, low, np.nan),
        lower=np.where(np.isfinite(low), low, np.nan),
        upper=np.where(np.isfinite(high), high, np.nan),
        n=np.bincount(group, minlength=count),
        assay=_joined(rows["assay"], group, count),
        flags=_joined(rows["flags"], group, count),
    )


def _known(bounds: Floats, unknown: float) -> Floats:
    return np.where(np.isnan(bounds), unknown, bounds)


def _reduction(outcome: Outcome) -> str:
    """'median', 'last', 'min' or 'max'; the worst of an outcome without a good direction is its median."""
    if outcome.daily_summary == "worst":
        return {"up": "min", "down": "max", "none": "median"}[outcome.benefit]
    return outcome.daily_summary


def _reduce(bound: Floats, group: Integers, count: int, how: str, day_zero: Flags, log: bool) -> Floats:
    """The summary of one bound: minimum, maximum, last and median never fall when a value rises, so the summary of
    the lower bounds is the lower bound of the summary."""
    median = group_median(bound, group, count, log)
    if how == "median":
        return median
    if how == "last":
        # Rows are sorted by hour within a group, so that the last row of each is its last value.
        daily = bound[np.cumsum(np.bincount(group, minlength=count)) - 1]
    else:
        daily = np.full(count, np.inf if how == "min" else -np.inf)
        (np.minimum if how == "min" else np.maximum).at(daily, group, bound)
    return np.where(day_zero, median, daily)


def _joined(texts: pd.Series, group: Integers, count: int) -> np.ndarray:
    """Distinct texts of each group, ';'-separated; most groups hold one text, which needs no joining."""
    values = texts.to_numpy(object)
    start = np.cumsum(np.bincount(group, minlength=count)) - np.bincount(group, minlength=count)
    out = values[start] if count else np.array([], dtype=object)
    mixed = np.zeros(count, dtype=bool)
    # Only groups whose texts differ from their first one are joined in Python.
    mixed[group[values != out[group]]] = True
    rows = mixed[group]
    for place, part in pd.Series(values[rows]).groupby(group[rows]):
        out[int(place)] = ";".join(sorted({word for text in part for word in text.split(";") if word}))  # type: ignore[call-overload]
    return out
