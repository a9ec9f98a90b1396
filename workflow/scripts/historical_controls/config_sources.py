"""How a source's files are written and what their rows hold: the `sources` section of config.yaml."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .errors import nearest
from .vocabulary import ANY_EVENT, ANY_TREATMENT

Arm = Literal["treated", "historical"]
Language = Literal["en", "es"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Texts = dict[Language, str]


class Section(BaseModel):
    """A mapping of config.yaml. Unknown keys are refused, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumns(Section):
    """Where a time stands and how it is written. Several columns are joined by a space."""

    columns: list[str] = Field(min_length=1, description="column, or date column and time column")
    formats: list[str] = Field(
        default=[],
        description="accepted formats, strptime codes, tried in this order; empty only for relative times",
    )
    relative_to: str | None = Field(None, description="event that relative times count from, e.g. admission")
    relative_unit: Literal["HH:MM", "hours", "days", "study_day"] | None = Field(
        None,
        description="how relative times are written; study_day: the event's own day is day 1, and there is no day 0",
    )
    excel_serial: bool = Field(False, description="numbers are spreadsheet serial dates")

    @model_validator(mode="after")
    def absolute_or_relative(self) -> TimeColumns:
        if (self.relative_to is None) != (self.relative_unit is None):
            raise ValueError("relative_to and relative_unit go together")
        if self.relative_to is None and not self.formats and not self.excel_serial:
            raise ValueError("formats must name at least one format, e.g. '%d/%m/%Y %H:%M'")
        if self.relative_to is not None and (self.formats or self.excel_serial):
            raise ValueError("relative times take no formats")
        return self

    @field_validator("formats")
    @classmethod
    def each_names_a_day(cls, formats: list[str]) -> list[str]:
        for form in formats:
            _check_format(form)
        return formats


def _check_format(form: str) -> None:
    """A format that loses the day, or that no text can be read by, would fill dates in by itself."""
    if "%z" in form or "%Z" in form:
        raise ValueError(f"'{form}': offsets are not read; declare the source's timezone")
    # A day above 12 and a time in the afternoon tell day from month and 12 hours from 24.
    moment = datetime(2021, 11, 23, 14, 5, 6)
    try:
        back = datetime.strptime(moment.strftime(form), form)
    except ValueError as error:
        raise ValueError(f"'{form}' is no date format ({error}); e.g. '%d/%m/%Y %H:%M'") from None
    if back.date() != moment.date():
        raise ValueError(f"'{form}' does not say year, month and day; e.g. '%d/%m/%Y'")
    if back.hour not in (0, moment.hour):
        raise ValueError(f"'{form}' reads 14 h as {back.hour} h; 12-hour clocks need %I and %p")


def _only_dated(spec: TimeColumns | None, key: str) -> None:
    if spec is not None and spec.relative_to is not None:
        raise ValueError(f"{key} cannot be relative; only 'time' can")


def _known_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(timezone, available_timezones()) or "America/Mexico_City"
        raise ValueError(f"no IANA time zone, such as {near}") from None
    return timezone


class Condition(Section):
    """Which rows of a file a part reads: the column's folded text is one of these."""

    column: str
    is_in: list[str] = Field(min_length=1)


class Part(Section):
    """What all parts of a file share."""

    where: list[Condition] = Field(default=[], description="only rows that meet all of these; none = every row")
    subject: str = Field(description="column holding the patient id")
    fill_down_subject: bool = Field(
        False, description="a blank id repeats the one above (merged cells); only where declared"
    )


class LongMeasurements(Part):
    """One measurement a row."""

    kind: Literal["measurements_long"]
    time: TimeColumns
    result_time: TimeColumns | None = Field(None, description="time of the result, checked to follow the collection")
    analyte: str = Field(description="column naming what was measured")
    value: str = Field(description="column with the result")
    unit: str | None = Field(None, description="column with the unit")
    specimen: str | None = Field(None, description="column with the specimen")
    assay: str | None = Field(None, description="column with the instrument or assay")
    status: str | None = Field(None, description="column with preliminary, final, corrected")
    comment: str | None = Field(None, description="column with comments such as 'hemolysed'")

    @model_validator(mode="after")
    def result_is_dated(self) -> LongMeasurements:
        _only_dated(self.result_time, "result_time")
        return self


class WideColumn(Section):
    """One measured column of a wide file."""

    outcome: Code = Field(description="code in outcomes.csv")
    unit: str | None = Field(None, description="unit of the column; null: unit is missing and rows are quarantined")
    unit_column: str | None = Field(None, description="column holding the unit")
    assay: str = Field("", description="assay of the column")
    specimen: str = Field("", description="specimen of the column")
    values: dict[str, str] = Field(default={}, description="codes of qualitative results to their meaning")


