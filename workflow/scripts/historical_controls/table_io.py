"""What a declared table is, and how it is checked, written and read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["text", "number", "integer", "flag", "time"]

PANDAS_DTYPES: dict[Kind, str] = {
    "text": "str",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
    "time": "datetime64[us, UTC]",
}
ARROW_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    description: str
    nullable: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One declared table. `open_columns`: further columns may follow, one per item of a dictionary or file."""

    name: str
    path: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    open_columns: str = ""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    def empty(self) -> pd.DataFrame:
        """A frame of no rows with the declared columns and dtypes."""
        return pd.DataFrame({c.name: pd.Series(dtype=PANDAS_DTYPES[c.kind]) for c in self.columns})


class TableError(Exception):
    """A stage broke the contract of a table: a bug of the program, not of the user's input."""


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with declared columns first, declared dtypes, sorted by key; checked.

    Raises TableError on missing, surplus or null columns and on repeated keys.
    """
    missing = [name for name in table.names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.names]
    if missing or (extra and not table.open_columns):
        raise TableError(f"table {table.name}: missing columns {missing}, undeclared columns {extra}")
    out = frame.loc[:, [*table.names, *extra]].reset_index(drop=True)
    for column in table.columns:
        out[column.name] = _as_kind(out[column.name], column, table)
    key = _telling(out, table.key)
    if len(key) == 1 and out[key[0]].is_monotonic_increasing and out[key[0]].is_unique:
        return out
    repeated = out.duplicated(key)
    if repeated.any():
        first = out.loc[repeated, list(table.key)].iloc[0].to_dict()
        raise TableError(f"table {table.name}: {int(repeated.sum())} rows repeat a key, first {first}")
    return out.sort_values(key, kind="stable", ignore_index=True, na_position="first")


def _telling(frame: pd.DataFrame, key: tuple[str, ...]) -> list[str]:
    """The key's columns that are not the same in every row; the last one where all are. Sorting texts is dear."""
    if frame.empty:
        return [key[-1]]
    same = [name for name in key if bool((frame[name] == frame[name].iloc[0]).all())]
    return [name for name in key if name not in same] or [key[-1]]


def _as_kind(values: pd.Series, column: Column, table: Table) -> pd.Series:
    if column.kind == "time" and bool(values.isna().all()):
        values = pd.Series(pd.NaT, index=values.index, dtype=PANDAS_DTYPES["time"])
    if column.kind == "integer" and pd.api.types.is_float_dtype(values) and bool((values % 1 > 0).any()):
        raise TableError(f"table {table.name}: column {column.name} is not integer: it holds fractions")
    try:
        typed = values.astype(PANDAS_DTYPES[column.kind])  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise TableError(f"table {table.name}: column {column.name} is not {column.kind}: {error}") from error
    if not column.nullable and bool(typed.isna().any()):
        raise TableError(f"table {table.name}: column {column.name} holds {int(typed.isna().sum())} nulls")
    return typed


def write_table(frame: pd.DataFrame, path: str | Path, table: Table) -> None:
    """Check, sort and write one declared table as parquet; the same frame gives the same bytes."""
    out = conform(frame, table)
    fields = [pa.field(c.name, ARROW_TYPES[c.kind]) for c in table.columns]
    declared = pa.schema(fields)
    arrow = pa.Table.from_pandas(out, preserve_index=False)
    target = pa.schema(
        [declared.field(f.name) if f.name in table.names else pa.field(f.name, _plain(f.type)) for f in arrow.schema]
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(arrow.replace_schema_metadata(None).cast(target), path, compression="zstd")


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_large_string(kind) else kind


def read_table(path: str | Path, table: Table, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read one declared table with its declared dtypes. `columns`: a subset, to save memory."""
    arrow = pq.read_table(path, columns=None if columns is None else list(columns))
    frame = arrow.to_pandas()
    for column in table.columns:
        if column.name in frame.columns:
            frame[column.name] = frame[column.name].astype(PANDAS_DTYPES[column.kind])
    flags = [f.name for f in arrow.schema if pa.types.is_boolean(f.type)]
    return frame.astype(dict.fromkeys(flags, "boolean"))


def read_tables(paths: Iterable[str | Path], table: Table) -> pd.DataFrame:
    """Several files of one declared table (sources, scenarios, parts), one under the other."""
    frames = [read_table(path, table) for path in paths]
    return pd.concat(frames, ignore_index=True) if frames else table.empty()
