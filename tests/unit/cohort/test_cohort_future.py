"""Nothing looks into the future: every kind of rule says the same at t whatever is recorded after t."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import LABEL, START, given, happened, measured, moments, person, records, tables

from historical_controls.cohort.eligibility.rules import evidence, judge_rules
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.support import with_tubes
from historical_controls.cohort.records.timeline import HOUR, Moments
from historical_controls.config.cohort.cohort import Cohort

PF = {"kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
DIMER = {"kind": "ratio_to_first", "outcome": "DDIM", "within_hours": 24, "op": ">=", "value": 1.5}
ON_DRUGS = {"kind": "treatment", "treatments": ["norepinephrine", "dopamine"], "given": True, "within_hours": 12}
RULES: dict[str, dict[str, Any]] = {
    **{f"PF_{take}": {**PF, "take": take} for take in ("last", "any", "all", "min", "max", "median")},
    "PF_PERSISTS": {**PF, "min_count": 2, "min_span_hours": 6, "contradicted_within_hours": 12},
    "PF_BLOCKS": {**PF, "take": "any", "in_each_hours": 12},
    "DIMER_FIRST": DIMER,
    "DIMER_LOWEST": {**DIMER, "basal": "min", "first_until_hours": 48},
    "POSITIVE": {"kind": "result", "outcome": "PCR", "within_hours": 48, "result": "positive"},
    "ADULT": {"kind": "characteristic", "characteristic": "AGE", "op": ">=", "value": 18},
    "IN_ICU": {"kind": "event", "event": "icu_admission", "happened": True, "at_least_hours_before": 3},
    "NO_ORDER": {"kind": "event", "event": "limitation_order", "happened": False},
    "DRUGS": ON_DRUGS,
    "NO_DRUGS": {**ON_DRUGS, "given": False, "within_hours": 0},
    "VENTILATED": {**ON_DRUGS, "treatments": ["invasive_ventilation"], "within_hours": 2},
    "PF_FILLED": {**PF, "op": ">=", "value": 100, "imputed": True},
    "SCORE": {**PF, "outcome": "SOFA", "op": "<=", "value": 4},
    "JUDGED": {"kind": "not_observable"},
    "BOTH": {"kind": "all", "of": ["PF_last", ["DIMER_FIRST", "POSITIVE"]]},
    "EITHER": {"kind": "any", "of": ["PF_any", ["IN_ICU", "DRUGS"]]},
    "SEVERAL": {"kind": "at_least", "count": 2, "of": ["PF_last", "POSITIVE", "DRUGS", "JUDGED"]},
}
COHORT = Cohort.model_validate(
    {
        "derivations": {
            "PF": {
                "kind": "paired_ratio",
                "numerator": "PAO2",
                "denominator": "FIO2",
                "within_minutes": 60,
                "filled_from": "PF_SF",
            },
            "PF_SF": {"kind": "imputed_ratio", "within_minutes": 180},
            "SOFA": {"kind": "sofa", "imputed": True},
        },
        "rules": {name: {"label": LABEL, **rule} for name, rule in RULES.items()},
    }
)
KINDS = {"threshold", "ratio_to_first", "result", "characteristic", "event", "treatment", "all", "any", "at_least"}


def test_every_kind_of_rule_is_here() -> None:
    assert {rule["kind"] for rule in RULES.values()} == KINDS | {"not_observable"}


def history(who: str, rng: np.random.Generator) -> tuple[list, list, list]:
    """One patient's 96 hours of everything, at odd moments."""
    values = {"PAO2": (60.0, 90.0), "FIO2": (0.4, 0.9), "DDIM": (400.0, 700.0, 1500.0), "PLT": (40.0, 300.0)}
    values["SPO2"] = (85.0, 95.0)
    rows = [
        measured(who, code, h + rng.uniform(0, 3), float(rng.choice(options)), assay=str(rng.choice(["x", "x", "y"])))
        for code, options in values.items()
        for h in range(-3, 96, 5)
        if rng.random() < 0.7
    ]
    rows += [measured(who, "PCR", float(h), result=str(rng.choice(["positive", "negative"]))) for h in range(1, 96, 20)]
    events = [happened(who, "admission", 0), happened(who, "discharge_alive", 120)]
    names = ("icu_admission", "limitation_order", "intubation", "intubation", "extubation")
    events += [happened(who, name, float(rng.uniform(0, 96))) for name in names]
    drugs = ["norepinephrine", "dopamine", "enoxaparin", "invasive_ventilation"]
    courses = [
        given(who, str(rng.choice(drugs)), start, stop, 0.1, "ug/kg/min")
        for start in rng.uniform(0, 96, 4)
        for stop in [None if rng.random() < 0.2 else start + rng.uniform(0, 24)]
    ]
    return rows, events, courses


