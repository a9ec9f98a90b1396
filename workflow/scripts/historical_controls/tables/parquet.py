"""How a declared table is written and read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from historical_controls.errors import UserError
from historical_controls.tables.coded import is_coded, plain
from historical_controls.tables.schema import ARROW_TYPES, PANDAS_DTYPES, Table, TableError, conform
from historical_controls.tables.written import Tally

# Rule scripts log into their own file through this logger (errors.reported).
LOGGER = logging.getLogger("historical_controls")

# Rows that a reader of one range of patients must decode at a time.
ROW_GROUP = 131_072
# Cells of a row group: a table of 20,000 columns is written and read a few hundred rows at a time. Tables of up to 64
# columns have whole row groups.
GROUP_CELLS = 64 * ROW_GROUP
# Row groups that are read at a time where few columns of them are: each step has a cost that does not depend on rows.
GROUPS = 4


def write_table(frame: pd.DataFrame, path: str | Path, table: Table) -> None:
    """Check, sort and write one declared table as parquet; the same frame gives the same bytes."""
    with TableWriter(path, table) as writer:
        writer.write(frame)


class TableWriter:
    """Writes one declared table piece by piece, in the order of its key; bytes do not depend on how it is cut.

    Each piece is checked and sorted as by `conform`; a piece that does not follow the one before is a TableError. The
    file appears under its name only once it is whole.
    """

    def __init__(self, path: str | Path, table: Table) -> None:
        self.path, self.table = Path(path), table
        # A run that is killed must not leave half a table under the declared name, which the next run would take for
        # finished.
        self._part = self.path.with_name(f".{self.path.name}.part")
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self._last: tuple[Any, ...] | None = None
        self._tally = Tally()

    def __enter__(self) -> TableWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        whole = False
        try:
            if kind is None:
                self._finish()
                whole = True
        finally:
            if self._writer is not None:
                self._writer.close()
            if whole:
                self._part.replace(self.path)
                LOGGER.info(self._tally.line(self.path))
            else:
                self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self._writer is None and not self._held:
            self.write(self.table.empty())
        self._flush(everything=True)

    def write(self, frame: pd.DataFrame) -> None:
        """Add a piece; open columns are those of the first one. Texts may be categories (tables/coded.py)."""
        out = conform(frame, self.table, coded=True)
        self._check_order(out)
        self._tally.add(out)
        arrow = _as_arrow(out, self.table)
        # Types of open columns are those of the first piece: a later one may have nulls alone, which have no type.
        if self._writer is not None or self._held:
            arrow = arrow.cast(self._schema)
        self._held.append(arrow)
        self._flush(everything=False)

    @property
    def _schema(self) -> pa.Schema:
        return self._held[0].schema if self._writer is None else self._writer.schema

    def _check_order(self, out: pd.DataFrame) -> None:
        if out.empty:
            return
        # `conform` has sorted the piece: its two ends say enough.
        first, last = (_sortable(out.iloc[row][list(self.table.key)]) for row in (0, -1))
        if self._last is not None and not self._last < first:
            raise TableError(f"table {self.table.name}: a piece from {first} does not follow {self._last}")
        self._last = last

    def _flush(self, everything: bool) -> None:
        """Whole row groups, and at the end what is left."""
        waiting = sum(len(part) for part in self._held)
        if not self._held:
            return
        group = max(1, min(ROW_GROUP, GROUP_CELLS // max(len(self._schema), 1)))
        if waiting < group and not everything:
            return
        # Row groups are cut from the whole, so that the bytes do not depend on how rows arrived. Pieces keep codes of
        # their own until a row group has rows of two of them.
        joined = pa.concat_tables(self._held)
        if self._writer is None:
            self._writer = _writer(self._part, joined.schema, self.table)
        whole = waiting if everything else waiting - waiting % group
        for start in range(0, whole, group):
            rows = joined.slice(start, min(group, whole - start))
            self._writer.write_table(_own_codes(rows.unify_dictionaries().combine_chunks()))
        self._held = [joined.slice(whole)] if whole < waiting else []


def _writer(path: Path, schema: pa.Schema, table: Table) -> pq.ParquetWriter:
    """Texts and measured numbers repeat: each distinct one is written once. Lines of a file count up: their steps are.

    Statistics are asked for by the key only, so they are not paid for elsewhere.
    """
    counts = [field.name for field in schema if pa.types.is_integer(field.type)]
    repeated = [field.name for field in schema if field.name not in counts and not pa.types.is_timestamp(field.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=repeated or False,
        column_encoding=dict.fromkeys(counts, "DELTA_BINARY_PACKED") or None,
        write_statistics=list(table.key),
        # With it, texts that were written from codes would be read as codes.
        store_schema=not any(pa.types.is_dictionary(field.type) for field in schema),
    )


def _own_codes(rows: pa.Table) -> pa.Table:
    """Return rows whose codes number their own texts in order of appearance, as the writer numbers plain texts."""
    for place, known in enumerate(rows.schema):
        if pa.types.is_dictionary(known.type):
            rows = rows.set_column(place, known, _renumbered(rows.column(place).combine_chunks()))
    return rows


def _renumbered(column: pa.DictionaryArray) -> pa.DictionaryArray:
    indices = column.indices
    if len(column.dictionary) == 1 and not column.null_count and len(column):
        return column
    if not indices.null_count:
        own, used = pd.factorize(indices.to_numpy())
        return pa.DictionaryArray.from_arrays(own.astype("int32"), column.dictionary.take(pa.array(used)))
    null = np.asarray(indices.is_null().to_numpy(zero_copy_only=False))
    codes = np.full(len(column), -1, dtype="int32")
    codes[~null], used = pd.factorize(indices.drop_null().to_numpy())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=null), column.dictionary.take(pa.array(used)))


def _sortable(key: pd.Series) -> tuple[Any, ...]:
    """A key that compares as rows are sorted: nulls first."""
    return tuple((0, "") if pd.isna(value) else (1, value) for value in key)


def _as_arrow(out: pd.DataFrame, table: Table) -> pa.Table:
    declared = pa.schema([pa.field(c.name, ARROW_TYPES[c.kind]) for c in table.columns])
    # One thread: a job that Snakemake counts as one processor must not take more.
    arrow = pa.Table.from_pandas(out, preserve_index=False, nthreads=1)
    coded = pa.dictionary(pa.int32(), pa.string())
    target = pa.schema(
        [
            pa.field(f.name, coded)
            if pa.types.is_dictionary(f.type)
            else declared.field(f.name)
            if f.name in table.names
            else pa.field(f.name, _plain(f.type))
            for f in arrow.schema
        ]
    )
    # pandas' metadata includes its version: the same rows would give other bytes after an update.
    return arrow.replace_schema_metadata(None).cast(target)


def _plain(kind: pa.DataType) -> pa.DataType:
    # pandas' text arrives as large_string; open columns are declared as text like all others.
    return pa.string() if pa.types.is_large_string(kind) else kind


@contextmanager
def opened(path: str | Path, table: Table, coded: Iterable[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open one declared table for reading. coded: columns of texts to be read as codes of their distinct values.

    Raises UserError, naming the file, where it is cut off, no parquet, or lacks a declared column: a killed run, a full
    disk or a copy by hand leaves such files, and Snakemake goes by their times alone.
    """
    hint = f"Delete the file and run Snakemake again: it will be made anew. ('{table.name}' in docs/data_model.md)"
    try:
        with pq.ParquetFile(path, read_dictionary=list(coded)) as file:
            missing = [name for name in table.names if name not in file.schema_arrow.names]
            if missing:
                raise UserError(f"this is no table '{table.name}': it lacks {', '.join(missing)}", str(path), hint)
            yield file
    except (pa.ArrowInvalid, OSError) as error:
        # With an errno the disk or a right is at fault; without one it is the content, a page that does not unpack.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = next(iter(str(error).splitlines()), "").rstrip(".")
        raise UserError(f"this file is damaged or is no parquet file ({reason})", str(path), hint) from error


