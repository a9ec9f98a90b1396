"""What this stage takes and gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from historical_controls.cohort.records.derived import nothing_refused
from historical_controls.cohort.records.support import with_tubes
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.tables.parquet import read_between, read_tables
from historical_controls.tables.registry import EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS

# What cells and lines said is not asked for here, and would take most of the memory.
COLUMNS = [name for name in MEASUREMENTS.names if name not in ("raw_value", "raw_unit")]


@dataclass(frozen=True)
class CleanTables:
    """The clean tables of all sources, stacked (tables patients, measurements, events, treatments).

    `treatments`: with the ventilation that intubations tell of (`support.with_tubes`). `recordable_events`: events and
    treatments that the files of each source can record (`Source.recordable_events`); one not named records everything.
    `refused`: values that gave no derived outcome, once outcomes are derived (see `derived.Derived`).
    """

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    refused: pd.DataFrame = field(default_factory=nothing_refused)
    recordable_events: Mapping[str, Collection[str]] = field(default_factory=dict)

    def of(self, people: pd.DataFrame) -> CleanTables:
        """Tables that hold everything of these people, and maybe more."""
        return self


@dataclass(frozen=True)
class StoredTables:
    """The same with measurements left on disk, by source: they are sorted by patient, and read for some at a time."""

    patients: pd.DataFrame
    measurements: Mapping[str, Path]
    events: pd.DataFrame
    treatments: pd.DataFrame
    recordable_events: Mapping[str, Collection[str]] = field(default_factory=dict)

    def of(self, people: pd.DataFrame) -> CleanTables:
        """Tables that hold everything of these people, and maybe more."""
        # Measurements are sorted by patient: a range of ids reads few row groups, with some patients not asked for.
        spans = people.groupby("source")["patient_id"].agg(["min", "max"])
        parts = [
            read_between(self.measurements[str(source)], MEASUREMENTS, "patient_id", first, last, COLUMNS)
            for source, first, last in spans.itertuples(name=None)
        ]
        measured = pd.concat(parts, ignore_index=True)
        return CleanTables(
            self.patients, measured, self.events, self.treatments, recordable_events=self.recordable_events
        )


class Clean(Protocol):
    """Clean tables of a study, in memory or on disk."""

    @property
    def patients(self) -> pd.DataFrame: ...

    @property
    def treatments(self) -> pd.DataFrame: ...

    def of(self, people: pd.DataFrame) -> CleanTables: ...


class CleanPaths(Protocol):
    """Files of the clean tables by name: patients, measurements, events and treatments, one file per source each."""

    def __getitem__(self, name: str, /) -> Iterable[str | Path]: ...


def stored_tables(paths: CleanPaths, recordable_events: Mapping[str, Collection[str]] | None = None) -> StoredTables:
    """The tables of all sources; a file of measurements is in a folder named like its source."""
    # results/clean/<source>/measurements.parquet: the folder tells the source without opening the file.
    by_source = {Path(path).parent.name: Path(path) for path in paths["measurements"]}
    happened = read_tables(paths["events"], EVENTS)
    courses = with_tubes(read_tables(paths["treatments"], TREATMENTS), happened)
    return StoredTables(read_tables(paths["patients"], PATIENTS), by_source, happened, courses, recordable_events or {})


@dataclass(frozen=True)
class CohortTables:
    """The tables of this stage, and what its results need beside them.

    `waits`: hours from the treated patients' eligibility to time zero, one per treated patient for whom it is known.
    `outcomes`: measured outcomes that the results report on, in order; `values`: how often they were measured (see
    `availability.added`). The tables that grow with the records are empty where they were written as they came.
    """

    eligibility: pd.DataFrame
    evidence: pd.DataFrame
    patients: pd.DataFrame
    attrition: pd.DataFrame
    observations: pd.DataFrame
    visits: pd.DataFrame
    events: pd.DataFrame
    display: pd.DataFrame
    summaries: pd.DataFrame
    underived: pd.DataFrame
    derived_counts: pd.DataFrame
    values: pd.DataFrame
    waits: tuple[float, ...]
    outcomes: tuple[str, ...]
    baseline: BaselineWindow
    horizon_days: int
    scenario: str
    # Further ends of follow-up that the study declares.
    ends_with: tuple[str, ...] = ()
