"""What the ledgers say of single records: those held back, and the ids that lose most. Internal: raw ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from historical_controls.tables.both_arms import told_once
from historical_controls.tables.coded import plain
from historical_controls.tables.parquet import read_among, read_pieces
from historical_controls.tables.registry import LEDGER

MOST_RECORDS = 2_000
MOST_SUBJECTS = 15
TALLY = ["source", "subject", "fate", "table"]


@dataclass(frozen=True)
class HeldRecords:
    """`records`: rows of table ledger, the first held ones by source, file and line; `n_held`: how many there are.

    Lines that both arms of one file hold are there once, by the source as written.

    `subjects`: columns source, subject, clean, quarantined (counts), most held first.
    """

    records: pd.DataFrame
    n_held: int
    subjects: pd.DataFrame


def read_held(
    ledgers: Iterable[str | Path], written: Mapping[str, str] | None = None, most: int = MOST_RECORDS
) -> HeldRecords:
    """Read the final ledgers piece by piece; memory grows with ids and `most`, not with records.

    written: see `told_once`.
    """
    shown: list[pd.DataFrame] = []
    tallies: list[pd.DataFrame] = []
    for path in ledgers:
        # Of a registry's ledger only the three columns that are counted are read whole.
        tallies += (
            plain(piece.groupby(TALLY, observed=True).size().reset_index(name="n"))
            for piece in read_pieces(path, LEDGER, TALLY, coded=TALLY)
        )
        # Ledgers come source by source, in the order of file and line: the first records are the same in every run.
        for held in read_among(path, LEDGER, "fate", ["quarantined"]):
            missing = most - sum(map(len, shown))
            if missing <= 0:
                break
            shown.append(held.head(missing))
    records = pd.concat(shown, ignore_index=True) if shown else LEDGER.empty()
    n_held = sum(int(one.loc[one["fate"] == "quarantined", "n"].sum()) for one in tallies)
    return HeldRecords(
        told_once(records, written or {}), n_held - _n_twice(tallies, written or {}), _most_affected(tallies)
    )


def _n_twice(tallies: list[pd.DataFrame], written: Mapping[str, str]) -> int:
    """Count the lines that both arms of one file hold: those without a record, which neither arm could read."""
    if not tallies:
        return 0
    both = pd.concat(tallies)
    lines = both.loc[(both["fate"] == "quarantined") & (both["table"] == "")]
    n = lines.groupby("source")["n"].sum()
    of_file = n.groupby(n.index.map(lambda name: written.get(name, name)))
    return int(of_file.min()[of_file.size() > 1].sum())


def _most_affected(tallies: list[pd.DataFrame]) -> pd.DataFrame:
    if not tallies:
        return pd.DataFrame(columns=["source", "subject", "clean", "quarantined"])
    by_fate = pd.concat(tallies).pivot_table(index=TALLY[:2], columns="fate", values="n", aggfunc="sum")
    counts = by_fate.reindex(columns=["clean", "quarantined"]).fillna(0).astype("int64").reset_index()
    # Records of lines that could not be split have no id.
    counts = counts.loc[(counts["quarantined"] > 0) & (counts["subject"] != "")]
    return counts.sort_values(["quarantined", "source", "subject"], ascending=[False, True, True]).head(MOST_SUBJECTS)
