"""What the rows of a source's file hold: the `parts` of a file, and how its times are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.name_types import (
    Assay,
    Characteristic,
    EventName,
    EventOrColumn,
    MeasuredOutcome,
    ResultName,
    Specimen,
    TreatmentCode,
    Unit,
)
from historical_controls.config.sources.codes import MEANINGS, Codes, plain_text
from historical_controls.config.sources.time_formats import check_birth_format, check_format, constant_fault
from historical_controls.dictionary.vocabulary import ANY_EVENT

# YAML reads 2020-05-01 without quotes as a date: its text is meant.
Constant = Annotated[
    str | int | float, BeforeValidator(lambda said: plain_text(said) if isinstance(said, date) else said)
]


class TimeColumns(Section):
    """Where a time stands and how it is written. Several columns are joined by a space."""

    columns: list[Text] = Field(default=[], description="column, or date column and time column")
    at: Constant | None = Field(
        None, description="the time itself, where no column holds it: '2020-05-01', or 7 with relative_unit days"
    )
    formats: list[Text] = Field(
        default=[],
        description="accepted formats, strptime codes; several may differ in precision (day; day and time); empty "
        "only for relative times",
    )
    relative_to: EventName | None = Field(None, description="event that relative times count from, e.g. admission")
    relative_unit: Literal["HH:MM", "minutes", "hours", "days", "study_day", "weeks", "months"] | None = Field(
        None,
        description="how relative times are written; study_day: the event's own day is day 1, and there is no day 0; "
        "a month is 30.4375 days, to the nearest day",
    )
    excel_serial: bool | Literal[1904] = Field(
        False, description="true: numbers are serial dates of a spreadsheet; 1904: of one that counts days from 1904"
    )

    @model_validator(mode="after")
    def columns_or_constant(self) -> TimeColumns:
        if self.columns and self.at is not None:
            raise ValueError("give either columns or at")
        return self

    @model_validator(mode="after")
    def absolute_or_relative(self) -> TimeColumns:
        if (self.relative_to is None) != (self.relative_unit is None):
            raise ValueError("relative_to and relative_unit go together")
        # A file without a declared format would have day and month guessed.
        if self.relative_to is None and not self.formats and not self.excel_serial:
            raise ValueError("formats must name at least one format, e.g. '%d/%m/%Y %H:%M'")
        if self.relative_to is not None and (self.formats or self.excel_serial):
            raise ValueError("relative times take no formats")
        if self.at is not None:
            self.check_constant(self.at)
        return self

    def check_constant(self, at: str | int | float, place: str = "at") -> None:
        """Raise ValueError where a time that the declaration states cannot be read as these times are."""
        fault = constant_fault(str(at), self.formats, self.relative_unit)
        if fault:
            raise ValueError(f"{place}: {fault}")

    @field_validator("formats")
    @classmethod
    def each_names_a_day(cls, formats: list[str]) -> list[str]:
        for form in formats:
            check_format(form)
        return formats


class BirthColumns(TimeColumns):
    """Where a date of birth stands: a day, or its month and year (%m/%Y) or year (%Y) alone."""

    @field_validator("formats")
    @classmethod
    def each_names_a_day(cls, formats: list[str]) -> list[str]:
        for form in formats:
            check_birth_format(form)
        return formats


def _stated(spec: TimeColumns | None, key: str, constant: bool = True) -> None:
    """Raise ValueError where neither a column nor, if allowed, a constant states the time."""
    # A constant can date a whole file, never a birth or an event of single patients.
    if spec is not None and not spec.columns and not (constant and spec.at is not None):
        raise ValueError(f"{key} names no column" + ("; a constant time is given as 'at'" if constant else ""))


def _only_dated(spec: TimeColumns | None, key: str) -> None:
    if spec is not None and spec.relative_to is not None:
        raise ValueError(f"{key} cannot be relative; only 'time' can")


# What the status of a result may say: a withdrawn one is held, and of several results of a sample the best is kept.
ResultStatus = Literal["final", "preliminary", "corrected", "withdrawn"]
# What a comment may say of a specimen: what it spoils depends on the outcome, and an invalid one spoils all.
CommentMeaning = Literal["fine", "haemolysed", "clotted", "invalid"]
COMMENTS: Any = Field(
    {},
    description="comments to what they say of the specimen, beside the usual words of ten languages: haemolysed and "
    "clotted hold the outcomes of 'haemolysis_holds' and 'clot_holds', invalid (taken wrongly, of another patient) all",
)


class Condition(Section):
    """Which rows of a file a part reads: the column's text, trimmed, is exactly one of these (see `code_case`)."""

    column: Text
    is_in: Codes = Field(min_length=1)


