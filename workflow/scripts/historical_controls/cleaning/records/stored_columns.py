"""Which columns of a stored file cleaning reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from historical_controls.cleaning.records.columns import CELL
from historical_controls.config.sources.declared_columns import declared_columns
from historical_controls.config.sources.sources import SourceFile
from historical_controls.tables.registry import INTAKE


def stored_columns(path: str | Path, file: SourceFile) -> list[str]:
    """Return the columns of a stored intake (table intake) that cleaning reads: of 20,000 perhaps three."""
    made = [name for split in file.split_columns.values() for name in split.into]
    wanted = {*INTAKE.names, *(CELL + name for name in (*declared_columns(file), *made))}
    return [name for name in pq.read_schema(path).names if name in wanted]
