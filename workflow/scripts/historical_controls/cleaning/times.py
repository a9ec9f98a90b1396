"""Texts of dates and times to UTC, by declared formats and time zone; relative times to hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ..config_sources import TimeColumns

CLOCK_NOISE = re.compile(r"(?<=\d)\s*(?:h|hrs?|horas?)\.?$", re.IGNORECASE)
MERIDIEM = re.compile(r"\b([ap])\.?\s?m\.?(?=\s|$)", re.IGNORECASE)
MIDNIGHT_24 = re.compile(r"\b24:00(?::00)?\b")
EXCEL_EPOCH = "1899-12-30"


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

    Reasons: DATE_MISSING (blank), DATE_INVALID (no declared format fits), DATE_RANGE (outside the study's dates).
    A local time that a clock change skips is moved forward, one that occurs twice is read as the first; both are
    marked as shifted.
    """
    codes, distinct = pd.factorize(texts)
    parts = (
        _relative(distinct, spec) if spec.relative_to else _absolute(pd.Series(distinct, dtype="str"), spec, calendar)
    )
    return ParsedTimes(*(part.take(codes).set_axis(texts.index) for part in parts))


def _absolute(
    texts: pd.Series, spec: TimeColumns, calendar: Calendar
) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    local = _local(texts, spec)
    first = local.dt.tz_localize(
        calendar.timezone, nonexistent="shift_forward", ambiguous=np.ones(len(local), dtype=bool)
    )
    exact = local.dt.tz_localize(calendar.timezone, nonexistent="NaT", ambiguous="NaT")
    reason = pd.Series("", index=texts.index, dtype="str")
    too_early = local < pd.Timestamp(calendar.first_date)
    too_late = local >= pd.Timestamp(calendar.data_lock) + pd.Timedelta(days=1)
    reason[too_early | too_late] = "DATE_RANGE"
    reason[local.isna()] = "DATE_INVALID"
    reason[texts.str.strip() == ""] = "DATE_MISSING"
    utc = first.dt.tz_convert("UTC").astype("datetime64[us, UTC]").where(reason == "")
    return utc, pd.Series(np.nan, index=texts.index), reason, first.notna() & exact.isna()


def _local(texts: pd.Series, spec: TimeColumns) -> pd.Series:
    """Local times without zone; NaT where no declared format fits the whole text."""
    clean = texts.str.strip().str.replace(MERIDIEM, lambda m: f"{m[1].upper()}M", regex=True)
    clean = clean.str.replace(CLOCK_NOISE, "", regex=True)
    next_day = clean.str.contains(MIDNIGHT_24)
    clean = clean.str.replace(MIDNIGHT_24, "00:00", regex=True)
    local = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    for form in spec.formats:
        open_rows = local.isna()
        if open_rows.any():
            parsed = pd.to_datetime(clean[open_rows], format=form, errors="coerce", exact=True)
            local[open_rows] = parsed.astype("datetime64[us]")
    if spec.excel_serial:
        days = pd.to_numeric(clean.where(local.isna()), errors="coerce")
        serial = pd.Timestamp(EXCEL_EPOCH) + pd.to_timedelta((days * 86400).round(), unit="s")
        local = local.fillna(serial.astype("datetime64[us]"))
    return local + pd.to_timedelta(next_day.astype(int), unit="D")


def _relative(distinct: pd.Index, spec: TimeColumns) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    texts = pd.Series(distinct, dtype="str").str.strip()
    hours = _hours(texts, str(spec.relative_unit))
    reason = pd.Series(np.where(hours.isna(), "DATE_INVALID", ""), dtype="str")
    reason[texts == ""] = "DATE_MISSING"
    empty = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    return empty, hours, reason, pd.Series(False, index=texts.index)


def _hours(texts: pd.Series, unit: str) -> pd.Series:
    if unit == "HH:MM":
        parts = texts.str.extract(r"^(\d+):([0-5]\d)$").astype("float64")
        return parts[0] + parts[1] / 60
    numbers = pd.to_numeric(texts, errors="coerce")
    return numbers * 24 if unit == "days" else numbers
