"""What this stage takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from .derived import nothing_refused


@dataclass(frozen=True)
class CleanTables:
    """The clean tables of all sources, stacked (tables patients, measurements, events, treatments).

    `refused`: values that gave no derived outcome, once outcomes are derived (see `derived.Derived`).
    """

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    refused: pd.DataFrame = field(default_factory=nothing_refused)


@dataclass(frozen=True)
class CohortTables:
    """The tables of this stage, and what its results need beside them.

    `waits`: hours from the treated patients' eligibility to time zero, one per treated patient for whom it is known.
    `outcomes`: measured outcomes that the results report on, in order.
    """

    eligibility: pd.DataFrame
    evidence: pd.DataFrame
    patients: pd.DataFrame
    attrition: pd.DataFrame
    observations: pd.DataFrame
    visits: pd.DataFrame
    events: pd.DataFrame
    display: pd.DataFrame
    summaries: pd.DataFrame
    underived: pd.DataFrame
    derived_counts: pd.DataFrame
    waits: tuple[float, ...]
    outcomes: tuple[str, ...]
    baseline_hours: float
    horizon_days: int
    scenario: str
