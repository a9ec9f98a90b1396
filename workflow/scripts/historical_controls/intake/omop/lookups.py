"""Other tables of the same OMOP source, read for a few columns and the rows that matter."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from historical_controls.config.sources.omop import OmopTable
from historical_controls.config.sources.sources import SourceFile
from historical_controls.intake.databases.tables import database_of
from historical_controls.intake.databases.texts import text_table

# A database takes so many values in one condition.
MOST_VALUES = 10_000


@dataclass(frozen=True)
class Lookups:
    """The tables beside one of an OMOP source. place: where that one is."""

    place: str
    file: SourceFile
    omop: OmopTable

    def table(self, name: str, columns: Sequence[str], only: tuple[str, Collection[str]] | None = None) -> pd.DataFrame:
        """Return columns of a table as texts, those that it lacks blank; no rows where the source has no such table.

        only: a column and the values of the rows that are wanted. Columns are named in small letters, as the standard
        has them. Concept ids have no point ('8507.0' of a float column is '8507').
        """
        empty = pd.DataFrame({column: pd.Series([], dtype="str") for column in columns})
        if name != self.omop.name and name not in self.omop.beside:
            return empty
        kept = [self._wanted(block, columns, only) for block in self._blocks(name, columns, only)]
        return pd.concat([empty, *kept], ignore_index=True)

    def has(self, name: str) -> bool:
        """Return whether the source has a table."""
        return name in self.omop.beside

    def _wanted(
        self, block: pd.DataFrame, columns: Sequence[str], only: tuple[str, Collection[str]] | None
    ) -> pd.DataFrame:
        block = block.set_axis([str(name).lower() for name in block.columns], axis=1)
        texts = block.reindex(columns=list(columns), fill_value="")
        ids = [name for name in columns if name.endswith("_id")]
        texts = texts.assign(**{name: plain_id(texts[name]) for name in ids})
        return texts if only is None else texts.loc[texts[only[0]].isin(list(only[1]))]

    def _blocks(
        self, name: str, columns: Sequence[str], only: tuple[str, Collection[str]] | None
    ) -> Iterator[pd.DataFrame]:
        if self.file.format not in ("csv", "parquet"):
            condition = "" if only is None or not only[1] or len(only[1]) > MOST_VALUES else _condition(*only)
            # All columns: which of them a database of an older version has is not known.
            yield from database_of(self.place, self.file).rows(name, where=condition)
            return
        paths: Mapping[str, str] = {str(one): path for one, path in self.omop.beside.items()}
        beside = paths.get(name)
        path = Path(self.place) if beside is None else Path(self.place).parent / Path(beside).name
        wanted = {*columns, *([only[0]] if only else [])}
        if path.suffix == ".parquet":
            reader = pq.ParquetFile(path)
            there = [one for one in reader.schema_arrow.names if one.lower() in wanted]
            yield from (text_table(batch) for batch in reader.iter_batches(columns=there))
        else:
            yield from _csv(path, wanted)


def _condition(column: str, values: Collection[str]) -> str:
    # Numbers only: the one text that is compared is a concept's code, which is filtered after reading.
    numbers = sorted(value for value in values if value.isdigit())
    return f"{column} in ({', '.join(numbers)})" if numbers and column.endswith("_id") else ""


def _csv(path: Path, wanted: Collection[str]) -> Iterator[pd.DataFrame]:
    """Yield the wanted columns of a delimited table; those of the vocabularies' files have tabs and no quotes."""
    head = _head(path)
    mark = max((",", "\t", ";", "|"), key=head.count)
    names = [name.strip().strip('"\ufeff') for name in head.rstrip("\r\n").split(mark)]
    there = [name for name in names if name.lower() in wanted]
    texts = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), include_columns=there, strings_can_be_null=False
    )
    form = pacsv.ParseOptions(delimiter=mark, quote_char=False if mark == "\t" else '"')
    with pacsv.open_csv(path, pacsv.ReadOptions(), form, texts) as reader:
        yield from (text_table(batch) for batch in reader)


def _head(path: Path) -> str:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="replace") as stream:
            return stream.readline()
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        return stream.readline()


def plain_id(texts: pd.Series) -> pd.Series:
    """Return ids without the '.0' that a float column gives them, and blank for what is no number."""
    return texts.str.strip().str.removesuffix(".0")
