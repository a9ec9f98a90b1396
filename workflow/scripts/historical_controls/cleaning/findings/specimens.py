"""Specimens that specimens.csv does not know: nobody has said what they are, so nothing else is concluded from them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.dictionary.dictionary import Dictionary

# What specimens.py of the rows says of a specimen that is not in the dictionary.
UNKNOWN = r"^specimen '(?P<specimen>.*)' is not in specimens\.csv"


def unknown_specimens(
    measured: pd.DataFrame, outside: pd.DataFrame, held: pd.DataFrame, tally: pd.DataFrame, dictionary: Dictionary
) -> Iterator[Finding]:
    """Yield per file each specimen that specimens.csv lacks, of clean and of held records.

    measured, outside, held, tally: see ledger/tallies.py.
    """
    both = pd.concat([measured, outside], ignore_index=True)
    strange = both.loc[is_unknown(both["specimen"], dictionary), ["file", "outcome", "specimen", "n"]]
    other = held.loc[held["reason"] == "SPECIMEN_OTHER"]
    said = other["hint"].str.extract(UNKNOWN)["specimen"]
    lost = other.assign(specimen=said, outcome=other["analyte"]).loc[said.notna(), list(strange)]
    both = pd.concat([strange, lost], ignore_index=True)
    for (file, specimen), own in both.groupby(["file", "specimen"], sort=True):
        codes = sorted(own["outcome"].unique())
        n = int(own["n"].sum())
        total = int(tally.loc[(tally["file"] == file) & (tally["table"] == "measurements"), "n"].sum())
        hint = f"specimen '{specimen}' of {', '.join(codes)} is not in specimens.csv: what is it?"
        line = f"a spelling in specimens.csv: {json.dumps(specimen, ensure_ascii=False)}"
        where = (
            Evidence("measurements", {"file": str(file), "specimen": str(specimen)}),
            Evidence("ledger", {"file": str(file), "analyte": codes[0], "reason": "SPECIMEN_OTHER"}),
        )
        outcome = codes[0] if len(codes) == 1 else ""
        yield Finding(
            str(file), "SPECIMEN_UNKNOWN", outcome, str(specimen), NOT_KNOWN, n, n / total, NOT_KNOWN, hint, line, where
        )


def is_unknown(specimens: pd.Series, dictionary: Dictionary) -> pd.Series:
    """Return which specimens are stated and not in specimens.csv."""
    return (specimens != "") & ~specimens.isin(list(dictionary.specimens.values()))
