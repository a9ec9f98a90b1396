"""Each kind of rule: records in, states at chosen hours out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cohort_study import LABEL, given, happened, measured, moments, person, records, tables
from pydantic import ValidationError

from historical_controls.cohort.eligibility.evidence import _of_rule as evidence_of
from historical_controls.cohort.eligibility.evidence import _places as places_of
from historical_controls.cohort.eligibility.rules import evidence, judge_rules
from historical_controls.cohort.records.timeline import Moments
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.rules import RatioRule

T, U, F = 1, 0, -1
LOW_PF = {"kind": "threshold", "outcome": "PF", "within_hours": 48, "op": "<", "value": 150}


def cohort(rules: dict[str, dict[str, Any]]) -> Cohort:
    return Cohort.model_validate({"rules": {name: {"label": LABEL, **rule} for name, rule in rules.items()}})


def states(rule: dict[str, Any], hours: list[float], *rows: dict, events: tuple = (), **characteristics: Any) -> list:
    """States of one rule of patient 'a', who shares the tables with another patient full of other values."""
    other = [measured("b", row["outcome"], -100 + 10 * i, 1.0, result="negative") for i, row in enumerate(rows)]
    later = [measured("b", row["outcome"], 100 + 10 * i, 9999.0, result="positive") for i, row in enumerate(rows)]
    clean = tables([person("a", **characteristics), person("b")], [*rows, *other, *later], events)
    declared = cohort({"R": rule})
    return judge_rules(declared.rules, moments(*hours), records(clean, declared))["R"].tolist()


def pf(hours: float, value: float, **more: Any) -> dict:
    return measured("a", "PF", hours, value, **more)


def test_last_value_in_the_window() -> None:
    rows = [pf(0, 200), pf(10, 140)]
    assert states(LOW_PF, [-1, 0, 9.99, 10, 57.99, 58], *rows) == [U, F, F, T, T, U]


def test_the_window_is_open_on_the_left() -> None:
    assert states({**LOW_PF, "within_hours": 10}, [9.999, 10, 10.001], pf(0, 140)) == [T, U, U]


def test_values_that_tie_in_time_and_disagree_are_unknown() -> None:
    tie = [pf(5, 140, assay="POCT"), pf(5, 160, assay="LAB")]
    assert states(LOW_PF, [6], *tie) == [U]
    assert states(LOW_PF, [6], *tie[::-1]) == [U]
    assert states(LOW_PF, [6], pf(5, 140, assay="POCT"), pf(5, 130, assay="LAB")) == [T]
    assert states({**LOW_PF, "take": "any"}, [6], *tie) == [T]


@pytest.mark.parametrize(
    ("take", "op", "expected"),
    [
        ("any", "<", T),
        ("all", "<", F),
        ("min", "<", T),
        ("max", "<", F),
        ("min", ">=", F),
        ("max", ">=", T),
        ("median", "<", F),
        ("median", ">=", T),
        ("last", "<", F),
    ],
)
def test_takes(take: str, op: str, expected: int) -> None:
    rows = [pf(0, 140), pf(5, 180), pf(10, 170)]
    assert states({**LOW_PF, "take": take, "op": op}, [12], *rows) == [expected]


@pytest.mark.parametrize("take", ["last", "any", "all", "min", "max", "median"])
def test_no_value_is_unknown(take: str) -> None:
    assert states({**LOW_PF, "take": take}, [12], measured("a", "HR", 5, 100)) == [U]
    assert states({**LOW_PF, "take": take}, [12], pf(13, 100)) == [U]
    assert states({**LOW_PF, "take": take}, [12], pf(5, 100, status="not_done")) == [U]


def test_medians_over_windows() -> None:
    rule = {**LOW_PF, "take": "median", "within_hours": 10}
    rows = [pf(0, 100), pf(4, 170), pf(8, 190)]
    # 100; (100+170)/2 = 135; 170; (170+190)/2 = 180; 190
    assert states(rule, [0, 4, 8, 10, 14, 18], *rows) == [T, T, F, F, F, U]


def test_few_values_confirm_nothing_but_may_contradict() -> None:
    rule = {**LOW_PF, "min_count": 2, "min_span_hours": 12}
    assert states(rule, [1], pf(0, 140)) == [U]
    assert states(rule, [1], pf(0, 160)) == [F]
    assert states(rule, [12], pf(0, 140), pf(11.9, 140)) == [U]
    assert states(rule, [12], pf(0, 140), pf(12, 140)) == [T]
    assert states({**rule, "take": "any"}, [1], pf(0, 160)) == [U]
    assert states({**rule, "take": "median"}, [1], pf(0, 160)) == [U]


def test_contradicted_within() -> None:
    rule = {**LOW_PF, "contradicted_within_hours": 24}
    rows = [pf(0, 160), pf(10, 140), pf(20, 130)]
    assert states(rule, [11, 23.9, 24], *rows) == [F, F, T]


def test_a_value_that_might_contradict_leaves_it_open() -> None:
    """A range of 140 to 160 may or may not be below 150; whatever else the window holds, it is not true."""
    rule = {**LOW_PF, "contradicted_within_hours": 24}
    perhaps = {**pf(1, 150), "value": np.nan, "lower": 140.0, "upper": 160.0}
    assert states(rule, [12, 26], perhaps, pf(10, 140)) == [U, T]
    assert states(rule, [12], perhaps, pf(9, 151), pf(10, 140)) == [F]


def test_in_each_block() -> None:
    rule = {
        "kind": "threshold",
        "outcome": "TEMP",
        "within_hours": 48,
        "in_each_hours": 24,
        "take": "any",
        "op": ">=",
        "value": 38,
    }
    fever = [measured("a", "TEMP", hours, value) for hours, value in ((10, 38.5), (40, 38.2))]
    assert states(rule, [33, 40, 57.9, 58, 64], *fever) == [U, T, T, U, U]
    afebrile = measured("a", "TEMP", 30, 37.0)
    assert states(rule, [29, 35], *fever, afebrile) == [U, F]
    assert states(rule, [59], *fever, afebrile) == [F]


def test_blocks_must_fill_the_window() -> None:
    with pytest.raises(ValidationError, match="in_each_hours must divide"):
        cohort({"R": {**LOW_PF, "in_each_hours": 36}})


def test_censored_values() -> None:
    ferritin = {"kind": "threshold", "outcome": "FERR", "within_hours": 48, "op": ">", "value": 1000}
    assert states(ferritin, [2], measured("a", "FERR", 1, above=1000)) == [T]
    assert states(ferritin, [2], measured("a", "FERR", 1, above=900)) == [U]
    assert states(ferritin, [2], measured("a", "FERR", 1, below=1000)) == [F]
    mixed = [measured("a", "FERR", 0, above=900), measured("a", "FERR", 1, 500.0)]
    assert states({**ferritin, "take": "any"}, [2], *mixed) == [U]
    assert states({**ferritin, "take": "all"}, [2], *mixed) == [F]


RATIO = {"kind": "ratio_to_first", "outcome": "DDIM", "within_hours": 48, "op": ">=", "value": 1.5}
ADMITTED = (happened("a", "admission", 0),)


def dimer(hours: float, value: float | None, **more: Any) -> dict:
    return measured("a", "DDIM", hours, value, **more)


def test_ratio_to_first() -> None:
    rows = [dimer(-7, 100), dimer(2, 1000), dimer(20, 1400), dimer(30, 1500), dimer(60, 1499)]
    assert states(RATIO, [1, 2, 20, 30, 60], *rows, events=ADMITTED) == [U, F, F, T, F]
    assert states(RATIO, [30], *rows) == [U]  # without an admission there is no first value
    assert states(RATIO, [40], dimer(25, 100), dimer(30, 1000), events=ADMITTED) == [U]


def test_ratio_needs_one_assay() -> None:
    rows = [dimer(2, 1000, assay="FEU"), dimer(30, 4000, assay="DDU")]
    assert states(RATIO, [31], *rows, events=ADMITTED) == [U]


def test_ratio_of_censored_values() -> None:
    assert states(RATIO, [31], dimer(2, None, below=150), dimer(30, 400), events=ADMITTED) == [T]
    assert states(RATIO, [31], dimer(2, None, below=150), dimer(30, 160), events=ADMITTED) == [U]
    assert states(RATIO, [31], dimer(2, 160), dimer(30, None, below=150), events=ADMITTED) == [F]


def test_result() -> None:
    rule = {"kind": "result", "outcome": "PCR", "within_hours": 240, "result": "positive"}
    rows = [
        measured("a", "PCR", 0, result="indeterminate"),
        measured("a", "PCR", 10, result="negative"),
        measured("a", "PCR", 20, result="positive"),
        measured("a", "PCR", 30, result="negative"),
    ]
    assert states(rule, [-1, 5, 15, 25, 35, 262], *rows) == [U, U, F, T, T, F]


def test_characteristic() -> None:
    adult = {"kind": "characteristic", "characteristic": "AGE", "op": ">=", "value": 18}
    assert states(adult, [0], measured("a", "HR", 0, 80), AGE=18.0) == [T]
    assert states(adult, [0], measured("a", "HR", 0, 80), AGE=17.0) == [F]
    assert states(adult, [0], measured("a", "HR", 0, 80), AGE=np.nan) == [U]
    assert states(adult, [0], measured("a", "HR", 0, 80)) == [U]
    bed = {"kind": "characteristic", "characteristic": "ICU_BED", "op": "is", "value": "yes"}
    for value, expected in ((True, T), (False, F)):
        clean = tables([person("a", ICU_BED=value), person("b", ICU_BED=None)])
        clean.patients["ICU_BED"] = clean.patients["ICU_BED"].astype("boolean")
        found = judge_rules(cohort({"R": bed}).rules, moments(0), records(clean))["R"]
        assert found.tolist() == [expected]
        assert judge_rules(cohort({"R": bed}).rules, moments(0, patient=1), records(clean))["R"].tolist() == [U]
    sex = {"kind": "characteristic", "characteristic": "SEX", "op": "is", "value": "female"}
    assert states(sex, [0], measured("a", "HR", 0, 80), SEX="male") == [F]


def test_event() -> None:
    limited = (happened("a", "limitation_order", 10), happened("a", "limitation_order", 40))
    row = measured("a", "HR", 0, 80)
    forbidden = {"kind": "event", "event": "limitation_order", "happened": False}
    assert states(forbidden, [9, 10, 11], row, events=limited) == [T, F, F]
    assert states(forbidden, [9], row) == [T]
    needed = {"kind": "event", "event": "admission", "happened": True, "at_least_hours_before": 48}
    assert states(needed, [47.9, 48], row, events=ADMITTED) == [F, T]
    assert states(needed, [48], row) == [F]


def test_combinations() -> None:
    rules = {
        "true": {"kind": "threshold", "outcome": "HR", "within_hours": 24, "op": ">", "value": 50},
        "false": {"kind": "threshold", "outcome": "HR", "within_hours": 24, "op": ">", "value": 200},
        "open": {"kind": "not_observable"},
        "all_tu": {"kind": "all", "of": ["true", "open"]},
        "all_fu": {"kind": "all", "of": ["open", "false"]},
        "any_tu": {"kind": "any", "of": ["open", "true"]},
        "any_fu": {"kind": "any", "of": ["false", "open"]},
        "all_nested": {"kind": "all", "of": ["true", ["false", "true"]]},
        "any_nested": {"kind": "any", "of": ["false", ["true", "open"]]},
        "of_combination": {"kind": "all", "of": ["all_nested", "any_tu"]},
    }
    declared = cohort(dict(reversed(rules.items())))
    clean = tables([person("a")], [measured("a", "HR", 0, 80)])
    found = judge_rules(declared.rules, moments(1), records(clean))
    assert {name: int(state[0]) for name, state in found.items()} == {
        "true": T,
        "false": F,
        "open": U,
        "all_tu": U,
        "all_fu": F,
        "any_tu": T,
        "any_fu": U,
        "all_nested": T,
        "any_nested": U,
        "of_combination": T,
    }


def test_rules_that_need_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="need each other"):
        cohort({"A": {"kind": "all", "of": ["B"]}, "B": {"kind": "any", "of": ["A"]}})


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        (LOW_PF, 170),
        ({**LOW_PF, "take": "any"}, 120),
        ({**LOW_PF, "take": "all"}, 190),
        ({**LOW_PF, "take": "median"}, 155),
        ({"kind": "ratio_to_first", "outcome": "PF", "within_hours": 48, "op": ">", "value": 1}, 170 / 120),
        ({"kind": "characteristic", "characteristic": "AGE", "op": ">=", "value": 18}, 61),
        ({"kind": "event", "event": "admission", "happened": True}, 12),
        ({"kind": "not_observable"}, np.nan),
    ],
)
def test_evidence(rule: dict[str, Any], number: float) -> None:
    rows = [pf(0, 120), pf(4, 190), pf(8, 140), pf(10, 170)]
    declared = cohort({"R": rule})
    clean = tables([person("a", AGE=61.0)], rows, ADMITTED)
    found = evidence(declared.rules["R"], moments(12), records(clean, declared))
    np.testing.assert_allclose(found, [number])


def test_a_ratio_counts_only_when_its_pairing_window_has_closed() -> None:
    declared = Cohort.model_validate(
        {
            "derivations": {
                "PF": {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}
            },
            "rules": {"R": {"label": LABEL, **LOW_PF}},
        }
    )
    # At 10:00 the partner is the FiO2 of 9:40; the nearer one of 10:10 is not known before 10:10.
    rows = [measured("a", "PAO2", 10, 90), measured("a", "FIO2", 9.67, 0.5), measured("a", "FIO2", 10.17, 0.9)]
    found = judge_rules(declared.rules, moments(10, 10.2, 10.5), records(tables([person("a")], rows), declared))
    assert found["R"].tolist() == [U, U, T]


def test_ratio_to_the_lowest_of_the_first_hours() -> None:
    rule = {"kind": "ratio_to_first", "outcome": "DDIM", "within_hours": 24, "op": ">=", "value": 1.5}
    lowest = {**rule, "basal": "min", "first_until_hours": 48}
    rows = [measured("a", "DDIM", h, v) for h, v in ((1, 800.0), (30, 500.0), (46, 900.0), (60, 700.0))]
    admitted = (happened("a", "admission", 0),)
    assert states(rule, [2, 31, 47, 61], *rows, events=admitted) == [F, F, F, F]
    assert states(lowest, [2, 31, 47, 61], *rows, events=admitted) == [F, F, T, F]
    # A lower value after the basal hours is no basal value; one of another assay leaves the lowest unknown.
    assert states(lowest, [75], *rows, measured("a", "DDIM", 70, 100.0), events=admitted) == [F]
    # Nor is one before them; those exactly at the first and at the last of these hours are.
    first_from = RatioRule.model_validate({**lowest, "label": LABEL}).first_from_hours
    for hour, basal in ((first_from - 0.1, False), (first_from, True), (48, True), (48.1, False)):
        one = measured("a", "DDIM", hour, 100.0)
        last = measured("a", "DDIM", 60, 740.0)
        assert states(lowest, [61], rows[1], one, last, events=admitted) == [T if basal else F], hour
    other = measured("a", "DDIM", 40, 300.0, assay="other")
    assert states(lowest, [47], *rows, other, events=admitted) == [U]


def courses_states(rule: dict[str, Any], hours: list[float], *courses: dict) -> list:
    clean = tables([person("a"), person("b")], [pf(0, 100)], (), [*courses, given("b", "dopamine", -500, 500)])
    declared = cohort({"R": rule})
    return judge_rules(declared.rules, moments(*hours), records(clean, declared))["R"].tolist()


def test_treatment() -> None:
    rule = {"kind": "treatment", "treatments": ["dopamine", "norepinephrine"], "given": True}
    course = given("a", "dopamine", 10, 20)
    assert courses_states(rule, [9, 10, 20, 20.1], course) == [F, T, T, F]
    assert courses_states({**rule, "within_hours": 5}, [9, 24.9, 25, 25.1], course) == [F, T, T, F]
    assert courses_states({**rule, "given": False}, [9, 15], course) == [T, F]
    assert courses_states(rule, [15, 99], given("a", "dopamine", 10)) == [T, T]
    assert courses_states(rule, [15], given("a", "tocilizumab", 10, 20)) == [F]
    assert courses_states(rule, [12, 16, 30], course, given("a", "norepinephrine", 15, 40)) == [T, T, T]


def test_invasive_ventilation_is_told_by_tubes_until_a_course_tells() -> None:
    rule = {"kind": "treatment", "treatments": ["invasive_ventilation"], "given": True}
    tube = [happened("a", "intubation", 5), happened("a", "extubation", 20), happened("a", "extubation", 1)]
    again = [*tube, happened("a", "intubation", 12), happened("a", "intubation", 40)]
    course = given("a", "invasive_ventilation", 30, 35)
    for events, courses, expected in (
        (tube, [], [F, T, T, F, F, F]),
        (again, [], [F, T, T, F, F, T]),  # two intubations before one extubation are one stretch
        (again, [course], [F, T, T, F, T, F]),  # from the first course on, courses tell
        (tube[2:], [], [F] * 6),
    ):
        clean = tables([person("a"), person("b")], [], events, courses)
        found = judge_rules(cohort({"R": rule}).rules, moments(3, 6, 15, 25, 32, 50), records(clean))["R"]
        assert found.tolist() == expected


def test_what_no_file_of_a_source_can_tell_of_is_unknown() -> None:
    """No order is known in either source; only one of them has a column for it. The same of treatments."""
    order = {"kind": "event", "event": "limitation_order", "happened": False}
    drugs = {"kind": "treatment", "treatments": ["dopamine", "norepinephrine"], "given": False, "within_hours": 4}
    rules = cohort({"ORDER": order, "ASKED": {**order, "happened": True}, "DRUGS": drugs}).rules
    able = {
        "full": ["limitation_order", "norepinephrine"],
        "poor": ["admission"],
        "free": ["any event", "any treatment"],
    }
    people = [person(name, source=source) for name, source in zip("abcd", (*sorted(able), "undeclared"), strict=True)]
    clean = replace(tables(people), recordable_events=able)
    asked = Moments(np.arange(4), moments(5, 5, 5, 5).time)
    found = judge_rules(rules, asked, records(clean))
    # By source: free, full, poor, undeclared.
    assert found["ORDER"].tolist() == [T, T, U, T]
    assert found["ASKED"].tolist() == [F, F, U, F]
    assert found["DRUGS"].tolist() == [T, T, U, T]


def test_at_least_so_many_rules() -> None:
    low = {"label": LABEL, **LOW_PF}
    rules = {
        "A": low,
        "B": {**low, "value": 100},
        "C": {"label": LABEL, "kind": "not_observable"},
        **{f"N{n}": {"label": LABEL, "kind": "at_least", "count": n, "of": ["A", "B", "C"]} for n in (1, 2, 3)},
    }
    declared = Cohort.model_validate({"rules": rules})
    known = records(tables([person("a")], [pf(0, 120)]), declared)
    found = judge_rules(declared.rules, moments(1), known)
    assert [found[f"N{n}"].item() for n in (1, 2, 3)] == [T, U, F]


def test_records_that_decided_a_result_are_those_with_it_and_where_there_is_none_all() -> None:
    """Both within the window; at the second hour two positive ones; at the third negative ones alone."""
    declared = cohort({"R": {"kind": "result", "outcome": "PCR", "within_hours": 10, "result": "positive"}})
    seen = [(1, "negative"), (5, "positive"), (20, "positive"), (25, "positive"), (41, "negative"), (45, "negative")]
    rows = [measured("a", "PCR", hour, result=result) for hour, result in seen]
    held = records(tables([person("a")], [*rows, pf(0, 100)]), declared)
    series = held.results("PCR", False)
    assert series is not None
    found = [places_of(declared.rules["R"], moments(hour), held, series)[0].tolist() for hour in (8, 28, 48, 70)]
    assert found == [[1], [2, 3], [4, 5], []]
    together, patients = places_of(declared.rules["R"], moments(8, 28, 48), held, series)
    assert together.tolist() == [1, 2, 3, 4, 5] and patients.tolist() == [0] * 5


@pytest.mark.parametrize(("stop", "shown"), [(7.9, []), (8, [0]), (8.1, [0])])
def test_a_course_that_is_evidence_is_one_that_was_judged(stop: float, shown: list[int]) -> None:
    """Up to hour 8 of the four before hour 12; of a patient who is not asked about, nothing is shown."""
    rule = {"kind": "treatment", "treatments": ["dopamine"], "given": True, "within_hours": 4}
    declared = cohort({"R": rule, "A": {"kind": "event", "event": "admission", "happened": True}})
    courses = [given(name, "dopamine", 1, stop) for name in "ab"]
    held = records(
        tables([person("a"), person("b")], (), [*ADMITTED, happened("b", "admission", 0)], courses), declared
    )
    assert [part["patient"].tolist() for part in evidence_of(declared.rules["R"], moments(12), held)] == [shown]
    assert judge_rules({"R": declared.rules["R"]}, moments(12), held)["R"].tolist() == [T if shown else F]
    assert [part["patient"].tolist() for part in evidence_of(declared.rules["A"], moments(12), held)] == [[0]]