class WideMeasurements(Part):
    """One time point a row, one column per analyte."""

    kind: Literal["measurements_wide"]
    time: TimeColumns
    columns: dict[str, WideColumn] = Field(min_length=1)


class CharacteristicColumn(Section):
    """One column holding a characteristic of the patient."""

    characteristic: Code = Field(description="code in outcomes.csv, family 'characteristic'")
    unit: str | None = Field(None, description="unit of a numeric characteristic")
    values: dict[str, str] = Field(default={}, description="codes in the file to yes, no or the category")


class EventColumns(Section):
    """An event whose date stands in the patient's row."""

    event: str = Field(description="event name, see docs/data_model.md")
    time: TimeColumns
    value: str | None = Field(None, description="column with grade or category")
    only_if: Condition | None = Field(None, description="the event exists only where this holds")


class PatientRows(Part):
    """One patient a row."""

    kind: Literal["patients"]
    columns: dict[str, CharacteristicColumn] = Field(default={})
    events: list[EventColumns] = Field(default=[])


class EventRows(Part):
    """One event a row."""

    kind: Literal["events"]
    time: TimeColumns
    end_time: TimeColumns | None = None
    event: str = Field(description="column naming the event, or with 'values' empty the event name itself after '='")
    values: dict[str, str] = Field(default={}, description="codes in the file to event names")
    value: str | None = Field(None, description="column with grade or category")
    detail: str | None = Field(None, description="column with free text")

    @property
    def names(self) -> set[str]:
        """Events that its rows can be; ANY_EVENT where the file names them itself."""
        return {self.event[1:]} if self.event.startswith("=") else set(self.values.values()) or {ANY_EVENT}

    @model_validator(mode="after")
    def end_is_dated(self) -> EventRows:
        _only_dated(self.end_time, "end_time")
        return self


class TreatmentRows(Part):
    """One course of a treatment a row."""

    kind: Literal["treatments"]
    treatment: str = Field(description="column naming the treatment")
    values: dict[str, str] = Field(default={}, description="names in the file to treatment codes")
    start: TimeColumns
    stop: TimeColumns | None = None
    dose: str | None = None
    dose_unit: str | None = None

    @model_validator(mode="after")
    def courses_are_dated(self) -> TreatmentRows:
        _only_dated(self.start, "start")
        _only_dated(self.stop, "stop")
        return self


AnyPart = Annotated[
    LongMeasurements | WideMeasurements | PatientRows | EventRows | TreatmentRows, Field(discriminator="kind")
]


class Sentinels(Section):
    """Codes that mean 'missing', only where declared."""

    columns: list[str] = Field(default=[], description="columns they hold in; empty = every column read")
    codes: list[str] = Field(min_length=1)


class StrippedLimit(Section):
    """A limit of detection that lost its sign: this value of this outcome means '<' or '>'."""

    outcome: Code
    value: float = Field(description="in the outcome's canonical unit")
    means: Literal["<", ">"]


class AssayLimit(Section):
    """The limit of detection that an assay states for an outcome: what 'ND' under it means."""

    lod: float = Field(gt=0, description="limit of detection")
    unit: str | None = Field(None, description="its unit; null = the outcome's canonical unit")


class UnitFactor(Section):
    """A unit that the export states wrongly, as confirmed by a person: every value that it touches is flagged."""

    outcome: Code
    unit: str | None = Field(None, description="unit as sent or declared; null = any")
    factor: float | None = Field(None, gt=0, description="what the numbers sent are multiplied by")
    true_unit: str | None = Field(None, description="the unit that the numbers are really in")

    @model_validator(mode="after")
    def one_correction(self) -> UnitFactor:
        if (self.factor is None) == (self.true_unit is None):
            raise ValueError("give either factor or true_unit")
        return self


class RedcapExport(Section):
    """A REDCap export, declared by field names and codes, whether it carries these or their labels."""

    dictionary: str = Field(description="the project's data dictionary as REDCap downloads it, from the study folder")
    labels: bool = Field(False, description="the label export: headings and answers in words")


