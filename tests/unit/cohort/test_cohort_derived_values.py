"""Imputed and estimated oxygenation, altitude, organ failures, fever, ratios to baseline, days free of support."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import (
    LABEL,
    START,
    at,
    dictionary,
    given,
    happened,
    measured,
    moments,
    person,
    records,
    study,
    tables,
)
from hypothesis import given as for_all
from hypothesis import strategies as st

from historical_controls.cohort import CleanTables, CohortTables, define_cohort
from historical_controls.cohort.imputed_ratio import ellis_pao2, log_linear_ratio, rice_ratio
from historical_controls.cohort.rules import judge_rules
from historical_controls.config_cohort import Cohort

# Saturation and PaO2 by Ellis' inversion of Severinghaus' equation, computed by hand (mmHg).
ELLIS = {0.80: 44.3, 0.88: 54.7, 0.90: 58.7, 0.92: 63.8, 0.96: 81.9, 0.97: 90.6}
FLOWS = {"kind": "fraction_from_flow", "flow": "O2_FLOW", "table": [[2, 0.25], [4, 0.30], [8, 0.40], [10, 0.50]]}
IMPUTED = {"kind": "imputed_ratio", "within_minutes": 30}
RATIO = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}
LOW_PF = {"label": LABEL, "kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}


def derived(code: str, clean: CleanTables, **declared: Any) -> pd.DataFrame:
    """Rows of a derived outcome, with hours since the common start."""
    found = records(clean, Cohort.model_validate(declared)).measurements
    own = found.loc[found["outcome"] == code].sort_values(["patient", "time"])
    return own.assign(hours=(own["time"] - START.value // 1_000_000) / 3_600_000)


def of_a(*rows: dict[str, Any], treatments: list[dict[str, Any]] | None = None) -> CleanTables:
    return tables([person("a")], rows, [happened("a", "admission", 0)], treatments or [])


@pytest.mark.parametrize(("saturation", "pao2"), ELLIS.items())
def test_ellis_vectors(saturation: float, pao2: float) -> None:
    assert ellis_pao2(np.array([saturation]))[0] == pytest.approx(pao2, abs=0.05)


@for_all(st.floats(0.5, 0.97))
def test_ellis_inverts_severinghaus(saturation: float) -> None:
    p = ellis_pao2(np.array([saturation]))[0]
    assert 1 / (23400 / (p**3 + 150 * p) + 1) == pytest.approx(saturation, rel=1e-9)


def test_rice_and_log_linear_lines() -> None:
    assert rice_ratio(np.array([200.0, 98.0, 89.9]))[:2] == pytest.approx([161.905, 40.476], abs=1e-3)
    assert np.isnan(rice_ratio(np.array([89.9]))[0])
    assert log_linear_ratio(np.array([235.0]))[0] == pytest.approx(10 ** (0.48 + 0.78 * np.log10(235)))


def test_imputed_ratios_are_flagged_and_need_a_saturation_below_the_flat_part() -> None:
    clean = of_a(
        measured("a", "SPO2", 10, 92),
        measured("a", "FIO2", 10.2, 0.5),
        measured("a", "SPO2", 20, 98),
        measured("a", "FIO2", 20, 0.5),
        measured("a", "SPO2", 30, 90),
    )
    found = derived("PF_SF", clean, derivations={"PF_SF": IMPUTED})
    assert found["hours"].tolist() == [10]
    assert found["value"].iloc[0] == pytest.approx(63.8 / 0.5, abs=0.1)
    assert found["flags"].iloc[0] == "PF_IMPUTED"


def test_imputed_ratios_decide_no_rule_unless_it_says_so() -> None:
    clean = of_a(measured("a", "SPO2", 10, 90), measured("a", "FIO2", 10, 0.8))
    ratios = {"PF": {**RATIO, "filled_from": "PF_SF"}, "PF_SF": IMPUTED}
    states = []
    for imputed in (False, True):
        cohort = Cohort.model_validate({"derivations": ratios, "rules": {"R": {**LOW_PF, "imputed": imputed}}})
        states.append(int(judge_rules(cohort.rules, moments(12), records(clean, cohort))["R"][0]))
    assert states == [0, 1]


def test_fractions_of_flows_are_steps_and_yield_to_other_devices() -> None:
    clean = of_a(
        *(measured("a", "O2_FLOW", hour, flow) for hour, flow in ((1, 2), (2, 3), (3, 8), (4, 12), (5, 6))),
        treatments=[given("a", "high_flow_oxygen", 4.5, 6)],
    )
    found = derived("FIO2_FLOW", clean, derivations={"FIO2_FLOW": FLOWS})
    assert found[["hours", "value"]].to_numpy().tolist() == [[1, 0.25], [2, 0.30], [3, 0.40]]
    assert set(found["flags"]) == {"FIO2_EST"}


def test_estimated_fractions_pair_only_where_declared_and_no_measured_one_does() -> None:
    clean = of_a(
        measured("a", "PAO2", 1, 60),
        measured("a", "O2_FLOW", 1, 3),
        measured("a", "PAO2", 9, 60),
        measured("a", "O2_FLOW", 9, 3),
        measured("a", "FIO2", 9, 0.6),
    )
    flows = {"FIO2_FLOW": FLOWS}
    assert derived("PF", clean, derivations={"PF": RATIO, **flows})["value"].tolist() == [100]
    stood_in = {**RATIO, "estimated_denominators": ["FIO2_FLOW"]}
    found = derived("PF", clean, derivations={"PF": stood_in, **flows})
    assert found["value"].tolist() == [pytest.approx(200), 100]
    assert found["flags"].tolist() == ["FIO2_EST", ""]


@pytest.mark.parametrize(
    ("convention", "value"), [("raw", 100.0), ("times_pb_over_760", 76.974), ("times_760_over_pb", 129.915)]
)
def test_conventions_of_altitude(convention: str, value: float) -> None:
    clean = of_a(measured("a", "PAO2", 1, 50), measured("a", "FIO2", 1, 0.5))
    altitude = {"convention": convention, "barometric_pressure": 585}
    found = derived("PF", clean, derivations={"PF": RATIO}, altitude=altitude)
    assert found["value"].tolist() == [pytest.approx(value, abs=1e-3)]


def test_failing_organs_are_those_with_so_many_points() -> None:
    clean = of_a(measured("a", "PLT", 1, 40), measured("a", "CREAT", 1, 4.0), measured("a", "BILI", 1, 3.0))
    counts = {}
    for cut in (2, 3):
        declared = {"SOFA": {"kind": "sofa"}, "ORGAN_FAILURES": {"kind": "organ_failures", "of": "SOFA", "cut": cut}}
        counts[cut] = derived("ORGAN_FAILURES", clean, derivations=declared)["value"].max()
    assert counts == {2: 3, 3: 2}


# -- after time zero: the cohort as a whole ---------------------------------------------------------------------------


def cohort(
    rows: list[dict], treatments: list[dict] | None = None, end: tuple = ("discharge_alive", 600), **keys: Any
) -> CohortTables:
    """One treated patient infused 48 h after admission."""
    events = [happened("a", "admission", 0), happened("a", "infusion", 48), happened("a", *end)]
    clean = tables([person("a", "treated")], rows, events, treatments or [])
    return define_cohort(clean, Cohort.model_validate(keys), study(), dictionary(), "primary", 1, ["TEMP"])


def test_hours_of_fever_follow_the_line_between_readings() -> None:
    """37 at hour 0 of day 1, 39 at hour 4, 37 at hour 8: above 38 from hour 2 to hour 6, then never."""
    readings = [(0, 37), (4, 39), (8, 37), (12, 37), (16, 37), (20, 37), (24, 37)]
    rows = [measured("a", "TEMP", 48 + hour, value) for hour, value in readings]
    fever = {"kind": "hours_above", "of": "TEMP", "cut": 38.0}
    found = cohort(rows, derivations={"FEVER_HOURS": fever}).visits
    first = found.loc[(found["outcome"] == "FEVER_HOURS") & (found["day"] == 1), "value"]
    assert first.tolist() == [pytest.approx(4.0, abs=0.01)]


def test_values_over_the_own_baseline_keep_their_assay() -> None:
    rows = [
        measured("a", "DDIM", 40, 1000, assay="A"),
        measured("a", "DDIM", 72, 2500, assay="A"),
        measured("a", "DDIM", 96, 9000, assay="B"),
    ]
    declared = {"DDIM_RATIO": {"kind": "ratio_to_baseline", "of": ["DDIM"]}}
    found = cohort(rows, derivations=declared).observations
    after = found.loc[(found["outcome"] == "DDIM_RATIO") & (found["hours"] > 0)]
    assert after["value"].tolist() == [pytest.approx(2.5)]


FREE = {"VENT_FREE_DAYS": {"kind": "free_days", "support": ["invasive_ventilation"], "days": 21}}
VENTILATED = {
    # Courses in hours since time zero, how the stay ended, days free of ventilation.
    "never": ([], ("discharge_alive", 600), 21),
    "five days": ([(0, 120)], ("discharge_alive", 600), 16),
    "twice, a day apart": ([(0, 48), (72, 120)], ("discharge_alive", 600), 16),
    "home on day 10": ([(0, 120)], ("discharge_alive", 48 + 240), 16),
    "dead on day 10": ([(0, 120)], ("death", 48 + 240), 0),
}


@pytest.mark.parametrize(("courses", "end", "days"), VENTILATED.values(), ids=list(VENTILATED))
def test_ventilator_free_days(courses: list[tuple[float, float]], end: tuple[str, float], days: float) -> None:
    given_ = [given("a", "invasive_ventilation", 48 + start, 48 + stop) for start, stop in courses]
    # Another course, before time zero, so that ventilation is recorded at all.
    given_.append(given("a", "invasive_ventilation", 1, 2))
    found = cohort([measured("a", "HR", 49, 80)], given_, end, summaries=FREE).summaries
    assert found["value"].tolist() == [days]


def test_a_transfer_leaves_free_days_open_within_bounds() -> None:
    courses = [given("a", "invasive_ventilation", 48, 168)]
    row = cohort([], courses, ("transfer_out", 48 + 240), summaries=FREE).summaries.iloc[0]
    assert np.isnan(row["value"])
    assert (row["lower"], row["upper"]) == (0, 16)
    assert row["state"] == "transfer_out"


@pytest.mark.parametrize("hours", [-40, 0, 40])
def test_shifting_all_times_changes_nothing(hours: int) -> None:
    rows = [measured("a", "SPO2", 60 + hours, 92), measured("a", "FIO2", 60 + hours, 0.5)]
    found = derived("PF_SF", of_a(*rows), derivations={"PF_SF": IMPUTED})
    assert found["value"].iloc[0] == pytest.approx(63.8 / 0.5, abs=0.1)
    assert at(60 + hours) >= START
