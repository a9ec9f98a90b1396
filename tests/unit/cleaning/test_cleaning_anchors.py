"""Which of a patient's admissions, images or onsets relative times count from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from cleaning_study import assembled, fates

from historical_controls.cleaning.records.outputs import CleanSource

DAY = {"formats": ["%Y-%m-%d", "%Y-%m-%d %H:%M"]}
SINCE: dict[str, Any] = {"relative_to": "admission", "relative_unit": "days"}
STAYS = {"kind": "patients", "subject": "id"}
STAYS |= {"events": [{"event": "admission", "time": {"columns": ["in"], **DAY}}]}
OUT = {"event": "discharge_alive", "time": {"columns": ["out"], **SINCE}}
LAB = {"kind": "measurements_wide", "subject": "id", "time": {"columns": ["t"], **SINCE}}
LAB |= {"columns": {"crp": {"outcome": "CRP", "unit": "mg/L"}}}


def found(stays: list[str], days: list[str], rule: str | None = None) -> CleanSource:
    """One patient admitted on each of these days, and a value so many days after an admission."""
    rows = [{"id": "1", "in": day} for day in stays]
    lab = [{"id": "1", "t": day, "crp": "10"} for day in days]
    keys = {} if rule is None else {"relative_to_which": rule}
    return assembled({"stays": (rows, STAYS), "lab": (lab, LAB)}, file_keys=keys)


def dates(frame: pd.DataFrame) -> list[str]:
    return frame["time"].dt.strftime("%m-%d %H:%M").tolist()


@pytest.mark.parametrize(
    ("rule", "expected"), [(None, []), ("hold", []), ("first", ["05-07 00:00"]), ("last", ["06-04 00:00"])]
)
def test_of_two_admissions_the_file_says_which(rule: str | None, expected: list[str]) -> None:
    """Day 3 of a patient admitted on 4 May and on 1 June may be 7 May or 4 June."""
    whole = found(["2020-05-04", "2020-06-01"], ["3"], rule)
    assert dates(whole.measurements) == expected
    if not expected:
        held = whole.ledger.loc[whole.ledger["fate"] == "quarantined"].iloc[0]
        assert held["reason"] == "TIME_NO_ANCHOR"
        assert "'admission'" in held["hint"] and "has 2 dates" in held["hint"] and "relative_to_which" in held["hint"]


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        # One admission written twice, by day and with its hour, in either order: the hour counts.
        (["2020-05-04", "2020-05-04 08:30"], "05-07 08:30"),
        (["2020-05-04 08:30", "2020-05-04"], "05-07 08:30"),
        (["2020-05-04", "2020-05-04"], "05-07 00:00"),
    ],
)
def test_one_admission_written_twice_is_one(stays: list[str], expected: str) -> None:
    assert dates(found(stays, ["3"]).measurements) == [expected]


def test_two_admissions_on_one_day_are_two() -> None:
    assert fates(found(["2020-05-04 08:30", "2020-05-04 21:00"], ["3"])).count("TIME_NO_ANCHOR") == 1


@pytest.mark.parametrize("rule", ["hold", "first", "last"])
def test_a_row_with_an_admission_of_its_own_counts_from_it(rule: str) -> None:
    """Stays of one person, each row with its own start, end and values: 4 May + 3, 1 June + 5."""
    rows = [
        {"id": "1", "in": "2020-05-04", "out": "9", "t": "3", "crp": "10"},
        {"id": "1", "in": "2020-06-01", "out": "7", "t": "5", "crp": "20"},
        # The same stay again, with a further value.
        {"id": "1", "in": "2020-06-01", "out": "7", "t": "6", "crp": "30"},
    ]
    stays = {**STAYS, "events": [*STAYS["events"], OUT]}
    keys = {"relative_to_which": rule, "parts": [stays, LAB]}
    whole = assembled({"f": (rows, stays)}, file_keys=keys)
    assert dates(whole.measurements) == ["05-07 00:00", "06-06 00:00", "06-07 00:00"]
    out = whole.events.loc[whole.events["event"] == "discharge_alive"]
    assert dates(out) == ["05-13 00:00", "06-08 00:00"]


def test_other_patients_of_the_file_are_not_concerned() -> None:
    rows = [{"id": "1", "in": "2020-05-04"}, {"id": "1", "in": "2020-06-01"}, {"id": "2", "in": "2020-05-10"}]
    lab = [{"id": person, "t": "1", "crp": "10"} for person in ("1", "2", "3")]
    whole = assembled({"stays": (rows, STAYS), "lab": (lab, LAB)})
    assert dates(whole.measurements) == ["05-11 00:00"]
    hints = whole.ledger.loc[whole.ledger["reason"] == "TIME_NO_ANCHOR", "hint"].tolist()
    assert ["2 dates" in hint for hint in hints] == [True, False]
