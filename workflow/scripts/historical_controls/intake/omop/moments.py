"""Dates and times of the OMOP model: a moment with its clock where one is recorded, else its day."""

from __future__ import annotations

import pandas as pd

ISO = r"^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s?(Z|[+-]\d{2}:?\d{2})?)?$"


def moments(table: pd.DataFrame, stem: str) -> pd.Series:
    """Return column `<stem>_datetime` where it has a clock, else `<stem>_date`; other texts than ISO 8601 as they are.

    The model fills a datetime without a known clock with midnight: midnight is a day without a clock.
    """
    full, day = (table.get(f"{stem}_{kind}", pd.Series("", table.index, dtype="str")) for kind in ("datetime", "date"))
    full, day = iso_text(full.str.strip()), iso_text(day.str.strip())
    return full.where(full != "", day).astype("str")


def iso_text(texts: pd.Series) -> pd.Series:
    """Return ISO dates and times as 'YYYY-MM-DD HH:MM:SS', with the offset that is sent, and midnight as its day."""
    parts = texts.str.extract(ISO).fillna("").astype("str")
    date, clock, offset = (parts[place] for place in parts)
    clock = clock.mask(clock.str.len() == len("HH:MM"), clock + ":00")
    offset = offset.mask(offset == "Z", "+0000").str.replace(":", "", regex=False)
    midnight = clock.isin(["", "00:00:00"])
    written = (date + " " + clock + offset).mask(midnight, date)
    return written.where(date != "", texts).astype("str")