class SourceFile(Section):
    """One file of a source: how it is written and what its rows hold."""

    path: str = Field(description="path from the study folder")
    format: Literal["csv", "xlsx"] = "csv"
    encoding: str = Field("utf-8", description="text encoding of a csv, e.g. utf-8, utf-8-sig, latin-1")
    delimiter: str = Field(",", description="column delimiter of a csv")
    sheet: str | None = Field(None, description="sheet of an xlsx; null = the only one")
    header_line: int = Field(1, ge=1, description="line holding the column names; lines above it are ignored")
    footer: list[str] = Field(
        default=[], description="regular expressions; lines matching one are ignored by declaration"
    )
    decimal: Literal[".", ","] = Field(".", description="decimal mark")
    thousands: Literal[".", ",", " ", "'"] | None = Field(None, description="thousands mark; null = none is used")
    sentinels: list[Sentinels] = Field(default=[], description="declared codes for missing values")
    ignore_analytes: list[str] = Field(
        default=[],
        description="analyte names ignored by declaration; '*' = every name that the dictionary lacks",
    )
    default_units: dict[Code, str] = Field(default={}, description="unit per outcome where the row names none")
    default_specimens: dict[Code, str] = Field(default={}, description="specimen per outcome where the row names none")
    assays: dict[Code, str] = Field(default={}, description="assay per outcome where the row names none")
    result_codes: dict[Code, dict[str, str]] = Field(
        default={},
        description="codes of qualitative results to their meaning, per outcome, where rows name the analyte",
    )
    stripped_limits: list[StrippedLimit] = Field(default=[], description="limits that lost their sign")
    assay_limits: dict[str, dict[Code, AssayLimit]] = Field(
        default={}, description="limits of detection by assay and outcome: 'ND' under that assay lies below them"
    )
    ranges: Literal["hold", "interval"] = Field(
        "hold", description="'12-15': held, or kept as an interval-censored value"
    )
    unit_factors: list[UnitFactor] = Field(
        default=[], description="units stated wrongly, each correction confirmed by a person"
    )
    ddu_to_feu: float | None = Field(
        None, gt=0, description="factor that converts D-dimer in DDU to FEU; null = such rows are held"
    )
    timezone: str | None = Field(None, description="time zone of this file's clock, where not the source's")
    haemolysis_holds: list[Code] = Field(
        default=["FERR", "PCT"], description="outcomes whose values are held where the comment says haemolysed"
    )
    redcap: RedcapExport | None = Field(None, description="for exports of REDCap: its data dictionary")
    private_columns: list[str] = Field(
        default=[],
        description="identifying columns, dropped at load and never stored; those that no part reads and whose name "
        "or data dictionary says so (nombre, CURP, teléfono) are dropped undeclared",
    )
    parts: list[AnyPart] = Field(min_length=1, description="what the rows hold; a row may feed several parts")

    @model_validator(mode="after")
    def marks_differ(self) -> SourceFile:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same mark")
        return self

    @field_validator("encoding")
    @classmethod
    def encoding_is_known(cls, encoding: str) -> str:
        try:
            "a".encode(encoding)
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError("no known text encoding; common ones: utf-8, utf-8-sig, latin-1, utf-16") from None
        return encoding

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, timezone: str | None) -> str | None:
        return None if timezone is None else _known_zone(timezone)

    @field_validator("delimiter")
    @classmethod
    def delimiter_is_one_character(cls, delimiter: str) -> str:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError('the delimiter is one character, e.g. "," or ";" or "\\t"')
        return delimiter

    @field_validator("footer")
    @classmethod
    def footers_are_patterns(cls, footer: list[str]) -> list[str]:
        for pattern in footer:
            try:
                found = [re.search(pattern, line) for line in ("", "a;1,b\t2")]
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
            if all(found):
                raise ValueError(f"'{pattern}' fits every line")
        return footer


class Source(Section):
    """One export: a hospital, a study database, a period."""

    arm: Arm
    label: Texts
    timezone: str = Field("UTC", description="IANA time zone of the times in its files")
    relative_epoch: date | None = Field(
        None, description="stands in for the missing calendar where a source has relative times only"
    )
    on_suspect: Literal["warn", "stop"] = Field(
        "warn", description="a unit that seems a conversion factor away: a finding, or the end of the run"
    )
    treated_subjects: list[str] = Field(
        default=[],
        description="ids counted as treated although the source is historical (method checks only)",
    )
    files: dict[Name, SourceFile] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, timezone: str) -> str:
        return _known_zone(timezone)

    @property
    def tells(self) -> list[str]:
        """Events and treatments that its files can tell of: only of these does absence mean that they were not."""
        parts = [part for file in self.files.values() for part in file.parts]
        told: set[str] = {"admission"} if self.relative_epoch else set()
        for part in parts:
            if isinstance(part, PatientRows):
                told |= {column.event for column in part.events}
            elif isinstance(part, EventRows):
                told |= part.names
            elif isinstance(part, TreatmentRows):
                told |= set(part.values.values()) or {ANY_TREATMENT}
        return sorted(told | ({"invasive_ventilation"} if "intubation" in told else set()))
