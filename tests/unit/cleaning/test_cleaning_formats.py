"""A declared format describes exactly its texts: none is shorter, longer, or read by fields of another width."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from historical_controls.cleaning.cells.times import Calendar, parse_times
from historical_controls.config.sources.parts import TimeColumns

UTC = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31))
MEXICO = Calendar("America/Mexico_City", date(2020, 1, 1), date(2020, 12, 31))


def spec(*forms: str, **keys: Any) -> TimeColumns:
    return TimeColumns.model_validate({"columns": ["t"], "formats": list(forms), **keys})


def read(text: str, *forms: str, calendar: Calendar = UTC, **keys: Any) -> str:
    """The time read, in UTC to the second, or the reason why none was."""
    parsed = parse_times(pd.Series([text], dtype="str"), spec(*forms, **keys), calendar)
    return parsed.reason.iloc[0] or f"{parsed.utc.iloc[0]:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1052020", "%d%m%Y"),
        ("1102020", "%d%m%Y"),
        ("105202", "%d%m%y"),
        ("2020-05-04 123", "%Y-%m-%d %H%M"),
        ("2020-05-04 0830a", "%Y-%m-%d %H%M"),
        ("20200504083", "%Y%m%d%H%M"),
        ("20200504", "%Y%m%d%H%M"),
        ("2020050408", "%Y%m%d%H%M"),
        ("2020504", "%Y%m%d"),
        ("202005048", "%Y%m%d"),
        ("20-05-04", "%Y-%m-%d"),
        ("2020-05-04", "%y-%m-%d"),
        ("04/05/020", "%d/%m/%Y"),
        ("2020-05-04 8:3", "%Y-%m-%d %H:%M"),
        ("2020-05-04 08:30", "%Y-%m-%d %H:%M:%S"),
        ("2020-05-04 08:30:00", "%Y-%m-%d %H:%M"),
        ("2020-05-04 083000", "%Y-%m-%d %H%M"),
        ("4mayo20", "%d%b%Y"),
        ("2020-05-04T08:30Z", "%Y-%m-%dT%H:%M"),
        ("2020-05-04 08:30+00:00", "%Y-%m-%d %H:%M"),
        ("2020-05-04 08:30", "%Y-%m-%d %H:%M%z"),
    ],
)
def test_a_text_of_another_shape_is_held(text: str, form: str) -> None:
    assert read(text, form) == "DATE_INVALID"


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("01052020", "%d%m%Y", "2020-05-01 00:00:00"),
        ("10052020", "%d%m%Y", "2020-05-10 00:00:00"),
        ("010520", "%d%m%y", "2020-05-01 00:00:00"),
        # The digits of the month's name are none of the day's: this was 10 May.
        ("1MAY2020", "%d%b%Y", "2020-05-01 00:00:00"),
        ("1ene2020", "%d%b%Y", "2020-01-01 00:00:00"),
        ("01MAY2020:08:30:00", "%d%b%Y:%H:%M:%S", "2020-05-01 08:30:00"),
        ("MAY012020", "%b%d%Y", "2020-05-01 00:00:00"),
        ("2020-05-04 0123", "%Y-%m-%d %H%M", "2020-05-04 01:23:00"),
        ("202005040123", "%Y%m%d%H%M", "2020-05-04 01:23:00"),
        ("20200504012345", "%Y%m%d%H%M%S", "2020-05-04 01:23:45"),
        # Between separators a day, a month and an hour may be written without their zero.
        ("4/5/2020 8:05", "%d/%m/%Y %H:%M", "2020-05-04 08:05:00"),
        ("4-may-2020", "%d-%b-%Y", "2020-05-04 00:00:00"),
        ("4 de mayo de 2020", "%d de %B de %Y", "2020-05-04 00:00:00"),
        ("4 mai 2020", "%d %B %Y", "2020-05-04 00:00:00"),
        ("4. März 2020", "%d. %B %Y", "2020-03-04 00:00:00"),
        ("4 août 2020", "%d %B %Y", "2020-08-04 00:00:00"),
        ("04/out/2020", "%d/%b/%Y", "2020-10-04 00:00:00"),
        ("4 giugno 2020", "%d %B %Y", "2020-06-04 00:00:00"),
        ("05/04/2020 8:05 p.m.", "%m/%d/%Y %I:%M %p", "2020-05-04 20:05:00"),
        ("05/04/2020 12:05 AM", "%m/%d/%Y %I:%M %p", "2020-05-04 00:05:00"),
        ("2020-05-04 08:05:01.25", "%Y-%m-%d %H:%M:%S.%f", "2020-05-04 08:05:01"),
        ("2020125", "%Y%j", "2020-05-04 00:00:00"),
    ],
)
def test_a_text_of_the_shape_is_read(text: str, form: str, expected: str) -> None:
    assert read(text, form) == expected


def test_formats_of_different_precision_coexist() -> None:
    forms = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S")
    texts = ["20200504", "202005040830", "20200504083015", "2020050408"]
    assert [read(text, *forms) for text in texts] == [
        "2020-05-04 00:00:00",
        "2020-05-04 08:30:00",
        "2020-05-04 08:30:15",
        "DATE_INVALID",
    ]
    # A day is local midnight in the source's zone, a stamp an hour of the file's clock.
    server = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31), "America/Mexico_City")
    assert [read(text, *forms, calendar=server) for text in texts[:2]] == ["2020-05-04 05:00:00", "2020-05-04 08:30:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-05-04 08:30Z", "2020-05-04 08:30:00"),
        ("2020-05-04 08:30+00:00", "2020-05-04 08:30:00"),
        ("2020-05-04 08:30-0600", "2020-05-04 14:30:00"),
        ("2020-05-04 08:30-06", "2020-05-04 14:30:00"),
        # The hour that Mexico's clocks skip and the one that they repeat are exact where the offset is said.
        ("2020-04-05 02:30-06:00", "2020-04-05 08:30:00"),
        ("2020-10-25 01:30-06:00", "2020-10-25 07:30:00"),
        ("2020-10-25 01:30-05:00", "2020-10-25 06:30:00"),
        ("2020-12-31 23:30-06:00", "2021-01-01 05:30:00"),
        ("2021-01-01 00:30-06:00", "DATE_RANGE"),
    ],
)
def test_offsets_are_read_by_their_code(text: str, expected: str) -> None:
    assert read(text, "%Y-%m-%d %H:%M%z", calendar=MEXICO) == expected


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%Y-%m-%dT%H:%MZ", "write %z"),
        ("%Y-%m-%d %H:%M:%S UTC", "write %z"),
        ("%Y-%m-%d %H:%M+00:00", "write %z"),
        ("%Y-%m-%d %H:%M-0600", "write %z"),
        ("%Y-%m-%d %H:%M %Z", "write %z"),
        ("%Y-%m-%d%z", "needs a clock time"),
        ("%d/%m/%Y %H:%M %p", "only with %I"),
        ("%d/%m/%Y %I:%M", "needs %p"),
        ("%d/%m/%Y %M", "without an hour"),
        ("%d/%n/%Y", "%n is not read"),
        ("%d/%m/%Y %", "is not read"),
        ("%d/%m", "does not say year"),
        ("%c", "is not read"),
    ],
)
def test_a_format_that_loses_part_of_its_texts_is_refused(form: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        spec(form)


def test_words_with_a_z_are_no_offset() -> None:
    moment = datetime(2020, 5, 4, 8, 30)
    assert read(f"fecha {moment:%d/%m/%Y} a las {moment:%H:%M}", "fecha %d/%m/%Y a las %H:%M") == f"{moment}"


@pytest.mark.parametrize(
    ("text", "unit", "decimal", "hours"),
    [
        ("1,5", "days", ",", 36.0),
        ("1.5", "days", ".", 36.0),
        ("-0,25", "hours", ",", -0.25),
        ("90", "minutes", ".", 1.5),
        ("-30", "minutes", ".", -0.5),
        ("día 3", "days", ".", 72.0),
        ("\u22122", "hours", ".", -2.0),
        ("3", "study_day", ",", 48.0),
        # Under another mark than declared, in other digits or as a power, it is no number of days.
        ("1,5", "days", ".", None),
        ("1.5", "days", ",", None),
        ("1e3", "hours", ".", None),
        ("0x10", "hours", ".", None),
        ("1_000", "minutes", ".", None),
        ("inf", "hours", ".", None),
        ("1,5", "study_day", ",", None),
    ],
)
def test_relative_times_are_written_under_the_declared_mark(
    text: str, unit: str, decimal: str, hours: float | None
) -> None:
    calendar = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31), decimal=decimal)
    declared = TimeColumns.model_validate({"columns": ["t"], "relative_to": "admission", "relative_unit": unit})
    parsed = parse_times(pd.Series([text], dtype="str"), declared, calendar)
    assert parsed.reason.iloc[0] == ("" if hours is not None else "DATE_INVALID")
    assert hours is None or parsed.hours.iloc[0] == pytest.approx(hours)


@pytest.mark.parametrize("form", ["%d/%d/%Y", "%Y-%m-%d %H:%H", "%d%b%Y %d"])
def test_a_part_of_a_time_that_is_written_twice_is_refused(form: str) -> None:
    with pytest.raises(ValidationError, match="is written twice"):
        spec(form)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        # By the clock of Mexico City, five hours behind.
        # SQL Server writes seven digits of a second, nanoseconds are nine.
        ("2020-05-04 08:00:00.0000000", "%Y-%m-%d %H:%M:%S.%f", "2020-05-04 13:00:00"),
        ("2020-05-04 08:00:00.123456789", "%Y-%m-%d %H:%M:%S.%f", "2020-05-04 13:00:00"),
        ("20200504080000500000", "%Y%m%d%H%M%S%f", "2020-05-04 13:00:00"),
        # No clock has a 60th second, and strptime makes the next minute, or day, of it.
        ("2020-05-04 23:59:60", "%Y-%m-%d %H:%M:%S", "DATE_INVALID"),
        ("2020-05-04 08:00:61", "%Y-%m-%d %H:%M:%S", "DATE_INVALID"),
        ("2020-05-04 08:00 UTC", "%Y-%m-%d %H:%M %z", "2020-05-04 08:00:00"),
        ("2020-05-04 08:00 GMT", "%Y-%m-%d %H:%M %z", "2020-05-04 08:00:00"),
        ("2020-05-04 08:00 GMT-06", "%Y-%m-%d %H:%M %z", "2020-05-04 14:00:00"),
        ("2020-05-04 08:00 UTC+02:00", "%Y-%m-%d %H:%M %z", "2020-05-04 06:00:00"),
    ],
)
def test_clocks_of_other_systems(text: str, form: str, expected: str) -> None:
    assert read(text, form, calendar=MEXICO) == expected


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%Y-%m-%dT%H:%M:%S-06", "'-06' is the offset of a clock"),
        ("%d/%m/%Y %H:%M+02", "offset of a clock"),
        ("%dd/%mm/%yyyy", "'%dd' is a code with letters behind it; write %d"),
        ("%d/%m/%YYYY", "'%YYYY' is a code with letters behind it; write %Y"),
        ("%d/%m/%Y %HH:%MM", "write %H"),
    ],
)
def test_other_ways_to_lose_a_part_are_refused(form: str, said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        spec(form)


@pytest.mark.parametrize(("text", "form"), [("04-05-2020", "%d-%m-20%y"), ("08:00-04-05-2020", "%H:%M-%d-%m-%Y")])
def test_signs_before_other_numbers_are_no_offsets(text: str, form: str) -> None:
    assert read(text, form).startswith("2020-05-04")
