"""The ledger in numbers, for the report."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from historical_controls.ard.rows import Cell, ard_frame

FATES = {"clean": "n_clean", "duplicate": "n_duplicate", "ignored": "n_ignored", "quarantined": "n_quarantined"}


def ledger_ard(ledgers: dict[str, pd.DataFrame], patients: pd.DataFrame) -> pd.DataFrame:
    """Return ARD rows 14.1.8: what became of the records of each source and file, and how many by reason.

    ledgers: table ledger by source name; patients: table patients of those sources.
    """
    rows = [row for name, ledger in ledgers.items() for row in _source_rows(name, ledger, patients)]
    return ard_frame(rows)


def _source_rows(name: str, ledger: pd.DataFrame, patients: pd.DataFrame) -> Iterator[dict[str, object]]:
    cell = Cell("14.1.8", "primary", "ledger", population=name)
    people = patients.loc[patients["source"] == name]
    yield cell.number("n_patients", len(people))
    for file, rows in ledger.groupby("file"):
        here = cell.at(level=str(file))
        yield here.number("n_lines", rows["line"].nunique())
        yield here.number("n_records", len(rows))
        counts = rows["fate"].value_counts()
        yield from (here.number(statistic, int(counts.get(fate, 0))) for fate, statistic in FATES.items())
    reasons = ledger.loc[ledger["reason"] != ""].groupby(["reason", "fate"]).size().reset_index(name="count")
    for reason, fate, count in reasons.itertuples(index=False, name=None):
        yield cell.at(analysis="ledger_reasons", level=str(reason), method=str(fate)).number("n_records", int(count))
