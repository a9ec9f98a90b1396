"""Dates in patients' rows: what is suggested where they cannot be read, and dates of several columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cleaning_study import clean
from test_cleaning_severity import findings_of

ISO, DAYS = {"formats": ["%Y-%m-%d"]}, [f"{n % 28 + 1:02}" for n in range(0, 120, 5)]
AGE = {"birth": {"characteristic": "AGE", "born": {"columns": ["dob"], **ISO}, "as_of": {"columns": ["seen"], **ISO}}}
PATIENTS: dict[str, Any] = {"kind": "patients", "subject": "id", "columns": AGE}
TREATED = {"kind": "treatments", "subject": "id", "treatment": "drug", "values": {"dexa": "DEXAMETHASONE"}}


def found(text: list[str], part: dict[str, Any], folder: Path, **keys: Any) -> pd.DataFrame:
    path = folder / "f.csv"
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return findings_of(path, {"parts": [part], **keys}, folder)[0]


def births(written: str, seen: str = "2020-05-{day}") -> list[str]:
    rows = [f"{written},{seen}".format(day=day, month="03", n=n) for n, day in enumerate(DAYS)]
    return ["id,birth,dob,seen", *(f"P{n},x,{row}" for n, row in enumerate(rows))]


@pytest.mark.parametrize(
    ("written", "seen", "line"),
    [
        ("{day}/03/1961", "2020-05-{day}", 'parts.0.columns.birth.born.formats: ["%d/%m/%Y"]'),
        ("1961-03-{day}", "{day}.05.2020", 'parts.0.columns.birth.as_of.formats: ["%d.%m.%Y"]'),
    ],
)
def test_dates_of_ages_suggest_the_format_that_reads_them(written: str, seen: str, line: str, tmp_path: Path) -> None:
    (doubtful,) = found(births(written, seen), PATIENTS, tmp_path).to_dict("records")
    assert (doubtful["finding"], doubtful["n"], doubtful["severity"]) == ("DOUBTFUL_SHARE", 24, "stop")
    assert doubtful["config_line"] == line
    assert doubtful["hint"].endswith("expected yyyy-mm-dd (e.g. 2021-11-23)")
    assert "dob '" in doubtful["examples"] and "seen '" in doubtful["examples"]


def test_each_time_of_a_row_has_a_line_of_its_own(tmp_path: Path) -> None:
    """A birth and a consent may be written by two systems: no one format reads nearly all of both."""
    rows = [f"P{n},{day}/03/1961,2020-05-{day},{day}.05.2020 10:30" for n, day in enumerate(DAYS)]
    events = [{"event": "admission", "time": {"columns": ["consent"], **ISO}}]
    columns = {"dob": AGE["birth"]}
    lines = found(["id,dob,seen,consent", *rows], PATIENTS | {"columns": columns, "events": events}, tmp_path)
    line = lines.loc[lines["finding"] == "DOUBTFUL_SHARE", "config_line"].item()
    first, second = (
        'parts.0.columns.dob.born.formats: ["%d/%m/%Y"]',
        'parts.0.events.0.time.formats: ["%d.%m.%Y %H:%M"]',
    )
    assert line == f"{first}; {second}"


@pytest.mark.parametrize(
    ("days", "share"), [(DAYS, sum(day > "12" for day in DAYS) / 24), ([f"{n % 12 + 1:02}" for n in range(24)], None)]
)
def test_births_whose_day_may_be_their_month(days: list[str], share: float | None, tmp_path: Path) -> None:
    born = {**AGE["birth"], "born": {"columns": ["dob"], "formats": ["%m/%d/%Y"]}}
    rows = [f"P{n},x,{day}/03/1961,2020-05-04" for n, day in enumerate(days)]
    part = PATIENTS | {"columns": {"birth": born}}
    findings = found(["id,birth,dob,seen", *rows], part, tmp_path).set_index("finding")
    order = findings.loc["DATE_ORDER_SUSPECT"]
    assert order["config_line"] == 'parts.0.columns.birth.born.formats: ["%d/%m/%Y"]'
    assert order["severity"] == ("stop" if share else "report")
    assert order["share"] == pytest.approx(share) if share else pd.isna(order["share"])
    # The line is told once: the records held for the same reason need no second finding.
    assert findings.index.tolist() == ["DATE_ORDER_SUSPECT"]
    assert "dob '" in order["examples"]


def test_starts_of_treatments_whose_day_may_be_their_month(tmp_path: Path) -> None:
    part = TREATED | {"start": {"columns": ["given"], "formats": ["%m/%d/%Y"]}}
    rows = [f"P{n},dexa,{n % 12 + 1:02}/05/2020" for n in range(24)]
    order = found(["id,drug,given", *rows], part, tmp_path).iloc[0]
    assert (order["finding"], order["severity"]) == ("DATE_ORDER_SUSPECT", "report")
    assert order["config_line"] == 'parts.0.start.formats: ["%d/%m/%Y"]'
    assert "given '" in order["examples"]


@pytest.mark.parametrize(
    ("day", "hour", "raw"),
    [("2020-05-04", "10:30", "2020-05-04 10:30"), ("", "10:30", "10:30"), ("", "00:00", None), ("9999", "", "9999")],
)
def test_a_date_of_two_columns_that_no_event_takes(day: str, hour: str, raw: str | None) -> None:
    """Its hour alone tells that something happened, as it does of an event whose condition holds."""
    when = {"columns": ["day", "hour"], "formats": ["%Y-%m-%d %H:%M"]}
    event = {"event": "death", "time": when, "only_if": {"column": "how", "is_in": ["gone"]}}
    part = {"kind": "patients", "subject": "id", "events": [event]}
    keys = {"sentinels": [{"columns": ["day"], "codes": ["9999"]}]}
    ledger = clean([{"id": "1", "how": "alive", "day": day, "hour": hour}], part, **keys).ledger
    reasons = {None: "NOTHING_READ", "9999": "SENTINEL"}
    assert ledger["reason"].tolist() == [reasons.get(raw, "EVENT_UNKNOWN")]
    if raw is not None:
        assert ledger["raw_value"].tolist() == [raw]


def test_the_line_for_a_date_of_two_columns_names_both(tmp_path: Path) -> None:
    when = {"columns": ["day", "hour"], "formats": ["%Y-%m-%d %H:%M"]}
    event = {"event": "death", "time": when, "only_if": {"column": "how", "is_in": ["gone"]}}
    rows = [f"P{n},alive,2020-05-{day},10:30" for n, day in enumerate(DAYS)]
    part = {"kind": "patients", "subject": "id", "events": [event]}
    doubtful = found(["id,how,day,hour", *rows], part, tmp_path).iloc[0]
    assert "time: {columns: [day, hour]}" in doubtful["config_line"]
