"""Rows of a file with both arms, which is two sources, one for each arm."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def told_once(held: pd.DataFrame, written: Mapping[str, str]) -> pd.DataFrame:
    """Return held records (rows of table ledger), those that both arms of one file hold once, by its source as written.

    They are whole lines: of an arm that is not declared, or broken, so that they may be of either arm.

    written: the name in config.yaml of each source; two of one file, one for each arm, are written once.
    """
    named = held["source"].replace(dict(written))
    twice = held.assign(source=named).duplicated(["source", "file", "line", "item", "reason"], keep=False)
    return held.assign(source=held["source"].mask(twice, named)).drop_duplicates(["source", "file", "line", "item"])
