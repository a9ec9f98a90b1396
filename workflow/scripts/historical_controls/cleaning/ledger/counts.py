"""The ledger in numbers, for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cleaning.ledger.tallies import counted

FATES = {
    "clean": Statistic.N_CLEAN,
    "duplicate": Statistic.N_DUPLICATE,
    "ignored": Statistic.N_IGNORED,
    "quarantined": Statistic.N_QUARANTINED,
}


@dataclass(frozen=True)
class LedgerCounts:
    """by_reason: records by file, fate and reason (column n); lines: lines of each file."""

    by_reason: pd.DataFrame
    lines: Mapping[str, int]


def count_ledger(path: Path) -> LedgerCounts:
    """Return the counts of a written ledger, in memory bounded by its distinct reasons."""
    lines: Counter[str] = Counter()
    last: tuple[str, int] | None = None
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, ["file", "line"])
            # The table is sorted by file and line: a line is new where either differs from the row before.
            names, numbers = rows["file"].combine_chunks().dictionary_encode(), rows["line"].to_numpy()
            codes = names.indices.to_numpy()
            new = np.append(True, (np.diff(codes) != 0) | (np.diff(numbers) != 0))
            texts = names.dictionary.to_pylist()
            new[0] = last != (texts[codes[0]], int(numbers[0]))
            for code, n in enumerate(np.bincount(codes[new], minlength=len(texts))):
                lines[texts[code]] += int(n)
            last = texts[codes[-1]], int(numbers[-1])
    return LedgerCounts(counted(path, ["file", "fate", "reason"]), lines)


def ledger_ard(counts: Mapping[str, LedgerCounts], patients: pd.DataFrame) -> pd.DataFrame:
    """Return ARD rows 14.1.8: what became of the records of each source and file, and how many by reason.

    counts: by source name; patients: table patients of those sources.
    """
    rows = [row for name, counted in counts.items() for row in _source_rows(name, counted, patients)]
    return ard_frame(rows)


def _source_rows(name: str, counts: LedgerCounts, patients: pd.DataFrame) -> Iterator[Row]:
    cell = Cell(AnalysisKey.LEDGER, "primary", population=name)
    people = patients.loc[patients["source"] == name]
    yield cell.number(Statistic.N_PATIENTS, len(people))
    for file, rows in counts.by_reason.groupby("file"):
        here = cell.at(level=str(file))
        yield here.number(Statistic.N_LINES, counts.lines[str(file)])
        yield here.number(Statistic.N_RECORDS, int(rows["n"].sum()))
        of_fate = rows.groupby("fate")["n"].sum()
        yield from (here.number(statistic, int(of_fate.get(fate, 0))) for fate, statistic in FATES.items())
    given = counts.by_reason.loc[counts.by_reason["reason"] != ""]
    by_reason = given.groupby(["reason", "fate"])["n"].sum().reset_index()
    for reason, fate, count in by_reason.itertuples(index=False, name=None):
        yield cell.at(analysis=AnalysisKey.LEDGER_REASONS, level=str(reason), method=str(fate)).number(
            Statistic.N_RECORDS, int(count)
        )
