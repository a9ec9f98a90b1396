"""One record per measured cell of raw rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.times import Calendar, Moments, parse_times
from historical_controls.cleaning.cells.units import stated_units
from historical_controls.cleaning.records.columns import (
    coded_column,
    coded_filled_column,
    coded_subject_columns,
    coded_times,
    column,
    filled_column,
    is_sentinel,
    joined_times,
)
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.rows.sibling_rows import specimens_of_samples
from historical_controls.cleaning.words.specimens import SAID_OF_SPECIMEN
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.parts import LongMeasurements, TimeColumns, WideColumn, WideMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.coded import coded, constant, mapped, plain, texts_replaced


def unfold_long(rows: pd.DataFrame, part: LongMeasurements, file: SourceFile, calendar: Calendar) -> pd.DataFrame:
    """Return one record per row (rows: a piece of table intake)."""
    # Texts of long files repeat, and there are many rows: they stay categories until they are written.
    text = coded_column(rows, part.value)
    siblings = specimens_of_samples(rows, part, file)
    reported = optional_times(rows, part.result_time, file, calendar)
    first, latest = reported.moments.first, reported.moments.latest
    blank = constant("", rows.index)
    return _with_times(rows, part, file, calendar).assign(
        item=blank,
        coded_missing=is_sentinel(text, part.value, file),
        analyte=coded_filled_column(rows, part.analyte, file),
        code=blank,
        raw_value=text,
        raw_unit=mapped(coded_filled_column(rows, part.unit, file), stated_units),
        names_specimen=siblings.named_here,
        specimen=siblings.specimen,
        assay=coded_filled_column(rows, part.assay, file),
        status_text=_status(rows, part, file),
        comment=_comment(rows, part, file),
        meaning=None,
        # Of a result dated by its day alone, when it was surely there: nothing is judged by what was not yet known.
        result_time=latest.fillna(first),
        result_latest=latest,
        **reported.said("result_time"),
    )


def _status(rows: pd.DataFrame, part: LongMeasurements, file: SourceFile) -> pd.Series:
    """The status column, with what the part declares its codes to say in their place."""
    texts = coded_filled_column(rows, part.status, file)
    if not part.statuses:
        return texts
    codes = declared_codes(part.statuses, file)
    return mapped(texts, lambda known: by_distinct(known, lambda text: codes.meaning(text) or text, "str"))


def _comment(rows: pd.DataFrame, part: LongMeasurements | WideMeasurements, file: SourceFile) -> pd.Series:
    """The column of comments, with what the part declares them to say of the specimen in their place."""
    texts = coded_filled_column(rows, part.comment, file)
    if not part.comments:
        return texts
    codes = declared_codes(part.comments, file)

    def said(text: str) -> str:
        meaning = codes.meaning(text)
        return text if meaning is None else SAID_OF_SPECIMEN[meaning]

    return mapped(texts, lambda known: by_distinct(known, said, "str"))


def unfold_wide(
    rows: pd.DataFrame, part: WideMeasurements, file: SourceFile, calendar: Calendar, dictionary: Dictionary
) -> pd.DataFrame:
    """Return one record per filled declared column of each row.

    The unit is that of the declaration or of the column's heading; the config was checked for contradictions.
    """
    # Ids and times of a row are read once for all its columns.
    base = plain(_with_times(rows, part, file, calendar).assign(comment=_comment(rows, part, file)))
    units = {name: own.unit or dictionary.unit_in(name, own.outcome) for name, own in part.columns.items()}
    frames = []
    for name, own in part.columns.items():
        at = None if own.at is None else _constant(part.time, own.at)
        dated = base if at is None else base.assign(**time_columns(rows, at, file, calendar))
        frames.append(_wide_column(rows, dated, name, units[name], own, file))
    return pd.concat(frames, ignore_index=True)


def _constant(spec: TimeColumns, at: str | int | float) -> TimeColumns:
    """Return the declaration of a time that no column holds, written as those of `spec`."""
    return spec.model_copy(update={"columns": [], "at": at})


def _wide_column(
    rows: pd.DataFrame, base: pd.DataFrame, name: str, unit: str, declared: WideColumn, file: SourceFile
) -> pd.DataFrame:
    text = column(rows, name)
    units = stated_units(filled_column(rows, declared.unit_column, file)) if declared.unit_column else unit
    codes = declared_codes(declared.values, file)
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
        names_specimen=False,
        meaning=by_distinct(text, codes.meaning) if declared.values else None,
        result_time=no_times(rows.index),
        result_latest=no_times(rows.index),
        result_time_reason="",
    )
    # A blank cell of a wide row was not measured: no record, unlike a blank result in a row of its own.
    return records.loc[text != ""]


def _with_times(
    rows: pd.DataFrame, part: LongMeasurements | WideMeasurements, file: SourceFile, calendar: Calendar
) -> pd.DataFrame:
    """Line, subject and collection time of each row, with texts as categories."""
    times = _time_columns(coded_sent_times(rows, part.time, file), part.time, calendar)
    return coded_subject_columns(rows, part.subject, file).assign(**times)


def time_columns(rows: pd.DataFrame, spec: TimeColumns, file: SourceFile, calendar: Calendar) -> dict[str, Any]:
    """Return the columns of time that every dated record has."""
    return _time_columns(sent_times(rows, spec, file), spec, calendar)


def _time_columns(text: pd.Series, spec: TimeColumns, calendar: Calendar) -> dict[str, Any]:
    parsed = parse_times(text, spec, calendar)
    return {
        "time": parsed.utc,
        "latest": parsed.latest,
        "relative_hours": parsed.hours,
        "relative_latest": parsed.latest_hours,
        "anchor": spec.relative_to or "",
        "time_text": text,
        "time_reason": parsed.reason,
        "time_hint": parsed.hint,
        "shifted": parsed.shifted,
    }


def sent_times(rows: pd.DataFrame, spec: TimeColumns, file: SourceFile) -> pd.Series:
    """Return the text of each row's time: of its columns, or the constant that the declaration states."""
    if spec.columns:
        return joined_times(rows, spec.columns, file)
    said = "" if spec.at is None else str(spec.at)
    if isinstance(spec.at, float):
        # A number of the declaration has a point, whatever mark the file has.
        said = said.replace(".", file.decimal)
    return pd.Series(said, index=rows.index, dtype="str")


