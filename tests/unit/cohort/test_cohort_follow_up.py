"""Observations, visits, end of follow-up, display and results rows: clean tables in, tables out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import DICTIONARY_FOLDER, at, happened, inputs, measured, person, tables
from scipy.stats import beta

from historical_controls.ard.queries import results_of
from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.follow_up.visits import visit_table
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.cohort.write_tables import write_cohort
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

ZERO = 100.0
AT_EVENT = {
    "time_zero": {
        "treated": "infusion",
        "historical": "event",
        "historical_event": "icu_admission",
    }
}


def followed(*rows: dict[str, Any], events: tuple = (), arm: str = "treated", **changes: Any) -> CohortTables:
    """A patient 'a' with time zero at hour 100, besides whoever else stands in the rows."""
    start = "infusion" if arm == "treated" else "icu_admission"
    clean = tables(
        [person("a", arm, AGE=50.0)],
        rows,
        [happened("a", "admission", 40), happened("a", start, ZERO), *events],
    )
    cohort = Cohort.model_validate({**AT_EVENT, **changes})
    return define_cohort(clean, inputs(cohort, "PF", "FERR", "PCR", "AE"))


def pf(day_hours: float, value: float | None = None, **more: Any) -> dict:
    return measured("a", "PF", ZERO + day_hours, value, **more)


def visits(found: CohortTables, outcome: str = "PF") -> list[tuple]:
    rows = found.visits[found.visits["outcome"] == outcome]
    return list(rows[["day", "value", "lower", "upper", "n"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("care", "hours"), [("icu_admission", [60, 0]), ("infusion", [np.nan, np.nan])])
def test_no_hours_since_an_admission_that_is_the_treatment_itself(care: str, hours: list[float]) -> None:
    happenings = [
        happened("a", "infusion", ZERO),
        happened("b", "icu_admission", ZERO),
        happened("a", "icu_admission", 40),
    ]
    clean = tables([person("a", "treated"), person("b")], [pf(1, 90)], happenings)
    zero = {
        "treated": "infusion",
        "historical": "event",
        "historical_event": "icu_admission",
        "standard_care_from": care,
    }
    found = define_cohort(clean, inputs(Cohort.model_validate({"time_zero": zero}), "PF"))
    np.testing.assert_equal(found.patients["hours_from_admission"].tolist(), hours)


@pytest.mark.parametrize(
    ("zero", "events", "hours"),
    [
        ({"treated": "infusion"}, {"infusion": 60}, 0),
        ({"treated": "admission", "historical": "event"}, {"infusion": 24}, 24),
        ({"treated": "birth", "historical": "event", "standard_care_from": "birth"}, {"birth": 0, "infusion": 30}, 30),
        ({"treated": "admission", "historical": "event"}, {}, np.nan),
        # A treatment under a name of the study's own; an infusion recorded beside it goes before it.
        ({"treated": "transplant"}, {"transplant": 60}, 0),
        ({"treated": "transplant"}, {"transplant": 50, "infusion": 60}, 10),
        # An exposure that begins on arrival, such as a ward or a protocol, and one that begins later.
        ({"treated": "admission", "historical": "event", "treatment": "admission"}, {}, 0),
        ({"treated": "admission", "historical": "event", "treatment": "transplant"}, {"transplant": 24}, 24),
        ({"treated": "admission", "historical": "event", "treatment": "transplant"}, {"infusion": 24}, np.nan),
    ],
)
def test_hours_from_time_zero_to_the_treatment(zero: dict[str, str], events: dict[str, float], hours: float) -> None:
    happenings = [happened("a", name, at) for name, at in events.items()]
    care = zero.get("standard_care_from", "admission")
    happenings += [happened(who, care, 0) for who in ("a", "b") if not (who == "a" and care in events)]
    clean = tables([person("a", "treated"), person("b")], [pf(1, 90)], happenings)
    found = define_cohort(clean, inputs(Cohort.model_validate({"time_zero": zero}), "PF"))
    np.testing.assert_equal(found.patients["hours_to_treatment"].tolist(), [hours, np.nan])


def of_days(*days: tuple[int, float], ends_on: int, clock: float, zone: str, start: str) -> CohortTables:
    """A patient with time zero on a day without a clock, and values so many days later; dead on day `ends_on`.

    clock: the hour at which time zero is dated instead, where not nan.
    """
    first = pd.Timestamp(start)

    def moment(day: int, end: bool = False) -> pd.Timestamp:
        local = (first + pd.Timedelta(days=day + end)).tz_localize(zone).tz_convert("UTC")
        return local - pd.Timedelta(milliseconds=1) if end else local

    def dated(row: dict, day: int, exact: bool = False) -> dict:
        return {**row, "time": moment(day), "latest": pd.NaT if exact else moment(day, end=True)}

    zero = dated(happened("a", "infusion", 0), 0, exact=not np.isnan(clock))
    if not np.isnan(clock):
        zero["time"] += pd.Timedelta(hours=clock)
    rows = [dated(measured("a", "PAO2", 0, value), day) for day, value in days]
    rows += [dated(measured("a", "FIO2", 0, 0.5), day) for day, _ in days]
    clean = tables([person("a", "treated")], rows, [zero, dated(happened("a", "death", 0), ends_on)])
    ratio = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 5}
    zero_time = {"treated": "infusion", "historical": "event", "historical_event": "infusion"}
    cohort = Cohort.model_validate({"time_zero": zero_time, "horizon_days": 10, "derivations": {"PF": ratio}})
    return define_cohort(clean, inputs(cohort, "PAO2", "PF"))


# The clocks go back on the night to 25 October in Mexico and Madrid, forward on that to 5 April 2020 in Mexico, and by
# half an hour on Lord Howe Island.
@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2020-10-20"),
        ("America/Mexico_City", "2020-10-20"),
        ("America/Mexico_City", "2020-03-31"),
        ("Europe/Madrid", "2020-10-20"),
        ("Australia/Lord_Howe", "2020-10-01"),
        ("Australia/Lord_Howe", "2020-04-01"),
    ],
)
def test_days_without_a_clock_are_whole_days_apart_where_the_clocks_change(zone: str, start: str) -> None:
    found = of_days((0, 80), (3, 90), (7, 70), (9, 60), ends_on=9, clock=np.nan, zone=zone, start=start)
    for outcome, factor in (("PAO2", 1), ("PF", 2)):
        expected = [(0, 80), (3, 90), (7, 70), (9, 60)]
        assert [(day, value / factor) for day, value, *_ in visits(found, outcome)] == expected
    # A death on the last day of follow-up, whose end is the horizon, is a death.
    ends = found.patients[["end_state", "end_day"]].iloc[0]
    assert ends["end_state"] == "death" and round(ends["end_day"], 6) == 10
    assert found.events.loc[found.events["event"] == "death", "hours"].round(3).tolist() == [240]


def test_a_time_zero_with_a_clock_moves_no_day() -> None:
    found = of_days((7, 70), ends_on=7, clock=14.0, zone="America/Mexico_City", start="2020-10-20")
    # Seven days of the calendar, an hour more by the clocks, less the fourteen hours of the first day.
    assert found.observations.loc[found.observations["outcome"] == "PAO2", "hours"].tolist() == [7 * 24 + 1 - 14]


def test_days() -> None:
    rows = [pf(h, v) for h, v in ((-24, 1), (-23.9, 100), (0, 120), (0.1, 200), (24, 220), (24.1, 300), (504, 90))]
    found = followed(*rows, pf(504.1, 999))
    assert [(day, value) for day, value, *_ in visits(found)] == [(0, 110), (1, 210), (2, 300), (21, 90)]
    hours = found.observations["hours"].round(6).tolist()
    assert hours == [-24, -23.9, 0, 0.1, 24, 24.1, 504]


def test_observations_start_72_hours_before() -> None:
    found = followed(pf(-72, 1), pf(-71.9, 2), pf(5, 3))
    assert found.observations["value"].tolist() == [2, 3]


def test_observations_start_with_the_baseline() -> None:
    """Four days of baseline are 96 hours: a value of 90 hours before time zero is one of them."""
    found = followed(pf(-97, 1), pf(-90, 100), pf(-2, 300), baseline_hours=96)
    assert found.observations["hours"].round(6).tolist() == [-90, -2]
    assert visits(found)[0][:2] == (0, 200)


def test_observations_start_with_the_slopes_before_time_zero() -> None:
    clean = tables(
        [person("a", "treated")],
        [pf(-121, 1), pf(-119, 2), pf(5, 3)],
        [happened("a", "admission", 40 - 100), happened("a", "infusion", ZERO)],
    )
    asked = inputs(Cohort.model_validate(AT_EVENT), "PF")
    assert define_cohort(clean, asked).observations["value"].tolist() == [3]
    # placebo_days: 5 are 120 hours.
    assert define_cohort(clean, replace(asked, placebo_hours=120)).observations["value"].tolist() == [2, 3]


def test_findings_are_kept_from_any_time_before() -> None:
    """A positive test of two weeks ago still says that the patient carried the virus."""
    found = followed(measured("a", "PCR", ZERO - 90, result="positive"), pf(-90, 1), pf(5, 3))
    assert found.observations["outcome"].tolist() == ["PCR", "PF"]
    assert found.observations["hours"].tolist() == [-90, 5]


def test_baseline_hours_are_declared() -> None:
    assert visits(followed(pf(-10, 100), pf(-5, 200), baseline_hours=8)) == [(0, 200, 200, 200, 1)]


def ferritin(hours: float, value: float | None = None, **more: Any) -> dict:
    return measured("a", "FERR", ZERO + hours, value, **more)


def test_medians_of_censored_values_are_exact_where_the_middle_is() -> None:
    rows = [ferritin(1, above=1650), ferritin(2, 900), ferritin(3, 400), ferritin(4, above=1650)]
    found = visits(followed(*rows[:3], ferritin(25, below=5), ferritin(26, 7), ferritin(49, above=1650), *rows[3:]),
                   "FERR")  # fmt: skip
    (day1, day2, day3) = found
    assert day1[0] == 1 and np.isnan(day1[1]) and day1[2] == pytest.approx(np.sqrt(900 * 1650))
    assert np.isnan(day1[3])
    assert day2[2:] == (0, pytest.approx(np.sqrt(35)), 2) and np.isnan(day2[1])
    assert day3[2] == 1650 and np.isnan(day3[1]) and np.isnan(day3[3])
    exact = visits(followed(*rows[:3]), "FERR")
    assert exact == [(1, 900, 900, 900, 3)]


def test_each_outcome_has_the_visits_it_has_alone_and_all_are_sorted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"FERR": 900.0, "HR": 80.0, "TEMP": 38.0}
    rows = [measured("a", code, ZERO + hours, values[code] + hours) for hours in (-2, 3, 5, 25, 30) for code in values]
    found = followed(*rows)
    dictionary, baseline = load_dictionary(DICTIONARY_FOLDER), BaselineWindow(24, 0)
    together = visit_table(found.observations, dictionary, baseline, "primary")
    alone = [
        visit_table(own, dictionary, baseline, "primary") for _, own in found.observations.groupby("outcome", sort=True)
    ]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
    sorts: list[object] = []
    sort_values = pd.DataFrame.sort_values
    monkeypatch.setattr(pd.DataFrame, "sort_values", lambda *a, **k: sorts.append(a) or sort_values(*a, **k))
    visit_table(found.observations, dictionary, baseline, "primary")
    # Sorting text costs more by its calls than by its rows.
    assert len(sorts) == 1


@pytest.mark.parametrize(
    ("outcome", "values", "daily"),
    [
        ("CTSS", (10, 14, 12), 12),  # last
        ("GCS", (15, 9, 12), 9),  # min
        ("CREAT", (1.0, 2.0, 1.5), 2.0),  # max
        ("HR", (80, 120, 90), 90),  # median
    ],
)
def test_daily_summaries_and_the_baseline_is_always_a_median(outcome: str, values: tuple, daily: float) -> None:
    after = [measured("a", outcome, ZERO + 1 + place, value) for place, value in enumerate(values)]
    before = [measured("a", outcome, ZERO - 4 + place, value) for place, value in enumerate(values)]
    found = visits(followed(*after, *before), outcome)
    assert [(day, value) for day, value, *_ in found] == [(0, np.median(values)), (1, daily)]


def test_censored_extremes() -> None:
    rows = [measured("a", "CREAT", ZERO + 1, 1.0), measured("a", "CREAT", ZERO + 2, below=0.5)]
    assert visits(followed(*rows), "CREAT") == [(1, 1.0, 1.0, 1.0, 2)]
    ((_, value, lower, upper, _),) = visits(followed(*rows, measured("a", "CREAT", ZERO + 3, above=9.0)), "CREAT")
    assert np.isnan(value) and lower == 9 and np.isnan(upper)


def test_assays_and_flags_of_a_visit() -> None:
    found = followed(pf(1, 100, assay="B", flags="Y;X"), pf(2, 110, assay="A"), pf(30, 120, assay="A"))
    assert found.visits[["assay", "flags"]].to_numpy().tolist() == [["A;B", "X;Y"], ["A", ""]]


def test_results_and_not_done_rows_make_no_visits() -> None:
    found = followed(measured("a", "PCR", ZERO + 1, result="positive"), pf(2, status="not_done"), pf(3, 100))
    assert set(found.visits["outcome"]) == {"PF"}
    assert set(found.observations["outcome"]) == {"PCR", "PF"}
    assert len(found.observations) == 2


@pytest.mark.parametrize(
    ("events", "last", "state", "day"),
    [
        ([("death", 50)], 40, "death", 50 / 24),
        ([("discharge_alive", 50), ("death", 90)], 40, "discharge_alive", 50 / 24),
        ([("discharge_alive", 50), ("death", 50)], 40, "death", 50 / 24),
        ([("transfer_out", 50)], 40, "transfer_out", 50 / 24),
        ([("death", 600)], 40, "horizon", 21),
        ([("death", 504)], 40, "death", 21),
        ([], 40, "last_record", 40 / 24),
        ([("last_contact", 600)], 40, "horizon", 21),
        ([], 600, "horizon", 21),
        ([("discharge_alive", -30)], 40, "last_record", 40 / 24),  # an earlier stay
    ],
)
def test_end_of_follow_up(events: list, last: float, state: str, day: float) -> None:
    dated = tuple(happened("a", name, ZERO + hour) for name, hour in events)
    row = followed(pf(last, 100), events=dated).patients.iloc[0]
    assert row["end_state"] == state
    assert row["end_day"] == pytest.approx(day)


def test_nothing_measured_after_the_stay_is_an_observation() -> None:
    found = followed(pf(10, 100), pf(60, 200), events=(happened("a", "discharge_alive", ZERO + 50),))
    assert found.observations["value"].tolist() == [100]


def test_what_precedes_time_zero() -> None:
    row = followed(pf(1, 100), events=(happened("a", "symptom_onset", -92),)).patients.iloc[0]
    assert row["days_from_onset"] == 8
    assert row["hours_from_admission"] == 60
    assert row["calendar_week"] == pytest.approx((100 / 24 - 7) / 7)
    assert row["time_zero"] == at(100)
    assert row["AGE"] == 50


def test_treated_stay_is_that_of_the_infusion() -> None:
    earlier = (happened("a", "admission", -500), happened("a", "discharge_alive", -400))
    row = followed(pf(1, 100), events=earlier).patients.iloc[0]
    assert row["hours_from_admission"] == 60
    assert row["end_state"] == "last_record"


def test_events_on_the_axis_of_time_zero() -> None:
    found = followed(pf(1, 100), events=(happened("a", "infection", 110, end=134),))
    rows = found.events.set_index("event")[["hours", "end_hours"]]
    assert rows.loc["infection"].tolist() == [10, 34]
    assert rows.loc["admission", "hours"] == -60


def many(count: int = 30) -> CohortTables:
    patients = [person(f"t{n}", "treated") for n in range(5)] + [person(f"c{n:02d}") for n in range(count)]
    names = [row["patient_id"] for row in patients]
    events = [
        happened(name, "infusion" if name[0] == "t" else "icu_admission", ZERO + 5 * place)
        for place, name in enumerate(names)
    ]
    events += [happened(name, "death", ZERO + 5 * place + 60) for place, name in enumerate(names) if place % 3 == 0]
    rows = [measured(name, "PF", ZERO + 5 * place + h, 100.0 + h) for place, name in enumerate(names) for h in (-1, 30)]
    rows += [measured(name, "FERR", ZERO + 5 * place + 1, above=1650) for place, name in enumerate(names)]
    rows += [measured(name, "PF", ZERO + 5 * place + 510, 1) for place, name in enumerate(names) if place % 3]
    clean = tables(patients, rows, events)
    return define_cohort(clean, inputs(Cohort.model_validate(AT_EVENT), "PF", "FERR", "PCR", "AE"))


def test_display_says_nothing_of_identity_or_order() -> None:
    found = many()
    ids = found.patients.set_index("patient_id")["display_id"]
    assert sorted(ids[ids.index.str.startswith("t")]) == ["T1", "T2", "T3", "T4", "T5"]
    controls = ids[ids.index.str.startswith("c")]
    assert sorted(controls) == [f"C{n:03d}" for n in range(1, 31)]
    assert controls.tolist() != sorted(controls)
    assert set(found.display.columns) == {"scenario", "display_id", "arm", "item", "day", "value", "censored", "ratio"}
    shown = found.display[found.display["item"] == "FERR"]
    assert set(zip(shown["value"], shown["censored"], strict=True)) == {(1650.0, ">")}
    ends = found.display[found.display["item"] == "death"]
    assert len(ends) == 12 and set(ends["day"]) == {2.5}


def test_results_rows() -> None:
    found = many()
    results = results_of(cohort_ard(found, 0.95))

    def value(analysis: str, statistic: str, **keys: Any) -> float | None:
        row = results.one(analysis, statistic, **keys)
        return None if row is None else row.value

    deaths = {"arm": "historical", "level": "death", "day": 21.0}
    assert value("disposition", "n_subjects", arm="historical", day=21.0) == 30
    assert value("disposition", "count", **deaths) == 10
    assert value("disposition", "lower", **deaths) == pytest.approx(beta.ppf(0.025, 10, 21))
    assert value("disposition", "upper", **deaths) == pytest.approx(beta.ppf(0.975, 11, 20))
    declared = results_of(cohort_ard(found, 0.9)).one("disposition", "upper", **deaths)
    assert declared is not None and declared.value == pytest.approx(beta.ppf(0.95, 11, 20))
    assert value("disposition", "count", arm="historical", level="in_hospital", day=21.0) == 20
    none = {"arm": "treated", "level": "transfer_out", "day": 21.0}
    assert value("disposition", "upper", **none) == pytest.approx(1 - 0.025 ** (1 / 5))  # 0 of 5: 52%
    assert value("attrition", "n_after", population="hospital", arm="historical", level="time_zero") == 30
    pf_row = {"outcome": "PF", "arm": "historical"}
    assert value("availability", "n_subjects", **pf_row) == 30
    assert value("availability", "n_values", **pf_row) == 60
    assert value("availability", "n_at_risk", **pf_row, day=7.0) == 20
    assert value("availability", "n_subjects", **pf_row, day=7.0) == 0
    assert value("availability", "share_censored", outcome="FERR", arm="treated") == 1
    assert value("availability", "n_subjects", outcome="PCR", arm="treated") == 0
    assert not results.all("availability", "n_subjects", outcome="AE")


def test_records_that_end_in_one_arm_are_counted_in_both() -> None:
    """A dash beside '2 of 292' would say that nobody knows; in the other arm it is nobody."""
    found = many()
    first = found.patients.index[found.patients["included"] & (found.patients["arm"] == "historical")][0]
    states = found.patients["end_state"].mask(found.patients.index == first, "last_record")
    rows = results_of(cohort_ard(replace(found, patients=found.patients.assign(end_state=states)), 0.95))
    at = {"level": "last_record", "day": float(found.horizon_days)}
    counts = [rows.one("disposition", "count", arm=arm, **at) for arm in ("treated", "historical")]
    assert [row and row.value for row in counts] == [0, 1]
    assert results_of(cohort_ard(found, 0.95)).one("disposition", "count", arm="historical", **at) is None


def test_flow_ends_with_the_patients(tmp_path: Any) -> None:
    found = many()
    for arm, rows in found.attrition.groupby("arm"):
        included = found.patients["included"] & (found.patients["arm"] == arm)
        assert rows.sort_values("position")["n_after"].iloc[-1] == included.sum()
    write_cohort(found, tmp_path)
    pd.testing.assert_frame_equal(read_table(tmp_path / "patients.parquet", COHORT_PATIENTS), found.patients)
    pd.testing.assert_frame_equal(read_table(tmp_path / "visits.parquet", VISITS), found.visits)


def test_groups_of_patients_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = many()
    monkeypatch.setattr("historical_controls.cohort.batches.PATIENTS_AT_ONCE", 7)
    parts = many()
    for name in ("eligibility", "patients", "attrition", "observations", "visits", "events", "display"):
        pd.testing.assert_frame_equal(getattr(parts, name), getattr(whole, name))


def test_without_a_reference_weeks_count_from_the_first_patient() -> None:
    """A default date would tell everybody's: week 0 is that of the first time zero, whole weeks from any other."""
    starts = {"a": ("treated", 100), "b": ("historical", 40), "c": ("historical", 40 + 24 * 7 * 30)}
    clean = tables(
        [person(name, arm) for name, (arm, _) in starts.items()],
        (),
        [happened(n, "infusion" if arm == "treated" else "icu_admission", hours) for n, (arm, hours) in starts.items()]
        + [happened(name, "admission", hours - 10) for name, (_, hours) in starts.items()],
    )
    here = inputs(Cohort.model_validate(AT_EVENT), "PF")
    undeclared = replace(here, study=here.study.model_copy(update={"calendar_reference": None}))
    weeks = {
        name: define_cohort(clean, own).patients["calendar_week"]
        for name, own in (("own", undeclared), ("declared", here))
    }
    assert 0 <= weeks["own"].min() < 1 and weeks["own"].max() == pytest.approx(weeks["own"].min() + 30)
    apart = weeks["declared"] - weeks["own"]
    assert np.ptp(apart) == pytest.approx(0, abs=1e-9)


def test_calendar_weeks_begin_at_midnight_of_the_study() -> None:
    """Week 0 begins with 8 April in Mexico City, 5 hours after it does in UTC (summer time, UTC-5)."""
    clean = tables([person("a", "treated")], [measured("a", "PF", ZERO + 1, 100)], [happened("a", "infusion", ZERO)])
    here = inputs(Cohort.model_validate(AT_EVENT), "PF")
    weeks = [
        define_cohort(clean, replace(here, study=here.study.model_copy(update={"timezone": zone}))).patients.iloc[0]
        for zone in (None, "America/Mexico_City")
    ]
    assert (weeks[0]["calendar_week"] - weeks[1]["calendar_week"]) * 7 * 24 == pytest.approx(5)
