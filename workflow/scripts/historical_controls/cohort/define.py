"""Who is comparable, and from which hour time is counted: the stage as a whole."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import Study
from ..config_cohort import Cohort
from ..dictionary import Dictionary
from ..errors import UserError
from ..table_io import Table, conform, write_table
from ..tables import (
    ATTRITION,
    COHORT_EVENTS,
    COHORT_PATIENTS,
    DISPLAY,
    ELIGIBILITY,
    EVIDENCE,
    OBSERVATIONS,
    PATIENT_SUMMARIES,
    UNDERIVED,
    VISITS,
)
from .attrition import attrition_table
from .clean_tables import Clean, CleanTables, CohortTables
from .derivations import derive_after_zero, derive_outcomes
from .derived_counts import counted, refused_rows
from .display import display_ids, display_table
from .eligibility import eligibility_rows
from .evidence import evidence_rows
from .follow_up import patient_rows
from .observations import event_rows, observation_rows
from .records import PERSON, Records, as_reported, make_records, place_all
from .summaries import summary_rows
from .time_zero import Decisions, decide_historical, decide_treated, treated_waits
from .timeline import NEVER, milliseconds
from .visits import visit_table

# Bounds the memory that candidate hours take, whatever the size of the export.
PATIENTS_AT_ONCE = 5000


@dataclass(frozen=True)
class Part:
    """The rows that one group of patients adds."""

    patients: pd.DataFrame
    eligibility: pd.DataFrame
    observations: pd.DataFrame
    events: pd.DataFrame
    summaries: pd.DataFrame
    underived: pd.DataFrame
    derived_counts: pd.DataFrame
    evidence: pd.DataFrame


def define_cohort(
    clean: Clean,
    cohort: Cohort,
    study: Study,
    dictionary: Dictionary,
    scenario: str,
    seed: int,
    outcomes: Sequence[str],
) -> CohortTables:
    """Eligibility, time zero, attrition and follow-up of everyone in the clean tables.

    `outcomes`: codes shown in `display` and counted in the results. Raises UserError where nobody is in the tables.
    """
    cohort = cohort.as_read()
    waits: tuple[float, ...] = ()
    parts: list[Part] = []
    recorded = set(clean.treatments[["source", "treatment"]].drop_duplicates().itertuples(index=False, name=None))
    for records in groups(clean, "treated", cohort, dictionary):
        decided = decide_treated(records, cohort)
        waits = tuple(sorted((*waits, *treated_waits(records, decided, cohort))))
        parts.append(_part(records, decided, cohort, study, dictionary, recorded, "treated"))
    if not waits and cohort.time_zero.match_waits and cohort.time_zero.historical == "first_eligible_hour":
        logging.getLogger("historical_controls").warning("no treated patient has a known wait: controls wait 0 hours")
    window = window_of(part.patients for part in parts)
    for records in groups(clean, "historical", cohort, dictionary):
        decided = decide_historical(records, cohort, waits, seed, window)
        parts.append(_part(records, decided, cohort, study, dictionary, recorded, "historical"))
    if not parts:
        raise UserError("no patient is in the clean tables", "cohort", "See the ledger for what became of the rows.")
    return _tables(parts, cohort, dictionary, scenario, seed, outcomes, waits)


def window_of(patients: Iterable[pd.DataFrame]) -> tuple[int, int] | None:
    """First and last time zero of these patients, in milliseconds; None without any."""
    zeros = np.concatenate([np.array([NEVER]), *(milliseconds(frame["time_zero"]) for frame in patients)])
    known = zeros[zeros != NEVER]
    return (int(known.min()), int(known.max())) if len(known) else None


def groups(clean: Clean, arm: str, cohort: Cohort, dictionary: Dictionary) -> Iterator[Records]:
    """Records of an arm, so many patients at once, derived outcomes included."""
    people = clean.patients[clean.patients["arm"] == arm].sort_values(PERSON, ignore_index=True)
    for first in range(0, len(people), PATIENTS_AT_ONCE):
        some = people.iloc[first : first + PATIENTS_AT_ONCE].reset_index(drop=True)
        yield records_of(place_all(clean.of(some), some), cohort, dictionary)


def records_of(tables: CleanTables, cohort: Cohort, dictionary: Dictionary) -> Records:
    """Records of placed tables, derived outcomes included.

    Where values count from their result, rules see everything, derived outcomes too, on the clock of results; what is
    analysed keeps the clock of collection.
    """
    collected = make_records(derive_outcomes(tables, cohort, dictionary), cohort)
    if cohort.known_from == "collection":
        return collected
    known = make_records(derive_outcomes(as_reported(tables), cohort, dictionary), cohort)
    return replace(collected, series=known.series, with_imputed=known.with_imputed, judged=known.judged)


def _part(
    records: Records,
    decided: Decisions,
    cohort: Cohort,
    study: Study,
    dictionary: Dictionary,
    recorded: Collection[tuple[str, str]],
    arm: str,
) -> Part:
    patients = patient_rows(records, decided, study, cohort.horizon_days)
    eligibility = eligibility_rows(records, decided, cohort, arm)
    evidence = evidence_rows(records, decided, cohort, arm)
    records = derive_after_zero(records, decided.time_zero, cohort, dictionary)
    return Part(
        patients,
        eligibility,
        observation_rows(records, decided.time_zero, patients["end_day"].to_numpy("float64")),
        event_rows(records, decided.time_zero),
        summary_rows(records, decided.time_zero, cohort, dictionary, recorded),
        refused_rows(records),
        counted(records, cohort),
        evidence,
    )


def _tables(
    parts: list[Part],
    cohort: Cohort,
    dictionary: Dictionary,
    scenario: str,
    seed: int,
    outcomes: Sequence[str],
    waits: tuple[float, ...],
) -> CohortTables:
    everyone = _stacked([part.patients for part in parts], scenario)
    everyone["display_id"] = display_ids(everyone, seed)
    observations = _stacked([part.observations for part in parts], scenario)
    visits = visit_table(observations, dictionary, cohort.baseline_hours, scenario)
    patients = conform(everyone.drop(columns="undecided"), COHORT_PATIENTS)
    return CohortTables(
        eligibility=conform(_stacked([part.eligibility for part in parts], scenario), ELIGIBILITY),
        evidence=conform(_stacked([part.evidence for part in parts], scenario), EVIDENCE),
        patients=patients,
        attrition=conform(attrition_table(everyone, cohort, scenario), ATTRITION),
        observations=conform(observations, OBSERVATIONS),
        visits=conform(visits, VISITS),
        events=conform(_stacked([part.events for part in parts], scenario), COHORT_EVENTS),
        display=conform(display_table(patients, visits, outcomes), DISPLAY),
        summaries=conform(_stacked([part.summaries for part in parts], scenario, PATIENT_SUMMARIES), PATIENT_SUMMARIES),
        underived=conform(_stacked([part.underived for part in parts], scenario, UNDERIVED), UNDERIVED),
        derived_counts=pd.concat([part.derived_counts for part in parts], ignore_index=True),
        waits=waits,
        outcomes=tuple(code for code in outcomes if dictionary.outcomes[code].kind != "event"),
        baseline_hours=cohort.baseline_hours,
        horizon_days=cohort.horizon_days,
        scenario=scenario,
    )


def _stacked(frames: list[pd.DataFrame], scenario: str, table: Table | None = None) -> pd.DataFrame:
    """The frames one under the other; `table`: what no rows at all look like."""
    filled = [frame for frame in frames if len(frame)]
    if not filled and table is not None:
        return table.empty()
    return pd.concat(filled or frames[:1], ignore_index=True).assign(scenario=scenario)


def write_cohort(tables: CohortTables, folder: str | Path) -> None:
    """Write the tables of this stage into a folder."""
    for name, table in (
        ("eligibility", ELIGIBILITY),
        ("evidence", EVIDENCE),
        ("patients", COHORT_PATIENTS),
        ("attrition", ATTRITION),
        ("observations", OBSERVATIONS),
        ("visits", VISITS),
        ("events", COHORT_EVENTS),
        ("display", DISPLAY),
        ("summaries", PATIENT_SUMMARIES),
        ("underived", UNDERIVED),
    ):
        write_table(getattr(tables, name), Path(folder) / f"{name}.parquet", table)
