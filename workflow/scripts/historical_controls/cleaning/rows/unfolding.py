"""One record per measured cell of raw rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from historical_controls.cleaning.cells.times import Calendar, parse_times
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import column, is_sentinel, joined_times, subjects
from historical_controls.config.sources.codes import same_code
from historical_controls.config.sources.parts import LongMeasurements, TimeColumns, WideColumn, WideMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary


def unfold_long(rows: pd.DataFrame, part: LongMeasurements, file: SourceFile, calendar: Calendar) -> pd.DataFrame:
    """Return one record per row (rows: a piece of table intake)."""
    text = column(rows, part.value)
    return _with_times(rows, part, calendar).assign(
        item="",
        coded_missing=is_sentinel(text, part.value, file),
        analyte=column(rows, part.analyte),
        code="",
        raw_value=text,
        raw_unit=column(rows, part.unit),
        specimen=column(rows, part.specimen),
        assay=column(rows, part.assay),
        status_text=column(rows, part.status),
        comment=column(rows, part.comment),
        meaning=None,
        result_time=optional_times(rows, part.result_time, calendar)[0],
    )


def unfold_wide(
    rows: pd.DataFrame, part: WideMeasurements, file: SourceFile, calendar: Calendar, dictionary: Dictionary
) -> pd.DataFrame:
    """Return one record per filled declared column of each row.

    The unit is that of the declaration or of the column's heading; the config was checked for contradictions.
    """
    base = _with_times(rows, part, calendar)
    units = {name: own.unit or dictionary.unit_in(name, own.outcome) for name, own in part.columns.items()}
    frames = [_wide_column(rows, base, name, units[name], own, file) for name, own in part.columns.items()]
    return pd.concat(frames, ignore_index=True)


def _wide_column(
    rows: pd.DataFrame, base: pd.DataFrame, name: str, unit: str, declared: WideColumn, file: SourceFile
) -> pd.DataFrame:
    text = column(rows, name)
    units = column(rows, declared.unit_column) if declared.unit_column else unit
    meanings = {same_code(raw, file.code_case): meaning for raw, meaning in declared.values.items()}
    records = base.assign(
        item=name,
        coded_missing=is_sentinel(text, name, file),
        analyte=declared.outcome,
        code=declared.outcome,
        raw_value=text,
        raw_unit=units,
        specimen=declared.specimen,
        assay=declared.assay,
        status_text="",
        comment="",
        meaning=by_distinct(text, lambda raw: meanings.get(same_code(raw, file.code_case))) if meanings else None,
        result_time=no_times(rows.index),
    )
    return records.loc[text != ""]


def _with_times(rows: pd.DataFrame, part: LongMeasurements | WideMeasurements, calendar: Calendar) -> pd.DataFrame:
    """Line, subject and collection time of each row."""
    return pd.DataFrame({"line": rows["line"], "subject": subjects(rows, part.subject)}, index=rows.index).assign(
        **time_columns(rows, part.time, calendar)
    )


def time_columns(rows: pd.DataFrame, spec: TimeColumns, calendar: Calendar) -> dict[str, Any]:
    """Return the columns of time that every dated record has."""
    text = joined_times(rows, spec.columns)
    parsed = parse_times(text, spec, calendar)
    return {
        "time": parsed.utc,
        "relative_hours": parsed.hours,
        "anchor": spec.relative_to or "",
        "time_text": text,
        "time_reason": parsed.reason,
        "shifted": parsed.shifted,
    }


def optional_times(
    rows: pd.DataFrame, spec: TimeColumns | None, calendar: Calendar
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return times that may be blank or undeclared, the reason where one cannot be read (else ''), and the text."""
    if spec is None:
        nothing = pd.Series("", index=rows.index, dtype="str")
        return no_times(rows.index), nothing, nothing
    text = joined_times(rows, spec.columns)
    parsed = parse_times(text, spec, calendar)
    return parsed.utc, parsed.reason.mask(text == "", ""), text


def no_times(index: pd.Index) -> pd.Series:
    """Return a column of null times."""
    return pd.Series(pd.NaT, index=index, dtype="datetime64[us, UTC]")