def read_table(path: str | Path, table: Table, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read one declared table with its declared dtypes. `columns`: a subset, to save memory."""
    with opened(path, table) as file:
        return typed(file.read(columns=None if columns is None else list(columns)), table)


def read_between(
    path: str | Path, table: Table, column: str, first: str, last: str, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Rows of a table whose text `column` lies between `first` and `last`, both included.

    Only row groups that can hold such rows are read, so that a table sorted by this column gives a range of patients
    without the rest. `columns`: a subset, which must name `column`.
    """
    with opened(path, table) as file:
        place = file.schema_arrow.get_field_index(column)
        groups = [
            n for n in range(file.num_row_groups) if _may_hold(file.metadata.row_group(n).column(place), first, last)
        ]
        wanted = None if columns is None else list(columns)
        arrow = file.read_row_groups(groups, wanted) if groups else file.schema_arrow.empty_table()
    if wanted is not None and not groups:
        arrow = arrow.select(wanted)
    # A row group that may include the range usually includes neighbours, too.
    inside = pc.and_(pc.greater_equal(arrow[column], first), pc.less_equal(arrow[column], last))
    return typed(arrow.filter(inside), table)


def _may_hold(chunk: Any, first: str, last: str) -> bool:
    known = chunk.statistics
    # Without statistics nothing can be ruled out. They are written for key columns only (`_writer`).
    return known is None or not known.has_min_max or (known.max >= first and known.min <= last)


def read_pieces(
    path: str | Path,
    table: Table,
    columns: Iterable[str] | None = None,
    coded: Iterable[str] = (),
    groups: int = 1,
) -> Iterator[pd.DataFrame]:
    """The rows of a table, so many row groups at a time, in its order; nothing for a table without rows.

    coded: columns of texts to be given as categories, of which each piece has its own.
    """
    with opened(path, table, coded) as file:
        for rows in arrow_pieces(file, columns, groups):
            yield typed(rows, table)


def arrow_pieces(
    file: pq.ParquetFile, columns: Iterable[str] | None = None, groups: int = GROUPS
) -> Iterator[pa.Table]:
    """The rows of an open table, so many row groups at a time; columns of codes have one dictionary in each piece."""
    wanted = None if columns is None else list(columns)
    for first in range(0, file.num_row_groups, groups):
        last = min(first + groups, file.num_row_groups)
        rows = file.read_row_groups(range(first, last), wanted, use_threads=False)
        # In one chunk, which pandas takes over in two thirds of the time.
        yield rows.unify_dictionaries().combine_chunks()


def read_among(
    path: str | Path, table: Table, column: str, values: Iterable[Any], columns: Iterable[str] | None = None
) -> Iterator[pd.DataFrame]:
    """`read_pieces` of the rows whose `column` holds one of the values, chosen before texts become objects.

    `columns`: a subset, which must name `column`.
    """
    wanted = None if columns is None else list(columns)
    with opened(path, table) as known:
        # Of open columns, too: most columns of an intake are.
        texts = [own.name for own in known.schema_arrow if pa.types.is_string(own.type) and own.name != column]
    with opened(path, table, texts) as file:
        among = pa.array(values, type=file.schema_arrow.field(column).type)
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, wanted, use_threads=False)
            # Few rows are left: texts of these alone are made, not of all codes.
            yield typed(decoded(rows.filter(pc.is_in(rows[column], value_set=among))), table)