def changed_after(clean: CleanTables, hours: dict[str, float], rng: np.random.Generator, what: str) -> CleanTables:
    """The same past of every patient with another future: shuffled, deleted, or with values never seen before."""
    seen, events, courses = (frame.copy() for frame in (clean.measurements, clean.events, clean.treatments))
    later = seen["time"] > limits(seen, hours)
    # What had happened by then; the end of the stay, which no rule asks of, is kept.
    events = events[(events["time"] <= limits(events, hours)) | (events["event"] == "discharge_alive")]
    if what == "delete":
        return CleanTables(clean.patients, seen[~later], events, cut(courses, hours))
    if what == "shuffle":
        order = rng.permutation(int(later.sum()))
        for name in ("value", "lower", "upper", "result", "assay"):
            seen.loc[later, name] = seen.loc[later, name].to_numpy()[order]
        return CleanTables(clean.patients, seen, events, courses)
    for name in ("value", "lower", "upper"):
        seen.loc[later & seen["value"].notna(), name] = 1.0 if what == "low" else 9999.0
    seen.loc[later & seen["result"].notna(), "result"] = "positive" if what == "low" else "negative"
    return CleanTables(clean.patients, seen, clean.events, cut(courses, hours))


def limits(frame: pd.DataFrame, hours: dict[str, float]) -> pd.Series:
    return START + pd.to_timedelta(frame["patient_id"].map(hours), unit="h")


def cut(courses: pd.DataFrame, hours: dict[str, float]) -> pd.DataFrame:
    """Courses begun by then; one that still ran has no end yet."""
    begun = courses[courses["start"] <= limits(courses, hours)].copy()
    begun.loc[begun["stop"] > limits(begun, hours), "stop"] = pd.NaT
    return begun


@pytest.mark.parametrize("what", ["shuffle", "delete", "low", "high"])
def test_no_rule_looks_into_the_future(what: str) -> None:
    """Many patients, each judged at an hour of its own, after which everything is another."""
    rng = np.random.default_rng(20200501)
    hours = {f"p{number:03d}": float(rng.uniform(1, 95)) for number in range(60)}
    parts = zip(*(history(who, rng) for who in hours), strict=True)
    people = [person(who, AGE=50.0) for who in hours]
    clean = tables(people, *([row for part in own for row in part] for own in parts), tubes=False)
    start = START.value // 1_000_000
    asked = Moments(np.arange(len(hours)), np.array([start + round(hour * HOUR) for hour in hours.values()]))
    before, after = (
        records(replace(one, treatments=with_tubes(one.treatments, one.events)), COHORT)
        for one in (clean, changed_after(clean, hours, rng, what))
    )
    was, stays = (judge_rules(COHORT.rules, asked, known) for known in (before, after))
    for name, rule in COHORT.rules.items():
        np.testing.assert_array_equal(was[name], stays[name], err_msg=name)
        shown = [evidence(rule, asked, known) for known in (before, after)]
        np.testing.assert_array_equal(shown[0], shown[1], err_msg=name)
    decided = {name: len(set(state.tolist())) for name, state in was.items() if name not in ("ADULT", "JUDGED")}
    assert min(decided.values()) > 1, decided


def test_a_value_may_count_from_its_result() -> None:
    """A gas drawn at hour 10 and reported at hour 14; the score that it enters is known from then, too."""
    rows = [measured("a", code, 10, v, reported=14) for code, v in (("PAO2", 60.0), ("FIO2", 0.6))]
    clean = tables([person("a")], [*rows, measured("a", "PLT", 9, 30.0, reported=20)])
    plain = COHORT.model_dump()
    plain["derivations"]["SOFA"]["imputed"] = False
    drawn, late = (Cohort.model_validate({**plain, "known_from": known}) for known in ("collection", "result"))
    said = {
        name: judge_rules(declared.rules, moments(9.5, 12, 15.5, 21), records(clean, declared))
        for name, declared in (("collection", drawn), ("result", late))
    }
    assert said["collection"]["PF_last"].tolist() == [0, 1, 1, 1]
    assert said["result"]["PF_last"].tolist() == [0, 0, 1, 1]
    assert said["collection"]["SCORE"].tolist() == [1, -1, -1, -1]
    assert said["result"]["SCORE"].tolist() == [0, 0, 1, -1]
    kept = records(clean, late).measurements
    assert (kept.loc[kept["outcome"] == "PAO2", "time"] == moments(10).time[0]).all()
