"""Records of events and treatments that stand one a row."""

from __future__ import annotations

import pandas as pd

from ..config_sources import EventRows, SourceFile, TimeColumns, TreatmentRows
from ..dictionary import fold
from ..vocabulary import EVENT_NAMES
from .numbers import NumberStyle, read_number
from .persons import check_event
from .records import column, decide, joined_times, subjects
from .times import Calendar, parse_times
from .unfolding import time_columns


def event_rows(rows: pd.DataFrame, part: EventRows, calendar: Calendar) -> pd.DataFrame:
    """One record per row, named by its column or, after '=', by the declaration itself."""
    fixed = part.event.startswith("=")
    named = pd.Series(part.event, index=rows.index) if fixed else column(rows, part.event)
    meanings = {fold(raw): event for raw, event in part.values.items()}
    event = named.map(lambda raw: part.event[1:] if fixed else meanings.get(fold(raw), fold(raw).replace(" ", "_")))
    records = pd.DataFrame(
        {"line": rows["line"], "subject": subjects(rows, part.subject, part.fill_down_subject)}, index=rows.index
    ).assign(
        item=part.event,
        raw_value=named,
        event=event,
        end_time=_end(rows, part.end_time, calendar),
        value=column(rows, part.value).replace("", None),
        detail=column(rows, part.detail).replace("", None),
        fate="clean",
        reason="",
        hint=None,
        **time_columns(rows, part.time, calendar),
    )
    records = decide(records, ~event.isin(list(EVENT_NAMES)), "EVENT_UNKNOWN", hint="declare it under 'values'")
    records = check_event(records)
    return decide(records, records["end_time"] < records["time"], "TIME_ORDER", hint="it ends before it starts")


def _end(rows: pd.DataFrame, spec: TimeColumns | None, calendar: Calendar) -> pd.Series:
    if spec is None:
        return pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")
    return parse_times(joined_times(rows, spec.columns), spec, calendar).utc


def treatment_rows(rows: pd.DataFrame, part: TreatmentRows, file: SourceFile, calendar: Calendar) -> pd.DataFrame:
    """One record per row: treatment code, first and last time, dose as sent."""
    named = column(rows, part.treatment)
    meanings = {fold(raw): code for raw, code in part.values.items()}
    code = named.map(lambda raw: meanings.get(fold(raw), "" if meanings else raw))
    style = NumberStyle(file.decimal, file.thousands)
    dated = time_columns(rows, part.start, calendar)
    records = pd.DataFrame(
        {"line": rows["line"], "subject": subjects(rows, part.subject, part.fill_down_subject)}, index=rows.index
    ).assign(
        item="",
        raw_value=named,
        treatment=code,
        start=dated["time"],
        stop=_end(rows, part.stop, calendar),
        dose=column(rows, part.dose).map(lambda text: read_number(text, style).value).astype("float64"),
        dose_unit=column(rows, part.dose_unit).replace("", None),
        time_reason=dated["time_reason"],
        fate="clean",
        reason="",
        hint=None,
    )
    records = decide(records, named == "", "NO_VALUE", "ignored")
    records = decide(records, records["treatment"] == "", "NAME_UNKNOWN", hint="declare it under 'values'")
    records = check_event(records)
    return decide(records, records["stop"] < records["start"], "TIME_ORDER", hint="it stops before it starts")
