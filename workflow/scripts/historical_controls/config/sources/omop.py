"""A source in the OMOP common data model: where its tables are, and what its concepts mean."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.name_types import Characteristic, EventName, MeasuredOutcome, TreatmentCode

OmopTableName = Literal[
    "person",
    "visit_occurrence",
    "visit_detail",
    "measurement",
    "observation",
    "condition_occurrence",
    "procedure_occurrence",
    "drug_exposure",
    "device_exposure",
    "death",
    "cohort",
    "concept",
    "concept_ancestor",
]
# What a database is asked for unless `tables` says which it has: the tables of the standard that hold records.
USUAL_TABLES: tuple[OmopTableName, ...] = (
    "person",
    "visit_occurrence",
    "measurement",
    "observation",
    "condition_occurrence",
    "drug_exposure",
    "device_exposure",
    "death",
    "concept",
)
# Rows of these may be the evidence of a characteristic; the file of persons is read beside them.
EVIDENCE: tuple[OmopTableName, ...] = (
    *("condition_occurrence", "observation", "procedure_occurrence", "measurement", "drug_exposure"),
    *("visit_occurrence", "visit_detail"),
)
# YAML reads 3027018 as a number: its text is meant.
ConceptKey = Annotated[str, BeforeValidator(lambda said: str(said) if type(said) is int else said), Field(min_length=1)]
KEY_FORM = re.compile(r"[1-9]\d*|[A-Za-z][\w ]*:\S.*")
PASSWORD = re.compile(r"//[^/@:]*:(?!\$\{)[^/@]+@")


def _forms(mapping: dict[str, str]) -> dict[str, str]:
    """Raise ValueError for a key that is neither a concept id, nor a code with its vocabulary."""
    wrong = [key for key in mapping if not KEY_FORM.fullmatch(key)]
    if wrong:
        raise ValueError(
            f"'{wrong[0]}' is not a concept: type its id (3027018), a code with its vocabulary (LOINC:8867-4), "
            "'source:' and a text of the source value, or 'cohort:' and a number"
        )
    return mapping


class OmopSource(Section):
    """Tables of the OMOP CDM (5.3 and 5.4), read as files; each becomes an entry of `files`, which may add keys to it.

    Concepts are named by id (3027018), by code (LOINC:8867-4, RxNorm:3264, ATC:H02AB02, SNOMED:44054006; needs table
    concept), or by the text of a source value (source:FC). Those of `outcomes.csv` (LOINC) and `treatments.csv` are
    known. A drug, condition, device or procedure is also found by an ancestor, where there is a table concept_ancestor.
    """

    folder: Text | None = Field(
        None, description="folder with one file per table (person.parquet, measurement.csv, ...), from the study folder"
    )
    database: Text | None = Field(
        None,
        description="a DuckDB or SQLite file from the study folder, or a URL of SQLAlchemy; '${NAME}' within it is the "
        "environment variable",
    )
    database_schema: Text | None = Field(None, description="schema of the tables in the database")
    tables: list[OmopTableName] = Field(
        default=[], description="tables to read; empty = those in the folder, or the usual ones of a database"
    )
    stays: list[ConceptKey] = Field(
        default=["9201", "262", "8717"], description="visit concepts that are stays in hospital: inpatient visits"
    )
    intensive_care: list[ConceptKey] = Field(
        default=["32037"], description="concepts of visits and their details that are intensive care"
    )
    outcomes: dict[ConceptKey, MeasuredOutcome] = Field(default={}, description="further concepts of outcomes")
    characteristics: dict[ConceptKey, Characteristic] = Field(
        default={},
        description="concepts of characteristics: of a flag, 'yes' where a row begins by the end of the first stay, "
        "else 'no'; of a number, the row nearest to the first admission",
    )
    treatments: dict[ConceptKey, TreatmentCode] = Field(default={}, description="further concepts of treatments")
    events: dict[ConceptKey, EventName] = Field(
        default={}, description="concepts of events, from any table: {RxNorm:1234: infusion, cohort:1: enrolment}"
    )
    units: dict[ConceptKey, Text] = Field(
        default={}, description="units by concept id, where table concept is not there or lacks them"
    )

    @field_validator("outcomes", "characteristics", "treatments", "events", "units")
    @classmethod
    def keys_are_concepts(cls, mapping: dict[str, str]) -> dict[str, str]:
        return _forms(mapping)

    @field_validator("database")
    @classmethod
    def no_password(cls, database: str | None) -> str | None:
        # The config is copied into results, the seal and the protocol.
        if database and PASSWORD.search(database):
            raise ValueError("a password does not belong in the config: type ${OMOP_PASSWORD} and set that variable")
        return database

    @model_validator(mode="after")
    def one_place(self) -> OmopSource:
        if (self.folder is None) == (self.database is None):
            raise ValueError("give either folder or database")
        return self


class OmopTable(Section):
    """One table of an OMOP source: made by the program from the source's `omop`."""

    name: OmopTableName
    beside: dict[OmopTableName, Text] = Field(
        default={}, description="files of the tables that tell of its concepts, persons and stays"
    )
    database_schema: Text | None = Field(None, description="schema of the tables in a database")
    cohorts: list[str] = Field(default=[], description="numbers of the cohorts that say the arm")
    stays: list[str] = Field(default=[], description="visit concepts that are stays in hospital")
    intensive_care: list[str] = Field(default=[], description="visit concepts that are intensive care")
    outcomes: dict[str, str] = Field(default={}, description="outcome by concept")
    characteristics: dict[str, str] = Field(default={}, description="characteristic by concept")
    flags: list[str] = Field(default=[], description="those of the characteristics that are yes or no")
    treatments: dict[str, str] = Field(default={}, description="treatment by concept")
    events: dict[str, str] = Field(default={}, description="event by concept")
    units: dict[str, str] = Field(default={}, description="unit by concept")
    declared: list[str] = Field(default=[], description="concepts that the study itself names")
