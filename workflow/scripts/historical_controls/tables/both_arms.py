"""Rows of a file with both arms, which is two sources, one for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

HELD_BY = ("item", "reason")
DECIDED_BY = (*HELD_BY, "decision", "column", "text", "who", "date", "why")


def told_once(rows: pd.DataFrame, written: Mapping[str, str], by: Sequence[str] = HELD_BY) -> pd.DataFrame:
    """Return rows about single lines, those that both arms of one file have alike once, by their source as written.

    rows: held records (table ledger), which then are whole lines: of an arm that is not declared, or broken, so that
    they may be of either arm. Or decisions on them (table resolutions), with `by` = DECIDED_BY.

    written: the name in config.yaml of each source; two of one file, one for each arm, are written once. by: columns
    that rows about one line of a file have in common to be the same.
    """
    key = ["source", "file", "line", *by]
    # Rows that one source has twice stay two: parts of a file may each hold a line for the same reason.
    number = rows.groupby(key, dropna=False).cumcount()
    numbered = rows.assign(source=rows["source"].replace(dict(written)), number=number)
    twice = numbered.duplicated([*key, "number"], keep=False)
    once = rows.assign(source=rows["source"].mask(twice, numbered["source"]))
    return once.loc[~numbered.duplicated([*key, "number"])]
