"""What cleaning hands on: the tables of one file, and of one source."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from historical_controls.tables.parquet import TableWriter, read_table
from historical_controls.tables.registry import (
    EVENTS,
    EVENTS_RAW,
    LEDGER,
    MEASUREMENTS,
    MEASUREMENTS_RAW,
    PATIENTS,
    PATIENTS_RAW,
    RESOLUTIONS,
    TREATMENTS,
    TREATMENTS_RAW,
)
from historical_controls.tables.schema import Table

FILE_TABLES: dict[str, Table] = {
    "patients": PATIENTS_RAW,
    "measurements": MEASUREMENTS_RAW,
    "events": EVENTS_RAW,
    "treatments": TREATMENTS_RAW,
    "ledger": LEDGER,
    "resolutions": RESOLUTIONS,
}
SOURCE_TABLES: dict[str, Table] = {
    "patients": PATIENTS,
    "measurements": MEASUREMENTS,
    "events": EVENTS,
    "treatments": TREATMENTS,
    "ledger": LEDGER,
}


@dataclass(frozen=True)
class CleanedFile:
    """Tables patients_raw, measurements_raw, events_raw, treatments_raw, ledger and resolutions of one file."""

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    ledger: pd.DataFrame
    resolutions: pd.DataFrame = field(default_factory=RESOLUTIONS.empty)


@dataclass(frozen=True)
class CleanSource:
    """Tables patients, measurements, events, treatments and ledger of one source."""

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    ledger: pd.DataFrame


def write_cleaned_file(pieces: Iterable[CleanedFile], folder: Path) -> None:
    """Write the tables of one file, one parquet each; pieces in order of the file's lines."""
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(folder / f"{name}.parquet", table))
            for name, table in FILE_TABLES.items()
        }
        for piece in pieces:
            for name, writer in writers.items():
                writer.write(getattr(piece, name))


def read_cleaned_file(folder: Path) -> CleanedFile:
    """Read what `write_cleaned_file` wrote into a folder."""
    return CleanedFile(**{name: read_table(folder / f"{name}.parquet", table) for name, table in FILE_TABLES.items()})