def read_where(path: str | Path, table: Table, column: str, values: Iterable[Any]) -> pd.DataFrame:
    """The rows of `read_among` as one table, without the others ever being in memory together."""
    return pd.concat([table.empty(), *read_among(path, table, column, values)], ignore_index=True)


def decoded(rows: pa.Table) -> pa.Table:
    """The rows with texts in place of codes."""
    texts = [own.with_type(own.type.value_type) if pa.types.is_dictionary(own.type) else own for own in rows.schema]
    return rows.cast(pa.schema(texts))


def typed(arrow: pa.Table, table: Table) -> pd.DataFrame:
    frame = arrow.to_pandas()
    for column in table.columns:
        if column.name in frame.columns and not is_coded(frame[column.name]):
            frame[column.name] = frame[column.name].astype(PANDAS_DTYPES[column.kind])
    # Open columns of flags with nulls would come as Python objects.
    flags = [f.name for f in arrow.schema if pa.types.is_boolean(f.type)]
    return frame.astype(dict.fromkeys(flags, "boolean"))


def read_distinct(paths: Iterable[str | Path], table: Table, columns: list[str]) -> pd.DataFrame:
    """The distinct rows of some columns over several files of one table, read piece by piece."""
    coded = [name for name in columns if name in table.texts]
    pieces = (piece for path in paths for piece in read_pieces(path, table, columns, coded, GROUPS))
    found = [plain(piece.drop_duplicates()) for piece in pieces]
    return pd.concat(found or [table.empty()[columns]], ignore_index=True).drop_duplicates(ignore_index=True)


def read_tables(paths: Iterable[str | Path], table: Table) -> pd.DataFrame:
    """Several files of one declared table (sources, scenarios, parts), one under the other."""
    frames = [read_table(path, table) for path in paths]
    return pd.concat(frames, ignore_index=True) if frames else table.empty()
