"""Texts of dates and times to UTC, by declared formats and time zone; relative times to hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.calendar_words import WEEKDAY_CODE, is_weekday, month_number, without_weekday
from historical_controls.cleaning.cells.time_hints import time_hint
from historical_controls.cleaning.records.distinct import factorized_texts
from historical_controls.config.sources.parts import TimeColumns
from historical_controls.config.sources.time_formats import OFFSET, shape, tells_clock
from historical_controls.tables.coded import coded, is_coded, texts_replaced

_HOURS = r"\s*(?:h|hs|hrs?|horas?|hores|uhr|heures?|ore)\.?(?=$|\s)"
CLOCK_NOISE = re.compile(rf"(?<=\d){_HOURS}", re.IGNORECASE)
CLOCK_NOISE_CODE = re.compile(rf"(?<=%[HMS]){_HOURS}", re.IGNORECASE)
# '16h45', '8 h 30 min' as '16:45', '8:30', in texts and in formats; not '8 h 05/03/2020'.
CLOCK_H = re.compile(
    r"(?<![\d:])(\d{1,2})(?:\s?h([0-5]\d)(?![\d/.-])|\sh\s([0-5]\d)(?=\s*min\b|$))(?:\s*min\b\.?)?", re.IGNORECASE
)
CLOCK_H_CODE = re.compile(r"(?<=%H)\s?h\s?(%M)(?:\s*min\b\.?)?", re.IGNORECASE)
MERIDIEM = re.compile(r"(?<=\d)\s*([ap])\.?\s?m\.?(?=\s|$)", re.IGNORECASE)
# As a text, which Arrow searches: a compiled pattern is tried on one text after the other.
LETTER = "[A-Za-z\u017f\u212a]"
MERIDIEM_CODE = re.compile(r"\s*%p")
# Not the minutes of 12:24:00.
MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(?::00)?(?![\d:])")
CLOCK_ALONE = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[aApP]\.? ?[mM]\.?)?"
WORD = re.compile(r"[^\W\d_]{3,}\.?")
# A date and a time of day in columns of their own are a whole number and a fraction, or a clock time.
SERIAL = re.compile(
    r"^(?P<days>\d{1,7}(?:[.,]\d+$)?)"
    r"(?: (?:(?P<part>0(?:[.,]\d+)?)"
    r"|(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?: ?(?P<half>[AP])M)?))?$"
)
DAY = r"d[ií]a|day|d"
# Words that may stand before the number: 'Day 3', 'sem 12'.
UNIT_WORDS = {"days": DAY, "study_day": DAY, "weeks": "semana|week|sem|wk|w|s", "months": "month|mes|m"}
# Spreadsheets count a 29 February 1900 that never was: from March 1900 on, day 0 is 30 December 1899. Those of old
# Macs count from 1904 (ECMA-376 part 1, 18.17.4.1).
EXCEL_EPOCHS = {True: "1899-12-30", 1904: "1904-01-01"}
# Nobody is followed for longer, and beyond this a time no longer fits its type.
MOST_HOURS = 1_000_000.0
MONTH_CODE = re.compile(r"%[bB]")
# Units of relative times in which a whole number names a day.
BY_DAY = ("days", "study_day", "weeks", "months")
# Hours of a unit; a month is a twelfth of 365.25 days.
HOURS_OF = {"minutes": 1 / 60, "hours": 1.0, "weeks": 168.0, "months": 24 * 30.4375}
# What happened to a local time that the clocks have not, or have twice.
SKIPPED, REPEATED = "TIME_DST_GAP", "TIME_DST_OVERLAP"

Parts = tuple[pd.Series, pd.Series, pd.Series, pd.Series, pd.Series, pd.Series]


@dataclass(frozen=True)
class Calendar:
    """Time zone and plausible dates of a file.

    day_timezone: of dates without an hour, which people write by the wall calendar even where a server keeps another
    clock; None: the same. decimal: mark of relative times.
    """

    timezone: str
    first_date: date
    data_lock: date
    day_timezone: str | None = None
    decimal: str = "."


@dataclass(frozen=True)
class ParsedTimes:
    """utc: times (NaT where not read); hours: relative times, from `hours` to `latest_hours`; reason: '' or a code.

    hint: what was expected of a time that was not read, and the remedy; '' elsewhere.
    shifted: '' or the rule that a clock change asked for: SKIPPED (moved to the hour's end) or REPEATED (the first).
    latest: last millisecond of the day where the text names a day alone, of which utc is the first; NaT where exact.
    """

    utc: pd.Series
    hours: pd.Series
    reason: pd.Series
    shifted: pd.Series
    latest: pd.Series
    latest_hours: pd.Series
    hint: pd.Series


@dataclass(frozen=True)
class Moments:
    """Times of a column: the first possible moment of each, and the last where only its day is known (else NaT)."""

    first: pd.Series
    latest: pd.Series


def parse_times(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> ParsedTimes:
    """Parse each distinct text once; of texts as categories, reason, shifted and hint are categories as well.

    Reasons: DATE_MISSING (blank, or an hour alone), DATE_INVALID (no declared format fits), DATE_AMBIGUOUS (declared
    formats fit with different results), DATE_RANGE (outside the study's dates). A local time that a clock change skips
    is moved forward, one that occurs twice is read as the first; `shifted` says which.
    """
    codes, found = factorized_texts(texts)
    distinct = found.astype("str").str.strip()
    parts = _relative(distinct, spec, calendar) if spec.relative_to else _absolute(distinct, spec, calendar)
    utc, hours, reason, shifted, latest, latest_hours = parts
    hint = time_hints(distinct, reason, spec, calendar)
    if is_coded(texts):
        reason, shifted, hint = coded(reason), coded(shifted), coded(hint)
    columns = (utc, hours, reason, shifted, latest, latest_hours, hint)
    return ParsedTimes(*(one.take(codes).set_axis(texts.index) for one in columns))


def time_hints(texts: pd.Series, reason: pd.Series, spec: TimeColumns, calendar: Calendar) -> pd.Series:
    """Return what was expected in place of each text that was not read."""
    hints = pd.Series("", index=texts.index, dtype="str")
    faults = np.flatnonzero(reason != "")
    if len(faults):
        dates = f"from {calendar.first_date} to {calendar.data_lock}"
        pairs = zip(texts.iloc[faults], reason.iloc[faults], strict=True)
        said = [time_hint(text, why, spec, dates, calendar.decimal) for text, why in pairs]
        hints = texts_replaced(hints, faults, pd.Series(said, dtype="str"))
    return hints


def _absolute(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> Parts:
    read = _local(texts, spec, calendar)
    local = read.local
    first, shifted = _localised(local, calendar.timezone)
    if calendar.day_timezone not in (None, calendar.timezone) and read.day_only.any():
        of_day, shifted_day = _localised(local, str(calendar.day_timezone))
        first, shifted = first.mask(read.day_only, of_day), shifted.mask(read.day_only, shifted_day)
    offset = read.utc.notna()
    first, shifted = read.utc.fillna(first), shifted.mask(offset, "")
    reason = pd.Series("", index=texts.index, dtype="str")
    too_early = local < pd.Timestamp(calendar.first_date)
    # The day of the data lock belongs to the study.
    too_late = local >= pd.Timestamp(calendar.data_lock) + pd.Timedelta(days=1)
    # The last reason that applies is kept: a blank is missing, not invalid.
    reason[too_early | too_late] = "DATE_RANGE"
    reason[local.isna()] = "DATE_INVALID"
    reason[read.ambiguous] = "DATE_AMBIGUOUS"
    # An hour says nothing of the day.
    reason[(texts == "") | (local.isna() & texts.str.fullmatch(CLOCK_ALONE))] = "DATE_MISSING"
    latest = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    days = read.day_only & (reason == "")
    if days.any():
        # The next midnight of the wall clock: days with a clock change have 23 or 25 hours.
        next_day = local[days].dt.normalize() + pd.Timedelta(days=1)
        ends, _ = _localised(next_day, str(calendar.day_timezone or calendar.timezone))
        latest[days] = ends - pd.Timedelta(milliseconds=1)
    never = pd.Series(np.nan, index=texts.index)
    return first.where(reason == ""), never, reason, shifted, latest, never


def _localised(local: pd.Series, timezone: str) -> tuple[pd.Series, pd.Series]:
    """Local times as UTC, and the rule applied where the clocks skip or repeat the hour."""
    first = local.dt.tz_localize(timezone, nonexistent="NaT", ambiguous="NaT").dt.tz_convert("UTC")
    shifted = pd.Series("", index=local.index, dtype="str")
    # Few hours are those of a clock change: only these are looked at a second time.
    moved = first.isna() & local.notna()
    if moved.any():
        odd = local[moved]
        # ambiguous=True: daylight time, the first of the two hours.
        there = odd.dt.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(len(odd), dtype=bool))
        gap = there.dt.tz_localize(None) != odd
        shifted[moved] = pd.Series(REPEATED, index=odd.index, dtype="str").mask(gap, SKIPPED)
        first[moved] = there.dt.tz_convert("UTC")
    return first.astype("datetime64[us, UTC]"), shifted


@dataclass(frozen=True)
class ReadTimes:
    """local: times by the file's clock (NaT where no format fits the whole text); utc: those with an offset of theirs.

    ambiguous: where formats disagree; day_only: where the text names a day without a clock time.
    """

    local: pd.Series
    utc: pd.Series
    ambiguous: pd.Series
    day_only: pd.Series


def _local(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> ReadTimes:
    clean = without_noise(texts) if texts.str.contains(LETTER).any() else texts
    # 24:00 is the end of its day; strptime knows no hour 24, so that a day is added to 00:00 afterwards.
    next_day = clean.str.contains("24:00", regex=False)
    if next_day.any():
        next_day = clean.str.contains(MIDNIGHT_24)
    clean = clean.str.replace(MIDNIGHT_24, "00:00", regex=True) if next_day.any() else clean
    local = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    utc = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    ambiguous, day_only = pd.Series(False, index=texts.index), pd.Series(False, index=texts.index)
    for form in spec.formats:
        parsed = _by_format(clean, form)
        if OFFSET in form:
            utc = utc.fillna(parsed)
            # By the file's clock, to be compared with the other formats and with the study's dates.
            parsed = parsed.dt.tz_convert(calendar.timezone).dt.tz_localize(None)
        ambiguous |= local.notna() & parsed.notna() & (local != parsed)
        if not tells_clock(form):
            day_only |= local.isna() & parsed.notna()
        local = local.fillna(parsed)
    if spec.excel_serial:
        serial = _from_serial(clean, EXCEL_EPOCHS[spec.excel_serial])
        midnight = (serial == serial.dt.normalize()) & ~clean.str.contains(":", regex=False)
        day_only |= local.isna() & serial.notna() & midnight
        local = local.fillna(serial)
    a_day = pd.to_timedelta(next_day.astype(int), unit="D")
    return ReadTimes(local + a_day, utc + a_day, ambiguous, day_only)


def read_by(texts: pd.Series, form: str) -> pd.Series:
    """Times that one format reads in texts, as `parse_times` reads them; NaT elsewhere, UTC of a format with offset."""
    clean = without_noise(texts)
    next_day = pd.to_timedelta(clean.str.contains(MIDNIGHT_24).astype(int), unit="D")
    return _by_format(clean.str.replace(MIDNIGHT_24, "00:00", regex=True), form) + next_day


def without_noise(texts: pd.Series) -> pd.Series:
    """'2 p.m.' as '2 PM', '14:05 hrs' and '14h05' as '14:05'."""
    clean = texts.str.replace(MERIDIEM, lambda m: f"{m[1].upper()}M", regex=True)
    return clean.str.replace(CLOCK_H, lambda m: f"{m[1]}:{m[2] or m[3]}", regex=True).str.replace(
        CLOCK_NOISE, "", regex=True
    )


def _by_format(texts: pd.Series, form: str) -> pd.Series:
    """Times of the texts that have exactly the shape of the format, NaT elsewhere; UTC where it has an offset."""
    # The noise of texts ('14 h') is that of formats as well ('%H h').
    form = CLOCK_NOISE_CODE.sub("", CLOCK_H_CODE.sub(r":\1", MERIDIEM_CODE.sub("%p", form)))
    # pandas reads fields shorter than their width, as strptime does: only texts of the exact shape reach it.
    texts = texts.where(_of_shape(texts, shape(form)), None)
    if WEEKDAY_CODE.search(form):
        words, texts, form = without_weekday(texts, form)
        parsed = _by_format(texts, form)
        # 'domingo 4 de mayo de 2020' was a Monday: day or weekday is wrong.
        return parsed.where(is_weekday(words, parsed))
    if MONTH_CODE.search(form):
        texts = texts.str.replace(WORD, _numbered_month, regex=True)
    # Between marks of its own: the month of '1MAY2020' must not lend a digit to the day.
    code = MONTH_CODE.sub("/%m/", form)
    if OFFSET not in form:
        return pd.to_datetime(texts, format=code, errors="coerce", exact=True).astype("datetime64[us]")
    # pandas reads offsets with minutes only: +00:00, not +00; and Z, not UTC.
    texts = texts.str.replace(r"(?:UTC|GMT)([+-])", r"\1", regex=True).str.replace(r"UTC|GMT", "Z", regex=True)
    texts = texts.str.replace(r"([+-]\d\d)$", r"\1:00", regex=True)
    return pd.to_datetime(texts, format=code, errors="coerce", exact=True, utc=True).astype("datetime64[us, UTC]")


def _of_shape(texts: pd.Series, expected: str) -> pd.Series:
    # Arrow knows no blanks but those of ASCII: it is asked first, and Python about what is left.
    whole = texts.str.fullmatch(expected.replace(r"\s+", " +"))
    left = texts[~whole]
    return whole if left.empty else whole | left.str.fullmatch(expected).reindex(texts.index, fill_value=False)


def _numbered_month(word: re.Match[str]) -> str:
    """'ene.' or 'enero' as '/01/'; other words as they are."""
    number = month_number(word[0])
    return word[0] if number is None else f"/{number:02d}/"


def _from_serial(texts: pd.Series, epoch: str) -> pd.Series:
    """Spreadsheet serial dates (days since the epoch), to the second."""
    fields = texts.str.extract(SERIAL)
    numbers = fields.apply(lambda part: pd.to_numeric(part.str.replace(",", "."), errors="coerce")).astype("float64")
    hour = numbers["hour"]
    # 12 AM is the first hour of the day; there is no 13 PM.
    half = hour.where(hour.between(1, 12)) % 12 + 12.0 * (fields["half"] == "P")
    hour = hour.where(fields["half"].isna(), half)
    clock = hour / 24 + numbers["minute"] / 1440 + numbers["second"].fillna(0.0) / 86400
    days = numbers["days"] + numbers["part"].fillna(0.0) + clock.where(fields["hour"].notna(), 0.0)
    # To the second: fractions of a day have no exact minutes.
    local = pd.Timestamp(epoch) + pd.to_timedelta((days * 86400).round(), unit="s")
    return local.astype("datetime64[us]")


def _relative(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> Parts:
    hours = relative_hours(texts, str(spec.relative_unit), calendar.decimal)
    hours = hours.where(hours.abs() <= MOST_HOURS)
    reason = pd.Series(np.where(hours.isna(), "DATE_INVALID", ""), dtype="str")
    reason[texts == ""] = "DATE_MISSING"
    empty = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    # 'Day 3' may be any hour of it; '72' hours and '3.5' days are moments.
    by_day = hours.notna() & (hours % 24 == 0) & (spec.relative_unit in BY_DAY)
    # Less a millisecond, in hours.
    latest_hours = (hours + 24 - 1e-3 / 3600).where(by_day)
    return empty, hours, reason, pd.Series("", index=texts.index, dtype="str"), empty, latest_hours


def relative_hours(texts: pd.Series, unit: str, decimal: str) -> pd.Series:
    """Return the hours that texts of a `relative_unit` name, nan where they are none; decimal: mark of the file."""
    if unit == "HH:MM":
        plain = texts.str.replace("\u2212", "-")
        parts = plain.str.extract(r"^[-+]?([0-9]{1,9}):([0-5][0-9])(?::([0-5][0-9]))?$").astype("float64")
        # The sign is of the whole: '-0:30' is half an hour before.
        return (parts[0] + parts[1] / 60 + parts[2].fillna(0) / 3600) * (1.0 - 2.0 * plain.str.startswith("-"))
    word = UNIT_WORDS.get(unit)
    plain = texts.str.replace(rf"(?i)^(?:{word})\s*(?=[-+]?\d)", "", regex=True) if word else texts
    plain = plain.str.replace("\u2212", "-")
    # Only under the declared mark: '1,5' days is no 15 where the point is the mark.
    fits = plain.str.fullmatch(rf"[-+]?[0-9]+(?:{re.escape(decimal)}[0-9]+)?")
    numbers = pd.to_numeric(plain.where(fits, None).str.replace(decimal, "."), errors="coerce").astype("float64")
    if unit == "study_day":
        numbers = numbers.where((numbers != 0) & (numbers % 1 == 0))
        # Day 1 is the event's own day and day -1 the day before it: there is no day 0.
        numbers = numbers.mask(numbers > 0, numbers - 1)
    hours = numbers * HOURS_OF.get(unit, 24.0)
    # Visits after so many months are dated by the day.
    return (hours / 24).round() * 24 if unit == "months" else hours


def precedes(late: Moments, early: pd.Series, timezone: str) -> pd.Series:
    """Return where `late` is surely before `early` (first possible moments), so its last possible moment is compared.

    Some systems write the hour that they do not know as midnight: such a time may still be later that day.
    """
    late_last = late.latest.fillna(late.first)
    suspect = (late_last < early).fillna(False).astype(bool)
    if not suspect.any():
        return suspect
    late_local, early_local = (times[suspect].dt.tz_convert(timezone) for times in (late.first, early))
    same_day = is_midnight(late_local) & (late_local == early_local.dt.normalize())
    return suspect & ~same_day.reindex(suspect.index, fill_value=False)


def is_midnight(local: pd.Series) -> pd.Series:
    """Return where a local time is midnight, which is also how a day without a clock time is stored."""
    return local == local.dt.normalize()
