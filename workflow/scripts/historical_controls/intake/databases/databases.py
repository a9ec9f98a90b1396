"""Tables of a database: a DuckDB or SQLite file, or what SQLAlchemy reaches by a URL."""

from __future__ import annotations

import math
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.errors import UserError, did_you_mean
from historical_controls.intake.databases.texts import float_text

ROWS = 50_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
VARIABLE = re.compile(r"\$\{(\w+)\}")
TABLE_NAMES = {
    "duckdb": "select table_name from information_schema.tables",
    "sqlite": "select name from sqlite_master where type in ('table', 'view')",
}


@dataclass(frozen=True)
class Database:
    """place: path or URL; form: 'duckdb', 'sqlite' or 'database' (a URL); schema: of its tables, '' for the usual."""

    place: str
    form: str
    schema: str = ""

    def rows(self, table: str, columns: Sequence[str] = ("*",), where: str = "") -> Iterator[pd.DataFrame]:
        """Yield a table's rows in blocks, cells as texts. where: a condition in SQL of the program's own making.

        Rows come in the order of the first column, which is the key of a table of the OMOP model. Raises UserError
        where the database or the table cannot be read.
        """
        named = ".".join(filter(None, [self.schema, table]))
        if not all(NAME.fullmatch(part) for part in named.split(".")):
            raise UserError(f"'{named}' is not the name of a table", self.place)
        order = " order by 1" if tuple(columns) == ("*",) else ""
        query = f"select {', '.join(columns)} from {named}{f' where {where}' if where else ''}{order}"
        try:
            yield from self._blocks(query)
        except UserError:
            raise
        except Exception as error:  # each driver raises errors of its own
            raise self._fault(error, table) from None

    def _blocks(self, query: str) -> Iterator[pd.DataFrame]:
        if self.form == "duckdb":
            yield from self._duckdb(query)
        elif self.form == "sqlite":
            # 'mode=ro': a path that is mistyped would otherwise become an empty database.
            with closing(sqlite3.connect(f"file:{Path(self.place).resolve()}?mode=ro", uri=True)) as connection:
                cursor = connection.execute(query)
                yield from _fetched([one[0] for one in cursor.description], cursor)
        else:
            yield from self._url(query)

    def _duckdb(self, query: str) -> Iterator[pd.DataFrame]:
        try:
            import duckdb
        except ImportError:
            raise UserError(
                "a DuckDB file needs the package duckdb", self.place, "pip install duckdb, or export parquet."
            ) from None
        with closing(duckdb.connect(self.place, read_only=True)) as connection:
            cursor = connection.execute(query)
            yield from _fetched([one[0] for one in cursor.description], cursor)

    def _url(self, query: str) -> Iterator[pd.DataFrame]:
        try:
            import sqlalchemy
        except ImportError:
            raise UserError(
                "a database needs the package SQLAlchemy", self.place, "pip install sqlalchemy and its driver."
            ) from None
        engine = sqlalchemy.create_engine(_expanded(self.place))
        try:
            with engine.connect() as connection:
                cursor = connection.execution_options(stream_results=True).execute(sqlalchemy.text(query))
                yield from _fetched(list(cursor.keys()), cursor)
        finally:
            engine.dispose()

    def _fault(self, error: Exception, table: str) -> UserError:
        if isinstance(error, ModuleNotFoundError):
            return UserError(f"the driver '{error.name}' is not installed", self.place, f"pip install {error.name}")
        said = str(error).splitlines()[0][:120]
        names = self._names()
        if names and table.lower() not in (name.lower() for name in names):
            hint = f"{did_you_mean(table, names)} 'tables' of omop lists those to read."
            return UserError(f"there is no table '{table}'", self.place, hint)
        return UserError(f"the database cannot be read ({said})", self.place, "Check its name, and who may read it.")

    def _names(self) -> list[str]:
        query = TABLE_NAMES.get(self.form)
        try:
            if query is None:
                import sqlalchemy

                engine = sqlalchemy.create_engine(_expanded(self.place))
                return sqlalchemy.inspect(engine).get_table_names(schema=self.schema or None)
            return [name for block in self._blocks(query) for name in block.iloc[:, 0]]
        except Exception:  # whatever is wrong is said by the error that led here
            return []


def _fetched(names: list[str], cursor: Any) -> Iterator[pd.DataFrame]:
    """Yield the rows of a cursor in blocks; an empty table is one block without rows."""
    rows = cursor.fetchmany(ROWS)
    while True:
        yield pd.DataFrame([[_text(value) for value in row] for row in rows], columns=names, dtype="str")
        rows = cursor.fetchmany(ROWS)
        if not rows:
            return


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        # SQLite keeps whole numbers of a float column as 72.0.
        return "" if math.isnan(value) else float_text(value)
    return str(value).removesuffix(".000000")


def _expanded(url: str) -> str:
    """Return a URL with its ${VARIABLES} filled in. Raises UserError for one that is not set."""
    missing = [name for name in VARIABLE.findall(url) if name not in os.environ]
    if missing:
        raise UserError(f"the environment variable {missing[0]} is not set", url, f"export {missing[0]}=...")
    return VARIABLE.sub(lambda found: os.environ[found[1]], url)
