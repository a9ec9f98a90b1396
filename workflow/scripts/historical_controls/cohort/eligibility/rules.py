"""Eligibility rules: each judged for all patient-hours at once, as true, false or unknown, from what was known then
(EL-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import numpy as np

from historical_controls.cohort.eligibility.basal_ratio import judge_ratio, ratio_evidence
from historical_controls.cohort.eligibility.threshold import judge_threshold, threshold_evidence
from historical_controls.cohort.records.intervals import compare
from historical_controls.cohort.records.kleene import FALSE, TRUE, UNKNOWN, States, kleene_and, kleene_or, states
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.support import courses_of, running
from historical_controls.cohort.records.timeline import HOUR, NEVER, Moments, Series, hours
from historical_controls.config.cohort.rules import (
    CharacteristicRule,
    CombinationRule,
    CountRule,
    EventRule,
    JudgementRule,
    RatioRule,
    ResultRule,
    Rule,
    ThresholdRule,
    TreatmentRule,
    rule_order,
)
from historical_controls.dictionary.vocabulary import ANY_EVENT, ANY_TREATMENT

Memo = dict[str, States]


def judge_rules(
    rules: Mapping[str, Rule], moments: Moments, records: PatientRecords, memo: Memo | None = None
) -> dict[str, States]:
    """State of every rule at every moment; nothing later than the moment is looked at.

    `memo`: states already judged at these same moments, by what a rule says; several readings share it.
    """
    judged: dict[str, States] = {}
    for name in rule_order(rules):
        rule = rules[name]
        # A combination names other rules, which may differ between readings under the same names: its text is no key.
        if memo is None or isinstance(rule, CombinationRule | CountRule):
            judged[name] = judge(rule, moments, records, judged)
            continue
        # Label and arm change no state.
        said = rule.model_dump_json(exclude={"label", "applies_to"})
        judged[name] = memo[said] = memo[said] if said in memo else judge(rule, moments, records, judged)
    return {name: judged[name] for name in rules}


def judge(rule: Rule, moments: Moments, records: PatientRecords, judged: Mapping[str, States]) -> States:
    """State of one rule; `judged` holds the rules that a combination combines."""
    match rule:
        case ThresholdRule():
            return judge_threshold(rule, moments, records.results(rule.outcome, rule.imputed))
        case RatioRule():
            return judge_ratio(rule, moments, records.stays.start, records.series.get(rule.outcome))
        case ResultRule():
            return judge_result(rule, moments, records.series.get(rule.outcome))
        case CharacteristicRule():
            return judge_characteristic(rule, moments, records)
        case EventRule():
            return judge_event(rule, moments, records)
        case TreatmentRule():
            return judge_treatment(rule, moments, records)
        case CombinationRule():
            return judge_combination(rule, judged)
        case CountRule():
            return judge_count(rule, judged)
        case JudgementRule():
            return unknown(moments)
    assert_never(rule)


def unknown(moments: Moments) -> States:
    return np.zeros(len(moments), dtype=np.int8)


def judge_result(rule: ResultRule, moments: Moments, series: Series | None) -> States:
    """True where the window holds the result, false where it holds another decided one, else unknown."""
    if series is None:
        return unknown(moments)
    window = series.window(moments, rule.within_hours)
    same = np.array([result == rule.result for result in series.result], dtype=bool)
    other = np.array(
        [isinstance(r, str) and r not in ("indeterminate", rule.result) for r in series.result], dtype=bool
    )
    # Running counts: a window has a result if the count rises between its ends.
    seen, seen_other = (np.concatenate([[0], np.cumsum(mask)]) for mask in (same, other))
    true = seen[window.stop] > seen[window.start]
    return states(true, ~true & (seen_other[window.stop] > seen_other[window.start]))


def judge_characteristic(rule: CharacteristicRule, moments: Moments, records: PatientRecords) -> States:
    """A characteristic against a number, flag or category; unknown where it is not recorded."""
    if rule.characteristic not in records.people.columns:
        return unknown(moments)
    column = records.people[rule.characteristic]
    known = column.notna().to_numpy()
    if rule.op == "is":
        # Flags are declared as the words yes and no and stored as booleans.
        wanted = {"yes": True, "no": False}.get(str(rule.value)) if column.dtype == "boolean" else rule.value
        met = (column == wanted).fillna(False).to_numpy(bool)
        by_patient = states(known & met, known & ~met)
    else:
        values = column.to_numpy(np.float64, na_value=np.nan)
        by_patient = np.where(known, compare(values, values, rule.op, float(rule.value)), np.int8(0))
    return by_patient[moments.patient]


def judge_event(rule: EventRule, moments: Moments, records: PatientRecords) -> States:
    """Whether the event had, or had not, happened so many hours before; what is not recorded has not happened.

    Unknown where the files of the patient's source cannot tell of it.
    """
    first = records.first_event.get(rule.event)
    if first is None:
        first = np.full(len(records), NEVER)
    happened = first[moments.patient] <= moments.time - hours(rule.at_least_hours_before)
    state = states(happened, ~happened) if rule.happened else states(~happened, happened)
    return np.where(records.can_record(rule.event, ANY_EVENT)[moments.patient], state, UNKNOWN)


def judge_combination(rule: CombinationRule, judged: Mapping[str, States]) -> States:
    # A list inside `all` means any of its rules, inside `any` all of them.
    outer, inner = (kleene_and, kleene_or) if rule.kind == "all" else (kleene_or, kleene_and)
    return outer(
        [judged[item] if isinstance(item, str) else inner([judged[name] for name in item]) for item in rule.of]
    )


def judge_count(rule: CountRule, judged: Mapping[str, States]) -> States:
    """True once enough rules are true, false once the undecided ones cannot make up the number."""
    parts = np.stack([judged[name] for name in rule.of])
    # `possible`: those true already and those that may yet turn out so.
    true, possible = (parts == TRUE).sum(axis=0), (parts != FALSE).sum(axis=0)
    return states(true >= rule.count, possible < rule.count)


def judge_treatment(rule: TreatmentRule, moments: Moments, records: PatientRecords) -> States:
    """Whether a course ran within the hours before; a course that is not recorded was not given.

    Unknown where the files of the patient's source tell of none of these treatments.
    """
    courses = courses_of(records.treatments, rule.treatments)
    ran = running(courses, moments.patient, moments.time - hours(rule.within_hours), moments.time)
    state = states(ran, ~ran) if rule.given else states(~ran, ran)
    return np.where(records.can_record(*rule.treatments, ANY_TREATMENT)[moments.patient], state, UNKNOWN)


def evidence(rule: Rule, moments: Moments, records: PatientRecords) -> np.ndarray:
    """The number that decided a rule at each moment, in the canonical unit; nan where no single number did.

    For events: hours since the event.
    """
    match rule:
        case ThresholdRule():
            return threshold_evidence(rule, moments, records.results(rule.outcome, rule.imputed))
        case RatioRule():
            return ratio_evidence(rule, moments, records.stays.start, records.series.get(rule.outcome))
        case CharacteristicRule() if rule.op != "is" and rule.characteristic in records.people.columns:
            return records.people[rule.characteristic].to_numpy(np.float64, na_value=np.nan)[moments.patient]
        case EventRule():
            first = records.first_event.get(rule.event, np.full(len(records), NEVER))[moments.patient]
            return np.where(first <= moments.time, (moments.time - first) / HOUR, np.nan)
    return np.full(len(moments), np.nan)
