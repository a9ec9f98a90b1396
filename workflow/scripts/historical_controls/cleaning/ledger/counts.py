"""The ledger in numbers, for the report."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame

FATES = {
    "clean": Statistic.N_CLEAN,
    "duplicate": Statistic.N_DUPLICATE,
    "ignored": Statistic.N_IGNORED,
    "quarantined": Statistic.N_QUARANTINED,
}


def ledger_ard(ledgers: dict[str, pd.DataFrame], patients: pd.DataFrame) -> pd.DataFrame:
    """Return ARD rows 14.1.8: what became of the records of each source and file, and how many by reason.

    ledgers: table ledger by source name; patients: table patients of those sources.
    """
    rows = [row for name, ledger in ledgers.items() for row in _source_rows(name, ledger, patients)]
    return ard_frame(rows)


def _source_rows(name: str, ledger: pd.DataFrame, patients: pd.DataFrame) -> Iterator[Row]:
    cell = Cell(AnalysisKey.LEDGER, "primary", population=name)
    people = patients.loc[patients["source"] == name]
    yield cell.number(Statistic.N_PATIENTS, len(people))
    for file, rows in ledger.groupby("file"):
        here = cell.at(level=str(file))
        yield here.number(Statistic.N_LINES, rows["line"].nunique())
        yield here.number(Statistic.N_RECORDS, len(rows))
        counts = rows["fate"].value_counts()
        yield from (here.number(statistic, int(counts.get(fate, 0))) for fate, statistic in FATES.items())
    reasons = ledger.loc[ledger["reason"] != ""].groupby(["reason", "fate"]).size().reset_index(name="count")
    for reason, fate, count in reasons.itertuples(index=False, name=None):
        yield cell.at(analysis=AnalysisKey.LEDGER_REASONS, level=str(reason), method=str(fate)).number(
            Statistic.N_RECORDS, int(count)
        )
