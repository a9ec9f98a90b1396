"""Texts of dates and times to UTC, by declared formats and time zone; relative times to hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ..config_sources import TimeColumns
from .distinct import factorized

CLOCK_NOISE = re.compile(r"(?<=\d)\s*(?:h|hrs?|horas?)\.?$", re.IGNORECASE)
MERIDIEM = re.compile(r"(?<=\d)\s*([ap])\.?\s?m\.?(?=\s|$)", re.IGNORECASE)
MERIDIEM_CODE = re.compile(r"\s*%p")
# Not the minutes of 12:24:00.
MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(?::00)?(?![\d:])")
WORD = re.compile(r"[^\W\d_]{3,}\.?")
SERIAL = re.compile(r"^\d{1,7}(?:[.,]\d+)?$")
EXCEL_EPOCH = "1899-12-30"
# Nobody is followed for longer, and beyond this a time no longer fits its type.
MOST_HOURS = 1_000_000.0
MONTHS = {
    "enero": "January",
    "febrero": "February",
    "marzo": "March",
    "abril": "April",
    "mayo": "May",
    "junio": "June",
    "julio": "July",
    "agosto": "August",
    "septiembre": "September",
    "setiembre": "September",
    "octubre": "October",
    "noviembre": "November",
    "diciembre": "December",
    "ene": "Jan",
    "abr": "Apr",
    "ago": "Aug",
    "sept": "Sep",
    "dic": "Dec",
}

Parts = tuple[pd.Series, pd.Series, pd.Series, pd.Series]


@dataclass(frozen=True)
class Calendar:
    """Time zone and plausible dates of a source."""

    timezone: str
    first_date: date
    data_lock: date


@dataclass(frozen=True)
class ParsedTimes:
    """utc: times (NaT where not read); hours: relative times; reason: '' or a reason code; shifted: moved by DST."""

    utc: pd.Series
    hours: pd.Series
    reason: pd.Series
    shifted: pd.Series


def parse_times(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> ParsedTimes:
    """Each text parsed once per distinct text.

    Reasons: DATE_MISSING (blank), DATE_INVALID (no declared format fits), DATE_AMBIGUOUS (declared formats fit with
    different results), DATE_RANGE (outside the study's dates). A local time that a clock change skips is moved
    forward, one that occurs twice is read as the first; both are marked as shifted.
    """
    codes, found = factorized(texts)
    distinct = pd.Series(found, dtype="str").str.strip()
    parts = _relative(distinct, spec) if spec.relative_to else _absolute(distinct, spec, calendar)
    return ParsedTimes(*(part.take(codes).set_axis(texts.index) for part in parts))


def _absolute(texts: pd.Series, spec: TimeColumns, calendar: Calendar) -> Parts:
    local, ambiguous = _local(texts, spec)
    first = local.dt.tz_localize(
        calendar.timezone, nonexistent="shift_forward", ambiguous=np.ones(len(local), dtype=bool)
    )
    exact = local.dt.tz_localize(calendar.timezone, nonexistent="NaT", ambiguous="NaT")
    reason = pd.Series("", index=texts.index, dtype="str")
    too_early = local < pd.Timestamp(calendar.first_date)
    too_late = local >= pd.Timestamp(calendar.data_lock) + pd.Timedelta(days=1)
    reason[too_early | too_late] = "DATE_RANGE"
    reason[local.isna()] = "DATE_INVALID"
    reason[ambiguous] = "DATE_AMBIGUOUS"
    reason[texts == ""] = "DATE_MISSING"
    utc = first.dt.tz_convert("UTC").astype("datetime64[us, UTC]").where(reason == "")
    return utc, pd.Series(np.nan, index=texts.index), reason, first.notna() & exact.isna()


def _local(texts: pd.Series, spec: TimeColumns) -> tuple[pd.Series, pd.Series]:
    """Local times without zone, NaT where no declared format fits the whole text; and where formats disagree."""
    clean = texts.str.replace(MERIDIEM, lambda m: f"{m[1].upper()}M", regex=True)
    clean = clean.str.replace(CLOCK_NOISE, "", regex=True)
    next_day = clean.str.contains(MIDNIGHT_24)
    clean = clean.str.replace(MIDNIGHT_24, "00:00", regex=True)
    local = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    ambiguous = pd.Series(False, index=texts.index)
    for form in spec.formats:
        parsed = _by_format(clean, form)
        ambiguous |= local.notna() & parsed.notna() & (local != parsed)
        local = local.fillna(parsed)
    if spec.excel_serial:
        local = local.fillna(_from_serial(clean))
    return local + pd.to_timedelta(next_day.astype(int), unit="D"), ambiguous


def _by_format(texts: pd.Series, form: str) -> pd.Series:
    if "%b" in form or "%B" in form:
        texts = texts.str.replace(WORD, _english_month, regex=True)
    code = MERIDIEM_CODE.sub("%p", form)
    return pd.to_datetime(texts, format=code, errors="coerce", exact=True).astype("datetime64[us]")


def _english_month(word: re.Match[str]) -> str:
    """'ene.' or 'enero' as the format codes know them; other words as they are."""
    bare = word[0].rstrip(".")
    return MONTHS.get(bare.casefold(), bare)


def _from_serial(texts: pd.Series) -> pd.Series:
    """Spreadsheet serial dates (days since 1899-12-30), to the second."""
    days = pd.to_numeric(texts.where(texts.str.match(SERIAL)).str.replace(",", "."), errors="coerce")
    local = pd.Timestamp(EXCEL_EPOCH) + pd.to_timedelta((days * 86400).round(), unit="s")
    return local.astype("datetime64[us]")


def _relative(texts: pd.Series, spec: TimeColumns) -> Parts:
    hours = _hours(texts, str(spec.relative_unit))
    hours = hours.where(hours.abs() <= MOST_HOURS)
    reason = pd.Series(np.where(hours.isna(), "DATE_INVALID", ""), dtype="str")
    reason[texts == ""] = "DATE_MISSING"
    empty = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    return empty, hours, reason, pd.Series(False, index=texts.index)


def _hours(texts: pd.Series, unit: str) -> pd.Series:
    if unit == "HH:MM":
        parts = texts.str.extract(r"^([0-9]{1,9}):([0-5][0-9])(?::([0-5][0-9]))?$").astype("float64")
        return parts[0] + parts[1] / 60 + parts[2].fillna(0) / 3600
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    return numbers * 24 if unit == "days" else numbers


def precedes(late: pd.Series, early: pd.Series, timezone: str) -> pd.Series:
    """Where `late` lies before `early`; a time known by its day only (local midnight) may still be later that day."""
    suspect = (late < early).fillna(False).astype(bool)
    if not suspect.any():
        return suspect
    late_local, early_local = (times[suspect].dt.tz_convert(timezone) for times in (late, early))
    same_day = is_midnight(late_local) & (late_local == early_local.dt.normalize())
    return suspect & ~same_day.reindex(suspect.index, fill_value=False)


def is_midnight(local: pd.Series) -> pd.Series:
    return local == local.dt.normalize()
