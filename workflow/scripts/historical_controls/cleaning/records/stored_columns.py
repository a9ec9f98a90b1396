"""Which columns of a stored file cleaning reads, and its pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from historical_controls.cleaning.records.columns import CELL
from historical_controls.config.sources.declared_columns import declared_columns, made_columns
from historical_controls.config.sources.parts import LongMeasurements, WideMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.tables.parquet import ROW_GROUP, read_pieces
from historical_controls.tables.registry import INTAKE

# So many pieces of a stored file are cleaned at a time, where a line is one record.
ROW_GROUPS = 6


def stored_columns(path: str | Path, file: SourceFile) -> list[str]:
    """Return the columns of a stored intake (table intake) that cleaning reads: of 20,000 perhaps three."""
    # The hash of the file stands in every row, for provenance alone.
    wanted = {*INTAKE.names, *(CELL + name for name in (*declared_columns(file), *made_columns(file)))} - {"sha256"}
    return [name for name in pq.read_schema(path).names if name in wanted]


def stored_rows(path: str | Path, file: SourceFile, whole: bool = False) -> Iterator[pd.DataFrame]:
    """Yield the pieces of a stored intake (table intake) that cleaning reads.

    whole: with all columns, as decisions on rows need them: the hash of a row is of all its cells.
    """
    if whole:
        return read_pieces(path, INTAKE)
    columns = stored_columns(path, file)
    # Cells repeat few texts: they come as categories but where pieces are joined, which have categories of their own.
    joined = any(isinstance(part, LongMeasurements) and part.specimen_rows for part in file.parts)
    coded = [] if joined else [name for name in columns if name.startswith(CELL)]
    # Each step of cleaning has a cost that does not depend on rows. A wide table has small row groups, and few cells.
    lines = lines_at_once(file)
    groups = max(1, min(ROW_GROUPS, lines // ROW_GROUP))
    return (
        piece.iloc[first : first + lines].reset_index(drop=True)
        for piece in read_pieces(path, INTAKE, columns, coded, groups)
        for first in range(0, len(piece), lines)
    )


def lines_at_once(file: SourceFile) -> int:
    """Return how many lines are cleaned at a time: fewer of a file whose lines hold many values, each a record."""
    records = sum(len(part.columns) if isinstance(part, WideMeasurements) else 1 for part in file.parts)
    return max(1, ROW_GROUPS * ROW_GROUP // max(records, 1))
