"""Paired ratios and SOFA: clean rows in, derived rows out."""

from __future__ import annotations

import numpy as np
import pytest
from cohort_study import at, dictionary, given, happened, measured, person, tables

from historical_controls.cohort.derivations.derive import derive_outcomes
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.lymphocytes import with_lymphocyte_counts
from historical_controls.cohort.records.patient_records import place_all
from historical_controls.config.cohort.cohort import Cohort

PF = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}


def derived(clean: CleanTables, outcome: str, **derivations: dict) -> list[tuple]:
    """(hours, value, lower, upper, flags) of one derived outcome."""
    cohort = Cohort.model_validate({"derivations": derivations})
    out = derive_outcomes(place_all(clean, clean.patients), cohort, dictionary()).measurements
    rows = out[out["outcome"] == outcome].sort_values("time")
    start = at(0).value // 1_000_000
    hours = (rows["time"] - start) / 3_600_000
    return list(zip(hours, rows["value"], rows["lower"], rows["upper"], rows["flags"], strict=True))


def pairs(clean: CleanTables, **changes: object) -> list[tuple]:
    rows = derived(clean, "PF", PF={**PF, "numerator_specimen": ["arterial"], **changes})
    return [(hours, round(value, 3)) for hours, value, *_ in rows]


def gases(*rows: dict) -> CleanTables:
    return tables([person("a"), person("b")], rows)


def test_ratio_takes_the_nearest_partner_and_the_earlier_of_two_as_near() -> None:
    clean = gases(
        measured("a", "PAO2", 10, 80),
        measured("a", "FIO2", 9.75, 0.5),
        measured("a", "FIO2", 10.25, 0.8),
        measured("a", "PAO2", 20, 90),
        measured("a", "FIO2", 19.6, 0.5),
        measured("a", "FIO2", 20.1, 0.9),
    )
    assert pairs(clean) == [(10, 160), (20, 100)]
    assert pairs(clean, direction="before") == [(10, 160), (20, 180)]


def test_ratio_needs_a_partner_of_the_same_patient_within_the_window() -> None:
    clean = gases(
        measured("a", "PAO2", 10, 80),
        measured("a", "FIO2", 9.4, 0.5),
        measured("b", "FIO2", 10, 0.4),
        measured("b", "PAO2", 30, 80),
        measured("a", "FIO2", 30, 0.4),
    )
    assert pairs(clean) == []
    assert pairs(clean, within_minutes=36) == [(10, 160)]


def test_ratio_is_of_declared_specimens_and_plausible_denominators() -> None:
    clean = gases(
        measured("a", "PAO2", 10, 40, specimen="venous"),
        measured("a", "FIO2", 10, 0.5),
        measured("a", "PAO2", 20, 80),
        measured("a", "FIO2", 20, 0.1),
        measured("a", "FIO2", 19.8, 0.4),
    )
    assert pairs(clean, denominator_min=0.2) == [(20, 200)]
    assert pairs(clean, denominator_min=0.2, numerator_specimen=["arterial", "venous"]) == [(10, 80), (20, 200)]


def test_ratio_takes_no_venous_sample_unless_it_is_declared() -> None:
    clean = gases(
        measured("a", "PAO2", 10, 40, specimen="venous"),
        measured("a", "FIO2", 10, 0.5),
        measured("a", "PAO2", 20, 60, specimen="capillary"),
        measured("a", "FIO2", 20, 0.5),
        measured("a", "PAO2", 30, 80, specimen=""),
        measured("a", "FIO2", 30, 0.5),
    )
    assert pairs(clean, numerator_specimen=[]) == [(30, 160)]
    assert pairs(clean, numerator_specimen=["capillary"]) == [(20, 120)]
    # Of a ratio of the study's own, outcomes.csv says which specimens answer it: here it names none.
    ratio = {**PF, "denominator": "PEEP"}
    paired = gases(measured("a", "PAO2", 10, 40, specimen="venous"), measured("a", "PEEP", 10, 5))
    assert [row[1] for row in derived(paired, "ORGAN_FAILURES", ORGAN_FAILURES={**ratio, "limits": False})] == [8]


