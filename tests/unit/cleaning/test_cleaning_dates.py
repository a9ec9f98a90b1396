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


# 112 rows, each day of April 2020 up to the 28th four times; the 1st, 5th, 9th, ..., 25th are written month first.
# Only day first: 12 days from the 14th on; only month first: the 13th, 17th, 21st and 25th; both: the 1st to the 12th,
# but for 04/04, which is one day in both.
MIXED = [f"04/{d:02d}/2020" if d % 4 == 1 else f"{d:02d}/04/2020" for d in range(1, 29)] * 4
ONE, BOTH = ["%d/%m/%Y"], ["%d/%m/%Y", "%m/%d/%Y"]
SAID = (
    "the file has both orders: 48 dates are day first, 16 month first, and no format tells the order of the 44 that fit"
    " both"
)


@pytest.mark.parametrize(
    ("formats", "n", "share", "line"),
    [
        # A quarter of what tells its order is of the other one.
        (ONE, 16, 16 / 64, 'formats: ["%d/%m/%Y", "%m/%d/%Y"]   # holds the dates that fit both.'),
        (["%m/%d/%Y"], 48, 48 / 64, 'formats: ["%m/%d/%Y", "%d/%m/%Y"]   # holds the dates that fit both.'),
        (BOTH, 44, 44 / 112, 'where: [{column: "...", is_in: ["..."]}]   # a part for each order'),
    ],
)
@pytest.mark.parametrize("place", ["parts.0.start", "parts.0.columns.birth.born", "parts.0.events.0.time"])
def test_one_column_with_both_orders(
    formats: list[str], n: int, share: float, line: str, place: str, tmp_path: Path
) -> None:
    """No line with one format is proposed: it would hold, or misread, what the other order has right."""
    when = {"columns": ["day"], "formats": formats}
    part: dict[str, Any] = {"kind": "patients", "subject": "id"}
    if "start" in place:
        part = TREATED | {"start": when}
    elif "born" in place:
        part["columns"] = {"birth": {**AGE["birth"], "born": when}}
    else:
        part["events"] = [{"event": "admission", "time": when}]
    rows = [f"P{n:03d},x,dexa,2020-05-04,{day}" for n, day in enumerate(MIXED)]
    order = found(["id,birth,drug,seen,day", *rows], part, tmp_path)
    assert order["finding"].tolist() == ["DATE_ORDER_SUSPECT"]
    assert (order["n"].item(), order["share"].item(), order["severity"].item()) == (n, share, "stop")
    assert order["hint"].item() == SAID
    assert (line if "where" in line else f"{place}.{line}") in order["config_line"].item()
    assert order["examples"].item().count("day '") == 3


def test_both_orders_of_one_time_say_nothing_about_another(tmp_path: Path) -> None:
    part = TREATED | {"start": {"columns": ["day"], "formats": ONE}, "stop": {"columns": ["end"], "formats": ONE}}
    rows = [f"P{n:03d},dexa,{day},05/{n % 20 + 1:02d}/2020" for n, day in enumerate(MIXED)]
    lines = found(["id,drug,day,end", *rows], part, tmp_path).set_index("config_line")["n"]
    # Of 112 ends, the 13th to the 20th of May 5 or 6 times each.
    assert lines['parts.0.stop.formats: ["%m/%d/%Y"]'] == sum(n % 20 >= 12 for n in range(112))
    assert [line for line in lines.index if line.startswith('parts.0.start.formats: ["%d/%m/%Y", "%m/%d/%Y"]')]


def test_both_orders_in_two_parts_are_told_apart_by_a_condition(tmp_path: Path) -> None:
    """What the finding advises: every date is read, as its own part says."""
    wards = [{"column": "ward", "is_in": [ward]} for ward in ("A", "B")]
    time = [{"columns": ["day"], "formats": [form]} for form in BOTH]
    event = [{"events": [{"event": "admission", "time": own}]} for own in time]
    parts = [
        {"kind": "patients", "subject": "id", "where": [ward], **own} for ward, own in zip(wards, event, strict=True)
    ]
    rows = [{"id": f"P{n}", "ward": "AB"[day.startswith("04/")], "day": day} for n, day in enumerate(MIXED)]
    # '04/04' is of the one ward as of the other.
    tables = clean(rows, parts, timezone="UTC")
    assert tables.ledger["fate"].eq("clean").all()
    days = tables.events["time"].dt.strftime("%m-%d").value_counts()
    assert days.to_dict() == {f"04-{d:02d}": 4 for d in range(1, 29)}