class FilePart(Section):
    """What all parts of a file share."""

    where: list[Condition] = Field(default=[], description="only rows that meet all of these; none = every row")
    subject: Text = Field(description="column holding the patient id")
    fill_down_subject: bool = Field(
        False, description="a blank id repeats the one above (merged cells); only where declared"
    )

    def times(self) -> Iterator[TimeColumns]:
        """Yield every declaration of times in the part."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            # Times are fields of the part, or of the sections in its lists and mappings.
            inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
            for item in inner:
                if isinstance(item, TimeColumns):
                    yield item
                elif isinstance(item, Section):
                    yield from (v for k in type(item).model_fields if isinstance(v := getattr(item, k), TimeColumns))

    def dated_events(self) -> Iterator[tuple[str, str | None]]:
        """Yield the events that the part dates, each with the event that its times count from (None: a calendar)."""
        return iter(())


class SpecimenRows(Section):
    """Rows that name the specimen of the other rows of their sample, as blood gas analysers print them."""

    analytes: list[Text] = Field(min_length=1, description="names of these rows: 'Tipo de muestra'")
    same: list[Text] = Field(
        min_length=1,
        description="columns that rows of one sample have in common besides the patient: folio, or the time",
    )


class LongMeasurements(FilePart):
    """One measurement a row."""

    kind: Literal["measurements_long"]
    time: TimeColumns
    result_time: TimeColumns | None = Field(
        None,
        description="time of the result, checked to follow the collection: what was known at a moment rests on it, and "
        "a row whose filled one cannot be read is held; blank: known when collected",
    )
    analyte: Text = Field(description="column naming what was measured")
    value: Text = Field(description="column with the result")
    unit: Text | None = Field(None, description="column with the unit")
    specimen: Text | None = Field(None, description="column with the specimen")
    specimen_rows: SpecimenRows | None = Field(
        None, description="where a row of its own names the specimen of its sample"
    )
    assay: Text | None = Field(None, description="column with the instrument or assay")
    status: Text | None = Field(None, description="column with preliminary, final, corrected")
    statuses: dict[Text, ResultStatus] = Field(
        {},
        description="codes of that column to what they say, beside the usual words of eleven languages and the codes "
        "of HL7; a result of another status is held",
    )
    comment: Text | None = Field(None, description="column with comments such as 'hemolysed'")
    comments: dict[Text, CommentMeaning] = COMMENTS

    @model_validator(mode="after")
    def result_is_dated(self) -> LongMeasurements:
        _stated(self.time, "time")
        _stated(self.result_time, "result_time")
        _only_dated(self.result_time, "result_time")
        return self


class WideColumn(Section):
    """One measured column of a wide file."""

    outcome: MeasuredOutcome = Field(description="code in outcomes.csv")
    unit: Unit | None = Field(None, description="unit of the column; null: unit is missing and rows are quarantined")
    unit_column: Text | None = Field(None, description="column holding the unit")
    at: Constant | None = Field(
        None, description="time of the column, written as the part's times are, where its heading tells it: 'Day 1 GFR'"
    )
    assay: Assay | Literal[""] = Field("", description="assay of the column, one of 'assays'")
    specimen: Specimen | Literal[""] = Field("", description="specimen of the column, see specimens.csv")
    values: Annotated[dict[str, ResultName], MEANINGS] = Field(
        default={}, description="codes of qualitative results to their meaning"
    )


class WideMeasurements(FilePart):
    """One time point a row, one column per analyte."""

    kind: Literal["measurements_wide"]
    time: TimeColumns
    columns: dict[str, WideColumn] = Field(min_length=1)
    comment: Text | None = Field(None, description="column with a comment on all results of the row")
    comments: dict[Text, CommentMeaning] = COMMENTS

    @model_validator(mode="after")
    def each_column_has_a_time(self) -> WideMeasurements:
        # Wide files may have one row per patient and times in headings ('Day 1 GFR'): each column then says its own.
        for name, own in self.columns.items():
            if own.at is not None:
                self.time.check_constant(own.at, f"{name}.at")
            elif not self.time.columns and self.time.at is None:
                raise ValueError(f"'{name}' has no time: give it as its 'at', or name columns under 'time'")
        return self


class CharacteristicColumn(Section):
    """One column holding a characteristic of the patient."""

    characteristic: Characteristic = Field(description="code in outcomes.csv, family 'characteristic'")
    unit: Unit | None = Field(None, description="unit of a numeric characteristic")
    born: BirthColumns | None = Field(
        None, description="for an age: columns of the date of birth, or of its year or month and year alone"
    )
    as_of: TimeColumns | None = Field(None, description="for an age: date in the same row at which it is meant")
    values: Annotated[dict[str, ResultName], MEANINGS] = Field(
        default={}, description="codes in the file to yes, no or the category"
    )

    @model_validator(mode="after")
    def age_has_both_dates(self) -> CharacteristicColumn:
        if (self.born is None) != (self.as_of is None):
            raise ValueError("born and as_of go together")
        for key in ("born", "as_of"):
            _stated(getattr(self, key), key, constant=False)
            _only_dated(getattr(self, key), key)
        return self


class EventColumns(Section):
    """An event whose date stands in the patient's row."""

    event: EventName = Field(description="a code of data/dictionary/events.csv, or of your own dictionary/events.csv")
    time: TimeColumns
    value: Text | None = Field(None, description="column with grade or category")
    only_if: Condition | None = Field(None, description="the event exists only where this holds")

    @model_validator(mode="after")
    def a_column_dates_it(self) -> EventColumns:
        _stated(self.time, "time", constant=False)
        return self


