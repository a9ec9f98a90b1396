"""Events of the primary scenario: adverse events, clearance of the virus, death, discharge and days free of support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.events.adverse_events import adverse_event_rows
from historical_controls.analysis.events.clearance import clearance_rows
from historical_controls.analysis.events.endings import ending_rows, free_day_rows
from historical_controls.analysis.events.event_rows import Observed, Row
from historical_controls.ard.rows import ard_frame
from historical_controls.dictionary.dictionary import Dictionary


@dataclass(frozen=True)
class EventTables:
    """events: table cohort_events; results: qualitative rows of observations; summaries: table patient_summaries."""

    events: pd.DataFrame
    results: pd.DataFrame
    summaries: pd.DataFrame


def analyse_events(
    codes: Sequence[str],
    tables: EventTables,
    seen: Observed,
    recorded: Mapping[str, Sequence[str]],
    free_days: Sequence[str],
    dictionary: Dictionary,
    scenario: str = "primary",
) -> pd.DataFrame:
    """ARD rows 14.2.9, 14.2.11, 14.3.x and 15.11.

    codes: outcomes of kind 'event' and 'result'; recorded: by source, the events that its declarations can yield;
    free_days: patient-level outcomes in which death has a declared value.
    """
    rows: list[Row] = [*ending_rows(seen, scenario)]
    rows += free_day_rows(seen, tables.summaries, free_days, dictionary, scenario)
    for code in codes:
        rows += _outcome_rows(code, tables, seen, recorded, dictionary, scenario)
    return ard_frame(rows)


def _outcome_rows(
    code: str,
    tables: EventTables,
    seen: Observed,
    recorded: Mapping[str, Sequence[str]],
    dictionary: Dictionary,
    scenario: str,
) -> Iterator[Row]:
    if dictionary.outcomes[code].kind == "event":
        return adverse_event_rows(code, seen, tables.events, recorded, scenario)
    return clearance_rows(code, seen, tables.results[tables.results["outcome"] == code], scenario)
