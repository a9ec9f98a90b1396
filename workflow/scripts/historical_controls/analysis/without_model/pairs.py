"""Pairs of patients compared by their values as far as the values' bounds decide (IN-14)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.inference.pairwise.pairs import Pairs, by_bounds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """lower, upper (n,): what is known of each patient's value, higher better; nan without any value."""

    lower: Array
    upper: Array

    @property
    def measured(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.lower)


def last_values(visits: pd.DataFrame, code: str, day: float) -> pd.DataFrame:
    """Each patient's last row of an outcome up to a day that says anything: a value or a limit (table visits)."""
    own = visits.loc[(visits["outcome"] == code) & (visits["day"] <= day)]
    # A finding without a number says nothing of the value.
    known = own.loc[own[["value", "lower", "upper"]].notna().any(axis=1)]
    return known.sort_values("day", kind="stable").drop_duplicates(PERSON, keep="last")


def oriented_bounds(known: pd.DataFrame, people: pd.DataFrame, outcome: Outcome) -> Bounds:
    """Bounds of `people`, in their order, from rows with lower and upper; turned where lower values are better."""
    own = people[PERSON].merge(known[[*PERSON, "lower", "upper"]], on=PERSON, how="left", indicator=True)
    missing = (own["_merge"] == "left_only").to_numpy(dtype=bool)
    lower = np.where(missing, np.nan, own["lower"].fillna(-np.inf))
    upper = np.where(missing, np.nan, own["upper"].fillna(np.inf))
    # Turned: the upper bound of a value is the lower bound of its negative.
    return Bounds(-upper, -lower) if outcome.benefit == "down" else Bounds(lower, upper)


def value_pairs(bounds: Bounds) -> Pairs:
    """Comparison (n, n) of the values; patients without any are not decided."""
    return by_bounds(bounds.lower, bounds.upper)