def test_ratio_keeps_bounds_flags_and_limits() -> None:
    clean = gases(
        measured("a", "PAO2", 10, above=300, flags="VENOUS_SUSPECT"),
        measured("a", "FIO2", 10, 0.6, flags="FIO2_EST"),
        measured("a", "PAO2", 20, 500),
        measured("a", "FIO2", 20, 0.21),
    )
    first = derived(clean, "PF", PF=PF)
    assert len(first) == 1  # 500 / 0.21 is no ratio that a patient can have
    hours, value, lower, upper, flags = first[0]
    assert (hours, lower, flags) == (10, 500, "FIO2_EST;VENOUS_SUSPECT")
    assert np.isnan(value) and np.isnan(upper)
    assert len(derived(clean, "PF", PF={**PF, "limits": False})) == 2


def test_reported_ratio_gives_way_unless_preferred() -> None:
    clean = gases(
        measured("a", "PAO2", 10, 80),
        measured("a", "FIO2", 10, 0.5),
        measured("a", "PF", 10, 170),
        measured("a", "PF", 40, 190),
    )
    assert [row[:2] + row[4:] for row in derived(clean, "PF", PF=PF)] == [(10, 160, ""), (40, 190, "REPORTED")]
    preferred = derived(clean, "PF", PF={**PF, "prefer_reported": True})
    assert [row[:2] for row in preferred] == [(10, 170), (40, 190)]


def test_reported_values_that_a_derivation_replaces_are_counted() -> None:
    """They were dropped without a trace, and an outcome that files report was "nobody has values"."""
    clean = gases(
        measured("a", "PAO2", 10, 80),
        measured("a", "FIO2", 10, 0.5),
        measured("a", "PF", 10, 170),
        measured("a", "PF", 40, 190),
        measured("b", "SOFA", 12, 7),
    )

    def lost(**derivations: dict) -> list[tuple]:
        out = derive_outcomes(
            place_all(clean, clean.patients), Cohort.model_validate({"derivations": derivations}), dictionary()
        )
        rows = out.refused[out.refused["reason"] == "reported"]
        return list(zip(rows["outcome"], rows["value"], strict=True))

    # 190 stays: nothing was computed for that hour.
    assert lost(PF=PF, SOFA=SOFA) == [("PF", 170), ("SOFA", 7)]
    assert lost(PF={**PF, "prefer_reported": True}) == []


SOFA = {"kind": "sofa"}


def scores(*rows: dict, treatments: tuple = (), events: tuple = (), **changes: object) -> list[tuple]:
    clean = tables([person("a")], rows, events, treatments)
    return derived(clean, "SOFA", SOFA={**SOFA, **changes})


ALL_NORMAL = {"PF": 420.0, "PLT": 200.0, "BILI": 0.8, "MAP": 80.0, "GCS": 15.0, "CREAT": 0.9}


def panel(hours: float, **values: float) -> list[dict]:
    return [measured("a", code, hours, value) for code, value in {**ALL_NORMAL, **values}.items()]


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({}, 0),
        ({"PF": 399}, 1),
        ({"PF": 299}, 2),
        ({"PF": 90}, 2),  # without support the respiratory score ends at 2
        ({"PLT": 149}, 1),
        ({"PLT": 99}, 2),
        ({"PLT": 49}, 3),
        ({"PLT": 19}, 4),
        ({"BILI": 1.2}, 1),
        ({"BILI": 2.0}, 2),
        ({"BILI": 6.0}, 3),
        ({"BILI": 12.0}, 4),
        ({"MAP": 69}, 1),
        ({"GCS": 14}, 1),
        ({"GCS": 12}, 2),
        ({"GCS": 9}, 3),
        ({"GCS": 5}, 4),
        ({"CREAT": 1.2}, 1),
        ({"CREAT": 2.0}, 2),
        ({"CREAT": 3.5}, 3),
        ({"CREAT": 5.0}, 4),
        ({"PLT": 45, "CREAT": 2.5}, 5),
    ],
)
def test_sofa_of_a_full_panel(values: dict[str, float], score: int) -> None:
    assert [row[:2] for row in scores(*panel(10, **values))] == [(10, score)]


@pytest.mark.parametrize(("pf", "score"), [(199, 3), (99, 4), (250, 2)])
def test_sofa_respiratory_score_with_support(pf: float, score: int) -> None:
    ventilated = (given("a", "invasive_ventilation", 5, 50),)
    assert scores(*panel(10, PF=pf), treatments=ventilated)[0][1] == score
    tube = (happened("a", "intubation", 5),)
    assert scores(*panel(10, PF=pf), events=tube)[0][1] == score
    out_again = (*tube, happened("a", "extubation", 9))
    assert scores(*panel(10, PF=pf), events=out_again)[0][1] == 2


