"""What a declared table is: its columns, their kinds, its key; and the check that a frame keeps to it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from historical_controls.tables.coded import is_coded, ranks

# Codes of a composite key are multiplied; beyond this they would leave int64.
LARGEST_CODE = 2**62

Kind = Literal["text", "number", "integer", "flag", "time"]

PANDAS_DTYPES: dict[Kind, str] = {
    "text": "str",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
    "time": "datetime64[us, UTC]",
}
# Comparing a dtype with its name parses the name every time.
_DTYPES = {kind: pd.api.types.pandas_dtype(name) for kind, name in PANDAS_DTYPES.items()}
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
        # The class is frozen; this is how a field is set once, from others.
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    @property
    def texts(self) -> list[str]:
        """Return the declared columns of texts."""
        return [column.name for column in self.columns if column.kind == "text"]

    def empty(self) -> pd.DataFrame:
        """A frame of no rows with the declared columns and dtypes."""
        return _empty(self).copy()


@functools.cache
def _empty(table: Table) -> pd.DataFrame:
    return pd.DataFrame({c.name: pd.Series(dtype=PANDAS_DTYPES[c.kind]) for c in table.columns})


class TableError(Exception):
    """A stage broke the contract of a table: a bug of the program, not of the user's input."""


def conform(frame: pd.DataFrame, table: Table, coded: bool = False) -> pd.DataFrame:
    """The frame with declared columns first, declared dtypes, sorted by key; checked.

    coded: columns of texts that are categories remain so (tables/coded.py). Raises TableError on missing, surplus or
    null columns and on repeated keys.
    """
    missing = [name for name in table.names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.names]
    if missing or (extra and not table.open_columns):
        raise TableError(f"table {table.name}: missing columns {missing}, undeclared columns {extra}")
    out = frame.loc[:, [*table.names, *extra]].reset_index(drop=True)
    for column in table.columns:
        given = out[column.name]
        typed = _as_kind(given, column, table, coded)
        # To put back what is there already is a large part of the cost of a small table.
        if typed is not given:
            out[column.name] = typed
    key = _varying(out, table.key)
    # Where a piece comes in order, comparing neighbours is much cheaper than sorting.
    if _ascends(out, key):
        return out
    codes = _sort_codes(out, key)
    order = np.argsort(codes, kind="stable")
    repeated = np.diff(codes[order]) == 0
    if repeated.any():
        first = out.loc[order[np.flatnonzero(repeated)[0]], list(table.key)].to_dict()
        raise TableError(f"table {table.name}: {int(repeated.sum())} rows repeat a key, first {first}")
    return out.take(order).reset_index(drop=True)


def _sort_codes(frame: pd.DataFrame, key: list[str]) -> np.ndarray:
    """A number per row that sorts as its key does, nulls first, and is the same for the same key."""
    codes, largest = np.zeros(len(frame), dtype="int64"), 1
    for name in key:
        own, distinct = ranks(frame[name])
        if largest * (distinct + 1) > LARGEST_CODE:
            # Renumbered from 0 without gaps: as many codes as there are distinct keys so far.
            codes = np.unique(codes, return_inverse=True)[1]
            largest = len(frame)
        # factorize gives nulls -1: with 1 added they are 0, and sort first.
        codes = codes * (distinct + 1) + own + 1
        largest *= distinct + 1
    return codes


def _varying(frame: pd.DataFrame, key: tuple[str, ...]) -> list[str]:
    """Return the key's columns that vary, or its last one where none does."""
    # Sorting text is slow, and a column that is constant (a source, a scenario) does not change the order.
    if frame.empty:
        return [key[-1]]
    same = [name for name in key if bool((frame[name] == frame[name].iloc[0]).all())]
    return [name for name in key if name not in same] or [key[-1]]


def _ascends(frame: pd.DataFrame, key: list[str]) -> bool:
    """Whether each row's key lies above that of the row before it: nothing to sort then, and no key repeats."""
    tied = np.ones(max(len(frame) - 1, 0), dtype=bool)
    for name in key:
        values = _contiguous(frame[name])
        # Arrow compares nothing with null, while the key sorts nulls first: left to the sort.
        if values.null_count:
            return False
        above, below = values.slice(1), values.slice(0, len(tied))
        if bool((_flags(pc.less(above, below)) & tied).any()):
            return False
        # A later column of the key decides only between rows that are equal in all earlier ones.
        tied &= _flags(pc.equal(above, below))
    return not tied.any()


def _contiguous(values: pd.Series) -> pa.Array:
    if is_coded(values):
        own = ranks(values)[0]
        return pa.array(own, mask=own < 0)
    arrow = pa.array(values, from_pandas=True)
    return arrow.combine_chunks() if isinstance(arrow, pa.ChunkedArray) else arrow


def _flags(values: pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def _as_kind(values: pd.Series, column: Column, table: Table, coded: bool) -> pd.Series:
    if column.kind == "time" and bool(values.isna().all()):
        # Nulls alone may have any dtype, some of which do not cast to a time.
        values = pd.Series(pd.NaT, index=values.index, dtype=PANDAS_DTYPES["time"])
    # astype would cut the fractions off without a word.
    if column.kind == "integer" and pd.api.types.is_float_dtype(values) and bool((values % 1 > 0).any()):
        raise TableError(f"table {table.name}: column {column.name} is not integer: it holds fractions")
    try:
        # A column that has its type already is not copied: astype would.
        fits = values.dtype == _DTYPES[column.kind] or (coded and column.kind == "text" and is_coded(values))
        typed = values if fits else values.astype(PANDAS_DTYPES[column.kind])  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise TableError(f"table {table.name}: column {column.name} is not {column.kind}: {error}") from error
    if not column.nullable and bool(typed.isna().any()):
        raise TableError(f"table {table.name}: column {column.name} holds {int(typed.isna().sum())} nulls")
    return typed
