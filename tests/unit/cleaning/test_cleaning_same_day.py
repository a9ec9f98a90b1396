"""Days without a clock: several results of one, their last possible moment, and events that others count from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, assembled, clean, dictionary, fates, intake, source, study

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file

DAY = {**LAB, "when": "2020-05-04"}
END_OF_DAY = pd.Timestamp("2020-05-04 23:59:59.999", tz="UTC")


def of_day(results: list[str], files: int = 1, changes: dict[str, str] | None = None, **keys: Any) -> CleanSource:
    """Results of one day, all of them in each file, through the whole of cleaning."""
    rows = [{**DAY, "result": result, **(changes or {})} for result in results]
    names = [f"f{n}" for n in range(files)]
    declared = source({name: {"parts": [LONG], **keys} for name in names})
    parts = [clean_file(intake(rows), FileInputs("s", name, declared, study(), dictionary())) for name in names]
    people = link_people({"s": pd.concat([part.ledger for part in parts])}, {"s": declared})
    return assemble_source(parts, people, SourceInputs("s", declared, dictionary()))


@pytest.mark.parametrize(
    ("rule", "results", "value"),
    [
        ("median", ["10", "30", "20"], 20.0),
        ("median", ["10", "40"], 25.0),
        # Two equal results of one file are two results.
        ("median", ["10", "10", "40"], 10.0),
        # A lower CRP is better.
        ("worst", ["10", "30", "20"], 30.0),
        ("worst", ["<5", "30", "20"], 30.0),
        ("last", ["10", "30", "20"], 20.0),
        ("last", ["30", "20", "20"], 20.0),
    ],
)
def test_results_of_one_day_are_summarised_as_declared(rule: str, results: list[str], value: float) -> None:
    found = of_day(results, same_day=rule)
    assert found.measurements["value"].tolist() == [value]
    assert found.measurements["flags"].tolist() == ["SAME_DAY"]
    assert sorted(fates(found)) == sorted(["clean", *["SAME_DAY"] * (len(results) - 1)])
    assert set(found.ledger.loc[found.ledger["reason"] == "SAME_DAY", "fate"]) == {"duplicate"}


@pytest.mark.parametrize(
    ("rule", "results"),
    [("hold", ["10", "30"]), ("median", ["<5", "30"]), ("worst", [">5", "30"])],
)
def test_what_no_rule_settles_is_held(rule: str, results: list[str]) -> None:
    found = of_day(results, same_day=rule)
    assert fates(found) == ["DUP_CONFLICT"] * 2


def test_the_worst_follows_the_direction_of_the_outcome() -> None:
    oxygen = {"test": "pO2", "unit": "mmHg", "specimen": "arterial"}
    found = of_day(["60", "80", "70"], changes={**oxygen}, same_day="worst")
    benefit = dictionary().outcomes["PAO2"].benefit
    assert found.measurements["value"].tolist() == ([60.0] if benefit == "up" else [80.0] if benefit == "down" else [])


def test_the_rule_of_an_outcome_comes_before_that_of_the_file() -> None:
    found = of_day(["10", "30"], same_day="hold", same_day_of={"CRP": "last"})
    assert found.measurements["value"].tolist() == [30.0]


def test_a_file_sent_twice_is_one_file() -> None:
    found = of_day(["10", "40", "40"], files=2, same_day="median")
    assert found.measurements["value"].tolist() == [40.0]
    assert fates(found).count("DUP_IDENTICAL") == 3


def test_results_with_a_clock_follow_no_rule() -> None:
    found = of_day(["10", "30"], changes={"when": "2020-05-04 08:00"}, same_day="last")
    assert fates(found) == ["DUP_CONFLICT"] * 2


def test_a_day_keeps_its_last_moment() -> None:
    found = of_day(["10"])
    assert found.measurements[["time", "latest"]].to_numpy().tolist() == [
        [pd.Timestamp("2020-05-04", tz="UTC"), END_OF_DAY]
    ]
    timed = of_day(["10"], changes={"when": "2020-05-04 08:00"})
    assert timed.measurements["latest"].isna().all()


def test_courses_keep_the_last_moments_of_their_days() -> None:
    part = {"kind": "treatments", "subject": "id", "treatment": "rx"}
    day = {"formats": ["%Y-%m-%d", "%Y-%m-%d %H:%M"]}
    part |= {"start": {"columns": ["a"], **day}, "stop": {"columns": ["b"], **day}}
    rows = [
        {"id": "1", "rx": "dexamethasone", "a": "2020-05-04", "b": "2020-05-04"},
        {"id": "1", "rx": "dexamethasone", "a": "2020-05-05 10:00", "b": "2020-05-05"},
        {"id": "1", "rx": "dexamethasone", "a": "2020-05-06 10:00", "b": "2020-05-05"},
    ]
    found = clean(rows, part)
    assert fates(found) == ["clean", "clean", "TIME_ORDER"]
    assert found.treatments["start_latest"].tolist() == [END_OF_DAY, pd.NaT]
    assert found.treatments["stop_latest"].tolist() == [END_OF_DAY, END_OF_DAY + pd.Timedelta(days=1)]


SINCE = {"kind": "measurements_wide", "subject": "id", "columns": {"crp": {"outcome": "CRP", "unit": "mg/L"}}}


def since(event: str, unit: str = "days") -> dict[str, Any]:
    return {**SINCE, "time": {"columns": ["t"], "relative_to": event, "relative_unit": unit}}


@pytest.mark.parametrize("event", ["infusion", "symptom_onset", "imaging", "first_record", "admission"])
def test_the_epoch_is_that_of_the_event_that_times_count_from(event: str) -> None:
    rows = [{"id": "1", "t": "0", "crp": "10"}, {"id": "1", "t": "2", "crp": "20"}]
    found = assembled({"f": (rows, since(event))}, relative_epoch="2020-03-01")
    assert found.events[["event", "item"]].to_numpy().tolist() == [[event, "relative_epoch"]]
    assert found.events["time"].tolist() == [pd.Timestamp("2020-03-01", tz="UTC")]
    assert found.measurements["time"].dt.day.tolist() == [1, 3]
    # A whole number of days is a day, not its first moment.
    assert found.measurements["latest"].dt.day.tolist() == [1, 3]


def test_events_count_from_events_that_count_from_events() -> None:
    rows = [{"id": "1", "adm": "-5", "out": "9", "t": "1", "crp": "10"}]
    people: dict[str, Any] = {"kind": "patients", "subject": "id"}
    people["events"] = [
        {"event": "discharge_alive", "time": {"columns": ["out"], "relative_to": "admission", "relative_unit": "days"}},
        {"event": "admission", "time": {"columns": ["adm"], "relative_to": "infusion", "relative_unit": "days"}},
    ]
    found = assembled({"f": (rows, people), "g": (rows, since("admission"))}, relative_epoch="2020-03-10")
    days = found.events.set_index("event")["time"].dt.strftime("%m-%d").to_dict()
    assert days == {"infusion": "03-10", "admission": "03-05", "discharge_alive": "03-14"}
    assert found.measurements["time"].dt.strftime("%m-%d").tolist() == ["03-06"]


def test_times_from_a_dated_event_keep_its_vagueness() -> None:
    people = {"kind": "patients", "subject": "id"}
    people["events"] = [{"event": "imaging", "time": {"columns": ["ct"], "formats": ["%Y-%m-%d"]}}]
    rows = [{"id": "1", "ct": "2020-05-04", "t": "90", "crp": "10"}]
    found = assembled({"f": (rows, people), "g": (rows, since("imaging", "minutes"))})
    assert found.measurements["time"].tolist() == [pd.Timestamp("2020-05-04 01:30", tz="UTC")]
    assert found.measurements["latest"].tolist() == [END_OF_DAY + pd.Timedelta(minutes=90)]


def test_an_epoch_of_two_events_is_refused() -> None:
    parts = [since("infusion"), since("admission")]
    with pytest.raises(ValueError, match="stands for one event, and times count from 'admission' and 'infusion'"):
        source({"f": {"parts": parts}}, relative_epoch="2020-03-01")


def test_an_anchor_without_a_date_is_named() -> None:
    found = assembled({"f": ([{"id": "1", "t": "0", "crp": "10"}], since("imaging"))})
    assert found.ledger["hint"].tolist() == ["the event 'imaging', from which its time counts, has no date"]
