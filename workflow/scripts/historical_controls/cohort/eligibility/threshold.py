"""A summary of one outcome over the last hours against a number (EL-2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.cohort.records.intervals import Floats, Integers, compare, group_median, ragged
from historical_controls.cohort.records.kleene import FALSE, TRUE, States, kleene_and, states
from historical_controls.cohort.records.timeline import Moments, Series, Window, hours
from historical_controls.config.cohort.rules import ThresholdRule


@dataclass(frozen=True)
class Tally:
    """Running counts of what each result says, so that a window's counts are two look-ups."""

    true: Integers
    false: Integers

    def within(self, window: Window) -> tuple[Integers, Integers]:
        return self.true[window.stop] - self.true[window.start], self.false[window.stop] - self.false[window.start]


def tally_of(met: States) -> Tally:
    return Tally(
        np.concatenate([[0], np.cumsum(met == TRUE, dtype=np.int64)]),
        np.concatenate([[0], np.cumsum(met == FALSE, dtype=np.int64)]),
    )


def judge_threshold(rule: ThresholdRule, moments: Moments, series: Series | None) -> States:
    """State at every moment.

    A value that contradicts decides: false, however few values there are. Otherwise too few values, too short a span
    between them, or one that might contradict leave the rule unknown.
    """
    if series is None or not len(series.time):
        return np.zeros(len(moments), dtype=np.int8)
    # Each result is compared once, and each patient-hour is then two look-ups in the running counts.
    tally = tally_of(series.meets(rule.op, rule.value))
    whole = series.window(moments, rule.within_hours)
    state = kleene_and([_summary(rule, series, tally, block) for block in _blocks(rule, moments, series, whole)])
    state = np.where(_enough(rule, series, whole), state, _without_enough(rule, state))
    if rule.contradicted_within_hours is not None:
        recent = series.window(moments, rule.contradicted_within_hours)
        holding, failing = tally.within(recent)
        # Kleene's `and` with "every recent value holds": an empty window contradicts nothing.
        state = np.minimum(state, states(holding == recent.count, failing > 0))
    return state.astype(np.int8)


def _blocks(rule: ThresholdRule, moments: Moments, series: Series, whole: Window) -> list[Window]:
    if rule.in_each_hours is None:
        return [whole]
    length = rule.in_each_hours
    # Blocks count back from the hour judged: the last one ends at it.
    ends = [length * place for place in range(round(rule.within_hours / length))]
    return [series.window(moments, end + length, end) for end in ends]


def reduction(rule: ThresholdRule) -> str:
    """'last', 'any', 'all' or 'median': a minimum below a limit is any value below it, and so on."""
    if rule.take not in ("min", "max"):
        return rule.take
    # min < x is any value < x; min > x is all values > x; max the other way round.
    return "any" if (rule.take == "min") == (rule.op in ("<", "<=")) else "all"


def _summary(rule: ThresholdRule, series: Series, tally: Tally, window: Window) -> States:
    how = reduction(rule)
    if how == "median":
        return _median_state(rule, series, window)
    seen = series.latest(window) if how == "last" else window
    true, false = tally.within(seen)
    if how == "any":
        return states(true > 0, (true == 0) & (false == seen.count) & (seen.count > 0))
    if how == "all":
        return states((true == seen.count) & (seen.count > 0), false > 0)
    # Results that share the last time but disagree leave it unknown which one holds.
    return states((true == seen.count) & (true > 0), (false == seen.count) & (false > 0))


def _median_state(rule: ThresholdRule, series: Series, window: Window) -> States:
    # A window changes only when a result enters or leaves it, so few of the patient-hours need a median of their own.
    distinct, which = np.unique(np.column_stack([window.start, window.stop]), axis=0, return_inverse=True)
    lower, upper = window_medians(series, Window(distinct[:, 0], distinct[:, 1]))
    empty = distinct[:, 0] == distinct[:, 1]
    # An empty window is bounded by nothing, hence unknown.
    met = compare(np.where(empty, -np.inf, lower), np.where(empty, np.inf, upper), rule.op, rule.value, series.closed)
    return met[which.reshape(-1)]


def window_medians(series: Series, window: Window) -> tuple[Floats, Floats]:
    """Bounds of the median of each window; nan for an empty one."""
    place, group = ragged(window.start, window.stop)
    count = len(window.start)
    return group_median(series.lower[place], group, count), group_median(series.upper[place], group, count)


def _enough(rule: ThresholdRule, series: Series, window: Window) -> np.ndarray:
    filled = window.count > 0
    first = series.time[np.where(filled, window.start, 0)]
    last = series.time[np.where(filled, window.stop - 1, 0)]
    return filled & (window.count >= rule.min_count) & (last - first >= hours(rule.min_span_hours))


def _without_enough(rule: ThresholdRule, state: States) -> States:
    """What too few values can still decide: a last or a single failing value contradicts, nothing confirms."""
    decisive = reduction(rule) in ("last", "all")
    # UNKNOWN is 0 and TRUE 1: the minimum keeps FALSE and turns TRUE into UNKNOWN.
    return np.minimum(state, 0) if decisive else np.zeros_like(state)


def threshold_evidence(rule: ThresholdRule, moments: Moments, series: Series | None) -> Floats:
    """The last, the median or the extreme value of the window that decides the rule; the limit of a censored one."""
    if series is None or not len(series.time):
        return np.full(len(moments), np.nan)
    window = series.window(moments, rule.within_hours)
    how = reduction(rule)
    filled = window.count > 0
    if how == "last":
        return np.where(filled, series.shown[np.where(filled, window.stop - 1, 0)], np.nan)
    place, group = ragged(window.start, window.stop)
    if how == "median":
        return group_median(series.shown[place], group, len(moments))
    # The value that decides: for "any above" and "all below" the highest, else the lowest.
    highest = (how == "any") == (rule.op in (">", ">="))
    extreme = np.full(len(moments), -np.inf if highest else np.inf)
    (np.maximum if highest else np.minimum).at(extreme, group, series.shown[place])
    return np.where(filled, extreme, np.nan)
