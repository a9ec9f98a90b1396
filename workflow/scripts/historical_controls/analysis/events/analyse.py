"""Events of the primary scenario: adverse events, clearance of the virus, death, discharge and days free of support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.events.adverse_events import adverse_event_rows, adverse_event_times
from historical_controls.analysis.events.clearance import clearance_rows, clearance_times
from historical_controls.analysis.events.endings import ending_rows, ending_times, free_day_rows
from historical_controls.analysis.events.event_rows import FollowUp
from historical_controls.analysis.events.primary_event import primary_event_rows
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.endings import ENDINGS


@dataclass(frozen=True)
class EventInputs:
    """What is counted.

    events: table cohort_events; results: qualitative rows of observations; summaries: table patient_summaries.
    recorded: by source, the events that its files can record; free_days: patient-level outcomes in which death
    has a declared value. primary: the primary question, which an event may be.
    """

    events: pd.DataFrame
    results: pd.DataFrame
    summaries: pd.DataFrame
    recorded: Mapping[str, Sequence[str]]
    free_days: Sequence[str]
    dictionary: Dictionary
    primary: Primary | None = None
    scenario: str = "primary"


def analyse_events(codes: Sequence[str], inputs: EventInputs, follow_up: FollowUp) -> pd.DataFrame:
    """ARD rows 14.2.9, 14.2.11, 14.3.x and 15.11; codes: outcomes of kinds event, result and ending."""
    scenario = inputs.scenario
    rows: list[Row] = [*ending_rows(follow_up, scenario)]
    rows += free_day_rows(follow_up, inputs.summaries, inputs.free_days, inputs.dictionary, scenario)
    for code in codes:
        rows += _outcome_rows(code, inputs, follow_up)
    # An event may be a question of the fixed sequence; its rows come on top of those of its kind.
    if inputs.primary is not None:
        for code in (inputs.primary.outcome, *inputs.primary.key_secondary):
            rows += _asked_rows(code, float(inputs.primary.day), inputs, follow_up) if code in codes else ()
    return ard_frame(rows)


def _asked_rows(code: str, day: float, inputs: EventInputs, follow_up: FollowUp) -> Iterator[Row]:
    """An event as the primary or a key secondary outcome, by the primary day (EV-14)."""
    cell = Cell(AnalysisKey.PRIMARY_EVENT, inputs.scenario, "exact", code, day=day)
    kind = inputs.dictionary.outcomes[code].kind
    if kind == "ending":
        times = ending_times(follow_up, ENDINGS[code])
    elif kind == "event":
        times = adverse_event_times(follow_up, inputs.events, inputs.recorded)
    else:
        times = clearance_times(follow_up, inputs.results[inputs.results["outcome"] == code])
    return primary_event_rows(cell, times, follow_up)


def _outcome_rows(code: str, inputs: EventInputs, follow_up: FollowUp) -> Iterator[Row]:
    kind = inputs.dictionary.outcomes[code].kind
    # Deaths and discharges are counted for every study, whatever outcomes it declares.
    if kind == "ending":
        return iter(())
    if kind == "event":
        return adverse_event_rows(code, follow_up, inputs.events, inputs.recorded, inputs.scenario)
    return clearance_rows(code, follow_up, inputs.results[inputs.results["outcome"] == code], inputs.scenario)
