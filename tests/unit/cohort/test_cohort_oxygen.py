"""P/F from gases, flows and saturations, its altitude conventions, and what gave no ratio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohort_study import LABEL, dictionary, given, measured, moments, person, records, tables
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from historical_controls.cohort.derivations.derive import derive_outcomes
from historical_controls.cohort.derivations.imputed_ratio import ellis_pao2, log_linear_ratio, ratio_of, rice_ratio
from historical_controls.cohort.eligibility.rules import judge_rules
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.patient_records import place_all
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study_config import load_config, scenario_config
from historical_controls.config.study_file import read_config

PF = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}
FLOW = {"kind": "fraction_from_flow", "flow": "O2_FLOW", "table": [[2, 0.25], [4, 0.30], [8, 0.40], [10, 0.50]]}
SF = {"kind": "imputed_ratio", "within_minutes": 30}


def derived(clean: CleanTables, **declared: dict) -> CleanTables:
    altitude = declared.pop("altitude", {})
    cohort = Cohort.model_validate({"derivations": declared, "altitude": altitude})
    return derive_outcomes(place_all(clean, clean.patients), cohort, dictionary())


def values(found: CleanTables, outcome: str = "PF") -> list[tuple]:
    rows = found.measurements[found.measurements["outcome"] == outcome].sort_values(["patient", "time"])
    return [(round(value, 2), flags) for value, flags in zip(rows["value"], rows["flags"], strict=True)]


def reasons(found: CleanTables) -> list[tuple]:
    return list(found.refused[["outcome", "reason", "value"]].itertuples(index=False, name=None))


def patient(*rows: dict, treatments: tuple = ()) -> CleanTables:
    return tables([person("a")], rows, (), treatments)


def test_every_gas_without_a_ratio_leaves_a_trace() -> None:
    found = derived(
        patient(
            measured("a", "PAO2", 1, 80),
            measured("a", "PAO2", 10, 500),
            measured("a", "FIO2", 10, 0.21),
            measured("a", "PAO2", 20, 40, specimen="venous"),
            measured("a", "PAO2", 30, 42, flags="ABG_VENOUS"),
            measured("a", "FIO2", 30, 0.5),
            measured("a", "PAO2", 40, above=400),
        ),
        PF={**PF, "numerator_specimen": ["arterial"], "numerator_flags_refused": ["ABG_VENOUS"]},
    )
    assert values(found) == []
    assert reasons(found) == [
        ("PF", "other_specimen", 40),
        ("PF", "flag_refused", 42),
        ("PF", "no_partner", 80),
        ("PF", "no_partner", 400),
        ("PF", "outside_limits", 500),
    ]
    assert_allclose(found.refused["ratio"].dropna(), [500 / 0.21])


def test_a_suspected_venous_gas_counts_unless_refused() -> None:
    clean = patient(measured("a", "PAO2", 30, 42, flags="ABG_VENOUS"), measured("a", "FIO2", 30, 0.5))
    assert values(derived(clean, PF=PF)) == [(84, "ABG_VENOUS")]


def test_kilopascals_are_converted_where_they_are_read() -> None:
    words = dictionary()
    for code in ("PAO2", "PF"):
        conversion = words.conversion(code, "kPa")
        assert conversion is not None
        assert conversion.factor * 10 == pytest.approx(75.0062)


@pytest.mark.parametrize(
    ("flow", "fraction"), [(0.5, 0.25), (2, 0.25), (2.1, 0.3), (4, 0.3), (6, 0.4), (8, 0.4), (9, 0.5), (10, 0.5)]
)
def test_flow_of_nasal_prongs(flow: float, fraction: float) -> None:
    found = derived(patient(measured("a", "O2_FLOW", 1, flow)), FIO2_FLOW=FLOW)
    assert values(found, "FIO2_FLOW") == [(fraction, "FIO2_EST")]


def test_flows_beyond_the_table_and_under_other_devices_give_none() -> None:
    clean = patient(
        measured("a", "O2_FLOW", 1, 12),
        measured("a", "O2_FLOW", 2, 0),
        measured("a", "O2_FLOW", 5, 8),
        treatments=(given("a", "high_flow_oxygen", 4, 6),),
    )
    found = derived(clean, FIO2_FLOW=FLOW)
    assert values(found, "FIO2_FLOW") == []
    assert sorted(row[1:] for row in reasons(found)) == [
        ("flow_not_listed", 0),
        ("flow_not_listed", 12),
        ("other_device", 8),
    ]
    air = derived(clean, FIO2_FLOW={**FLOW, "table": [[0, 0.21], [15, 0.6]], "not_during": []})
    assert values(air, "FIO2_FLOW") == [(0.6, "FIO2_EST"), (0.21, "FIO2_EST"), (0.6, "FIO2_EST")]


def test_an_estimated_fraction_stands_in_only_where_declared_and_nothing_was_measured() -> None:
    clean = patient(
        measured("a", "PAO2", 1, 60),
        measured("a", "O2_FLOW", 1, 4),
        measured("a", "PAO2", 10, 60),
        measured("a", "O2_FLOW", 10, 4),
        measured("a", "FIO2", 10.4, 0.5),
    )
    assert values(derived(clean, PF=PF, FIO2_FLOW=FLOW)) == [(120, "")]
    declared = {**PF, "estimated_denominators": ["FIO2_FLOW"]}
    assert values(derived(clean, PF=declared, FIO2_FLOW=FLOW)) == [(200, "FIO2_EST"), (120, "")]


def test_room_air_is_assumed_only_where_declared_and_no_oxygen_runs() -> None:
    clean = patient(measured("a", "PAO2", 1, 63), measured("a", "PAO2", 9, 63), treatments=(given("a", "oxygen", 5),))
    assert values(derived(clean, PF=PF)) == []
    assert values(derived(clean, PF={**PF, "room_air": ["oxygen"]})) == [(300, "FIO2_ROOM_AIR")]


# Computed from the equations as printed by Brown et al., Chest 2016;150:307-313.
@pytest.mark.parametrize(
    ("saturation", "pao2"), [(0.80, 44.3), (0.88, 54.7), (0.90, 58.7), (0.92, 63.8), (0.96, 81.9), (0.97, 90.6)]
)
def test_ellis_inverts_severinghaus(saturation: float, pao2: float) -> None:
    found = ellis_pao2(np.array([saturation]))
    assert_allclose(found, pao2, atol=0.05)
    assert_allclose(1 / (23400 / (found**3 + 150 * found) + 1), saturation, rtol=1e-12)


def test_linear_and_log_linear_formulas() -> None:
    assert_allclose(rice_ratio(np.array([98.0, 235.0, 315.0])), [40.476, 203.571, 298.810], atol=1e-3)
    assert np.isnan(rice_ratio(np.array([89.9]))).all()
    assert_allclose(log_linear_ratio(np.array([100.0])), 10**2.04)


@pytest.mark.parametrize("formula", ["ellis", "log_linear", "rice"])
@over(st.floats(50, 96), st.floats(50, 96), st.floats(0.21, 1), st.floats(0.21, 1))
@settings(max_examples=60, deadline=None)
def test_imputed_ratios_rise_with_saturation_and_fall_with_oxygen(
    formula: str, s1: float, s2: float, f1: float, f2: float
) -> None:
    low, high = sorted((s1, s2))
    by_s = ratio_of(formula, np.array([low, high]), np.array([f1, f1]))
    by_f = ratio_of(formula, np.array([s1, s1]), np.array(sorted((f1, f2))))
    assert not by_s[0] > by_s[1] + 1e-9
    assert not by_f[1] > by_f[0] + 1e-9


def test_imputation_refuses_the_flat_part_of_the_curve_and_what_the_line_does_not_hold_for() -> None:
    clean = patient(
        measured("a", "SPO2", 1, 97),
        measured("a", "FIO2", 1, 0.5),
        measured("a", "SPO2", 5, 90),
        measured("a", "FIO2", 5, 0.5),
        measured("a", "SPO2", 9, 89),
        measured("a", "FIO2", 9, 1.0),
        measured("a", "SPO2", 20, 92),
    )
    found = derived(clean, PF_SF=SF)
    assert values(found, "PF_SF") == [(117.31, "PF_IMPUTED"), (56.55, "PF_IMPUTED")]
    assert reasons(found) == [("PF_SF", "no_partner", 92)]
    assert len(values(derived(clean, PF_SF={**SF, "saturation_max": 97}), "PF_SF")) == 3
    line = derived(clean, PF_SF={**SF, "formula": "rice"})
    assert values(line, "PF_SF") == [(138.10, "PF_IMPUTED")]
    assert ("PF_SF", "formula_does_not_hold", 89) in reasons(line)
    with pytest.raises(ValueError, match="less than or equal to 97"):
        Cohort.model_validate({"derivations": {"PF_SF": {**SF, "saturation_max": 98}}})


SATURATIONS = (
    measured("a", "SPO2", 1, 90),
    measured("a", "FIO2", 1, 0.5),
    measured("a", "PAO2", 10, 50),
    measured("a", "SPO2", 10.2, 90),
    measured("a", "FIO2", 10, 0.5),
)


def test_imputed_ratios_join_the_measured_ones_only_where_declared() -> None:
    clean = patient(*SATURATIONS)
    assert values(derived(clean, PF=PF, PF_SF=SF)) == [(100, "")]
    joined = derived(clean, PF={**PF, "filled_from": "PF_SF"}, PF_SF=SF)
    assert values(joined) == [(117.31, "PF_IMPUTED"), (100, "")]


def test_imputed_values_decide_no_rule_unless_it_says_so() -> None:
    rule = {"kind": "threshold", "label": LABEL, "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
    cohort = Cohort.model_validate(
        {
            "derivations": {"PF": {**PF, "filled_from": "PF_SF"}, "PF_SF": SF},
            "rules": {
                "measured": rule,
                "any": {**rule, "imputed": True},
                "own": {**rule, "outcome": "PF_SF"},
                "own_any": {**rule, "outcome": "PF_SF", "imputed": True},
            },
        }
    )
    known = records(patient(*SATURATIONS[:2]), cohort)
    found = judge_rules(cohort.rules, moments(5), known)
    assert {name: int(state[0]) for name, state in found.items()} == {"measured": 0, "any": 1, "own": 0, "own_any": 1}


@pytest.mark.parametrize(
    ("convention", "pf", "flags"),
    [("raw", 100, ""), ("times_pb_over_760", 76.97, "PB_CORRECTED"), ("times_760_over_pb", 129.91, "PB_CORRECTED")],
)
def test_altitude_conventions(convention: str, pf: float, flags: str) -> None:
    """100 x 585/760 = 77: Ferguson et al., Intensive Care Med 2012;38:1573-1582 (Berlin), table 1, footnote."""
    clean = patient(*SATURATIONS[2:3], SATURATIONS[4], measured("a", "PF", 30, 100))
    altitude = {"convention": convention, "barometric_pressure": 585}
    found = values(derived(clean, PF=PF, altitude=altitude))
    assert [value for value, _ in found] == [pf, pf]
    assert found[0][1] == flags


def test_altitude_needs_the_pressure_and_is_a_matter_of_overrides() -> None:
    with pytest.raises(ValueError, match="barometric_pressure is needed"):
        Cohort.model_validate({"altitude": {"convention": "times_pb_over_760"}})
    raw = read_config(Path(__file__).parents[3] / "config.yaml")
    over = {"cohort": {"altitude": {"convention": "times_760_over_pb"}, "rules": {"I4": {"value": 195}}}}
    raw["scenarios"]["altitude_corrected"] = {"label": {"en": "x", "es": "x"}, "overrides": over}
    cohort = scenario_config(load_config(raw), "altitude_corrected").cohort
    assert cohort.altitude.factor == pytest.approx(760 / 585)
    assert cohort.rules["I4"].value == 195  # type: ignore[union-attr]


EVERYTHING = {
    "FIO2_FLOW": FLOW,
    "PF_SF": {**SF, "estimated_fractions": ["FIO2_FLOW"]},
    "PF": {**PF, "estimated_denominators": ["FIO2_FLOW"], "filled_from": "PF_SF", "room_air": ["oxygen"]},
    "URINE": {"kind": "window_sum", "of": "URINE_VOL"},
    "SOFA": {"kind": "sofa", "urine": "URINE", "carry_hours": 48, "sedatives": ["propofol"], "imputed": True},
    "ORGAN_FAILURES": {"kind": "organ_failures", "of": "SOFA"},
}
CODES = {"PAO2": (40, 120), "FIO2": (0.3, 1), "SPO2": (80, 99), "O2_FLOW": (1, 12), "URINE_VOL": (10, 900)}
CODES |= {"PLT": (10, 200), "GCS": (3, 15), "CREAT": (0.5, 6), "MAP": (50, 90), "BILI": (0.5, 14)}


def random_rows(seed: int, count: int = 120) -> list[dict]:
    rng = np.random.default_rng(seed)
    names = rng.choice(list(CODES), count)
    made = {(str(rng.choice(["a", "b"])), str(name), round(float(rng.uniform(0, 90)), 1)) for name in names}
    return [measured(who, code, at, round(float(rng.uniform(*CODES[code])), 2)) for who, code, at in sorted(made)]


def everything(rows: list[dict], shift: float = 0) -> pd.DataFrame:
    courses = [given("a", "propofol", 20 + shift, 50 + shift), given("b", "norepinephrine", 30 + shift, 40 + shift)]
    moved = [{**row, "time": row["time"] + pd.Timedelta(hours=shift)} for row in rows]
    clean = tables([person("a"), person("b")], moved, (), courses)
    found = derived(clean, **EVERYTHING).measurements
    keys = ["patient", "outcome", "time", "value", "lower", "upper", "flags"]
    return found[keys].sort_values(keys[:4], ignore_index=True)


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_rows_nor_the_calendar_matters(seed: int) -> None:
    rows = random_rows(seed)
    whole = everything(rows)
    shuffled = [rows[place] for place in np.random.default_rng(seed + 100).permutation(len(rows))]
    pd.testing.assert_frame_equal(everything(shuffled), whole)
    later = everything(rows, shift=1000)
    pd.testing.assert_frame_equal(later.assign(time=later["time"] - 1000 * 3_600_000), whole)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_by_an_hour_does_not_depend_on_what_comes_later(seed: int) -> None:
    rows, limit = random_rows(seed), 45.0
    cohort = Cohort.model_validate({"derivations": EVERYTHING})
    courses = [given("a", "propofol", 20, 50)]
    people = [person("a"), person("b")]
    early = [row for row in rows if (row["time"].value // 10**6) <= moments(limit).time[0]]
    full, cut = (records(tables(people, part, (), courses), cohort) for part in (rows, early))
    now = moments(limit).time[0]
    for outcome in ("PF", "PF_SF", "SOFA", "ORGAN_FAILURES", "URINE"):
        for imputed in (False, True):
            seen = [known_by(known.results(outcome, imputed), now) for known in (full, cut)]
            assert seen[0] == seen[1], outcome


def known_by(series, now: int) -> list[tuple]:  # type: ignore[no-untyped-def]
    if series is None:
        return []
    patient = (series.key - (series.time - series.clock.origin)) // series.clock.span
    rows = zip(patient, series.time, series.lower, series.upper, strict=True)
    return [row for row in rows if row[1] + series.known_after <= now]
