"""What cleaning hands on: the tables of one file, and of one source."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from ..table_io import Table, read_table, write_table
from ..tables import (
    EVENTS,
    EVENTS_RAW,
    LEDGER,
    MEASUREMENTS,
    MEASUREMENTS_RAW,
    PATIENTS,
    PATIENTS_RAW,
    TREATMENTS,
    TREATMENTS_RAW,
)

FILE_TABLES: dict[str, Table] = {
    "patients": PATIENTS_RAW,
    "measurements": MEASUREMENTS_RAW,
    "events": EVENTS_RAW,
    "treatments": TREATMENTS_RAW,
    "ledger": LEDGER,
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
    """Tables patients_raw, measurements_raw, events_raw, treatments_raw and ledger of one file."""

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    ledger: pd.DataFrame


@dataclass(frozen=True)
class CleanSource:
    """Tables patients, measurements, events, treatments and ledger of one source."""

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    ledger: pd.DataFrame


def write_cleaned_file(cleaned: CleanedFile, folder: Path) -> None:
    for item in fields(cleaned):
        write_table(getattr(cleaned, item.name), folder / f"{item.name}.parquet", FILE_TABLES[item.name])


def read_cleaned_file(folder: Path) -> CleanedFile:
    return CleanedFile(**{name: read_table(folder / f"{name}.parquet", table) for name, table in FILE_TABLES.items()})


def write_clean_source(clean: CleanSource, folder: Path) -> None:
    for item in fields(clean):
        write_table(getattr(clean, item.name), folder / f"{item.name}.parquet", SOURCE_TABLES[item.name])
