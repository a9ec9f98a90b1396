"""Further draws of the controls' waits: the same screening, another time zero each time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import pandas as pd

from historical_controls.cohort.define import groups, window_of
from historical_controls.cohort.derivations.derive import derive_after_zero
from historical_controls.cohort.eligibility.time_zero import (
    Decisions,
    decide_treated,
    screen_controls,
    settle,
    treated_waits,
)
from historical_controls.cohort.follow_up.display import display_ids
from historical_controls.cohort.follow_up.endings import patient_rows
from historical_controls.cohort.follow_up.observations import observation_rows
from historical_controls.cohort.follow_up.visits import visit_table
from historical_controls.cohort.records.clean_tables import Clean
from historical_controls.cohort.records.records import Records
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study_config import Study
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.parquet import conform
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS


@dataclass(frozen=True)
class Draws:
    """Tables `cohort_patients` (those included) and `visits` of all draws; each draw is a scenario of its own."""

    patients: pd.DataFrame
    visits: pd.DataFrame


def draw_name(draw: int) -> str:
    return f"wait_draw_{draw}"


def redraw_waits(
    clean: Clean,
    cohort: Cohort,
    study: Study,
    dictionary: Dictionary,
    seed: int,
    outcomes: Collection[str],
) -> Draws:
    """The cohort under each further draw; `outcomes`: those whose visits are wanted.

    No rows where controls wait for nothing or no draws are declared.
    """
    cohort = cohort.as_read()
    zero = cohort.time_zero
    if not zero.wait_draws or not zero.match_waits or zero.historical == "event":
        return Draws(COHORT_PATIENTS.empty(), VISITS.empty())
    draws = [zero.wait_draw + step for step in range(1, zero.wait_draws + 1)]
    waits: tuple[float, ...] = ()
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for records in groups(clean, "treated", cohort, dictionary):
        decided = decide_treated(records, cohort)
        waits = tuple(sorted((*waits, *treated_waits(records, decided, cohort))))
        parts += [followed(records, decided, draw_name(draw), study, cohort, dictionary, outcomes) for draw in draws]
    window = window_of(part for part, _ in parts)
    for records in groups(clean, "historical", cohort, dictionary):
        # The rules of the candidate hours are judged once for all draws.
        screening = screen_controls(records, cohort)
        for draw in draws:
            decided = settle(records, cohort, screening, waits, seed, window, draw)
            parts.append(followed(records, decided, draw_name(draw), study, cohort, dictionary, outcomes))
    patients, visits = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    named = [own.assign(display_id=display_ids(own, seed)) for _, own in patients.groupby("scenario")]
    return Draws(conform(pd.concat(named), COHORT_PATIENTS), conform(visits, VISITS))


def followed(
    records: Records,
    decided: Decisions,
    scenario: str,
    study: Study,
    cohort: Cohort,
    dictionary: Dictionary,
    outcomes: Collection[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Included patients and their visits of these outcomes."""
    patients = patient_rows(records, decided, study, cohort.horizon_days)
    records = derive_after_zero(records, decided.time_zero, cohort, dictionary)
    wanted = replace(records, measurements=records.measurements[records.measurements["outcome"].isin(outcomes)])
    seen = observation_rows(wanted, decided.time_zero, patients["end_day"].to_numpy("float64"))
    visits = visit_table(seen, dictionary, cohort.baseline_hours, scenario)
    included = patients[patients["included"]].drop(columns="undecided")
    return included.assign(scenario=scenario, display_id=""), visits
