"""Who is comparable, and from which hour time is counted: the stage as a whole."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from historical_controls.cohort.ard_rows.attrition import attrition_table, tally
from historical_controls.cohort.batches import GROWING, PatientBatch, as_table, batch_rows, iter_patient_batches
from historical_controls.cohort.eligibility.time_zero import decide_historical, decide_treated, treated_waits
from historical_controls.cohort.follow_up.availability import added
from historical_controls.cohort.follow_up.baseline import refuse_treated_baseline
from historical_controls.cohort.follow_up.display import display_ids, display_table
from historical_controls.cohort.follow_up.endings import from_first_week
from historical_controls.cohort.inputs import CohortInputs, TreatedTimes, merge_waits, window_of
from historical_controls.cohort.records.clean_tables import Clean, CohortTables
from historical_controls.cohort.write_tables import WHOLE, write_growing, write_tables
from historical_controls.errors import UserError
from historical_controls.tables.registry import (
    ATTRITION,
    COHORT_PATIENTS,
    DISPLAY,
    ELIGIBILITY,
    PATIENT_SUMMARIES,
    VISITS,
)
from historical_controls.tables.schema import Table, conform


def define_cohort(clean: Clean, inputs: CohortInputs, folder: Path | None = None) -> CohortTables:
    """Eligibility, time zero, attrition and follow-up of everyone in the clean tables.

    `folder`: where the tables are written; those that grow with the records are written batch by batch and stay empty
    in what is returned. Raises UserError where nobody is in the tables, and where the baseline hours reach beyond the
    treatment of a treated patient.
    """
    inputs = replace(inputs, cohort=inputs.cohort.as_read())
    cohort, dictionary = inputs.cohort, inputs.dictionary
    # Of the whole export, not of a batch: a source without any course of a support cannot tell that none was given.
    recorded = set(clean.treatments[["source", "treatment"]].drop_duplicates().itertuples(index=False, name=None))
    waits: tuple[float, ...] = ()
    treated: list[PatientBatch] = []
    for records in iter_patient_batches(clean, "treated", cohort, dictionary):
        decided = decide_treated(records, cohort)
        refuse_treated_baseline(records, decided.time_zero, cohort)
        waits = merge_waits(waits, treated_waits(records, decided, cohort))
        treated.append(batch_rows(records, decided, "treated", inputs, recorded))
    if not waits and cohort.time_zero.match_waits and cohort.time_zero.historical == "first_eligible_hour":
        logging.getLogger("historical_controls").warning("no treated patient has a known wait: controls wait 0 hours")
    window = window_of(batch.patients for batch in treated)
    times = TreatedTimes(waits, window, inputs.study.timezone or "UTC")
    # A generator: one batch of controls is in memory at a time, and none is begun before all waits are known.
    historical = (
        batch_rows(records, decide_historical(records, cohort, times, inputs.seed), "historical", inputs, recorded)
        for records in iter_patient_batches(clean, "historical", cohort, dictionary)
    )
    # Batches in the order of the tables' keys, so that they may be written as they come.
    batches = heapq.merge(treated, historical, key=lambda batch: batch.source)
    tables = _tables(write_growing(batches, folder) if folder else batches, inputs, waits)
    if folder:
        write_tables(tables, folder, WHOLE)
    return tables


def _tables(batches: Iterable[PatientBatch], inputs: CohortInputs, waits: tuple[float, ...]) -> CohortTables:
    scenario, cohort, dictionary = inputs.scenario, inputs.cohort, inputs.dictionary
    kept = list(batches)
    if not kept:
        raise UserError("no patient is in the clean tables", "cohort", "See the ledger for what became of the rows.")
    everyone = pd.concat([batch.patients for batch in kept], ignore_index=True).assign(scenario=scenario)
    # Only when everybody is known: week 0 is the first patient's, and the ids are shuffled over all included patients.
    if inputs.study.calendar_reference is None:
        everyone["calendar_week"] = from_first_week(everyone["calendar_week"])
    everyone["display_id"] = display_ids(everyone, inputs.seed)
    patients = conform(everyone.drop(columns="undecided"), COHORT_PATIENTS)
    shown = _stacked([batch.shown for batch in kept], scenario, VISITS)
    return CohortTables(
        eligibility=_stacked([batch.eligibility for batch in kept], scenario, ELIGIBILITY),
        patients=patients,
        attrition=conform(attrition_table(tally(everyone), cohort, scenario), ATTRITION),
        display=conform(display_table(patients, shown, inputs.outcomes), DISPLAY),
        summaries=_stacked([batch.summaries for batch in kept], scenario, PATIENT_SUMMARIES),
        **{name: _stacked([batch.growing[name] for batch in kept], scenario, table) for name, table in GROWING.items()},
        derived_counts=pd.concat([batch.derived_counts for batch in kept], ignore_index=True),
        values=added(batch.values for batch in kept),
        waits=waits,
        outcomes=tuple(code for code in inputs.outcomes if dictionary.outcomes[code].kind not in ("event", "ending")),
        baseline=cohort.baseline,
        horizon_days=cohort.horizon_days,
        scenario=scenario,
        ends_with=tuple(cohort.ends_with),
    )


def _stacked(frames: list[pd.DataFrame], scenario: str, table: Table) -> pd.DataFrame:
    """The frames one under the other, as the table that they are."""
    filled = [frame for frame in frames if len(frame)]
    return as_table(pd.concat(filled, ignore_index=True), scenario, table) if filled else table.empty()
