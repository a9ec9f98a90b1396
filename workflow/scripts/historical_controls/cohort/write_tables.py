"""The tables of the stage on disk: those that grow with the records are written batch by batch, in the key's order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pandas as pd

from historical_controls.cohort.batches import GROWING, PatientBatch
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.tables.parquet import TableWriter, write_table
from historical_controls.tables.registry import ATTRITION, COHORT_PATIENTS, DISPLAY, ELIGIBILITY, PATIENT_SUMMARIES
from historical_controls.tables.schema import Table

WHOLE: dict[str, Table] = {
    "eligibility": ELIGIBILITY,
    "patients": COHORT_PATIENTS,
    "attrition": ATTRITION,
    "display": DISPLAY,
    "summaries": PATIENT_SUMMARIES,
}


def write_growing(batches: Iterable[PatientBatch], folder: Path) -> Iterator[PatientBatch]:
    """The batches without what has been written of them; they come in the order of their sources."""
    nothing = {name: table.empty() for name, table in GROWING.items()}
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(folder / f"{name}.parquet", table)) for name, table in GROWING.items()
        }
        # Rows must reach the files in the order of the tables' key (source, then patient).
        for _, of_source in groupby(batches, key=lambda batch: batch.source):
            waiting: Mapping[str, pd.DataFrame] = nothing
            for batch in of_source:
                ready, waiting = split_at_patient(concat_tables(waiting, batch.growing), batch.flushable_until)
                write_rows(ready, writers)
                yield replace(batch, growing=nothing)
            write_rows(waiting, writers)


def concat_tables(above: Mapping[str, pd.DataFrame], below: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of the same names, one under the other."""
    # pd.concat with an empty table would change dtypes.
    return {name: pd.concat([above[name], below[name]]) if len(above[name]) else below[name] for name in below}


def split_at_patient(
    growing: Mapping[str, pd.DataFrame], last: str
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Rows of patients up to `last`, and the others."""
    reached = {name: frame["patient_id"] <= last for name, frame in growing.items()}
    return (
        {name: frame[reached[name]] for name, frame in growing.items()},
        {name: frame[~reached[name]] for name, frame in growing.items()},
    )


def write_rows(growing: Mapping[str, pd.DataFrame], writers: Mapping[str, TableWriter]) -> None:
    for name, writer in writers.items():
        writer.write(growing[name])


def write_tables(tables: CohortTables, folder: Path, which: Mapping[str, Table]) -> None:
    for name, table in which.items():
        write_table(getattr(tables, name), folder / f"{name}.parquet", table)


def write_cohort(tables: CohortTables, folder: str | Path) -> None:
    """Write the tables of this stage, defined in memory, into a folder."""
    write_tables(tables, Path(folder), {**WHOLE, **GROWING})
