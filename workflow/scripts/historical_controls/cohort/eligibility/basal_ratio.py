"""The last value over the patient's own basal one: the first of the stay, or the lowest of its first hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Floats, Integers, compare
from historical_controls.cohort.records.kleene import UNKNOWN, States
from historical_controls.cohort.records.timeline import NEVER, Moments, Series, hours
from historical_controls.config.cohort.rules import RatioRule


@dataclass(frozen=True)
class Ratio:
    """Per moment: places of the last and the basal value, bounds and shown value of the basal one, and whether both may
    be divided. The lowest of several basal values stands at the place of the last of them."""

    last: Integers
    basal: Integers
    lower: Floats
    upper: Floats
    shown: Floats
    usable: Flags


def judge_ratio(rule: RatioRule, moments: Moments, start: Integers, series: Series | None) -> States:
    """State at every moment; unknown without both values, or where their assays differ.

    `start`: start of standard care by patient.
    """
    if series is None or not len(series.time):
        return np.zeros(len(moments), dtype=np.int8)
    ratio = ratio_of(rule, moments, start, series)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A concentration is not negative; the smallest ratio has the largest basal value.
        lower = np.maximum(series.lower[ratio.last], 0) / ratio.upper
        upper = series.upper[ratio.last] / np.maximum(ratio.lower, 0)
    # 0 / 0 and inf / inf say nothing: the bound becomes the widest one.
    met = compare(np.nan_to_num(lower, nan=0.0), np.nan_to_num(upper, nan=np.inf), rule.op, rule.value)
    return np.where(ratio.usable, met, UNKNOWN)


def ratio_of(rule: RatioRule, moments: Moments, start: Integers, series: Series) -> Ratio:
    """The two values of each moment: what was known by then, in the hours that the rule names."""
    window = series.window(moments, rule.within_hours)
    begun = start[moments.patient]
    known = begun != NEVER
    begin = np.where(known, begun, 0)
    # One millisecond earlier, so that a result exactly at the first hour counts.
    first = series.before(Moments(moments.patient, begin + hours(rule.first_from_hours) - 1), 0)
    # A basal value that is not settled at the hour judged is not known yet.
    by_then = np.minimum(begin + hours(rule.first_until_hours), moments.time - series.known_after)
    stop = series.before(Moments(moments.patient, by_then), 0)
    exists = known & (first < stop) & (window.count > 0)
    top = max(len(series.time) - 1, 0)
    last, first = np.clip(window.stop - 1, 0, top), np.clip(first, 0, top)
    if rule.basal == "first":
        same = series.assay[first] == series.assay[last]
        return Ratio(last, first, series.lower[first], series.upper[first], series.shown[first], exists & same)
    place = np.clip(stop - 1, 0, top)
    lowest = lowest_so_far(rule, start, series)
    # Values of different assays have no lowest one.
    same = ~lowest["mixed"].to_numpy()[place] & (series.assay[place] == series.assay[last])
    lower, upper, shown = (lowest[name].to_numpy(np.float64)[place] for name in ("lower", "upper", "shown"))
    return Ratio(last, place, lower, upper, shown, exists & same)


def lowest_so_far(rule: RatioRule, start: Integers, series: Series) -> pd.DataFrame:
    """Per result: the lowest of the patient's results of the basal hours up to it, and whether their assays differ."""
    patient = series.key // series.clock.span
    begin = start[patient]
    known = begin != NEVER
    since = np.where(known, series.time - np.where(known, begin, 0), -1)
    basal = known & (since >= hours(rule.first_from_hours)) & (since <= hours(rule.first_until_hours))
    frame = pd.DataFrame({"lower": series.lower, "upper": series.upper, "shown": series.shown})
    # Results outside the basal hours are infinite and change no minimum.
    out = frame.where(np.tile(basal[:, None], 3), np.inf).groupby(patient).cummin()
    assay = pd.Series(series.assay).where(basal)
    own = assay.groupby(patient).transform("first")
    differs = (assay.notna() & (assay != own)).astype(np.int8)
    return out.assign(mixed=differs.groupby(patient).cummax().astype(bool))


def ratio_evidence(rule: RatioRule, moments: Moments, start: Integers, series: Series | None) -> Floats:
    """The ratio at each moment; nan where there is none."""
    if series is None or not len(series.time):
        return np.full(len(moments), np.nan)
    ratio = ratio_of(rule, moments, start, series)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ratio.usable, series.shown[ratio.last] / ratio.shown, np.nan)
