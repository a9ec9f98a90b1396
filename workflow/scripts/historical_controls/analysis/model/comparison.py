"""What the balance stage says of a scenario: whose values are compared, with which weights, and whether at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import GATES, MATCHED_SETS, WEIGHTS

BALANCE = {"weights": WEIGHTS, "matched_sets": MATCHED_SETS, "gates": GATES}


@dataclass(frozen=True)
class Comparison:
    """One scenario's arms as they are compared.

    weights: by subject, for entropy and overlap weights; sets: number of the matched set by subject, for matching,
    whose patients alone are analysed; refusal: the gate that forbids any estimate; balance_of: the scenario whose
    balance this is, which several may share.
    """

    method: str = "unweighted"
    weights: pd.Series | None = None
    sets: pd.Series | None = None
    refusal: str | None = None
    balance_of: str = ""

    def select(self, patients: pd.DataFrame) -> pd.DataFrame:
        """The patients compared: all of them, or the matched ones."""
        return patients if self.sets is None else patients[subject_of(patients).isin(self.sets.index)]

    def rows(self, cell: Cell) -> Iterator[Row]:
        """How the arms were made alike."""
        yield cell.text(Statistic.WEIGHTING, self.method)
        if self.balance_of not in ("", cell.scenario):
            yield cell.text(Statistic.BALANCE_OF, self.balance_of)


def read_balance_tables(paths: Mapping[str, str | Path]) -> dict[str, pd.DataFrame]:
    """Tables weights, matched_sets and gates by their names; `paths` by the same."""
    return {name: read_table(paths[name], table) for name, table in BALANCE.items()}


def read_comparison(settings: Analysis, paths: Mapping[str, str | Path]) -> Comparison:
    """`build_comparison` of the tables at these paths."""
    return build_comparison(settings, **read_balance_tables(paths))


def build_comparison(
    settings: Analysis, weights: pd.DataFrame, matched_sets: pd.DataFrame, gates: pd.DataFrame
) -> Comparison:
    """From tables weights, matched_sets and gates of one scenario, as `analysis.weighting` asks."""
    # The balance stage calls the arms as they are 'unweighted', the analysis 'none'.
    method = "unweighted" if settings.weighting == "none" else settings.weighting
    refused = gates.loc[(gates["method"] == method) & (gates["state"] == "refuse"), "gate"]
    # The first refusing gate, in the order in which the balance stage looked.
    refusal = str(refused.iloc[0]) if len(refused) else None
    owner = str(gates["scenario"].iloc[0]) if len(gates) else ""
    if method == "matching" and refusal is None:
        sets = pd.Series(matched_sets["matched_set"].to_numpy(), index=subject_of(matched_sets))
        return Comparison(method, sets=sets, balance_of=owner)
    if method in ("entropy", "overlap") and refusal is None:
        own = weights[weights["method"] == method]
        return Comparison(method, weights=pd.Series(own["weight"].to_numpy(), index=subject_of(own)), balance_of=owner)
    return Comparison(method, refusal=refusal, balance_of=owner)
