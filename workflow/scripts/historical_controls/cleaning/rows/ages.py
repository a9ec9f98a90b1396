"""Ages in whole years from dates of birth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from historical_controls.cleaning.cells.times import Calendar, parse_times
from historical_controls.cleaning.records.columns import joined_times
from historical_controls.cleaning.records.records import decide, time_as_sent
from historical_controls.config.sources.parts import CharacteristicColumn
from historical_controls.config.sources.sources import SourceFile

# Nobody in a study was born earlier.
EARLIEST_BIRTH = date(1880, 1, 1)
# The last year that strptime reads of two digits.
LATEST_OF_TWO_DIGITS = date(2068, 12, 31)


def ages(
    records: pd.DataFrame, rows: pd.DataFrame, declared: CharacteristicColumn, file: SourceFile, calendar: Calendar
) -> pd.DataFrame:
    """Return the records with value: completed years from the date of birth to the declared date of the same row.

    records: one row per row of `rows` (a piece of table intake). A date that cannot be read holds the record.
    """
    if declared.born is None or declared.as_of is None:
        return records
    # The study's dates would refuse every date of birth.
    whole_life = replace(calendar, first_date=EARLIEST_BIRTH)
    # '03/05/55' is read as 2055: the century is that before the date of the age.
    two_digits = bool(declared.born.formats) and all("%y" in form for form in declared.born.formats)
    if two_digits:
        whole_life = replace(whole_life, data_lock=LATEST_OF_TWO_DIGITS)
    sent = [joined_times(rows, spec.columns, file).reindex(records.index) for spec in (declared.born, declared.as_of)]
    born = parse_times(sent[0], declared.born, whole_life)
    then = parse_times(sent[1], declared.as_of, calendar)
    first, last = (times.utc.dt.tz_convert(calendar.timezone) for times in (born, then))
    # Completed years: one less before the birthday of the year. A difference in days over 365.25 errs near it.
    before = (last.dt.month < first.dt.month) | ((last.dt.month == first.dt.month) & (last.dt.day < first.dt.day))
    years = (last.dt.year - first.dt.year - before.astype("float64")).astype("float64")
    years = years.mask(years < 0, years + 100) if two_digits else years
    out = records.assign(value=years)
    for times, text, what in ((born, sent[0], "date of birth"), (then, sent[1], "date of the age")):
        out = decide(out, times.reason != "", times.reason, hint=time_as_sent(what, text, times.hint))
    return decide(out, years < 0, "TIME_ORDER", hint="born after the date of the age")
