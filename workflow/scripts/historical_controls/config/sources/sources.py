"""How a source's files are written: the `sources` section of config.yaml."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from historical_controls.config.base import Arm, Section, Slug, Text, known_zone
from historical_controls.config.name_types import (
    Assay,
    MeasuredOutcome,
    NumericOutcome,
    ResultName,
    ResultOutcome,
    Specimen,
    Texts,
    Unit,
)
from historical_controls.config.sources.arms import ArmColumn
from historical_controls.config.sources.codes import MEANINGS, CaseRule, Codes, DeclaredCodes, collisions
from historical_controls.config.sources.findings import ConfirmedFinding, SuspectShares
from historical_controls.config.sources.layout import AnchorRule, RedcapExport, SameDayRule, Sentinels, Splits
from historical_controls.config.sources.limits import AssayLimit, CutOff, StrippedLimit, UnitFactor
from historical_controls.config.sources.omop import OmopSource, OmopTable
from historical_controls.config.sources.parts import (
    AnyPart,
    EventRows,
    LongMeasurements,
    PatientRows,
    TreatmentRows,
    WideMeasurements,
)
from historical_controls.config.sources.words import CellWord
from historical_controls.dictionary.folding import fold
from historical_controls.dictionary.vocabulary import ANY_EVENT, ANY_TREATMENT
from historical_controls.text.patterns import check_pattern


class SourceFile(Section):
    """One file of a source: how it is written and what its rows hold."""

    path: Text = Field(description="path from the study folder")
    format: Literal["csv", "xlsx", "sas7bdat", "xport", "sav", "dta", "parquet", "duckdb", "sqlite", "database"] = (
        Field(
            "csv",
            description="csv: delimited text, also gzipped; sas7bdat and xport: SAS; sav: SPSS; dta: Stata; duckdb and "
            "sqlite: a table of a database file; database: of one that 'path' names as a URL of SQLAlchemy",
        )
    )
    table: Text | None = Field(None, description="table of a database")
    value_labels: bool = Field(False, description="true: codes of a SAS, SPSS or Stata file come as their labels")
    encoding: str = Field("utf-8", description="text encoding of a csv, e.g. utf-8, utf-8-sig, latin-1")
    delimiter: str = Field(",", description="column delimiter of a csv")
    sheet: Text | None = Field(None, description="sheet of an xlsx; null = the only one")
    header_line: int = Field(1, ge=1, description="line holding the column names; lines above it are ignored")
    header_rows: int = Field(
        1,
        ge=1,
        le=5,
        description="lines of the header, the last being header_line: 'Visit 1' above 'BP' is 'Visit 1 BP'",
    )
    units_line: bool = Field(False, description="true: the line below the header states units, and is no row")
    split_columns: Splits = Field(
        default={}, description="columns whose cells hold several values, such as a blood pressure '167/92'"
    )
    row_names: bool = Field(False, description="true: rows begin with a name that the header lacks, as R writes them")
    footer: list[str] = Field(
        default=[], description="regular expressions; lines matching one are ignored by declaration"
    )
    decimal: Literal[".", ","] = Field(".", description="decimal mark")
    thousands: Literal[".", ",", " ", "'"] | None = Field(None, description="thousands mark; null = none is used")
    sentinels: list[Sentinels] = Field(default=[], description="declared codes for missing values")
    code_case: CaseRule = Field(
        "ignore", description="'exact': codes and conditions that differ in capitals or accents only are different"
    )
    accepted_ids: Codes = Field(default=[], description="ids of patients that look like none, such as '0' or 'NA'")
    words: list[CellWord] = Field(
        default=[], description="words that say something in place of a number or result: 'HIGH', 'aire ambiente'"
    )
    ignore_analytes: Codes = Field(
        default=[],
        description="analyte names ignored by declaration; '*' = every name that the dictionary lacks; 'free *' = "
        "every name that begins with that word",
    )
    default_units: dict[NumericOutcome, Unit | list[Unit]] = Field(
        default={},
        description="unit per outcome where the row names none; of several ([fraction, '%']) the only one in which the "
        "number is within the hard limits",
    )
    default_specimens: dict[MeasuredOutcome, Specimen] = Field(
        default={}, description="specimen per outcome where the row names none"
    )
    assays: dict[MeasuredOutcome, Assay] = Field(default={}, description="assay per outcome where the row names none")
    result_codes: dict[ResultOutcome, Annotated[dict[str, ResultName], MEANINGS]] = Field(
        default={},
        description="codes of qualitative results to their meaning, per outcome, where rows name the analyte",
    )
    cut_offs: dict[ResultOutcome, CutOff] = Field(
        default={}, description="numbers that are results, per outcome: a Ct up to 38 is positive"
    )
    stripped_limits: list[StrippedLimit] = Field(default=[], description="limits that lost their sign")
    assay_limits: dict[Assay, dict[NumericOutcome, AssayLimit]] = Field(
        default={}, description="limits of detection by assay and outcome: 'ND' under that assay lies below them"
    )
    ranges: Literal["hold", "interval"] = Field(
        "hold", description="'12-15': held, or kept as an interval-censored value"
    )
    bajo_means: Literal["hold", "mark", "limit"] = Field(
        "hold", description="'bajo 5': held, 5 that the laboratory marks as low (mark), or below 5 (limit)"
    )
    same_day: SameDayRule = Field(
        "hold",
        description="several results of an outcome on one day without a clock: held, or kept as their median, the "
        "worst (by the outcome's 'benefit') or the last in the order of the rows",
    )
    same_day_of: dict[MeasuredOutcome, SameDayRule] = Field(
        default={}, description="the same for single outcomes, e.g. {CRP: worst}"
    )
    relative_to_which: AnchorRule = Field(
        "hold",
        description="which of several events times count from, where the row dates none of its own",
    )
    unit_factors: list[UnitFactor] = Field(
        default=[], description="units stated wrongly, each correction confirmed by a person"
    )
    ddu_to_feu: float | None = Field(
        None, gt=0, description="factor that converts D-dimer in DDU to FEU; null = such rows are held"
    )
    timezone: str | None = Field(None, description="time zone of this file's clock, where not the source's")
    haemolysis_holds: list[NumericOutcome] = Field(
        default=["FERR", "PCT"], description="outcomes whose values are held where the comment says haemolysed"
    )
    clot_holds: list[NumericOutcome] = Field(
        default=["PLT", "WBC", "LYMPH", "FIB", "DDIM"], description="the same where it says clotted"
    )
    redcap: RedcapExport | None = Field(None, description="for exports of REDCap: its data dictionary")
    omop: OmopTable | None = Field(None, description="written by the program for the tables of the source's `omop`")
    private_columns: list[str] = Field(
        default=[],
        description="identifying columns, dropped at load and never stored; those that no part reads and whose name "
        "or data dictionary says so (nombre, CURP, teléfono) are dropped undeclared",
    )
    confirmed: list[ConfirmedFinding] = Field(
        default=[],
        description="findings that a person confirmed to be right as they are: listed, no reason to stop",
    )
    arm_column: ArmColumn | None = Field(
        None, description="column and codes of the arm, where this file has others than the source's `arm`"
    )
    parts: list[AnyPart] = Field(min_length=1, description="what the rows hold; a row may feed several parts")

    def place(self, folder: Path) -> Path | str:
        """Return where the file is, from the study folder; of a table on a server its URL."""
        return self.path if self.format == "database" else folder / self.path

    @model_validator(mode="after")
    def a_database_has_a_table(self) -> SourceFile:
        if (self.table is None) == (self.format in ("duckdb", "sqlite", "database")):
            raise ValueError("table belongs to a database (duckdb, sqlite, database), which needs one")
        return self

    @model_validator(mode="after")
    def marks_differ(self) -> SourceFile:
        # '1.234' could then be read either way.
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same mark")
        return self

    @model_validator(mode="after")
    def codes_are_told_apart(self) -> SourceFile:
        faults = [
            f"{place}: {fault}" for place, _, codes in self._codes() for fault in collisions(codes, self.code_case)
        ]
        named = [part for part in self.parts if isinstance(part, TreatmentRows)]
        faults += [f"{part.treatment}: {fault}" for part in named for fault in _name_collisions(part)]
        # Treatments' names are compared otherwise among each other, but with codes for missing as all cells are.
        treatments = [(part.treatment, {part.treatment}, part.values) for part in named]
        meant = [*self._codes(), *treatments]
        faults += [f"{place}: {fault}" for place, columns, codes in meant for fault in self._missing(columns, codes)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _codes(self) -> Iterator[tuple[str, set[str], Mapping[str, str]]]:
        """Where codes are declared, the columns whose cells they are, and their meanings."""
        if self.arm_column is not None:
            yield self.arm_column.column, {self.arm_column.column}, dict(self.arm_column.codes())
        for outcome, codes in self.result_codes.items():
            yield outcome, self._columns_of(outcome), codes
        for part in self.parts:
            if isinstance(part, WideMeasurements | PatientRows):
                yield from ((name, {name}, column.values) for name, column in part.columns.items())
            elif isinstance(part, EventRows):
                yield part.event, {part.event}, part.values

    def _columns_of(self, outcome: str) -> set[str]:
        """The columns whose cells `result_codes` of this outcome are read in."""
        long = {part.value for part in self.parts if isinstance(part, LongMeasurements)}
        wide = [part.columns for part in self.parts if isinstance(part, WideMeasurements)]
        # A column's own codes go before the outcome's.
        own = {name for part in wide for name, one in part.items() if one.outcome == outcome and not one.values}
        return long | own

    def _missing(self, columns: set[str], codes: Mapping[str, str]) -> Iterator[str]:
        """Yield codes that mean something and 'missing' in these columns: cleaning would take each as missing."""
        for sentinel in self.sentinels:
            missing = DeclaredCodes(dict.fromkeys(sentinel.codes, True), "ignore", self.decimal, self.thousands)
            # Without columns a sentinel holds in every column read.
            if not sentinel.columns or columns & set(sentinel.columns):
                why = (
                    ""
                    if sentinel.columns
                    else " (a sentinel without 'columns' holds in every column: name its columns)"
                )
                yield from (
                    f"'{code}' is declared as missing and as '{meaning}'{why}"
                    for code, meaning in codes.items()
                    if code in missing
                )

    @model_validator(mode="after")
    def header_is_in_the_file(self) -> SourceFile:
        # The header ends on `header_line` and begins so many lines before.
        if self.header_rows > self.header_line:
            raise ValueError(f"a header of {self.header_rows} lines cannot end on line {self.header_line}")
        return self

    @field_validator("encoding")
    @classmethod
    def encoding_is_known(cls, encoding: str) -> str:
        try:
            # codecs.lookup alone accepts codecs that are no text encodings, such as base64.
            "a".encode(encoding)
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError("not a known text encoding; common ones are utf-8, utf-8-sig, latin-1, utf-16") from None
        return encoding

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, timezone: str | None) -> str | None:
        return None if timezone is None else known_zone(timezone)

    @field_validator("delimiter")
    @classmethod
    def delimiter_is_one_character(cls, delimiter: str) -> str:
        # Quotes and line ends have a meaning of their own in a delimited file.
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError('the delimiter is one character, e.g. "," or ";" or "\\t"')
        return delimiter

    @field_validator("footer")
    @classmethod
    def footers_are_patterns(cls, footer: list[str]) -> list[str]:
        for pattern in footer:
            check_pattern(pattern)
            # A pattern that matches an empty line and any other would drop the whole file.
            if all(re.search(pattern, line) for line in ("", "a;1,b\t2")):
                raise ValueError(f"'{pattern}' matches every line")
        return footer


def _name_collisions(part: TreatmentRows) -> Iterator[str]:
    """Yield treatments' names that are compared as the same, as names are, and declared to be different treatments."""
    known: dict[str, str] = {}
    for name, code in part.values.items():
        # Treatments are compared as names are (folded), not as codes.
        other = known.setdefault(fold(name), name)
        if part.values[other] != code:
            yield f"names '{other}' and '{name}' are the same and mean '{part.values[other]}' and '{code}'"


