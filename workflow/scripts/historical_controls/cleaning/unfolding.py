"""Raw rows of measurements unfolded into one record per measured cell."""

from __future__ import annotations

import pandas as pd

from ..config_sources import LongMeasurements, TimeColumns, WideColumn, WideMeasurements
from ..dictionary import fold
from .records import column, joined_times, subjects
from .times import Calendar, parse_times


def unfold_long(rows: pd.DataFrame, part: LongMeasurements, calendar: Calendar) -> pd.DataFrame:
    """One record per row."""
    records = _with_times(rows, part, calendar)
    result = part.result_time
    return records.assign(
        item="",
        raw_column=part.value,
        analyte=column(rows, part.analyte),
        code="",
        raw_value=column(rows, part.value),
        raw_unit=column(rows, part.unit),
        specimen=column(rows, part.specimen),
        assay=column(rows, part.assay),
        status_text=column(rows, part.status),
        comment=column(rows, part.comment),
        finding=None,
        result_utc=parse_times(joined_times(rows, result.columns), result, calendar).utc if result else pd.NaT,
    )


def unfold_wide(rows: pd.DataFrame, part: WideMeasurements, calendar: Calendar) -> pd.DataFrame:
    """One record per declared column of each row that holds anything there."""
    base = _with_times(rows, part, calendar)
    frames = [_wide_column(rows, base, name, declared) for name, declared in part.columns.items()]
    return pd.concat(frames, ignore_index=True)


def _wide_column(rows: pd.DataFrame, base: pd.DataFrame, name: str, declared: WideColumn) -> pd.DataFrame:
    text = column(rows, name)
    filled = text != ""
    units = column(rows, declared.unit_column) if declared.unit_column else (declared.unit or "")
    meanings = {fold(raw): meaning for raw, meaning in declared.values.items()}
    records = base.assign(
        item=name,
        raw_column=name,
        analyte=declared.outcome,
        code=declared.outcome,
        raw_value=text,
        raw_unit=units,
        specimen=declared.specimen,
        assay=declared.assay,
        status_text="",
        comment="",
        finding=text.map(lambda raw: meanings.get(fold(raw))) if meanings else None,
        result_utc=pd.NaT,
    )
    return records.loc[filled]


def _with_times(rows: pd.DataFrame, part: LongMeasurements | WideMeasurements, calendar: Calendar) -> pd.DataFrame:
    """Line, subject and collection time of each row."""
    return pd.DataFrame(
        {"line": rows["line"], "subject": subjects(rows, part.subject, part.fill_down_subject)}, index=rows.index
    ).assign(**time_columns(rows, part.time, calendar))


def time_columns(rows: pd.DataFrame, spec: TimeColumns, calendar: Calendar) -> dict[str, object]:
    """The columns that every dated record carries."""
    parsed = parse_times(joined_times(rows, spec.columns), spec, calendar)
    return {
        "time": parsed.utc,
        "relative_hours": parsed.hours,
        "anchor": spec.relative_to or "",
        "time_reason": parsed.reason,
        "shifted": parsed.shifted,
    }
