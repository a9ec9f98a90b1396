"""Days that are no midnights, and several stays of one person."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import at, given, happened, inputs, measured, person, records, tables

from historical_controls.ard.queries import results_of
from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.config.cohort.cohort import Cohort

LABEL = {"en": "rule"}
LOW = {"label": LABEL, "kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
RULES: dict[str, Any] = {"rules": {"LOW": LOW}, "filters": ["LOW"]}


def gases(name: str, *hours: float) -> list[dict[str, Any]]:
    return [measured(name, "PF", hour, 100.0) for hour in hours]


def day(name: str, event: str, hours: float) -> dict[str, Any]:
    """An event dated by the day that begins at this hour."""
    return happened(name, event, hours, latest=hours + 24 - 1 / 3_600_000)


def of(
    rows: list[dict[str, Any]], events: list[dict[str, Any]], arm: str = "historical", **changes: Any
) -> CohortTables:
    changes = {
        "time_zero": {"match_waits": False, "standard_care_hours": 48, **changes.pop("time_zero", {})},
        **changes,
    }
    people = [person("a", arm), person("other")]
    everyone = [*events, happened("other", "admission", 0), happened("other", "death", 1)]
    return define_cohort(tables(people, rows, everyone), inputs(Cohort.model_validate({**RULES, **changes}), "PF"))


def patient(found: CohortTables) -> Any:
    return found.patients.set_index("patient_id").loc["a"]


@pytest.mark.parametrize(("ends", "included", "end_day"), [("last", True, 22 / 24), ("first", False, np.nan)])
def test_a_discharge_without_a_clock_on_the_day_of_time_zero(ends: str, included: bool, end_day: float) -> None:
    """Admitted at 0 h, eligible from 50 h on, discharged on the day that begins at 48 h: at the latest at 72 h."""
    events = [happened("a", "admission", 0), day("a", "discharge_alive", 48)]
    row = patient(of(gases("a", 49.5, 50), events, dates_without_clock={"ends": ends}))
    assert bool(row["included"]) is included
    np.testing.assert_allclose(row["end_day"], end_day, atol=1e-6)


def test_a_treated_patient_who_died_on_the_day_of_treatment_died() -> None:
    events = [happened("a", "admission", 0), happened("a", "infusion", 60), day("a", "death", 48)]
    row = patient(of(gases("a", 59), events, arm="treated"))
    assert (row["end_state"], round(row["end_day"] * 24, 3)) == ("death", 12)


@pytest.mark.parametrize(("starts", "zero"), [("first", 48.0), ("last", 72.0)])
def test_an_admission_without_a_clock_starts_at_either_end_of_its_day(starts: str, zero: float) -> None:
    events = [day("a", "admission", 0), happened("a", "discharge_alive", 200)]
    rows = gases("a", *range(40, 100, 4))
    row = patient(of(rows, events, dates_without_clock={"starts": starts}))
    assert row["hours_from_admission"] == pytest.approx(48, abs=1)
    assert abs(row["time_zero"] - at(zero)) < pd.Timedelta(minutes=1)


@pytest.mark.parametrize(
    ("death", "discharge", "state"),
    [
        (day("a", "death", 96), happened("a", "discharge_alive", 106), "death"),
        (happened("a", "death", 111), day("a", "discharge_alive", 96), "death"),
        (happened("a", "death", 300), happened("a", "discharge_alive", 106), "discharge_alive"),
        (day("a", "death", 120), day("a", "discharge_alive", 96), "discharge_alive"),
    ],
)
def test_a_death_on_the_day_of_the_discharge_is_a_death(death: Any, discharge: Any, state: str) -> None:
    assert patient(of(gases("a", 47, 60), [happened("a", "admission", 0), death, discharge]))["end_state"] == state


def test_a_stay_without_an_end_does_not_borrow_the_end_of_the_next() -> None:
    """Data end on day 0.7 after time zero; a month later the patient is admitted again, and dies."""
    events = [happened("a", "admission", 0), happened("a", "admission", 800), happened("a", "death", 900)]
    row = patient(of(gases("a", 47.5, 56, 64.8, 810, 850), events))
    assert (row["end_state"], round(row["end_day"], 2)) == ("last_record", 0.7)


def test_which_stay_is_compared_is_declared() -> None:
    events = [
        happened("a", "admission", 0), happened("a", "discharge_alive", 100),
        happened("a", "admission", 800), happened("a", "death", 900),
    ]  # fmt: skip
    rows = gases("a", 47, 60, 846, 850)
    first, last = (patient(of(rows, events, time_zero={"historical_stay": stay})) for stay in ("first", "last"))
    assert (first["end_state"], round(first["end_day"] * 24)) == ("discharge_alive", 52)
    assert (last["end_state"], round(last["end_day"] * 24)) == ("death", 52)
    assert first["hours_from_admission"] == last["hours_from_admission"] == 48
    treated = patient(of(rows, [*events, happened("a", "infusion", 60)], arm="treated"))
    assert (treated["end_state"], round(treated["end_day"] * 24)) == ("discharge_alive", 40)


def test_an_enrolment_dated_at_each_visit_begins_with_the_first_and_ends_no_follow_up() -> None:
    """Visits of 49, 800 and 900 hours, each with an enrolment: the first begins, and the third is still used."""
    events = [happened("a", "enrolment", hour) for hour in (0, 800, 900)]
    zero = {"treated": "enrolment", "standard_care_from": "enrolment"}
    visits = gases("a", 47.5, 56, 810, 910)
    found = patient(of(visits, events, time_zero=zero, horizon_days=60))
    assert (found["end_state"], round(found["end_day"] * 24)) == ("last_record", 862)
    # The declared last one is still to be had.
    again = [happened("a", "enrolment", 0), happened("a", "enrolment", 800)]
    last = patient(of(gases("a", 47, 846, 850), again, time_zero={**zero, "historical_stay": "last"}))
    assert round(last["end_day"] * 24) == 2


READMITTED = [
    happened("a", "admission", 0), day("a", "discharge_alive", 192), happened("a", "admission", 200),
    happened("a", "discharge_alive", 320),
]  # fmt: skip


def test_a_discharge_on_the_day_of_the_readmission_ends_the_stay_before() -> None:
    """Discharged on the day that begins at 192 h, admitted again at 200 h: the second stay ends at 320 h."""
    rows = gases("a", 47, 60, 247, 250)
    first, last = (patient(of(rows, READMITTED, time_zero={"historical_stay": stay})) for stay in ("first", "last"))
    # The first stay is over when the second begins, 152 h after its time zero at 48 h.
    assert (first["end_state"], round(first["end_day"] * 24)) == ("discharge_alive", 152)
    assert (last["end_state"], round(last["end_day"] * 24)) == ("discharge_alive", 72)
    treated = patient(of(rows, [*READMITTED, happened("a", "infusion", 210)], arm="treated"))
    assert (treated["end_state"], round(treated["end_day"] * 24)) == ("discharge_alive", 110)


def test_a_discharge_on_the_day_of_the_readmission_ends_it_where_the_stay_before_has_an_end() -> None:
    """Both stays end by day; the second begins and ends on the day that begins at 192 h."""
    events = [*READMITTED[:1], happened("a", "discharge_alive", 100), *READMITTED[1:3]]
    row = patient(of(gases("a", 47), [*events, happened("a", "infusion", 205)], arm="treated"))
    assert (row["end_state"], round(row["end_day"] * 24)) == ("discharge_alive", 11)


def tubes(*events: dict[str, Any]) -> list[tuple[float, float]]:
    """Start and stop of ventilation, in hours, as the events tell."""
    known = records(tables([person("a")], [measured("a", "PF", 0, 120)], [happened("a", "admission", 0), *events]))
    edges = known.treatments[["start", "stop"]].to_numpy() - at(0).value // 1_000_000
    return [(round(start / 3_600_000, 3), round(stop / 3_600_000, 3)) for start, stop in edges]


def test_an_extubation_without_a_clock_on_the_day_of_the_intubation_ends_it() -> None:
    """Intubated at 30 h, extubated on the day that begins at 24 h: until the end of that day, not for ever."""
    assert tubes(happened("a", "intubation", 30), day("a", "extubation", 24)) == [(30, 48)]
    # It ended the tube of the day before; the one of 30 h lasted until 100 h.
    again = [happened("a", "intubation", hour) for hour in (5, 30)]
    assert tubes(*again, day("a", "extubation", 24), happened("a", "extubation", 100)) == [(5, 48), (30, 100)]
    # With a clock, what was before the tube says nothing of it.
    early = [happened("a", "extubation", 25), happened("a", "extubation", 100)]
    assert tubes(happened("a", "intubation", 30), *early) == [(30, 100)]
    assert tubes(day("a", "intubation", 24), happened("a", "extubation", 30)) == [(24, 30)]


@pytest.mark.parametrize(("ends", "hours"), [("last", 72.0), ("first", 48.0)])
def test_an_event_that_ends_without_a_clock_ends_at_either_end_of_its_day(ends: str, hours: float) -> None:
    event = {**happened("a", "adverse_event", 50, end=48), "end_latest": at(72) - pd.Timedelta(milliseconds=1)}
    found = of(gases("a", 47), [happened("a", "admission", 0), event], dates_without_clock={"ends": ends})
    rows = found.events.set_index("event")
    assert rows.loc["adverse_event", "end_hours"] - rows.loc["adverse_event", "hours"] == pytest.approx(
        hours - 50, abs=1e-3
    )


def test_an_admission_written_again_within_a_stay_starts_no_new_one() -> None:
    """Registered again by the intensive care unit, records going on: one stay, from its first hour to its death."""
    events = [happened("a", "admission", 0), happened("a", "admission", 70), happened("a", "death", 120)]
    row = patient(of(gases("a", 47, 60, 68, 80), events))
    assert (row["hours_from_admission"], row["end_state"], round(row["end_day"] * 24)) == (48, "death", 72)
    apart = patient(of(gases("a", 47, 60, 68, 80), events, time_zero={"new_stay_after_hours": 1}))
    assert (apart["end_state"], round(apart["end_day"] * 24)) == ("last_record", 20)


@pytest.mark.parametrize(
    ("left", "back", "within", "state", "end"),
    [
        (happened("a", "discharge_alive", 70), happened("a", "admission", 70), 0, "death", 72),
        (happened("a", "transfer_out", 70), happened("a", "admission", 70), 0, "death", 72),
        (happened("a", "discharge_alive", 70), happened("a", "admission", 71), 0, "discharge_alive", 22),
        (happened("a", "discharge_alive", 70), happened("a", "admission", 71), 2, "death", 72),
        # A day says nothing of what followed at once.
        (day("a", "discharge_alive", 48), happened("a", "admission", 72), 0, "discharge_alive", 24),
    ],
)
def test_a_move_within_the_hospital_ends_no_stay(left: Any, back: Any, within: float, state: str, end: float) -> None:
    """Wards that register each move as a discharge and an admission: in hospital from 0 h to the death at 120 h."""
    events = [happened("a", "admission", 0), left, back, happened("a", "death", 120)]
    row = patient(of(gases("a", 47, 60, 68, 80), events, time_zero={"moved_within_hours": within}))
    assert (row["hours_from_admission"], row["end_state"], round(row["end_day"] * 24)) == (48, state, end)


def test_a_stay_without_a_length_is_no_move() -> None:
    """A visit that ends at its own first moment, then a stay from 30 h to 120 h."""
    visit = [happened("a", "admission", 0), happened("a", "discharge_alive", 0)]
    events = [*visit, happened("a", "admission", 30), happened("a", "discharge_alive", 120)]
    first, last = (
        patient(of(gases("a", 77, 78, 90), events, time_zero={"historical_stay": stay})) for stay in ("first", "last")
    )
    assert not first["included"]
    assert (last["hours_from_admission"], last["end_state"], round(last["end_day"] * 24)) == (48, "discharge_alive", 42)


def test_age_is_that_of_the_stay_compared() -> None:
    """57 at the first admission; the stay compared began three years later."""
    events = [
        happened("a", "admission", 0), happened("a", "discharge_alive", 100),
        happened("a", "admission", 3 * 24 * 366), happened("a", "infusion", 3 * 24 * 366 + 60),
    ]  # fmt: skip
    people = [person("a", "treated", AGE=57.0), person("b", "treated", AGE=57.0)]
    events += [happened("b", "admission", 0), happened("b", "infusion", 60)]
    found = define_cohort(tables(people, gases("a", 59), events), inputs(Cohort.model_validate(RULES), "PF"))
    assert found.patients["AGE"].tolist() == [60.0, 57.0]


@pytest.mark.parametrize(("results", "hour"), [("first", 0.0), ("last", 24 - 1 / 3_600_000)])
def test_a_result_without_a_clock_is_known_at_either_end_of_its_day(results: str, hour: float) -> None:
    """Of the day of time zero: known at time zero by default, after it by the other declaration."""
    row = {**measured("a", "PF", 0, 120), "latest": at(24) - pd.Timedelta(milliseconds=1)}
    clean = tables([person("a")], [row], [happened("a", "admission", 0)])
    known = records(clean, Cohort.model_validate({"dates_without_clock": {"results": results}}))
    assert (pd.Timestamp(known.measurements["time"].iloc[0], unit="ms", tz="UTC") - at(hour)).total_seconds() == 0


@pytest.mark.parametrize(("ends", "hours"), [("last", 24 - 1 / 3_600_000), ("first", 0.0)])
def test_a_course_that_stops_without_a_clock_stops_at_either_end_of_its_day(ends: str, hours: float) -> None:
    course = {**given("a", "norepinephrine", -48, 0), "stop_latest": at(24) - pd.Timedelta(milliseconds=1)}
    clean = tables([person("a")], [measured("a", "PF", 0, 120)], [happened("a", "admission", 0)], [course])
    known = records(clean, Cohort.model_validate({"dates_without_clock": {"ends": ends}}))
    assert (pd.Timestamp(known.treatments["stop"].iloc[0], unit="ms", tz="UTC") - at(hours)).total_seconds() == 0


@pytest.mark.parametrize(
    ("ends_with", "state", "end_day"),
    [([], "death", 11.0), (["transplant"], "transplant", 4.0), (["withdrawal"], "death", 11.0)],
)
def test_a_declared_ending_ends_what_is_used(ends_with: list[str], state: str, end_day: float) -> None:
    """Eligible at 48 h, transplanted 4 days later, dead a week after: a transplant before time zero ends nothing."""
    zero = {"time_zero": {"match_waits": False, "standard_care_hours": 48}}
    events = [happened("a", "admission", 0), happened("a", "transplant", -10), happened("a", "transplant", 48 + 96)]
    found = of(gases("a", 47, 60, 130, 200), [*events, happened("a", "death", 48 + 264)], ends_with=ends_with, **zero)
    row = patient(found)
    assert (row["end_state"], round(row["end_day"], 3)) == (state, end_day)
    days = found.visits.loc[(found.visits["patient_id"] == "a") & (found.visits["day"] > 4), "day"]
    assert bool(len(days)) is (state == "death"), "nothing measured after the ending is used"


def test_of_two_declared_endings_the_earlier_is_the_state() -> None:
    """A row of its own for each in the disposition, also of one that nobody had."""
    events = [happened("a", "admission", 0), happened("a", "withdrawal", 48 + 72), happened("a", "transplant", 48 + 96)]
    zero = {"time_zero": {"match_waits": False, "standard_care_hours": 48}}
    names = ["transplant", "withdrawal", "relapse"]
    found = of(gases("a", 47, 60, 130, 200), events, ends_with=names, **zero)
    assert patient(found)["end_state"] == "withdrawal"
    results = results_of(cohort_ard(found, 0.95))
    at = {"arm": "historical", "day": float(found.horizon_days)}
    counts = {name: results.one("disposition", "count", level=name, **at) for name in names}
    assert {name: row and row.value for name, row in counts.items()} == {"transplant": 0, "withdrawal": 1, "relapse": 0}
    # Nothing is known of who withdrew: one patient who may have died since.
    unknown = results.one("disposition", "n_unknown", level="death", **at)
    assert unknown is not None and unknown.value == 1
