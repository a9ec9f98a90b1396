"""Eligibility rules: each judged for all patient-hours at once, as true, false or unknown, from what was known then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import numpy as np

from ..config_cohort import (
    CharacteristicRule,
    CombinationRule,
    EventRule,
    JudgementRule,
    RatioRule,
    ResultRule,
    Rule,
    ThresholdRule,
    rule_order,
)
from .intervals import compare
from .kleene import States, kleene_and, kleene_or, states
from .records import Records
from .threshold import judge_threshold, threshold_evidence
from .timeline import HOUR, NEVER, Moments, Series, hours


def judge_rules(rules: Mapping[str, Rule], moments: Moments, records: Records) -> dict[str, States]:
    """State of every rule at every moment; nothing later than the moment is looked at."""
    found: dict[str, States] = {}
    for name in rule_order(rules):
        found[name] = judge(rules[name], moments, records, found)
    return {name: found[name] for name in rules}


def judge(rule: Rule, moments: Moments, records: Records, found: Mapping[str, States]) -> States:
    """State of one rule; `found` holds the rules that a combination combines."""
    match rule:
        case ThresholdRule():
            return judge_threshold(rule, moments, records.series.get(rule.outcome))
        case RatioRule():
            return judge_ratio(rule, moments, records)
        case ResultRule():
            return judge_result(rule, moments, records.series.get(rule.outcome))
        case CharacteristicRule():
            return judge_characteristic(rule, moments, records)
        case EventRule():
            return judge_event(rule, moments, records)
        case CombinationRule():
            return judge_combination(rule, found)
        case JudgementRule():
            return unknown(moments)
    assert_never(rule)


def unknown(moments: Moments) -> States:
    return np.zeros(len(moments), dtype=np.int8)


def judge_ratio(rule: RatioRule, moments: Moments, records: Records) -> States:
    """Last value over the patient's first one; unknown without both, or where their assays differ."""
    series = records.series.get(rule.outcome)
    if series is None:
        return unknown(moments)
    first, last, usable = ratio_places(rule, moments, records, series)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.maximum(series.lower[last], 0) / series.upper[first]
        upper = series.upper[last] / np.maximum(series.lower[first], 0)
    met = compare(np.nan_to_num(lower, nan=0.0), np.nan_to_num(upper, nan=np.inf), rule.op, rule.value)
    return np.where(usable, met, np.int8(0))


def ratio_places(
    rule: RatioRule, moments: Moments, records: Records, series: Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the first and the last value in the series, and whether both exist and share the assay."""
    window = series.window(moments, rule.within_hours)
    start = records.stays.start[moments.patient]
    known = start != NEVER
    begin = np.where(known, start, 0)
    first = series.before(Moments(moments.patient, begin + hours(rule.first_from_hours) - 1), 0)
    by_then = np.minimum(begin + hours(rule.first_until_hours), moments.time - series.known_after)
    exists = known & (first < series.before(Moments(moments.patient, by_then), 0)) & (window.count > 0)
    top = max(len(series.time) - 1, 0)
    first, last = np.clip(first, 0, top), np.clip(window.stop - 1, 0, top)
    return first, last, exists & (series.assay[first] == series.assay[last])


def judge_result(rule: ResultRule, moments: Moments, series: Series | None) -> States:
    """True where the window holds the result, false where it holds another decided one, else unknown."""
    if series is None:
        return unknown(moments)
    window = series.window(moments, rule.within_hours)
    same = np.array([result == rule.result for result in series.result], dtype=bool)
    other = np.array(
        [isinstance(r, str) and r not in ("indeterminate", rule.result) for r in series.result], dtype=bool
    )
    seen, seen_other = (np.concatenate([[0], np.cumsum(mask)]) for mask in (same, other))
    true = seen[window.stop] > seen[window.start]
    return states(true, ~true & (seen_other[window.stop] > seen_other[window.start]))


def judge_characteristic(rule: CharacteristicRule, moments: Moments, records: Records) -> States:
    """A characteristic against a number, flag or category; unknown where it is not recorded."""
    if rule.characteristic not in records.people.columns:
        return unknown(moments)
    column = records.people[rule.characteristic]
    known = column.notna().to_numpy()
    if rule.op == "is":
        wanted = {"yes": True, "no": False}.get(str(rule.value)) if column.dtype == "boolean" else rule.value
        met = (column == wanted).fillna(False).to_numpy(bool)
        by_patient = states(known & met, known & ~met)
    else:
        values = column.to_numpy(np.float64, na_value=np.nan)
        by_patient = np.where(known, compare(values, values, rule.op, float(rule.value)), np.int8(0))
    return by_patient[moments.patient]


def judge_event(rule: EventRule, moments: Moments, records: Records) -> States:
    """Whether the event had, or had not, happened so many hours before; what is not recorded has not happened."""
    first = records.first_event.get(rule.event)
    if first is None:
        first = np.full(len(records), NEVER)
    happened = first[moments.patient] <= moments.time - hours(rule.at_least_hours_before)
    return states(happened, ~happened) if rule.happened else states(~happened, happened)


def judge_combination(rule: CombinationRule, found: Mapping[str, States]) -> States:
    outer, inner = (kleene_and, kleene_or) if rule.kind == "all" else (kleene_or, kleene_and)
    return outer([found[item] if isinstance(item, str) else inner([found[name] for name in item]) for item in rule.of])


def evidence(rule: Rule, moments: Moments, records: Records) -> np.ndarray:
    """The number that decided a rule at each moment, in the canonical unit; nan where no single number did.

    For events: hours since the event.
    """
    match rule:
        case ThresholdRule():
            return threshold_evidence(rule, moments, records.series.get(rule.outcome))
        case RatioRule():
            return _ratio_evidence(rule, moments, records)
        case CharacteristicRule() if rule.op != "is" and rule.characteristic in records.people.columns:
            return records.people[rule.characteristic].to_numpy(np.float64, na_value=np.nan)[moments.patient]
        case EventRule():
            first = records.first_event.get(rule.event, np.full(len(records), NEVER))[moments.patient]
            return np.where(first <= moments.time, (moments.time - first) / HOUR, np.nan)
    return np.full(len(moments), np.nan)


def _ratio_evidence(rule: RatioRule, moments: Moments, records: Records) -> np.ndarray:
    series = records.series.get(rule.outcome)
    if series is None:
        return np.full(len(moments), np.nan)
    first, last, usable = ratio_places(rule, moments, records, series)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(usable, series.shown[last] / series.shown[first], np.nan)
