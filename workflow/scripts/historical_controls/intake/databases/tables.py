"""Parquet files and tables of databases as grids, block by block."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.databases.databases import ROWS, Database
from historical_controls.intake.databases.texts import text_table
from historical_controls.intake.layout import CELL, Grid

TYPED = ("parquet", "duckdb", "sqlite", "database")


def database_of(place: str | Path, file: SourceFile) -> Database:
    """Return the database that a file's declaration names."""
    schema = (file.omop and file.omop.database_schema) or ""
    return Database(str(place), file.format, schema)


def read_typed(place: str | Path, file: SourceFile) -> Iterator[Grid]:
    """Yield all rows in blocks, cells as text; lines count rows. Raises UserError for what is unreadable."""
    blocks = _parquet(Path(place)) if file.format == "parquet" else database_of(place, file).rows(str(file.table))
    done = 0
    for block in blocks:
        lines = np.arange(done + 1, done + len(block) + 1, dtype="int64")
        names = list(block.columns)
        cells = block.set_axis([CELL + name for name in names], axis=1).reset_index(drop=True)
        yield Grid(cells, lines, [], names, 0, [])
        done += len(block)


def _parquet(place: Path) -> Iterator[pd.DataFrame]:
    try:
        reader = pq.ParquetFile(place)
        empty = True
        for batch in reader.iter_batches(ROWS):
            empty = False
            yield text_table(batch)
        if empty:
            yield text_table(reader.schema_arrow.empty_table())
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(
            f"this is not a readable parquet file ({str(error)[:80]})", str(place), "Export it anew."
        ) from None


def hash_of_rows(grids: list[Grid]) -> str:
    """Return the SHA-256 of all cells: of a table on a server, which has no file to be hashed."""
    digest = hashlib.sha256()
    for grid in grids:
        digest.update("\x1f".join(grid.header).encode())
        for row in grid.cells.itertuples(index=False):
            digest.update("\x1f".join(row).encode() + b"\x1e")
    return digest.hexdigest()