@pytest.mark.parametrize(
    ("drug", "dose", "unit", "score"),
    [
        ("norepinephrine", 0.08, "ug/kg/min", 3),
        ("norepinephrine", 0.2, "mcg/kg/min", 4),
        ("norepinephrine", 0.2, "mg/h", 3),  # a dose in another unit counts as the lowest
        ("dopamine", 4, "ug/kg/min", 2),
        ("dopamine", 12, "ug/kg/min", 3),
        ("dopamine", 16, "ug/kg/min", 4),
        ("dobutamine", np.nan, None, 2),
    ],
)
def test_sofa_pressors(drug: str, dose: float, unit: str | None, score: int) -> None:
    assert scores(*panel(10), treatments=(given("a", drug, 5, 9, dose, unit),))[0][1] == score
    assert scores(*panel(10), treatments=(given("a", drug, 11, 20, dose, unit),))[0][1] == 0


def test_sofa_is_the_worst_of_the_look_back_and_ages() -> None:
    rows = [*panel(0, PLT=40), *panel(12), *panel(23.9), *panel(24)]
    assert [row[:2] for row in scores(*rows)] == [(0, 3), (12, 3), (23.9, 3), (24, 0)]


def test_sofa_of_missing_organs() -> None:
    rows = [measured("a", "PLT", 10, 40), measured("a", "CREAT", 10, 1.5)]
    flags = "SOFA_NO_RESP;SOFA_NO_LIVER;SOFA_NO_CARDIO;SOFA_NO_CNS"
    assert scores(*rows) == [(10, 4, 4, 4, flags)]
    ((hours, value, lower, upper, strict_flags),) = scores(*rows, missing="strict")
    assert (hours, lower, upper, strict_flags) == (10, 4, 20, flags)
    assert np.isnan(value)


def test_sofa_uses_a_ratio_only_when_its_pairing_window_has_closed() -> None:
    clean = tables(
        [person("a")], [measured("a", "PAO2", 10, 60), measured("a", "FIO2", 10.25, 0.3), measured("a", "PLT", 10, 200)]
    )
    rows = derived(clean, "SOFA", PF={**PF}, SOFA=SOFA)
    assert [(hours, value) for hours, value, *_ in rows] == [(10, 0), (10.5, 2)]


def counts(*rows: dict) -> list[tuple]:
    """(hours of the sample, outcome, value, flags, hours of the result) after percentages gave counts."""
    clean = gases(*rows)
    out = with_lymphocyte_counts(place_all(clean, clean.patients), dictionary()).measurements
    start = at(0).value // 1_000_000
    hours = ((out[name] - start) / 3_600_000 for name in ("time", "result_time"))
    return sorted(zip(next(hours), out["outcome"], out["value"], out["flags"], next(hours), strict=True))


def test_a_percentage_of_lymphocytes_stays_and_gives_the_count_of_its_own_sample() -> None:
    """12.5% of 8 is 1; whoever asks for either has it. The sample's own count wins; other samples give none."""
    found = counts(
        measured("a", "WBC", 1, 8.0, reported=3),
        measured("a", "LYMPH_PCT", 1, 12.5, reported=2, flags="JUMP"),
        measured("a", "WBC", 5, 8.0, reported=5),
        measured("a", "LYMPH_PCT", 5, 12.5, reported=5),
        measured("a", "LYMPH", 5, 1.1, reported=5),
        measured("a", "LYMPH_PCT", 9, 20.0, reported=9),
        measured("b", "WBC", 9, 10.0, reported=9),
    )
    assert (1.0, "LYMPH", 1.0, "JUMP;LYMPH_FROM_PERCENT", 3.0) in found
    assert [row for row in found if row[1] == "LYMPH" and row[0] != 1] == [(5.0, "LYMPH", 1.1, "", 5.0)]
    assert [row[2] for row in found if row[1] == "LYMPH_PCT"] == [12.5, 12.5, 20.0]


def test_which_leukocytes_a_percentage_is_of_must_be_plain() -> None:
    two = (measured("a", "WBC", 1, 8.0), measured("a", "WBC", 1, 9.0, assay="other"))
    assert not [row for row in counts(*two, measured("a", "LYMPH_PCT", 1, 12.5)) if row[1] == "LYMPH"]
    assert not [row for row in counts(measured("a", "LYMPH_PCT", 1, 12.5)) if row[1] == "LYMPH"]
