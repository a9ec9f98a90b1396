"""Records of files too large for memory, stored on disk by batches of patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from historical_controls.cleaning.records.outputs import FILE_TABLES
from historical_controls.tables.parquet import decoded, typed

# Written and read once, on the same disk: speed counts for more than size.
LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


def batch_of_subject(files: Iterable[Path], ids: pd.DataFrame, rows: int) -> dict[str, int]:
    """Return the number of the batch of each id in table people: patients in order, at most `rows` records a batch.

    A patient with more records than that is a batch alone. files: tables *_raw, of which column subject is read.
    """
    records: Counter[str] = Counter()
    for file in files:
        for column in _subjects(file):
            records.update({found["values"]: found["counts"] for found in pc.value_counts(column).to_pylist()})
    own = ids["subject"].map(records).fillna(0).groupby(ids["patient_id"]).sum().sort_index()
    number = dict(zip(own.index, _numbered(own.to_numpy(), rows), strict=True))
    return {subject: number[person] for subject, person in zip(ids["subject"], ids["patient_id"], strict=True)}


def _numbered(counts: np.ndarray, most: int) -> list[int]:
    numbers, filled, number = [], 0.0, 0
    for count in counts:
        # Never between two records of a patient: every decision of joining is about one patient.
        if filled and filled + count > most:
            filled, number = 0.0, number + 1
        filled += count
        numbers.append(number)
    return numbers


def _subjects(path: Path) -> Iterator[pa.ChunkedArray]:
    with pq.ParquetFile(path, read_dictionary=["subject"]) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, ["subject"], use_threads=False)["subject"]


class PatientBatches:
    """Tables *_raw by batch. The folder has one file per table and batch, removed once it has been read."""

    def __init__(self, folder: Path, subjects: Mapping[str, int]) -> None:
        self.folder, self.subjects = folder, subjects
        self.numbers = range(max(subjects.values(), default=0) + 1)

    def write_table(self, name: str, files: Iterable[Path]) -> None:
        """Split the rows of one table's files over the batches, in their order."""
        writers: dict[int, pa.RecordBatchStreamWriter] = {}
        # Texts repeat: as codes they are split and stored at the price of numbers.
        for path in files:
            with pq.ParquetFile(path, read_dictionary=FILE_TABLES[name].texts) as file:
                for group in range(file.num_row_groups):
                    for number, rows in self._split(file.read_row_group(group, use_threads=False)):
                        if number not in writers:
                            # A stream, since each row group has codes of its own.
                            writers[number] = pa.ipc.new_stream(self._path(name, number), rows.schema, options=LZ4)
                        writers[number].write_table(rows)
        for writer in writers.values():
            writer.close()

    def _split(self, rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        if len(self.numbers) == 1:
            yield 0, rows
            return
        coded = rows["subject"].combine_chunks()
        of_code = np.array([self.subjects.get(subject, 0) for subject in coded.dictionary.to_pylist()])
        numbers = of_code[coded.indices.to_numpy()]
        # Stable: within a batch rows keep the order of the files, which decides whose duplicate is kept.
        order = np.argsort(numbers, kind="stable")
        found, starts = np.unique(numbers[order], return_index=True)
        for number, part in zip(found, np.split(order, starts[1:]), strict=True):
            yield int(number), rows if len(found) == 1 else rows.take(part)

    def read_batch(self, number: int) -> dict[str, pd.DataFrame]:
        """Return all records of one batch, by table, and remove its files."""
        return {name: self._read(name, number) for name in FILE_TABLES if name not in ("ledger", "resolutions")}

    def _read(self, name: str, number: int) -> pd.DataFrame:
        path = self._path(name, number)
        if not path.exists():
            return FILE_TABLES[name].empty()
        with pa.OSFile(str(path)) as stream:
            rows = pa.ipc.open_stream(stream).read_all()
        path.unlink()
        if name == "measurements":
            # There are many, of few texts: they stay codes until they are written.
            return typed(rows.unify_dictionaries().combine_chunks(), FILE_TABLES[name])
        return typed(decoded(rows), FILE_TABLES[name])

    def _path(self, name: str, number: int) -> Path:
        return self.folder / f"{name}-{number}.arrow"
