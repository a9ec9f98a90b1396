"""Further draws of the controls' waits: the same screening, another time zero each time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from historical_controls.cohort.batches import iter_patient_batches
from historical_controls.cohort.derivations.derive import derive_after_zero, in_convention
from historical_controls.cohort.eligibility.time_zero import (
    Decisions,
    assign_time_zero,
    decide_treated,
    screen_controls,
    treated_waits,
)
from historical_controls.cohort.follow_up.display import display_ids
from historical_controls.cohort.follow_up.endings import patient_rows
from historical_controls.cohort.follow_up.observations import hours_before, observation_rows
from historical_controls.cohort.follow_up.visits import visit_table
from historical_controls.cohort.inputs import CohortInputs, TreatedTimes, merge_waits, window_of
from historical_controls.cohort.records.clean_tables import Clean
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS
from historical_controls.tables.schema import conform


@dataclass(frozen=True)
class Draws:
    """Tables `cohort_patients` (those included) and `visits` of all draws; each draw is a scenario of its own."""

    patients: pd.DataFrame
    visits: pd.DataFrame


def draw_name(draw: int) -> str:
    return f"wait_draw_{draw}"


def redraw_waits(clean: Clean, inputs: CohortInputs) -> Draws:
    """The cohort under each further draw. No rows where controls wait for nothing or no draws are declared."""
    inputs = replace(inputs, cohort=inputs.cohort.as_read())
    cohort, dictionary, zero = inputs.cohort, inputs.dictionary, inputs.cohort.time_zero
    if not zero.wait_draws or not zero.match_waits or zero.historical == "event":
        return Draws(COHORT_PATIENTS.empty(), VISITS.empty())
    # The declared draw is the primary analysis; further ones follow it.
    draws = [zero.wait_draw + step for step in range(1, zero.wait_draws + 1)]
    waits: tuple[float, ...] = ()
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for records in iter_patient_batches(clean, "treated", cohort, dictionary):
        decided = decide_treated(records, cohort)
        # All treated patients before any control: a wait is drawn from all of theirs.
        waits = merge_waits(waits, treated_waits(records, decided, cohort))
        parts += [followed(records, decided, replace(inputs, scenario=draw_name(draw))) for draw in draws]
    times = TreatedTimes(waits, window_of(part for part, _ in parts), inputs.study.timezone or "UTC")
    for records in iter_patient_batches(clean, "historical", cohort, dictionary):
        # The rules of the candidate hours are judged once for all draws.
        screening = screen_controls(records, cohort)
        for draw in draws:
            decided = assign_time_zero(records, cohort, screening, times, inputs.seed, draw)
            parts.append(followed(records, decided, replace(inputs, scenario=draw_name(draw))))
    patients, visits = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    named = [own.assign(display_id=display_ids(own, inputs.seed)) for _, own in patients.groupby("scenario")]
    return Draws(conform(pd.concat(named), COHORT_PATIENTS), conform(visits, VISITS))


def followed(records: PatientRecords, decided: Decisions, inputs: CohortInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Included patients and their visits of the outcomes wanted."""
    cohort, dictionary = inputs.cohort, inputs.dictionary
    patients = patient_rows(records, decided, inputs.study, cohort)
    records = derive_after_zero(records, decided.time_zero, cohort, dictionary)
    records = in_convention(records, cohort.altitude, inputs.altitude)
    wanted = replace(records, measurements=records.measurements[records.measurements["outcome"].isin(inputs.outcomes)])
    end_day = patients["end_day"].to_numpy("float64")
    observations = observation_rows(wanted, decided.time_zero, end_day, hours_before(inputs))
    visits = visit_table(observations, dictionary, cohort.baseline, inputs.scenario)
    included = patients[patients["included"]].drop(columns="undecided")
    return included.assign(scenario=inputs.scenario, display_id=""), visits