def coded_sent_times(rows: pd.DataFrame, spec: TimeColumns, file: SourceFile) -> pd.Series:
    """Return `sent_times` as categories."""
    return coded_times(rows, spec.columns, file) if spec.columns else coded(sent_times(rows, spec, file))


@dataclass(frozen=True)
class OptionalTimes:
    """Times that may be blank or undeclared, texts as categories.

    reason: why one that is filled cannot be read, else ''; text: as sent; hint: what was expected (see `ParsedTimes`).
    """

    moments: Moments
    reason: pd.Series
    text: pd.Series
    hint: pd.Series

    def said(self, name: str) -> dict[str, pd.Series]:
        """Return the columns by which `check_times` holds records of which the time `name` cannot be read."""
        return {f"{name}_reason": self.reason, f"{name}_text": self.text, f"{name}_hint": self.hint}


def optional_times(rows: pd.DataFrame, spec: TimeColumns | None, file: SourceFile, calendar: Calendar) -> OptionalTimes:
    """Return the times of a column that not every row fills, or no file needs to have."""
    if spec is None:
        nothing = constant("", rows.index)
        return OptionalTimes(Moments(no_times(rows.index), no_times(rows.index)), nothing, nothing, nothing)
    text = coded_sent_times(rows, spec, file)
    parsed = parse_times(text, spec, calendar)
    # A blank is no fault of a time that need not be there.
    blank = np.flatnonzero((text == "").to_numpy())
    return OptionalTimes(
        Moments(parsed.utc, parsed.latest), texts_replaced(parsed.reason, blank, ""), text, parsed.hint
    )


def no_times(index: pd.Index) -> pd.Series:
    """Return a column of null times."""
    return pd.Series(pd.NaT, index=index, dtype="datetime64[us, UTC]")
