"""SOFA against the table of Vincent et al., Intensive Care Med 1996;22:707-710: every boundary of every component."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cohort_study import dictionary, given, measured, person, tables

from historical_controls.cohort.derivations.derive import derive_outcomes
from historical_controls.cohort.records.patient_records import place_all
from historical_controls.config.cohort.cohort import Cohort

SOFA = {"kind": "sofa", "components": True}
URINE = {"kind": "window_sum", "of": "URINE_VOL", "hours": 24, "max_gap_hours": 12}


def outcomes(
    *rows: dict,
    treatments: tuple = (),
    weight: float | None = None,
    sums: bool = False,
    cut: int = 3,
    **changes: object,
) -> dict[str, list[tuple]]:
    """(hours, value, lower, upper, flags) by outcome."""
    who = person("a") if weight is None else person("a", WEIGHT=weight)
    declared = {"SOFA": {**SOFA, **changes}, "ORGAN_FAILURES": {"kind": "organ_failures", "of": "SOFA", "cut": cut}}
    cohort = Cohort.model_validate({"derivations": {**declared, **({"URINE": URINE} if sums else {})}})
    clean = tables([who], rows, (), treatments)
    found = derive_outcomes(place_all(clean, clean.patients), cohort, dictionary()).measurements
    start = tables([who], [measured("a", "HR", 0, 1)]).measurements["time"].iloc[0].value // 10**6
    found = found.assign(hours=(found["time"] - start) / 3_600_000).sort_values("time")
    columns = ["hours", "value", "lower", "upper", "flags"]
    return {
        str(name): list(part[columns].itertuples(index=False, name=None)) for name, part in found.groupby("outcome")
    }


def score(organ: str, *rows: dict, **more: object) -> float:
    return outcomes(*rows, **more)[f"SOFA_{organ}"][-1][1]  # type: ignore[arg-type]


# Outcome, component, and the score on either side of every cut of the printed table.
TABLE = [
    ("PF", "RESP", {400: 0, 399.9: 1, 300: 1, 299.9: 2, 200: 2, 199.9: 3, 100: 3, 99.9: 4}),
    ("PLT", "COAG", {150: 0, 149.9: 1, 100: 1, 99.9: 2, 50: 2, 49.9: 3, 20: 3, 19.9: 4}),
    ("BILI", "LIVER", {1.19: 0, 1.2: 1, 1.9: 1, 2.0: 2, 5.9: 2, 6.0: 3, 11.9: 3, 12.0: 4}),
    ("MAP", "CARDIO", {70: 0, 69.9: 1, 30: 1}),
    ("GCS", "CNS", {15: 0, 14: 1, 13: 1, 12: 2, 10: 2, 9: 3, 6: 3, 5: 4, 3: 4}),
    ("CREAT", "RENAL", {1.19: 0, 1.2: 1, 1.9: 1, 2.0: 2, 3.4: 2, 3.5: 3, 4.9: 3, 5.0: 4}),
    ("URINE", "RENAL", {500: 0, 499.9: 3, 200: 3, 199.9: 4, 0: 4}),
]
CASES = [(code, organ, value, points) for code, organ, cuts in TABLE for value, points in cuts.items()]


def scores(people: list[dict], rows: list[dict], treatments: list[dict], **changes: object) -> pd.Series:
    """The last score of each patient, by patient and outcome."""
    cohort = Cohort.model_validate({"derivations": {"SOFA": {**SOFA, **changes}}})
    clean = tables(people, rows, (), treatments)
    # The table of patients is sorted; a row names its patient by position.
    names = clean.patients["patient_id"].to_numpy()
    found = derive_outcomes(place_all(clean, clean.patients), cohort, dictionary()).measurements
    found = found.assign(name=names[found["patient"]]).sort_values("time")
    return found.groupby(["name", "outcome"])["value"].last()


def test_printed_table() -> None:
    """Each case is a patient of its own."""
    names = [f"{code}-{value}" for code, _, value, _ in CASES]
    last = scores(
        [person(name) for name in names],
        [measured(name, code, 10, value) for name, (code, _, value, _) in zip(names, CASES, strict=True)],
        [given(name, "invasive_ventilation", 0, 50) for name in names],
        urine="URINE",
    )
    for name, (_, organ, _, points) in zip(names, CASES, strict=True):
        assert last[name, f"SOFA_{organ}"] == last[name, "SOFA"] == points, name


# Dose in ug/kg/min, on either side of every cut; any dobutamine scores 2.
PRESSORS = [
    ("dopamine", {0.5: 2, 5: 2, 5.1: 3, 15: 3, 15.1: 4}),
    ("dobutamine", {1: 2, 20: 2}),
    ("epinephrine", {0.01: 3, 0.1: 3, 0.11: 4}),
    ("norepinephrine", {0.01: 3, 0.1: 3, 0.11: 4}),
]
DOSES = [(drug, dose, points) for drug, cuts in PRESSORS for dose, points in cuts.items()]


def test_printed_table_of_vasopressors() -> None:
    """Each dose in each unit is a patient of its own, of 80 kg."""
    ways = {"ug/kg/min": 1.0, "µg/kg/min": 1.0, "mcg/min": 80.0, "mg/h": 80 * 0.06}
    cases = {f"{drug} {dose} {unit}": (drug, dose, unit, points) for drug, dose, points in DOSES for unit in ways}
    last = scores(
        [person(name, WEIGHT=80) for name in cases],
        [measured(name, "MAP", 10, 90) for name in cases],
        [given(name, drug, 5, 9, round(dose * ways[unit], 9), unit) for name, (drug, dose, unit, _) in cases.items()],
    )
    for name, (*_, points) in cases.items():
        assert last[name, "SOFA_CARDIO"] == points, name


def test_a_dose_that_cannot_be_read_is_flagged_and_follows_the_declared_rule() -> None:
    rows, course = measured("a", "MAP", 10, 90), (given("a", "norepinephrine", 5, 9, 20, "mL/h"),)
    ((_, value, _, _, flags),) = outcomes(rows, treatments=course)["SOFA_CARDIO"]
    assert (value, "SOFA_DOSE_UNKNOWN" in flags) == (3, True)
    assert score("CARDIO", rows, treatments=course, unknown_dose="highest") == 4
    without_weight = (given("a", "norepinephrine", 5, 9, 20, "ug/min"),)
    assert score("CARDIO", rows, treatments=without_weight) == 3
    assert score("CARDIO", rows, treatments=without_weight, weight=70) == 4
    any_dose = (given("a", "dobutamine", 5, 9),)
    assert "SOFA_DOSE_UNKNOWN" not in outcomes(rows, treatments=any_dose)["SOFA"][0][4]


def test_respiratory_scores_of_three_and_four_need_support() -> None:
    low = measured("a", "PF", 10, 80)
    assert score("RESP", low) == 2
    assert score("RESP", low, treatments=(given("a", "high_flow_oxygen", 5, 20),)) == 2
    assert score("RESP", low, treatments=(given("a", "high_flow_oxygen", 5, 20),), support=["high_flow_oxygen"]) == 4


def test_a_censored_value_scores_where_its_bounds_agree() -> None:
    assert score("LIVER", measured("a", "BILI", 10, below=0.2)) == 0
    assert score("LIVER", measured("a", "BILI", 10, below=1.2)) == 0
    assert score("COAG", measured("a", "PLT", 10, below=20)) == 4
    assert score("RENAL", measured("a", "CREAT", 10, above=5)) == 4
    assert "SOFA_LIVER" not in outcomes(measured("a", "BILI", 10, below=4), measured("a", "PLT", 10, 90))


def test_an_organ_is_carried_within_the_declared_hours_and_says_so() -> None:
    rows = (measured("a", "BILI", 0, 3), measured("a", "PLT", 30, 200), measured("a", "PLT", 60, 200))
    assert [row[1] for row in outcomes(*rows)["SOFA"]] == [2, 0, 0]
    carried = outcomes(*rows, carry_hours=48)["SOFA"]
    assert [row[1] for row in carried] == [2, 2, 0]
    assert "SOFA_CARRIED_LIVER" in carried[1][4]
    assert "SOFA_NO_LIVER" in carried[2][4]
    strict = outcomes(*rows, carry_hours=48, missing="strict")["SOFA"]
    assert [row[2:4] for row in strict] == [(2, 22), (2, 18), (0, 20)]


SEDATED = (given("a", "propofol", 8, 40),)
COMA = (measured("a", "GCS", 6, 13), measured("a", "GCS", 10, 3))


@pytest.mark.parametrize(("rule", "points"), [("last_before", 1), ("normal", 1), ("missing", 1)])
def test_coma_scores_under_sedation(rule: str, points: int) -> None:
    assert score("CNS", *COMA, treatments=SEDATED) == 4  # no sedatives declared: as recorded
    assert score("CNS", *COMA, treatments=SEDATED, sedatives=["propofol"], sedated=rule) == points


def test_a_sedated_patient_has_the_last_score_before_sedation_however_long_ago() -> None:
    later = measured("a", "PLT", 35, 200)
    declared = {"treatments": SEDATED, "sedatives": ["propofol"]}
    for rows, expected in ((COMA, 1), (COMA[:1], 1), (COMA[1:], 0), ((), 0)):
        (*_, last) = outcomes(*rows, later, **declared)["SOFA_CNS"]  # type: ignore[arg-type]
        assert (last[1], "SOFA_SEDATED" in last[4]) == (expected, True), rows
    assert outcomes(*COMA, later, **declared, sedated="normal")["SOFA_CNS"][-1][1] == 0  # type: ignore[arg-type]
    assert "SOFA_CNS" not in outcomes(later, **declared, sedated="missing")  # type: ignore[arg-type]


def test_urine_counts_only_over_a_whole_window_without_gaps() -> None:
    hourly = [measured("a", "URINE_VOL", hour, 100) for hour in (0, 6, 12, 18, 24, 30)]
    found = outcomes(*hourly, sums=True)
    assert [(row[0], row[1]) for row in found["URINE"]] == [(24, 400), (30, 400)]
    gap = [row for place, row in enumerate(hourly) if place not in (2, 3)]
    assert "URINE" not in outcomes(*gap, sums=True)
    uneven = [measured("a", "URINE_VOL", hour, amount) for hour, amount in ((-2, 50), (7, 90), (15, 80), (24, 90))]
    # (0, 24] is covered from hour -2: 26 hours for 260 mL.
    assert outcomes(*uneven, sums=True)["URINE"][0][1] == pytest.approx(260 * 24 / 26)


FAILING = {"PLT": 40.0, "CREAT": 4.0, "BILI": 7.0, "GCS": 11.0}


def test_organ_failures_are_counted_at_the_declared_cut() -> None:
    rows = [measured("a", code, 10, value) for code, value in FAILING.items()]
    assert outcomes(*rows)["ORGAN_FAILURES"][0][1:4] == (3, 3, 3)
    assert outcomes(*rows, cut=2)["ORGAN_FAILURES"][0][1] == 4
    ((_, value, lower, upper, flags),) = outcomes(*rows, missing="strict")["ORGAN_FAILURES"]
    assert np.isnan(value)
    assert (lower, upper, flags) == (3, 5, "SOFA_NO_RESP;SOFA_NO_CARDIO")


RANGES = {
    ("PF", "RESP"): (40, 500),
    ("PLT", "COAG"): (5, 300),
    ("BILI", "LIVER"): (0.3, 20),
    ("MAP", "CARDIO"): (40, 90),
    ("GCS", "CNS"): (3, 15),
    ("CREAT", "RENAL"): (0.5, 8),
}


@pytest.mark.parametrize(("code", "organ"), RANGES)
def test_a_worse_value_never_lowers_the_score(code: str, organ: str) -> None:
    ordered = np.linspace(*RANGES[code, organ], 5)
    found = [score(organ, measured("a", code, 10, float(value))) for value in ordered]
    assert found == sorted(found, reverse=code not in ("BILI", "CREAT"))