class Source(Section):
    """One export: a hospital, a study database, a period."""

    arm: Arm = Field(
        description="treated or historical, or a column that says it: {column: group, treated: [A], historical: [B], "
        "neither: [C]}"
    )
    label: Texts
    timezone: str = Field("UTC", description="IANA time zone of the times in its files")
    relative_epoch: date | None = Field(
        None,
        description="day that stands in for the missing calendar: of the one event that relative times count from and "
        "that no part dates",
    )
    on_suspect: Literal["warn", "stop"] = Field(
        "stop", description="stop: a finding above 'suspect_shares' ends the run before the cohort; warn: none does"
    )
    suspect_shares: SuspectShares = SuspectShares()
    treated_subjects: Codes = Field(
        default=[],
        description="ids counted as treated although the source is historical (method checks only)",
    )
    omop: OmopSource | None = Field(
        None, description="for tables of the OMOP common data model: each becomes an entry of 'files'"
    )
    files: dict[Slug, SourceFile] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, timezone: str) -> str:
        return known_zone(timezone)

    @model_validator(mode="after")
    def epoch_stands_for_one_event(self) -> Source:
        candidates = self._epoch_candidates()
        if self.relative_epoch is not None and len(candidates) > 1:
            named = " and ".join(f"'{name}'" for name in candidates)
            raise ValueError(
                f"relative_epoch stands for one event, and times count from {named}: let a part date all but one"
            )
        return self

    def _epoch_candidates(self) -> list[str]:
        """Events that times count from and that no part dates; where parts date all, these, for patients without."""
        parts = [part for file in self.files.values() for part in file.parts]
        anchors = {str(spec.relative_to) for part in parts for spec in part.times() if spec.relative_to is not None}
        # An event that counts from itself is not dated.
        dated = {event for part in parts for event, anchor in part.dated_events() if anchor != event}
        # A file that names events itself may date any of them.
        undated = set() if ANY_EVENT in dated else anchors - dated
        return sorted(undated or anchors)

    @property
    def epoch_event(self) -> str | None:
        """The event that `relative_epoch` stands for: the one that times count from and that no part dates."""
        return next(iter(self._epoch_candidates()), None)

    @property
    def recordable_events(self) -> list[str]:
        """Events and treatments that its files can record: only of these does absence mean that they did not occur."""
        parts = [part for file in self.files.values() for part in file.parts]
        able: set[str] = {self.epoch_event} if self.relative_epoch and self.epoch_event else set()
        for part in parts:
            if isinstance(part, PatientRows):
                able |= {column.event for column in part.events}
            elif isinstance(part, EventRows):
                able |= part.names
            elif isinstance(part, TreatmentRows):
                able |= set(part.values.values()) or {ANY_TREATMENT}
        # Intubation tells of ventilation (EL-3), so that a source with tubes can record it.
        return sorted(able | ({"invasive_ventilation"} if "intubation" in able else set()))
