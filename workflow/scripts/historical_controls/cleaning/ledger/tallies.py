"""Counts of each value in a source's clean measurements and ledger, without loading the tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from historical_controls.cleaning.records.distinct import first_rows, numbered_rows, row_counts
from historical_controls.tables.parquet import arrow_pieces

VALUE_KEY = ["file", "item", "outcome", "assay", "specimen", "raw_unit", "raw_value", "value"]
HELD_KEY = ["file", "item", "table", "analyte", "reason", "raw_value", "hint"]
# What measurements.py says of a number outside the hard limits: number and unit read, unit sent.
READ_AS = re.compile(r"^(?P<number>\S+) .*?\(sent in '(?P<unit>.*?)'(?:, specimen '(?P<specimen>.*)')?\): outside")
# What records.py says of a time: the text as sent, what was expected, and what would read it.
TIME_SENT = re.compile(r"^(?P<what>[a-z ]+) as sent: '(?P<text>.*?)'; expected (?P<expected>.*)$")
# Keys of the declared times that it calls so.
TIMES_SAID: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "start"),
    "result time": ("result_time",),
    "end": ("end_time", "stop"),
    "date of birth": ("born",),
    "date of the age": ("as_of",),
}
# What records.py says of a text in the place of an id.
ID_SENT = re.compile(r"^'(?P<text>.*)' is not a patient id; ", re.DOTALL)
# Distinct values beyond which counts are folded together while reading.
MANY = 1_000_000


def measured_tally(measurements: Path) -> pd.DataFrame:
    """Count each exact value of table measurements: columns of VALUE_KEY (value null where it is no number) and n."""
    return counted(measurements, VALUE_KEY)


def numeric(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the exact numbers of a `measured_tally`."""
    return measured.loc[measured["value"].notna()].reset_index(drop=True)


def ledger_tally(ledger: Path) -> pd.DataFrame:
    """Return the records of a table ledger counted by HELD_KEY and fate: these columns and n."""
    return counted(ledger, [*HELD_KEY, "fate"])


def held_tally(tally: pd.DataFrame) -> pd.DataFrame:
    """Return the quarantined records of a tally of the ledger by what they say: columns of HELD_KEY and n."""
    return tally.loc[tally["fate"] == "quarantined", [*HELD_KEY, "n"]].reset_index(drop=True)


def counted(path: Path, keys: list[str]) -> pd.DataFrame:
    """Return the distinct rows of some columns of a table, text but for value, and how often each occurs (n).

    In order of their first appearance.
    """
    texts = [name for name in keys if name != "value"]
    counts = [pd.DataFrame(columns=[*keys, "n"])]
    # As codes of their distinct texts, millions of rows are counted like numbers.
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for piece in arrow_pieces(file, keys):
            counts.append(row_counts(piece.to_pandas()))
            # Counts of pieces pile up: a value that occurs in every row group is there once for each of them.
            if sum(map(len, counts)) > MANY:
                counts = [_folded(counts, keys)]
    return _folded(counts, keys).astype(
        {**dict.fromkeys(texts, "str"), "n": "int64"} | ({"value": "float64"} if "value" in keys else {})
    )


def _folded(counts: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    both = pd.concat([frame for frame in counts if len(frame)] or counts[:1], ignore_index=True)
    numbers = pd.factorize(numbered_rows(both[keys]))[0]
    n = both["n"].groupby(numbers).sum().to_numpy()
    return both.iloc[first_rows(numbers)].assign(n=n).reset_index(drop=True)


def outside_values(held: pd.DataFrame) -> pd.DataFrame:
    """Return numbers held by the hard limits, in canonical units: columns of VALUE_KEY and n."""
    rows = held.loc[(held["reason"] == "OUT_OF_RANGE") & (held["table"] == "measurements")]
    said = rows["hint"].str.extract(READ_AS)
    return pd.DataFrame(
        {
            "file": rows["file"],
            "item": rows["item"],
            "outcome": rows["analyte"],
            "assay": "",
            "specimen": said["specimen"].fillna(""),
            "raw_unit": said["unit"].fillna(""),
            "raw_value": rows["raw_value"],
            "value": pd.to_numeric(said["number"], errors="coerce"),
            "n": rows["n"],
        }
    )


def held_times(held: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return dates held for a reason, as sent: columns file, item, what (which of a record's times), text, n."""
    rows = held.loc[held["reason"] == reason]
    said = rows["hint"].str.extract(TIME_SENT)
    text = said["text"].fillna(rows["raw_value"]).fillna("")
    frame = rows[["file", "item", "n"]].assign(what=said["what"].fillna("time"), text=text)
    return frame.groupby(["file", "item", "what", "text"])["n"].sum().reset_index()
