"""A source assembled from the tables of its files to its own tables, batch of patients by batch of patients."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from historical_controls.cleaning.ledger.resolutions import check_used, with_exclusions
from historical_controls.cleaning.people.anchors import epoch_events, first_lines
from historical_controls.cleaning.people.assemble import (
    TABLES,
    SourceInputs,
    assemble_batch,
    changes,
    check_counts,
    clean_counts,
    clean_records,
    clean_tables,
    contradicted,
    final_ledger,
    people_table,
)
from historical_controls.cleaning.people.batches import PatientBatches, batch_of_subject
from historical_controls.cleaning.records.outputs import SOURCE_TABLES
from historical_controls.tables.coded import plain
from historical_controls.tables.parquet import GROUPS, TableWriter, read_pieces, read_tables, write_table
from historical_controls.tables.registry import LEDGER, PATIENTS, RESOLUTIONS

BATCH_ROWS = 500_000
WRITTEN = ("measurements", "events", "treatments", "ledger")
SPILL = ".batches-"
REPEATED = ("source", "file", "item", "fate", "reason", "hint")


def assemble_files(
    folders: list[Path],
    people: pd.DataFrame,
    inputs: SourceInputs,
    out: Path,
    rows: int = BATCH_ROWS,
) -> None:
    """Assemble a source from the written tables of its files (folders: one per file) and write its tables into `out`.

    Gives the tables of `assemble_source`. Memory holds the records of one batch of patients, about `rows`, and the
    keys of the records that joining held or collapsed. Raises LostRecordError.
    """
    ids = people.loc[people["source"] == inputs.name]
    # In the order of the file names, which is that of the written ledger's key.
    ledgers = sorted(folder / "ledger.parquet" for folder in folders)
    planted = _planted(ledgers, ids, inputs)
    decided, counted = DecidedFates(), Counter[str]()
    facts: list[pd.DataFrame] = []
    conflicted: set[str] = set()
    with ExitStack() as stack:
        _clear(out)
        # On the disk of the results: a system's folder for temporary files may be small, or in memory.
        spill = Path(stack.enter_context(TemporaryDirectory(dir=out, prefix=SPILL)))
        writers = {
            name: stack.enter_context(TableWriter(out / f"{name}.parquet", SOURCE_TABLES[name])) for name in WRITTEN
        }
        for own, records in _batches(folders, ids, spill, rows):
            joined = assemble_batch(records, own, inputs)
            decided.add(changes(joined))
            clean = clean_records(joined)
            counted.update({name: len(frame) for name, frame in clean.items()})
            facts.append(clean["patients"])
            conflicted |= contradicted(joined)
            here = planted.loc[planted["patient_id"].isin(own["patient_id"])]
            for name, table in clean_tables(clean, here).items():
                writers[name].write(table)
        check_counts(_write_ledger(ledgers, decided, _resolutions(folders), writers["ledger"]), dict(counted))
    # Where no batch has a characteristic, the first empty frame still has the columns.
    known = pd.concat([frame for frame in facts if len(frame)] or facts[:1], ignore_index=True)
    write_table(people_table(known, ids, conflicted, inputs), out / "patients.parquet", PATIENTS)


def _clear(out: Path) -> None:
    """Remove what killed runs left: records of patients, in folders that no later run would name."""
    for left in out.glob(f"{SPILL}*"):
        shutil.rmtree(left)


def _planted(ledgers: list[Path], ids: pd.DataFrame, inputs: SourceInputs) -> pd.DataFrame:
    pieces = (piece for path in ledgers for piece in read_pieces(path, LEDGER, ["subject", "file", "line"]))
    known = first_lines(pieces if inputs.source.relative_epoch is not None else (), ids)
    return epoch_events(known, inputs.name, inputs.source)


def _batches(
    folders: list[Path], ids: pd.DataFrame, spill: Path, rows: int
) -> Iterator[tuple[pd.DataFrame, dict[str, pd.DataFrame]]]:
    """Yield the ids and records (tables *_raw) of one batch after the other, in order of the patient ids."""
    files = {name: [folder / f"{name}.parquet" for folder in folders] for name in TABLES}
    subjects = batch_of_subject((path for paths in files.values() for path in paths), ids, rows)
    batches = PatientBatches(spill, subjects)
    for name, paths in files.items():
        batches.write_table(name, paths)
    numbers = ids["subject"].map(subjects)
    for number in batches.numbers:
        yield ids.loc[numbers == number], batches.read_batch(number)


def _resolutions(folders: list[Path]) -> pd.DataFrame:
    return read_tables([folder / "resolutions.parquet" for folder in folders], RESOLUTIONS)


def _write_ledger(
    ledgers: list[Path], decided: DecidedFates, resolved: pd.DataFrame, writer: TableWriter
) -> Counter[str]:
    """Write the final ledger, and return how many clean records of each table it has."""
    counted = Counter[str]()
    concerned: list[pd.DataFrame] = []
    for path in ledgers:
        for piece in read_pieces(path, LEDGER, coded=LEDGER.texts, groups=GROUPS):
            final = with_exclusions(final_ledger(piece, decided.within(piece)), resolved)
            counted += clean_counts(final)
            # Only lines with a decision are kept: the whole ledger does not fit into memory.
            concerned.append(plain(final.loc[final["line"].isin(resolved["line"])]))
            writer.write(final)
    check_used(pd.concat(concerned) if concerned else LEDGER.empty(), resolved)
    return counted


class DecidedFates:
    """Fates decided by joining, kept small: repeated texts are stored as codes."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pa.Table]] = defaultdict(list)
        self._sorted: dict[str, tuple[np.ndarray, pa.Table]] = {}

    def add(self, changed: pd.DataFrame) -> None:
        """Keep a table of `changes`."""
        for file, rows in changed.groupby("file"):
            coded = rows.astype(dict.fromkeys(REPEATED, "category"))
            self._parts[str(file)].append(pa.Table.from_pandas(coded, preserve_index=False, nthreads=1))

    def within(self, ledger: pd.DataFrame) -> pd.DataFrame:
        """Return the fates of records in a piece of one file's ledger, which is in order of lines."""
        file = ledger["file"].iloc[0]
        if file not in self._parts:
            return ledger.iloc[:0]
        if file not in self._sorted:
            # Each batch has its own codes for the repeated texts.
            rows = pa.concat_tables(self._parts[file]).unify_dictionaries().combine_chunks()
            order = np.argsort(rows["line"].to_numpy(), kind="stable")
            self._sorted[file] = rows["line"].to_numpy()[order], rows.take(order)
        lines, rows = self._sorted[file]
        # A piece of the ledger is a run of lines: two searches find what concerns it.
        first, last = (
            np.searchsorted(lines, ledger["line"].iloc[0]),
            np.searchsorted(lines, ledger["line"].iloc[-1], "right"),
        )
        found = rows.slice(first, last - first).to_pandas()
        return found.astype(dict.fromkeys(REPEATED, "str"))
