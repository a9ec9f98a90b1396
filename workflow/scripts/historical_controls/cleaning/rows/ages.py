"""Ages from dates of birth: whole years, or months, weeks or days where the characteristic is in these."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pandas as pd

from historical_controls.cleaning.cells.times import Calendar, ParsedTimes, parse_times, time_hints
from historical_controls.cleaning.records.columns import joined_times
from historical_controls.cleaning.records.records import decide, note_if_unremarked, time_as_sent
from historical_controls.config.sources.parts import CharacteristicColumn, TimeColumns
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.sources.time_formats import missing_parts, shape
from historical_controls.dictionary.prefixes import unit_of_time

# Years; hardly anybody in a hospital is older.
OLDEST = 110
# What the ledger says of births of either century.
CENTURY_UNSURE = "CENTURY_UNSURE"
# Nobody in a study was born earlier.
EARLIEST_BIRTH = date(1880, 1, 1)
# Of an age in smaller units than years.
NO_DAY = "a birth without its day tells no age in months, weeks or days"
# The last year that strptime reads of two digits.
LATEST_OF_TWO_DIGITS = date(2068, 12, 31)


def ages(
    records: pd.DataFrame,
    rows: pd.DataFrame,
    declared: CharacteristicColumn,
    file: SourceFile,
    calendar: Calendar,
    unit: str = "years",
) -> pd.DataFrame:
    """Return the records with value: completed years from the date of birth to the declared date of the same row.

    unit: of the characteristic; months, weeks and days are completed ones as well. records: one row per row of `rows`
    (a piece of table intake). A date that cannot be read holds the record.
    """
    if declared.born is None or declared.as_of is None:
        return records
    sent = [joined_times(rows, spec.columns, file).reindex(records.index) for spec in (declared.born, declared.as_of)]
    then = parse_times(sent[1], declared.as_of, calendar)
    texts, spec = _completed_births(sent[0], declared.born, then.utc.dt.tz_convert(calendar.timezone))
    born, two_digits = _births(texts, spec, calendar)
    born = replace(born, hint=time_hints(sent[0], born.reason, declared.born, calendar))
    first, last = (times.utc.dt.tz_convert(calendar.timezone) for times in (born, then))
    # A century later or earlier, the months and days are the same.
    first = first.mask(two_digits & (_completed(first, last, "years") < 0), first - pd.DateOffset(years=100))
    age = _completed(first, last, unit)
    out = records.assign(value=age)
    for times, text, what in ((born, sent[0], "date of birth"), (then, sent[1], "date of the age")):
        out = decide(out, times.reason != "", times.reason, hint=time_as_sent(what, text, times.hint))
    out = decide(out, age < 0, "TIME_ORDER", hint="born after the date of the age")
    if unit_of_time(unit) != "years":
        out = decide(out, texts != sent[0], "DATE_INVALID", hint=NO_DAY)
    if not two_digits.any():
        return out
    # '03/05/19' is 2019 as well as 1919: which one, the other patients of the file tell, or nobody does.
    years = _completed(first, last, "years")
    either = two_digits & years.between(0, OLDEST - 100)
    said = "the year of birth has two digits: " + years.map("{:g}".format) + " years old, or a hundred more"
    return note_if_unremarked(out, either, CENTURY_UNSURE, said)


def _completed_births(texts: pd.Series, spec: TimeColumns, then: pd.Series) -> tuple[pd.Series, TimeColumns]:
    """Return births with the day that their formats leave out, and the formats of whole days.

    A year alone has the month and day of the date of the age, so that the age is the difference of the years, as in
    tables of the OMOP model. No month has less than 28 days.
    """
    short = [form for form in spec.formats if missing_parts(form)]
    if not short:
        return texts, spec
    out, left = texts.copy(), then.notna()
    whole = [form for form in spec.formats if form not in short]
    for form in whole:
        left &= ~texts.str.strip().str.fullmatch(shape(form))
    days = then.dt.day.clip(upper=28).map("{:02.0f}".format)
    parts = {" %d": " " + days, " %m %d": then.dt.strftime(" %m ") + days}
    for form in short:
        fits = left & texts.str.strip().str.fullmatch(shape(form))
        out, left = out.mask(fits, texts.str.strip() + parts[missing_parts(form)]), left & ~fits
    return out, spec.model_copy(update={"formats": [form + missing_parts(form) for form in spec.formats]})


def _births(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> tuple[ParsedTimes, pd.Series]:
    """Return dates of birth, and which of them have years of two digits, of which the century is not known.

    '03/05/55' is read as 2055: who calls takes the century before the date of the age.
    """
    # The study's dates would refuse every date of birth.
    whole_life = replace(calendar, first_date=EARLIEST_BIRTH)
    short = [form for form in spec.formats if "%y" in form]
    none = pd.Series(False, index=texts.index)
    if not short:
        return parse_times(texts, spec, whole_life), none
    later = replace(whole_life, data_lock=LATEST_OF_TWO_DIGITS)
    of_two = parse_times(texts, spec.model_copy(update={"formats": short, "excel_serial": False}), later)
    rest = spec.model_copy(update={"formats": [form for form in spec.formats if form not in short]})
    if not rest.formats and not rest.excel_serial:
        return of_two, of_two.utc.notna()
    born = parse_times(texts, rest, whole_life)
    two_digits = of_two.utc.notna() & born.utc.isna()
    parts = {one.name: getattr(of_two, one.name) for one in fields(ParsedTimes)}
    return ParsedTimes(**{name: own.where(two_digits, getattr(born, name)) for name, own in parts.items()}), two_digits


def _completed(first: pd.Series, last: pd.Series, unit: str) -> pd.Series:
    """Return completed years, months, weeks or days from one day to another."""
    kind = unit_of_time(unit)
    if kind in ("days", "weeks"):
        # Days of the calendar: the change of a clock makes none shorter.
        whole = (last.dt.tz_localize(None).dt.normalize() - first.dt.tz_localize(None).dt.normalize()).dt.days
        return (whole if kind == "days" else whole // 7).astype("float64")
    months = 12 * (last.dt.year - first.dt.year) + last.dt.month - first.dt.month
    # One less before the day of the month. A difference in days over 365.25 would err near birthdays.
    months = (months - (last.dt.day < first.dt.day).astype("float64")).astype("float64")
    return months if kind == "months" else months // 12
