"""Patients in batches of one source, so that memory does not grow with the export, and the rows that a batch adds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from historical_controls.cohort.derivations.derive import derive_after_zero, derive_outcomes, in_convention
from historical_controls.cohort.derivations.derived_counts import counted, refused_rows
from historical_controls.cohort.eligibility.evidence import evidence_rows
from historical_controls.cohort.eligibility.states import eligibility_rows
from historical_controls.cohort.eligibility.time_zero import Decisions
from historical_controls.cohort.follow_up.availability import value_counts
from historical_controls.cohort.follow_up.endings import patient_rows
from historical_controls.cohort.follow_up.observations import event_rows, hours_before, observation_rows
from historical_controls.cohort.follow_up.summaries import summary_rows
from historical_controls.cohort.follow_up.visits import visit_table
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import Clean, CleanTables
from historical_controls.cohort.records.lymphocytes import with_lymphocyte_counts
from historical_controls.cohort.records.patient_records import (
    PERSON,
    PatientRecords,
    as_reported,
    make_records,
    place_all,
)
from historical_controls.cohort.records.whole_days import at_whole_days
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.registry import COHORT_EVENTS, EVIDENCE, OBSERVATIONS, UNDERIVED, VISITS
from historical_controls.tables.schema import Table, conform

# Bounds the memory that candidate hours take, whatever the size of the export.
PATIENTS_AT_ONCE = 5000

# Tables that grow with the records of those included: with a folder given they are written batch by batch.
GROWING: dict[str, Table] = {
    "evidence": EVIDENCE,
    "observations": OBSERVATIONS,
    "visits": VISITS,
    "events": COHORT_EVENTS,
    "underived": UNDERIVED,
}


@dataclass(frozen=True)
class PatientBatch:
    """The rows that one batch of patients, all of one source, adds; `shown`: visits of the outcomes displayed."""

    patients: pd.DataFrame
    eligibility: pd.DataFrame
    summaries: pd.DataFrame
    derived_counts: pd.DataFrame
    values: pd.DataFrame
    shown: pd.DataFrame
    growing: Mapping[str, pd.DataFrame]

    @property
    def source(self) -> str:
        return str(self.patients["source"].iloc[0])

    @property
    def flushable_until(self) -> str:
        """The last patient whose rows may be written with this batch: a source of both arms sends the treated ahead."""
        # Files are sorted by patient id within a source: rows of treated patients wait for controls with lower ids.
        treated = self.patients["arm"].iloc[0] == "treated"
        return "" if treated else str(self.patients["patient_id"].max())


def iter_patient_batches(clean: Clean, arm: str, cohort: Cohort, dictionary: Dictionary) -> Iterator[PatientRecords]:
    """Records of an arm, so many patients of one source at once, derived outcomes included."""
    everyone = clean.patients[clean.patients["arm"] == arm].sort_values(PERSON, ignore_index=True)
    for _, people in everyone.groupby("source", sort=True):
        for first in range(0, len(people), PATIENTS_AT_ONCE):
            some = people.iloc[first : first + PATIENTS_AT_ONCE].reset_index(drop=True)
            yield records_of(place_all(clean.of(some), some, cohort.dates_without_clock), cohort, dictionary)


def records_of(tables: CleanTables, cohort: Cohort, dictionary: Dictionary) -> PatientRecords:
    """Records of placed tables, derived outcomes and counts from percentages included.

    Where values count from their result, rules see everything, derived outcomes too, on the clock of results; what is
    analysed keeps the clock of collection.
    """
    tables = with_lymphocyte_counts(tables, dictionary)
    collected = make_records(derive_outcomes(tables, cohort, dictionary), cohort)
    if cohort.known_from == "collection":
        return collected
    # Derived anew: a pair of results reported hours apart gives its ratio only when the later one is known.
    known = make_records(derive_outcomes(as_reported(tables), cohort, dictionary), cohort)
    return replace(collected, series=known.series, with_imputed=known.with_imputed, judged=known.judged)


def batch_rows(
    records: PatientRecords,
    decided: Decisions,
    arm: str,
    inputs: CohortInputs,
    recorded: Collection[tuple[str, str]],
) -> PatientBatch:
    """The rows of decided patients; `recorded`: (source, treatment) of every course in the export."""
    cohort, dictionary, scenario = inputs.cohort, inputs.dictionary, inputs.scenario
    eligibility = eligibility_rows(records, decided, cohort, arm)
    evidence = evidence_rows(records, decided, cohort, arm)
    records = at_whole_days(records, decided.time_zero)
    patients = patient_rows(records, decided, inputs.study, cohort)
    # After the rules have been judged: outcomes that count from time zero do not exist before it is known.
    records = derive_after_zero(records, decided.time_zero, cohort, dictionary)
    records = in_convention(records, cohort.altitude, inputs.altitude)
    end_day = patients["end_day"].to_numpy("float64")
    observations = observation_rows(records, decided.time_zero, end_day, hours_before(inputs))
    visits = visit_table(observations, dictionary, cohort.baseline, scenario)
    growing = {
        "evidence": evidence,
        "observations": observations,
        "visits": visits,
        "events": event_rows(records, decided.time_zero),
        "underived": refused_rows(records),
    }
    return PatientBatch(
        patients,
        eligibility,
        summary_rows(records, decided.time_zero, cohort, dictionary, recorded),
        counted(records, cohort),
        value_counts(observations, inputs.outcomes, cohort.baseline),
        visits[visits["outcome"].isin(inputs.outcomes)],
        {name: as_table(frame, scenario, GROWING[name]) for name, frame in growing.items()},
    )


def as_table(frame: pd.DataFrame, scenario: str, table: Table) -> pd.DataFrame:
    """The frame as the declared table of a scenario."""
    return conform(frame.assign(scenario=scenario), table) if len(frame) else table.empty()
