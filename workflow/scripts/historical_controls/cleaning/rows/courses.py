"""Records of events and treatments that stand one a row."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from historical_controls.cleaning.cells.numbers import NumberStyle, read_cells
from historical_controls.cleaning.cells.times import Calendar, precedes
from historical_controls.cleaning.cells.units import with_powers
from historical_controls.cleaning.records.columns import (
    column,
    filled_column,
    filled_or_null,
    is_sentinel,
    subject_columns,
)
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import (
    check_subject,
    check_times,
    decide,
    note_if_unremarked,
    undecided,
)
from historical_controls.cleaning.rows.unfolding import optional_times, time_columns
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.parts import EventRows, TreatmentRows
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.folding import fold, fold_unit


def event_rows(
    rows: pd.DataFrame, part: EventRows, file: SourceFile, calendar: Calendar, known: Collection[str]
) -> pd.DataFrame:
    """Return one record per row; its event is named by a column or, after '=', by the declaration.

    known: codes of the dictionary's events; what a column names otherwise is held.
    """
    fixed = part.event.removeprefix("=") if part.event.startswith("=") else ""
    named = pd.Series(part.event, index=rows.index, dtype="str") if fixed else column(rows, part.event)
    codes = declared_codes(part.values, file)

    def event_of(raw: str) -> str:
        # 'ICU admission' needs no declaration: it is the name of an event but for case and space.
        return codes.meaning(raw) or fold(raw).replace(" ", "_")

    times = time_columns(rows, part.time, file, calendar)
    end = optional_times(rows, part.end_time, file, calendar)
    records = undecided(
        subject_columns(rows, part.subject, file),
        item=part.event,
        raw_value=times["time_text"] if fixed else named,
        event=fixed or by_distinct(named, event_of, "str"),
        end_time=end.moments.first,
        end_latest=end.moments.latest,
        value=filled_or_null(filled_column(rows, part.value, file)),
        detail=filled_or_null(filled_column(rows, part.detail, file)),
        **times,
        **end.said("end"),
    )
    if not fixed:
        records = decide(records, is_sentinel(named, part.event, file), "SENTINEL", "ignored")
    records = decide(records, ~records["event"].isin(list(known)), "EVENT_UNKNOWN", hint="declare it: 'values'")
    # An end that is there but cannot be read is not the same as none recorded.
    records = check_times(check_times(check_subject(records)), "end")
    early = precedes(end.moments, records["time"], calendar.timezone)
    return decide(records, early, "TIME_ORDER", hint="it ends before it starts")


def treatment_rows(rows: pd.DataFrame, part: TreatmentRows, file: SourceFile, calendar: Calendar) -> pd.DataFrame:
    """Return one record per row: treatment code, first and last time, dose and its unit as sent."""
    named = column(rows, part.treatment)
    meanings = {fold(raw): code for raw, code in part.values.items()}
    times = time_columns(rows, part.start, file, calendar)
    stop = optional_times(rows, part.stop, file, calendar)
    dose_text, unit = (filled_column(rows, name, file) for name in (part.dose, part.dose_unit))
    dose = pd.DataFrame(read_cells(dose_text, NumberStyle(file.decimal, file.thousands, file.bajo_means)))
    # Where the cell alone says the unit, it is kept as it is written: '1 x 10^6 cells/kg'.
    dose = with_powers(dose, unit, (unit == "") | _alike(unit, dose["cell_unit"]))
    # A unit in the cell and another in its column: neither is preferred, and the dose is left out.
    fits = (unit == "") | (dose["cell_unit"] == "") | _alike(unit, dose["cell_unit"])
    # Less than nothing was not given: a code for missing.
    plain = (dose["operator"] == "") & (dose["number"] >= 0) & fits
    records = undecided(
        subject_columns(rows, part.subject, file),
        item="",
        raw_value=named,
        # Where meanings are declared, a text without one is unknown; where none are, the text is the code itself.
        treatment=by_distinct(named, lambda raw: meanings.get(fold(raw), "" if meanings else raw), "str"),
        start=times["time"],
        start_latest=times["latest"],
        stop=stop.moments.first,
        stop_latest=stop.moments.latest,
        dose=dose["number"].where(plain),
        dose_unit=filled_or_null(unit.where(unit != "", dose["cell_unit"].where(plain, ""))),
        time_reason=times["time_reason"],
        time_text=times["time_text"],
        time_hint=times["time_hint"],
        **stop.said("end"),
    )
    records = decide(records, named == "", "NO_VALUE", "ignored")
    records = decide(records, is_sentinel(named, part.treatment, file), "SENTINEL", "ignored")
    records = decide(records, records["treatment"] == "", "NAME_UNKNOWN", hint="declare it under 'values'")
    records = check_times(check_times(check_subject(records)), "end")
    early = precedes(stop.moments, records["start"], calendar.timezone)
    records = decide(records, early, "TIME_ORDER", hint="it stops before it starts")
    # The course itself matters more than its dose, which may say 'as needed'.
    unread = (dose_text != "") & ~plain
    return note_if_unremarked(records, unread, "DOSE_UNREAD", "dose as sent: '" + dose_text + "'")


def _alike(one: pd.Series, other: pd.Series) -> pd.Series:
    """Where two texts are spellings of one unit."""
    return by_distinct(one, fold_unit, "str") == by_distinct(other, fold_unit, "str")
