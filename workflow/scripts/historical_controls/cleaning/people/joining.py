"""A source assembled from the files of its tables to the files of its tables, range of people by range of people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from historical_controls.cleaning.ledger.resolutions import check_used, with_exclusions
from historical_controls.cleaning.people.assemble import (
    TABLES,
    assemble_range,
    changes,
    check_counts,
    clean_counts,
    clean_records,
    clean_tables,
    contradicted,
    epoch_admissions,
    final_ledger,
    first_lines,
    people_table,
)
from historical_controls.cleaning.people.batches import Ranges, range_of_subject
from historical_controls.cleaning.records.outputs import SOURCE_TABLES
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.parquet import TableWriter, read_pieces, read_tables, write_table
from historical_controls.tables.registry import LEDGER, PATIENTS, RESOLUTIONS

RANGE_ROWS = 250_000
WRITTEN = ("measurements", "events", "treatments", "ledger")
REPEATED = ("source", "file", "item", "fate", "reason", "hint")


def assemble_files(
    folders: list[Path],
    people: pd.DataFrame,
    source_name: str,
    source: Source,
    dictionary: Dictionary,
    out: Path,
    rows: int = RANGE_ROWS,
) -> None:
    """`assemble_source` of written files (folders: one per file), its tables written into `out`.

    Never more than the records of one range of people, about `rows`, are in memory, and the keys of those that
    joining held or collapsed. Raises LostRecordError.
    """
    ids = people.loc[people["source"] == source_name]
    ledgers = sorted(folder / "ledger.parquet" for folder in folders)
    admissions = _admissions(ledgers, ids, source_name, source)
    decided, counted = Changes(), Counter[str]()
    facts: list[pd.DataFrame] = []
    conflicted: set[str] = set()
    with ExitStack() as stack:
        spill = Path(stack.enter_context(TemporaryDirectory(dir=out, prefix=".ranges-")))
        writers = {
            name: stack.enter_context(TableWriter(out / f"{name}.parquet", SOURCE_TABLES[name])) for name in WRITTEN
        }
        for own, records in _ranges(folders, ids, spill, rows):
            joined = assemble_range(records, own, source, dictionary)
            decided.add(changes(joined))
            clean = clean_records(joined)
            counted.update({name: len(frame) for name, frame in clean.items()})
            facts.append(clean["patients"])
            conflicted |= contradicted(joined)
            here = admissions.loc[admissions["patient_id"].isin(own["patient_id"])]
            for name, table in clean_tables(clean, here).items():
                writers[name].write(table)
        check_counts(_write_ledger(ledgers, decided, _resolutions(folders), writers["ledger"]), dict(counted))
    known = pd.concat([frame for frame in facts if len(frame)] or facts[:1], ignore_index=True)
    write_table(
        people_table(known, ids, conflicted, source_name, source, dictionary), out / "patients.parquet", PATIENTS
    )


def _admissions(ledgers: list[Path], ids: pd.DataFrame, source_name: str, source: Source) -> pd.DataFrame:
    pieces = (piece for path in ledgers for piece in read_pieces(path, LEDGER, ["subject", "file", "line"]))
    known = first_lines(pieces if source.relative_epoch is not None else (), ids)
    return epoch_admissions(known, source_name, source)


def _ranges(
    folders: list[Path], ids: pd.DataFrame, spill: Path, rows: int
) -> Iterator[tuple[pd.DataFrame, dict[str, pd.DataFrame]]]:
    """Ids and records (tables *_raw) of one range of people after the other, in order of the patient ids."""
    files = {name: [folder / f"{name}.parquet" for folder in folders] for name in TABLES}
    subjects = range_of_subject((path for paths in files.values() for path in paths), ids, rows)
    ranges = Ranges(spill, subjects)
    for name, paths in files.items():
        ranges.put(name, paths)
    numbers = ids["subject"].map(subjects)
    for number in ranges.numbers:
        yield ids.loc[numbers == number], ranges.take(number)


def _resolutions(folders: list[Path]) -> pd.DataFrame:
    return read_tables([folder / "resolutions.parquet" for folder in folders], RESOLUTIONS)


def _write_ledger(ledgers: list[Path], decided: Changes, resolved: pd.DataFrame, writer: TableWriter) -> Counter[str]:
    """The final ledger; gives the clean records per table that stand in it."""
    counted = Counter[str]()
    concerned: list[pd.DataFrame] = []
    for path in ledgers:
        for piece in read_pieces(path, LEDGER):
            final = with_exclusions(final_ledger(piece, decided.of(piece)), resolved)
            counted += clean_counts(final)
            concerned.append(final.loc[final["line"].isin(resolved["line"])])
            writer.write(final)
    check_used(pd.concat(concerned) if concerned else LEDGER.empty(), resolved)
    return counted


class Changes:
    """Fates that joining decided, kept small: texts that repeat are coded."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pa.Table]] = defaultdict(list)
        self._sorted: dict[str, tuple[np.ndarray, pa.Table]] = {}

    def add(self, changed: pd.DataFrame) -> None:
        for file, rows in changed.groupby("file"):
            coded = rows.astype(dict.fromkeys(REPEATED, "category"))
            self._parts[str(file)].append(pa.Table.from_pandas(coded, preserve_index=False, nthreads=1))

    def of(self, ledger: pd.DataFrame) -> pd.DataFrame:
        """Those of a piece of one file's ledger, which is in order of lines."""
        file = ledger["file"].iloc[0]
        if file not in self._parts:
            return ledger.iloc[:0]
        if file not in self._sorted:
            rows = pa.concat_tables(self._parts[file]).unify_dictionaries().combine_chunks()
            order = np.argsort(rows["line"].to_numpy(), kind="stable")
            self._sorted[file] = rows["line"].to_numpy()[order], rows.take(order)
        lines, rows = self._sorted[file]
        first, last = (
            np.searchsorted(lines, ledger["line"].iloc[0]),
            np.searchsorted(lines, ledger["line"].iloc[-1], "right"),
        )
        found = rows.slice(first, last - first).to_pandas()
        return found.astype(dict.fromkeys(REPEATED, "str"))