class PatientRows(FilePart):
    """One patient a row."""

    kind: Literal["patients"]
    columns: dict[str, CharacteristicColumn] = Field(default={})
    events: list[EventColumns] = Field(default=[])

    def dated_events(self) -> Iterator[tuple[str, str | None]]:
        """Yield the events of its columns."""
        return ((event.event, event.time.relative_to) for event in self.events)


class EventRows(FilePart):
    """One event a row."""

    kind: Literal["events"]
    time: TimeColumns
    end_time: TimeColumns | None = None
    event: EventOrColumn = Field(
        description="column naming the event, or with 'values' empty the event name itself after '='"
    )
    values: Annotated[dict[str, EventName], MEANINGS] = Field(
        default={}, description="codes in the file to event names"
    )
    value: Text | None = Field(None, description="column with grade or category")
    detail: Text | None = Field(None, description="column with free text")

    @property
    def names(self) -> set[str]:
        """Events that its rows can be; ANY_EVENT where the file names them itself."""
        # Without `values` the cells name events themselves: any may occur.
        return {self.event[1:]} if self.event.startswith("=") else set(self.values.values()) or {ANY_EVENT}

    def dated_events(self) -> Iterator[tuple[str, str | None]]:
        """Yield the events that its rows can be."""
        return ((name, self.time.relative_to) for name in sorted(self.names))

    @model_validator(mode="after")
    def end_is_dated(self) -> EventRows:
        _stated(self.time, "time")
        _stated(self.end_time, "end_time", constant=False)
        _only_dated(self.end_time, "end_time")
        return self


class TreatmentRows(FilePart):
    """One course of a treatment a row."""

    kind: Literal["treatments"]
    treatment: Text = Field(description="column naming the treatment")
    values: Annotated[dict[str, TreatmentCode], MEANINGS] = Field(
        default={}, description="names in the file to codes of treatments.csv"
    )
    start: TimeColumns
    stop: TimeColumns | None = None
    dose: Text | None = None
    dose_unit: Text | None = None

    @model_validator(mode="after")
    def courses_are_dated(self) -> TreatmentRows:
        _stated(self.start, "start")
        _stated(self.stop, "stop", constant=False)
        _only_dated(self.start, "start")
        _only_dated(self.stop, "stop")
        return self


AnyPart = Annotated[
    LongMeasurements | WideMeasurements | PatientRows | EventRows | TreatmentRows, Field(discriminator="kind")
]
