"""Dates in every declared format give their hour back; clocks that jump, and days that could be months, do not pass."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, clean, dictionary, intake, source, study, value_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from historical_controls.cleaning.cells.times import Calendar, Moments, parse_times, precedes
from historical_controls.cleaning.ledger.tallies import held_times
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.parts import TimeColumns

MEXICO = Calendar("America/Mexico_City", date(2020, 1, 1), date(2020, 12, 31))
UTC = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31))
FORMATS = ["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%d-%m-%y %H:%M", "%Y-%m-%dT%H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%d%H%M"]
FORMATS += ["%d-%b-%Y %H:%M", "%d de %B de %Y %H:%M"]
SPANISH = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]


def read(text: str, calendar: Calendar = UTC, **keys: Any) -> tuple[pd.Timestamp, float, str, str]:
    parsed = parse_times(
        pd.Series([text], dtype="str"), TimeColumns.model_validate({"columns": ["t"], **keys}), calendar
    )
    return parsed.utc.iloc[0], parsed.hours.iloc[0], parsed.reason.iloc[0], str(parsed.shifted.iloc[0])


MINUTES = st.integers(0, 366 * 24 * 60 - 1).map(lambda m: datetime(2020, 1, 1) + timedelta(minutes=m))


@given(moment=MINUTES, form=st.sampled_from(FORMATS))
def test_a_rendered_time_reads_back(moment: datetime, form: str) -> None:
    assert read(moment.strftime(form), formats=[form])[::2] == (pd.Timestamp(moment, tz="UTC"), "")


@given(moment=MINUTES, suffix=st.sampled_from(["", " h", "h", " hrs.", " horas"]))
def test_clock_words_are_no_part_of_the_time(moment: datetime, suffix: str) -> None:
    text = f"{moment:%d/%m/%Y %H:%M}{suffix}"
    assert read(text, formats=["%d/%m/%Y %H:%M"])[0] == pd.Timestamp(moment, tz="UTC")


@given(moment=MINUTES, style=st.sampled_from([" {}m", " {}.m.", " {}. m.", "{}m", "{}.m."]), upper=st.booleans())
def test_morning_and_afternoon(moment: datetime, style: str, upper: bool) -> None:
    half = style.format("a" if moment.hour < 12 else "p")
    text = f"{moment:%d/%m/%Y %I:%M}{half.upper() if upper else half}"
    assert read(text, formats=["%d/%m/%Y %I:%M %p"])[0] == pd.Timestamp(moment, tz="UTC")


@given(moment=MINUTES, short=st.booleans(), upper=st.booleans())
def test_spanish_months(moment: datetime, short: bool, upper: bool) -> None:
    name = SPANISH[moment.month - 1]
    name = name[:3] if short else name
    text = f"{moment.day:02d}-{name.upper() if upper else name}-{moment.year}"
    found = read(text, formats=["%d-%b-%Y" if short else "%d-%B-%Y"])
    assert found[0] == pd.Timestamp(moment.date(), tz="UTC")


@given(moment=MINUTES)
def test_a_clock_of_minutes_and_seconds_is_no_midnight(moment: datetime) -> None:
    text = f"{moment:%Y-%m-%d} {moment.hour:02d}:24:00"
    assert read(text, formats=["%Y-%m-%d %H:%M:%S"])[0] == pd.Timestamp(text, tz="UTC")


@pytest.mark.parametrize(
    ("text", "forms", "expected"),
    [
        ("04/05/2020 24:00", ["%d/%m/%Y %H:%M"], "2020-05-05 00:00"),
        ("04/05/2020 24:00:00", ["%d/%m/%Y %H:%M"], "2020-05-05 00:00"),
        ("31/12/2020 24:00", ["%d/%m/%Y %H:%M"], "2021-01-01 00:00"),
        ("4/5/20", ["%d/%m/%Y", "%d/%m/%y"], "2020-05-04 00:00"),
        ("29/02/2020", ["%d/%m/%Y"], "2020-02-29 00:00"),
        ("2020-05-04 08:00", ["%Y-%m-%d", "%Y-%m-%d %H:%M"], "2020-05-04 08:00"),
    ],
)
def test_known_times(text: str, forms: list[str], expected: str) -> None:
    calendar = Calendar("UTC", date(2020, 1, 1), date(2021, 1, 1))
    assert read(text, calendar, formats=forms)[0] == pd.Timestamp(expected, tz="UTC")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "DATE_MISSING"),
        ("  ", "DATE_MISSING"),
        ("30/02/2020", "DATE_INVALID"),
        ("05/13/2020", "DATE_INVALID"),
        ("04/05/2020 25:00", "DATE_INVALID"),
        ("04/05/2020 24:30", "DATE_INVALID"),
        ("04/05/20", "DATE_INVALID"),
        ("43987", "DATE_INVALID"),
        ("04/05/2020 xx", "DATE_INVALID"),
        ("٠٤/٠٥/٢٠٢٠x", "DATE_INVALID"),
        ("1e400", "DATE_INVALID"),
        ("\x00", "DATE_INVALID"),
        ("04/05/99999", "DATE_INVALID"),
        ("04/05/1900", "DATE_RANGE"),
        ("04/05/9999", "DATE_RANGE"),
        ("31/12/2019", "DATE_RANGE"),
        ("01/01/2021", "DATE_RANGE"),
    ],
)
def test_what_is_no_time_is_held(text: str, reason: str) -> None:
    utc, _, found, _ = read(text, formats=["%d/%m/%Y", "%d/%m/%Y %H:%M"])
    assert (utc is pd.NaT, found) == (True, reason)


def test_a_day_that_could_be_a_month_is_held_where_both_are_declared() -> None:
    forms = ["%d/%m/%Y", "%m/%d/%Y"]
    assert read("05/06/2020", formats=forms)[2] == "DATE_AMBIGUOUS"
    assert read("06/06/2020", formats=forms)[0] == pd.Timestamp("2020-06-06", tz="UTC")
    assert read("25/06/2020", formats=forms)[0] == pd.Timestamp("2020-06-25", tz="UTC")


@given(moment=MINUTES, comma=st.booleans())
def test_spreadsheet_serial_dates_read_back(moment: datetime, comma: bool) -> None:
    days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    text = repr(days).replace(".", ",") if comma else repr(days)
    assert read(text, excel_serial=True)[0] == pd.Timestamp(moment, tz="UTC")


@pytest.mark.parametrize("text", ["43957 0.5", "43957 0,5"])
def test_a_serial_date_and_a_fraction_of_a_day_in_two_columns(text: str) -> None:
    assert read(text, excel_serial=True)[0] == pd.Timestamp("2020-05-06 12:00", tz="UTC")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("43987 09:00", "2020-06-05 09:00"),
        ("43987 9:05:30 pm", "2020-06-05 21:05:30"),
        ("43987 12:15 a. m.", "2020-06-05 00:15"),
        ("43987 24:00", "2020-06-06 00:00"),
        ("43987 00:00", "2020-06-05 00:00"),
    ],
)
def test_a_serial_date_and_a_clock_time_in_two_columns(text: str, moment: str) -> None:
    """2020-06-05 is 43,987 days after 1899-12-30."""
    found = parse_times(pd.Series([text]), TimeColumns(columns=["t"], excel_serial=True), UTC)
    assert found.utc[0] == pd.Timestamp(moment, tz="UTC") and pd.isna(found.latest[0])


@pytest.mark.parametrize("text", ["43987 25:00", "43987 9:60", "43987.5 09:00", "43987 13:00 pm", "0 9:00 x"])
def test_no_clock_time_behind_a_serial_date_is_guessed(text: str) -> None:
    assert read(text, excel_serial=True)[2] == "DATE_INVALID"


@pytest.mark.parametrize(
    "text", ["1e400", "99999999999", "-5", "inf", "nan", "12.5.1", "9" * 1000, "43957.5 0.5", "43957 1.5", "43957 12"]
)
def test_no_number_breaks_the_serial_dates(text: str) -> None:
    assert read(text, excel_serial=True)[2] == "DATE_INVALID"


MONTH_NAMES = ["enero ene ene. ENERO Ene", "febrero feb febr.", "marzo mar mzo", "abril abr abr.", "mayo may May"]
MONTH_NAMES += ["junio jun JUN.", "julio jul", "agosto ago agto Aug", "septiembre setiembre sep sept set. Sept."]
MONTH_NAMES += ["octubre oct oct.", "noviembre nov novbre", "diciembre dic DIC. December"]
SPELLINGS = [(number, name) for number, names in enumerate(MONTH_NAMES, start=1) for name in names.split()]


@pytest.mark.parametrize(("month", "name"), SPELLINGS)
@pytest.mark.parametrize("form", ["%d-%b-%Y", "%d de %B de %Y", "%d/%b/%y", "%B %d, %Y"])
def test_every_spelling_of_a_month_fits_every_format_with_a_month(month: int, name: str, form: str) -> None:
    text = form.replace("%b", name).replace("%B", name)
    text = text.replace("%d", "7").replace("%Y", "2020").replace("%y", "20")
    assert read(text, formats=[form])[0] == pd.Timestamp(2020, month, 7, tz="UTC")


@pytest.mark.parametrize("text", ["13:45 h 04/05/2020", "13:45h 04/05/2020", "13:45 hrs. 04/05/2020"])
def test_clock_words_before_the_date(text: str) -> None:
    assert read(text, formats=["%H:%M %d/%m/%Y"])[0] == pd.Timestamp("2020-05-04 13:45", tz="UTC")


@pytest.mark.parametrize("text", ["04/05/2020 8h05", "04/05/2020 08h05", "04/05/2020 8 h 05", "04/05/2020 8h05min"])
@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M", "%d/%m/%Y %Hh%M"])
def test_hours_and_minutes_parted_by_a_letter(text: str, form: str) -> None:
    assert read(text, formats=[form])[0] == pd.Timestamp("2020-05-04 08:05", tz="UTC")


@pytest.mark.parametrize(("text", "form"), [("8 h 05/04/2020", "%H h %d/%m/%Y"), ("8h 05 abr 2020", "%Hh %d %b %Y")])
def test_an_hour_before_a_date_has_no_minutes(text: str, form: str) -> None:
    assert read(text, formats=[form])[0] == pd.Timestamp("2020-04-05 08:00", tz="UTC")


def test_a_days_serial_number_is_the_spreadsheets() -> None:
    assert read("43987", excel_serial=True)[0] == pd.Timestamp("2020-06-05", tz="UTC")


def test_dates_without_an_hour_follow_the_wall_calendar_of_the_source() -> None:
    server = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31), "America/Mexico_City")
    forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
    assert read("2020-05-04 08:00", server, formats=forms)[0] == pd.Timestamp("2020-05-04 08:00", tz="UTC")
    assert read("2020-05-04", server, formats=forms)[0] == pd.Timestamp("2020-05-04 05:00", tz="UTC")


def test_a_file_may_keep_another_clock_than_its_source() -> None:
    keys = {"timezone": "America/Mexico_City"}
    local = clean([LAB], LONG, **keys)
    assert value_of(local, "time") == pd.Timestamp("2020-05-04 13:00", tz="UTC")
    declared = source({"f": {"parts": [LONG], "timezone": "UTC"}}, **keys)
    server = clean_file(intake([LAB]), FileInputs("s", "f", declared, study(), dictionary()))
    assert value_of(server, "time") == pd.Timestamp("2020-05-04 08:00", tz="UTC")
    with pytest.raises(ValidationError, match="America/Mexico_City"):
        source({"f": {"parts": [LONG], "timezone": "America/Mexico_Cty"}})


# Clocks in Mexico City went from 2:00 to 3:00 on 5 April 2020 and from 2:00 back to 1:00 on 25 October 2020
# (tz database, rule Mexico: first Sunday of April, last Sunday of October).
@pytest.mark.parametrize(
    ("text", "utc", "shifted"),
    [
        ("2020-04-05 01:59", "2020-04-05 07:59", ""),
        ("2020-04-05 02:30", "2020-04-05 08:00", "TIME_DST_GAP"),
        ("2020-04-05 03:00", "2020-04-05 08:00", ""),
        ("2020-10-25 00:59", "2020-10-25 05:59", ""),
        ("2020-10-25 01:30", "2020-10-25 06:30", "TIME_DST_OVERLAP"),
        ("2020-10-25 02:00", "2020-10-25 08:00", ""),
    ],
)
def test_skipped_and_repeated_hours_are_marked(text: str, utc: str, shifted: str) -> None:
    found = read(text, MEXICO, formats=["%Y-%m-%d %H:%M"])
    assert found[::3] == (pd.Timestamp(utc, tz="UTC"), shifted)


@given(moment=MINUTES)
def test_local_times_are_those_of_the_zone(moment: datetime) -> None:
    utc, _, _, shifted = read(moment.strftime("%Y-%m-%d %H:%M"), MEXICO, formats=["%Y-%m-%d %H:%M"])
    if not shifted:
        assert utc.to_pydatetime() == moment.replace(tzinfo=ZoneInfo("America/Mexico_City"))


ZONES = ["America/Mexico_City", "Europe/Madrid", "America/Tijuana", "Asia/Shanghai", "Asia/Kolkata", "UTC"]


@given(moment=MINUTES, zone=st.sampled_from(ZONES), form=st.sampled_from(FORMATS))
def test_a_moment_rendered_in_any_zone_reads_back(moment: datetime, zone: str, form: str) -> None:
    utc = pd.Timestamp(moment, tz="UTC")
    local = utc.tz_convert(zone)
    found, _, reason, shifted = read(
        local.strftime(form), Calendar(zone, date(2019, 1, 1), date(2021, 12, 31)), formats=[form]
    )
    assert reason == ""
    # Only the second pass through a repeated hour cannot be told from the first.
    assert found == utc or (shifted == "TIME_DST_OVERLAP" and found == utc - pd.Timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "unit", "hours"),
    [
        ("26:03", "HH:MM", 26.05),
        ("00:00", "HH:MM", 0),
        ("26:03:36", "HH:MM", 26.06),
        ("1.5", "hours", 1.5),
        ("-2", "hours", -2),
        ("1.5", "days", 36),
        ("D3", "days", 72),
        ("Día 0", "days", 0),
        ("1", "study_day", 0),
        ("D8", "study_day", 168),
        ("día -1", "study_day", -24),
        ("12", "weeks", 2016),
        ("sem 4", "weeks", 672),
        ("-1", "weeks", -168),
        # A month is a twelfth of 365.25 days: 182.625 is day 183, and a year has 365 days.
        ("6", "months", 183 * 24),
        ("Month 12", "months", 365 * 24),
        ("mes 1", "months", 30 * 24),
    ],
)
def test_relative_times(text: str, unit: str, hours: float) -> None:
    assert read(text, relative_to="admission", relative_unit=unit)[1] == pytest.approx(hours, abs=1e-12)


@pytest.mark.parametrize("text", ["1e400", "1e12", "nan", "inf", "5:99", "1,5", "x", "-1:60"])
@pytest.mark.parametrize("unit", ["HH:MM", "hours", "days", "study_day", "weeks", "months"])
def test_no_relative_time_breaks(text: str, unit: str) -> None:
    assert read(text, relative_to="admission", relative_unit=unit)[1:3:1][1] == "DATE_INVALID"


@pytest.mark.parametrize("text", ["0", "D0", "1.5", "D"])
def test_there_is_no_study_day_nought_and_no_half(text: str) -> None:
    assert read(text, relative_to="admission", relative_unit="study_day")[2] == "DATE_INVALID"


@given(st.text(max_size=20))
def test_no_text_gives_a_traceback(text: str) -> None:
    read(text, MEXICO, formats=FORMATS, excel_serial=True)
    for unit in ("HH:MM", "hours", "days", "study_day"):
        read(text, relative_to="admission", relative_unit=unit)


def test_no_texts_at_all() -> None:
    spec = TimeColumns(columns=["t"], formats=["%Y-%m-%d"], excel_serial=True)
    assert parse_times(pd.Series([], dtype="str"), spec, UTC).utc.empty


@pytest.mark.parametrize(
    "form", ["%m/%Y", "%d/%m", "%H:%M", "mixed", "ISO8601", "%d/%m/%Y %Q", "%d/%m/%Y %I:%M", "%Y-%m-%dT%H:%M%Z", "%"]
)
def test_formats_that_would_fill_in_a_date_are_refused(form: str) -> None:
    with pytest.raises(ValidationError):
        TimeColumns(columns=["t"], formats=[form])


def test_a_day_may_follow_an_hour_of_the_same_day() -> None:
    late = pd.to_datetime(pd.Series(["2020-05-04 05:00", "2020-05-04 12:00", "2020-05-03 05:00", None]), utc=True)
    early = pd.to_datetime(pd.Series(["2020-05-04 13:00"] * 4), utc=True)
    # 05:00 UTC is midnight in Mexico City in May.
    unknown = Moments(late, pd.Series(pd.NaT, index=late.index, dtype=late.dtype))
    assert precedes(unknown, early, "America/Mexico_City").tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("2020-05-20", "add '%Y-%m-%d' to its 'formats'"),
        ("2020-05-20 08:30:00", "add '%Y-%m-%d %H:%M:%S' to its 'formats'"),
        ("shown as 'may-20', stored as 2020-05-20", "correct the cell"),
        ("=DATE(2020,5,20)", "saved without the results of its formulas"),
        ("#VALUE!", "the sheet has an error there"),
        ("05/20/2020", "it is written so, but there is no such day or hour: correct it"),
        ("31/02/2020", "it is written so, but there is no such day or hour: correct it"),
        ("20 of May", "correct it, or add its own format to 'formats'"),
        ("43971", "declare excel_serial: true"),
        ("43971.5", "declare excel_serial: true"),
    ],
)
def test_the_hint_names_what_reads_a_date_cell_of_a_sheet(text: str, remedy: str) -> None:
    part = {"kind": "patients", "subject": "id"}
    part |= {"events": [{"event": "death", "time": {"columns": ["when"], "formats": ["%d/%m/%Y"]}}]}
    record = clean([{"id": "1", "when": text}], part).ledger.iloc[0]
    assert record["reason"] == "DATE_INVALID"
    assert record["hint"].startswith(f"time as sent: '{text}'; expected dd/mm/yyyy (e.g. 23/11/2021); ")
    assert remedy in record["hint"]
    # The remedy is no part of what was sent: findings about dates read the text again.
    held = pd.DataFrame([{"file": "f", "item": 1, "n": 1, "raw_value": "", **record[["reason", "hint"]]}])
    assert held_times(held, "DATE_INVALID")["text"].tolist() == [text]


@pytest.mark.parametrize(
    ("keys", "text", "expected"),
    [
        ({"formats": ["%d/%m/%Y"]}, "2020.05.04", "dd/mm/yyyy (e.g. 23/11/2021); correct it"),
        ({"formats": ["%d %b %Y %I:%M %p"]}, "x", "dd month's name yyyy hh:mm AM/PM (e.g. 23 Nov 2021 02:05 PM); "),
        ({"formats": ["%Y-%m-%dT%H:%M:%S%z"]}, "x", "yyyy-mm-ddThh:mm:ssoffset (e.g. 2021-11-23T14:05:06-06:00); "),
        ({"excel_serial": True}, "x", "a sheet's number of a day (e.g. 44523); "),
        ({"formats": ["%d/%m/%Y"]}, "04/05/2030", "a day from 2020-01-01 to 2020-12-31"),
        ({"formats": ["%d/%m/%Y"]}, "", "dd/mm/yyyy (e.g. 23/11/2021)"),
        (
            {"formats": ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"]},
            "04/05/2020",
            "one reading, but dd/mm/yyyy (e.g. 23/11/2021) and mm/dd/yyyy (e.g. 11/23/2021) both fit",
        ),
        ({"relative_to": "admission", "relative_unit": "hours"}, "x", "hours (e.g. 1.5); correct the cell"),
        ({"relative_to": "admission", "relative_unit": "HH:MM"}, "x", "HH:MM (e.g. 1:30); "),
    ],
)
def test_the_hint_says_what_was_expected(keys: dict[str, Any], text: str, expected: str) -> None:
    spec = TimeColumns.model_validate({"columns": ["t"], **keys})
    parsed = parse_times(pd.Series([text], dtype="str"), spec, UTC)
    assert parsed.reason.iloc[0]
    assert parsed.hint.iloc[0].startswith(f"expected {expected}")


def test_the_hint_of_a_relative_time_has_the_marks_of_the_file() -> None:
    spec = TimeColumns.model_validate({"columns": ["t"], "relative_to": "admission", "relative_unit": "hours"})
    comma = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31), decimal=",")
    assert (
        parse_times(pd.Series(["1.5"], dtype="str"), spec, comma).hint.iloc[0].startswith("expected hours (e.g. 1,5)")
    )
