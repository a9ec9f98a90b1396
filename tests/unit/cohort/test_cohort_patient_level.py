"""What counts from time zero: hours of fever, ratios to baseline, days free of support. Clean tables in, tables out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cohort_study import dictionary, given, happened, inputs, measured, person, tables

from historical_controls.ard.queries import results_of
from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.follow_up.summaries import limits_a_day
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.config.cohort.cohort import Cohort

ZERO = 100.0
AT_EVENT = {"treated": "infusion", "historical": "event", "historical_event": "icu_admission"}
OTHER = given("z", "invasive_ventilation", 0, 1)


def followed(
    *rows: dict, events: tuple = (), treatments: tuple = (OTHER,), end: tuple[str, float] | None = None, **cohort: Any
) -> CohortTables:
    """A treated patient 'a', time zero at hour 100; 'z' is never included. `end`: event and hours since time zero."""
    ended = () if end is None else (happened("a", end[0], ZERO + end[1]),)
    clean = tables(
        [person("a", "treated"), person("z")],
        rows,
        [happened("a", "admission", 40), happened("a", "infusion", ZERO), *events, *ended],
        treatments,
    )
    declared = Cohort.model_validate({"time_zero": AT_EVENT, **cohort})
    return define_cohort(clean, inputs(declared, "PF"))


def temp(hours: float, value: float, **more: Any) -> dict:
    return measured("a", "TEMP", ZERO + hours, value, **more)


FEVER = {"kind": "hours_above", "of": "TEMP", "cut": 38.0, "min_observed_hours": 0}


def fever(*rows: dict, end: tuple[str, float] | None = None, **changes: Any) -> dict[int, float]:
    found = followed(*rows, end=end or ("discharge_alive", 504), derivations={"FEVER_HOURS": {**FEVER, **changes}})
    visits = found.visits[found.visits["outcome"] == "FEVER_HOURS"]
    return dict(zip(visits["day"], visits["value"].round(6), strict=True))


def test_hours_of_fever_between_readings() -> None:
    rows = [temp(2, 37), temp(6, 39), temp(10, 37)]
    assert fever(*rows) == {1: 4}  # linear: from 38 going up at hour 4 to 38 going down at hour 8
    assert fever(*rows, between="step") == {1: 4}  # the reading of hour 6 holds until hour 10
    assert fever(*rows[:2], between="step") == {1: 0}
    assert fever(temp(2, 38), temp(6, 38)) == {1: 4}


def test_hours_of_fever_fall_on_the_days_they_belong_to() -> None:
    rows = [temp(hour, 39) for hour in (-3, 1, 7, 13, 19, 25, 31)]
    assert fever(*rows) == {1: 24, 2: 7}
    assert fever(*rows, end=("death", 28)) == {1: 24, 2: 4}


def test_the_baseline_day_reads_nothing_after_time_zero() -> None:
    before = [temp(-10, 39), temp(-4, 39)]
    assert fever(*before, temp(2, 39))[0] == 6
    assert fever(*before, temp(2, 36))[0] == 6


def test_a_gap_is_not_observed_and_a_short_day_has_no_value() -> None:
    rows = [temp(1, 39), temp(5, 39), temp(20, 39), temp(24, 39)]
    assert fever(*rows) == {1: 8}
    assert fever(*rows, min_observed_hours=9) == {}
    assert fever(*rows, max_gap_hours=15) == {1: 23}


def test_hours_of_fever_neither_exceed_the_day_nor_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(3)
    rows = [temp(round(float(h), 2), round(float(v), 1)) for h, v in zip(rng.uniform(-20, 200, 150),
            rng.normal(38, 1, 150), strict=True)]  # fmt: skip
    found = fever(*rows)
    assert all(0 <= value <= 24 for value in found.values())
    assert fever(*[rows[place] for place in rng.permutation(len(rows))]) == found
    lower_cut = fever(*rows, cut=37.5)
    assert all(lower_cut[day] >= value for day, value in found.items())


def dimer(hours: float, value: float | None = None, code: str = "DDIM", **more: Any) -> dict:
    return measured("a", code, ZERO + hours, value, **{"assay": "A", **more})


RATIO = {"DDIM_RATIO": {"kind": "ratio_to_baseline", "of": ["DDIM", "DDIM_DDU"]}}


def ratios(*rows: dict, **changes: Any) -> tuple[list[tuple], list[tuple]]:
    found = followed(*rows, derivations={"DDIM_RATIO": {**RATIO["DDIM_RATIO"], **changes}})
    made = found.observations[found.observations["outcome"] == "DDIM_RATIO"]
    values = made[["hours", "value", "lower", "upper"]].round(6).itertuples(index=False, name=None)
    return list(values), list(found.underived[["reason", "value"]].itertuples(index=False, name=None))


def test_ratio_to_baseline_is_within_outcome_assay_and_specimen() -> None:
    rows = [dimer(-5, 400), dimer(-2, 900), dimer(30, 1200), dimer(40, 1200, assay="B"), dimer(50, 9, specimen="x")]
    made, lost = ratios(*rows)
    # The baseline is the median on the log scale: sqrt(400 x 900) = 600.
    assert [row[:2] for row in made] == [(-5, 0.666667), (-2, 1.5), (30, 2)]
    assert sorted(lost) == [("no_baseline", 9), ("no_baseline", 1200)]


def test_feu_and_ddu_have_baselines_of_their_own() -> None:
    rows = [dimer(-5, 1000), dimer(-4, 500, code="DDIM_DDU"), dimer(30, 2000), dimer(40, 1500, code="DDIM_DDU")]
    assert [row[:2] for row in ratios(*rows)[0][2:]] == [(30, 2), (40, 3)]
    assert [row[0] for row in ratios(*rows[1:3])[0]] == [-4]


def test_ratios_of_censored_values_keep_their_bounds() -> None:
    (*_, (hours, value, lower, upper)) = ratios(dimer(-5, below=200), dimer(30, 1000))[0]
    assert (hours, lower) == (30, 5)
    assert np.isnan([value, upper]).all()
    (*_, (_, _, lower, upper)) = ratios(dimer(-5, 500), dimer(30, below=200))[0]
    assert (lower, upper) == (0, 0.4)


def test_the_first_value_may_be_the_baseline() -> None:
    rows = [dimer(-55, 100), dimer(-50, 900), dimer(30, 1200)]
    assert ratios(*rows)[0] == []
    assert [row[:2] for row in ratios(*rows, baseline="first")[0]] == [(-55, 1), (-50, 9), (30, 12)]


def test_a_ratio_does_not_depend_on_the_unit() -> None:
    values = [(-5, 400.0), (-2, 900.0), (30, 1250.0), (50, 80.0)]
    one = ratios(*(dimer(h, v) for h, v in values))[0]
    other = ratios(*(dimer(h, v / 1000) for h, v in values))[0]
    assert one == other


VENTILATED = "invasive_ventilation"
FREE = {"VENT_FREE_DAYS": {"kind": "free_days", "support": [VENTILATED], "days": 28}}


def course(start: float, stop: float | None, name: str = VENTILATED) -> dict:
    return given("a", name, ZERO + start, None if stop is None else ZERO + stop)


def summary(found: CohortTables) -> tuple:
    ((value, lower, upper, state),) = found.summaries[["value", "lower", "upper", "state"]].itertuples(
        index=False, name=None
    )
    return (None if np.isnan(value) else value, lower, upper, state)


@pytest.mark.parametrize(
    ("courses", "end", "changes", "expected"),
    [
        ([], ("discharge_alive", 240), {}, (28, 28, 28, "known")),
        ([(-20, 100)], ("discharge_alive", 240), {}, (23, 23, 23, "known")),  # day 5 is the last with support
        ([(-20, 100)], ("death", 600), {}, (0, 0, 0, "death")),
        ([(-20, 100)], ("death", 600), {"death": -1}, (-1, -1, -1, "death")),
        ([(-20, 100)], ("death", 672.1), {}, (23, 23, 23, "known")),  # after day 28
        ([(-20, 100)], ("death", 672), {}, (0, 0, 0, "death")),
        ([(-20, 100)], ("transfer_out", 240), {}, (None, 0, 23, "transfer_out")),
        ([(-20, None)], ("discharge_alive", 240), {}, (18, 18, 18, "known")),  # no end recorded: until discharge
        ([(-20, None)], ("discharge_alive", 700), {}, (0, 0, 0, "known")),
        ([(-90, -30)], ("discharge_alive", 240), {}, (28, 28, 28, "known")),  # over before time zero
        ([(1, 30), (200, 220)], ("discharge_alive", 400), {"count": "all", "gap_hours": 0}, (24, 24, 24, "known")),
        ([(1, 30), (60, 70)], ("discharge_alive", 400), {"count": "all", "gap_hours": 0}, (25, 25, 25, "known")),
        ([(1, 30), (75, 90)], ("discharge_alive", 400), {"count": "all", "gap_hours": 48}, (24, 24, 24, "known")),
        ([(1, 30), (5, 90)], ("discharge_alive", 400), {}, (24, 24, 24, "known")),
    ],
)
def test_free_days(courses: list, end: tuple, changes: dict, expected: tuple) -> None:
    given_ = (OTHER, *(course(*one) for one in courses), given("b", "oxygen", 0))
    rule = {"VENT_FREE_DAYS": {**FREE["VENT_FREE_DAYS"], **changes}}
    assert summary(followed(treatments=given_, end=end, summaries=rule)) == expected


def test_a_source_that_records_no_support_leaves_it_unknown() -> None:
    found = followed(treatments=(given("z", "oxygen", 0),), end=("discharge_alive", 240), summaries=FREE)
    assert summary(found) == (None, 0, 28, "not_recorded")
    dead = followed(treatments=(given("z", "oxygen", 0),), end=("death", 240), summaries=FREE)
    assert summary(dead) == (0, 0, 0, "death")


def test_records_that_end_early_leave_it_open() -> None:
    found = followed(temp(100, 37), treatments=(OTHER, course(-5, 50)), summaries=FREE)
    assert summary(found) == (None, 0, 25, "last_record")


def test_an_ending_of_the_study_itself_is_named_and_leaves_the_rest_open() -> None:
    """A transplant is no end of records: tables count who was transplanted."""
    end = ("transplant", 100)
    found = followed(treatments=(OTHER, course(-5, 50)), end=end, summaries=FREE, ends_with=["transplant"])
    assert summary(found) == (None, 0, 25, "transplant")


def test_tubes_stand_in_where_no_course_is_recorded() -> None:
    tube = (happened("a", "intubation", ZERO - 5), happened("a", "extubation", ZERO + 50))
    assert summary(followed(events=tube, end=("discharge_alive", 240), summaries=FREE))[0] == 25


HOURS = {"VENT_HOURS": {"kind": "support_hours", "support": [VENTILATED], "days": 7}}


@pytest.mark.parametrize(
    ("courses", "gap", "hours"),
    [
        ([(-20, 10), (5, 30)], 0, 30),  # the overlap counts once
        ([(0, 10), (14, 20)], 0, 16),
        ([(0, 10), (14, 20)], 5, 20),
        ([(100, 900)], 0, 68),
        ([(10, 20), (0, 50), (30, 35)], 0, 50),
    ],
)
def test_hours_of_support_merge_overlaps_and_declared_gaps(courses: list, gap: float, hours: float) -> None:
    rule = {"VENT_HOURS": {**HOURS["VENT_HOURS"], "gap_hours": gap}}
    given_ = (OTHER, *(course(*one) for one in courses))
    assert summary(followed(treatments=given_, end=("discharge_alive", 950), summaries=rule))[0] == hours


def test_without_courses_hours_of_support_are_unknown_also_of_the_dead() -> None:
    """A source without any course of ventilation cannot say that whoever died was never ventilated."""
    unsaid = (given("z", "oxygen", 0),)
    alive = followed(treatments=unsaid, end=("discharge_alive", 240), summaries=HOURS)
    assert summary(alive) == (None, 0, 168, "not_recorded")
    # Dead after 60 hours: at most these were under support.
    dead = followed(treatments=unsaid, end=("death", 60), summaries=HOURS)
    assert summary(dead) == (None, 0, 60, "not_recorded")
    seen = followed(treatments=(OTHER, course(0, 30)), end=("death", 60), summaries=HOURS)
    assert summary(seen) == (30, 30, 30, "death")


def test_days_of_fever() -> None:
    rows = [temp(hour, value) for hour, value in ((3, 38.2), (9, 38.5), (30, 38), (50, 37), (100, 36.9), (700, 40))]
    rule = {"kind": "days_reaching", "of": "TEMP", "cut": 38, "days": 7}
    found = followed(*rows, end=("discharge_alive", 800), summaries={"FEVER_DAYS": rule})
    assert summary(found) == (2, 2, 5, "known")  # days 1 and 2; days 4, 6 and 7 have no reading
    twice = followed(*rows, end=("discharge_alive", 800), summaries={"FEVER_DAYS": {**rule, "min_count": 2}})
    assert summary(twice)[0] == 1
    none = followed(end=("discharge_alive", 800), summaries={"FEVER_DAYS": rule})
    assert summary(none) == (None, 0, 7, "not_recorded")


def test_total_hours_of_fever() -> None:
    rows = [temp(hour, 39) for hour in range(0, 37, 4)]
    found = followed(
        *rows,
        end=("discharge_alive", 36),
        derivations={"FEVER_HOURS": {**FEVER, "between": "step"}},
        summaries={"FEVER_HOURS_TOTAL": {"kind": "daily_total", "of": "FEVER_HOURS", "days": 7}},
    )
    assert summary(found) == (36, 36, 36, "known")


def test_a_day_without_hours_of_fever_had_between_0_and_24() -> None:
    rows = [temp(hour, 39) for hour in range(0, 25, 4)]
    found = followed(
        *rows,
        end=("discharge_alive", 72),
        derivations={"FEVER_HOURS": {**FEVER, "between": "step"}},
        summaries={"FEVER_HOURS_TOTAL": {"kind": "daily_total", "of": "FEVER_HOURS", "days": 3}},
    )
    assert summary(found) == (24, 24, 72, "known")


def test_a_day_without_a_reading_is_bounded_by_the_outcome_itself() -> None:
    """Urine of 1000 mL on each of five days of seven: the two others had 0 to 30,000 mL, its plausibility limit."""
    rows = [measured("a", "URINE", ZERO + 24 * day + 12, 1000.0) for day in range(5)]
    rule = {"FEVER_HOURS_TOTAL": {"kind": "daily_total", "of": "URINE", "days": 7}}
    found = followed(*rows, end=("discharge_alive", 200), summaries=rule)
    assert summary(found) == (5000, 5000, 65000, "known")


def test_a_day_of_an_outcome_without_limits_has_no_bound() -> None:
    fluid = replace(dictionary().outcomes["URINE"], hard_low=-9000.0, hard_high=None)
    outcomes = {**dictionary().outcomes, "URINE": fluid}
    low, high = limits_a_day("URINE", Cohort(), replace(dictionary(), outcomes=outcomes))
    assert low == -9000
    assert np.isnan(high)


def test_results_of_derived_values() -> None:
    found = followed(
        measured("a", "PAO2", ZERO + 1, 80),
        measured("z", "PAO2", ZERO + 1, 80),
        measured("z", "PAO2", ZERO + 9, 80),
        measured("z", "FIO2", ZERO + 9, 0.5),
        treatments=(OTHER, course(-5, 50)),
        end=("discharge_alive", 240),
        derivations={"PF": {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}},
        summaries=FREE,
    )
    results = results_of(cohort_ard(found, 0.95))
    keys = {"outcome": "PF", "population": "all"}

    def n(level: str, arm: str) -> float | None:
        row = results.one("derivations", "n_values", level=level, arm=arm, **keys)
        return None if row is None else row.value

    assert (n("no_partner", "treated"), n("no_partner", "historical")) == (1, 1)
    assert (n("computed", "treated"), n("computed", "historical")) == (None, 1)
    assert sorted(found.underived["patient_id"]) == ["a", "z"]
    assert set(found.underived["reason"]) == {"no_partner"}
    median = results.one("patient_summaries", "median", outcome="VENT_FREE_DAYS", arm="treated")
    assert median is not None
    assert (median.value, median.output_id) == (25, "14.2.11")
