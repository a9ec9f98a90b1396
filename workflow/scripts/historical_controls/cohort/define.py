"""Who is comparable, and from which hour time is counted: the stage as a whole."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.cohort.ard_rows.attrition import attrition_table, tally
from historical_controls.cohort.derivations.derive import derive_after_zero, derive_outcomes
from historical_controls.cohort.derivations.derived_counts import counted, refused_rows
from historical_controls.cohort.eligibility.evidence import evidence_rows
from historical_controls.cohort.eligibility.states import eligibility_rows
from historical_controls.cohort.eligibility.time_zero import Decisions, decide_historical, decide_treated, treated_waits
from historical_controls.cohort.follow_up.availability import added, value_counts
from historical_controls.cohort.follow_up.display import display_ids, display_table
from historical_controls.cohort.follow_up.endings import patient_rows
from historical_controls.cohort.follow_up.observations import event_rows, observation_rows
from historical_controls.cohort.follow_up.summaries import summary_rows
from historical_controls.cohort.follow_up.visits import visit_table
from historical_controls.cohort.records.clean_tables import Clean, CleanTables, CohortTables
from historical_controls.cohort.records.records import PERSON, Records, as_reported, make_records, place_all
from historical_controls.cohort.records.timeline import NEVER, milliseconds
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study_config import Study
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError
from historical_controls.tables.parquet import Table, TableWriter, conform, write_table
from historical_controls.tables.registry import (
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

# Bounds the memory that candidate hours take, whatever the size of the export.
PATIENTS_AT_ONCE = 5000


# Tables that grow with the records of those included: with a folder given they are written group by group.
GROWING: dict[str, Table] = {
    "evidence": EVIDENCE,
    "observations": OBSERVATIONS,
    "visits": VISITS,
    "events": COHORT_EVENTS,
    "underived": UNDERIVED,
}
WHOLE: dict[str, Table] = {
    "eligibility": ELIGIBILITY,
    "patients": COHORT_PATIENTS,
    "attrition": ATTRITION,
    "display": DISPLAY,
    "summaries": PATIENT_SUMMARIES,
}


@dataclass(frozen=True)
class Part:
    """The rows that one group of patients, all of one source, adds; `shown`: visits of the outcomes displayed."""

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
    def reach(self) -> str:
        """The last patient whose rows may be written with this part: a source of both arms sends the treated ahead."""
        treated = self.patients["arm"].iloc[0] == "treated"
        return "" if treated else str(self.patients["patient_id"].max())


@dataclass(frozen=True)
class Settings:
    """What every group is judged and described by."""

    cohort: Cohort
    study: Study
    dictionary: Dictionary
    scenario: str
    outcomes: Sequence[str]
    recorded: Collection[tuple[str, str]]


def define_cohort(
    clean: Clean,
    cohort: Cohort,
    study: Study,
    dictionary: Dictionary,
    scenario: str,
    seed: int,
    outcomes: Sequence[str],
    folder: Path | None = None,
) -> CohortTables:
    """Eligibility, time zero, attrition and follow-up of everyone in the clean tables.

    `outcomes`: codes shown in `display` and counted in the results. `folder`: where the tables are written; those that
    grow with the records are written group by group and stay empty in what is returned. Raises UserError where nobody
    is in the tables.
    """
    cohort = cohort.as_read()
    recorded = set(clean.treatments[["source", "treatment"]].drop_duplicates().itertuples(index=False, name=None))
    settings = Settings(cohort, study, dictionary, scenario, outcomes, recorded)
    waits: tuple[float, ...] = ()
    treated: list[Part] = []
    for records in groups(clean, "treated", cohort, dictionary):
        decided = decide_treated(records, cohort)
        waits = tuple(sorted((*waits, *treated_waits(records, decided, cohort))))
        treated.append(_part(records, decided, settings, "treated"))
    if not waits and cohort.time_zero.match_waits and cohort.time_zero.historical == "first_eligible_hour":
        logging.getLogger("historical_controls").warning("no treated patient has a known wait: controls wait 0 hours")
    window = window_of(part.patients for part in treated)
    historical = (
        _part(records, decide_historical(records, cohort, waits, seed, window), settings, "historical")
        for records in groups(clean, "historical", cohort, dictionary)
    )
    # Parts in the order of the tables' keys, so that they may be written as they come.
    parts = heapq.merge(treated, historical, key=lambda part: part.source)
    tables = _tables(_stored(parts, folder) if folder else parts, settings, seed, waits)
    if folder:
        _write(tables, folder, WHOLE)
    return tables


def _stored(parts: Iterable[Part], folder: Path) -> Iterator[Part]:
    """The parts without what has been written of them."""
    nothing = {name: table.empty() for name, table in GROWING.items()}
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(folder / f"{name}.parquet", table)) for name, table in GROWING.items()
        }
        for _, of_source in groupby(parts, key=lambda part: part.source):
            waiting: Mapping[str, pd.DataFrame] = nothing
            for part in of_source:
                ready, waiting = _until(_under(waiting, part.growing), part.reach)
                _put(ready, writers)
                yield replace(part, growing=nothing)
            _put(waiting, writers)


def _under(above: Mapping[str, pd.DataFrame], below: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: pd.concat([above[name], below[name]]) if len(above[name]) else below[name] for name in below}


def _until(growing: Mapping[str, pd.DataFrame], last: str) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Rows of patients up to `last`, and the others."""
    reached = {name: frame["patient_id"] <= last for name, frame in growing.items()}
    return (
        {name: frame[reached[name]] for name, frame in growing.items()},
        {name: frame[~reached[name]] for name, frame in growing.items()},
    )


def _put(growing: Mapping[str, pd.DataFrame], writers: Mapping[str, TableWriter]) -> None:
    for name, writer in writers.items():
        writer.write(growing[name])


def window_of(patients: Iterable[pd.DataFrame]) -> tuple[int, int] | None:
    """First and last time zero of these patients, in milliseconds; None without any."""
    zeros = np.concatenate([np.array([NEVER]), *(milliseconds(frame["time_zero"]) for frame in patients)])
    known = zeros[zeros != NEVER]
    return (int(known.min()), int(known.max())) if len(known) else None


def groups(clean: Clean, arm: str, cohort: Cohort, dictionary: Dictionary) -> Iterator[Records]:
    """Records of an arm, so many patients of one source at once, derived outcomes included."""
    everyone = clean.patients[clean.patients["arm"] == arm].sort_values(PERSON, ignore_index=True)
    for _, people in everyone.groupby("source", sort=True):
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


def _part(records: Records, decided: Decisions, settings: Settings, arm: str) -> Part:
    cohort, dictionary, scenario = settings.cohort, settings.dictionary, settings.scenario
    patients = patient_rows(records, decided, settings.study, cohort.horizon_days)
    eligibility = eligibility_rows(records, decided, cohort, arm)
    evidence = evidence_rows(records, decided, cohort, arm)
    records = derive_after_zero(records, decided.time_zero, cohort, dictionary)
    observations = observation_rows(records, decided.time_zero, patients["end_day"].to_numpy("float64"))
    visits = visit_table(observations, dictionary, cohort.baseline_hours, scenario)
    growing = {
        "evidence": evidence,
        "observations": observations,
        "visits": visits,
        "events": event_rows(records, decided.time_zero),
        "underived": refused_rows(records),
    }
    return Part(
        patients,
        eligibility,
        summary_rows(records, decided.time_zero, cohort, dictionary, settings.recorded),
        counted(records, cohort),
        value_counts(observations, settings.outcomes, cohort.baseline_hours),
        visits[visits["outcome"].isin(settings.outcomes)],
        {name: _typed(frame, scenario, GROWING[name]) for name, frame in growing.items()},
    )


def _typed(frame: pd.DataFrame, scenario: str, table: Table) -> pd.DataFrame:
    return conform(frame.assign(scenario=scenario), table) if len(frame) else table.empty()


def _tables(parts: Iterable[Part], settings: Settings, seed: int, waits: tuple[float, ...]) -> CohortTables:
    scenario, cohort = settings.scenario, settings.cohort
    kept = list(parts)
    if not kept:
        raise UserError("no patient is in the clean tables", "cohort", "See the ledger for what became of the rows.")
    everyone = pd.concat([part.patients for part in kept], ignore_index=True).assign(scenario=scenario)
    everyone["display_id"] = display_ids(everyone, seed)
    patients = conform(everyone.drop(columns="undecided"), COHORT_PATIENTS)
    shown = _stacked([part.shown for part in kept], scenario, VISITS)
    return CohortTables(
        eligibility=_stacked([part.eligibility for part in kept], scenario, ELIGIBILITY),
        patients=patients,
        attrition=conform(attrition_table(tally(everyone), cohort, scenario), ATTRITION),
        display=conform(display_table(patients, shown, settings.outcomes), DISPLAY),
        summaries=_stacked([part.summaries for part in kept], scenario, PATIENT_SUMMARIES),
        **{name: _stacked([part.growing[name] for part in kept], scenario, table) for name, table in GROWING.items()},
        derived_counts=pd.concat([part.derived_counts for part in kept], ignore_index=True),
        values=added(part.values for part in kept),
        waits=waits,
        outcomes=tuple(code for code in settings.outcomes if settings.dictionary.outcomes[code].kind != "event"),
        baseline_hours=cohort.baseline_hours,
        horizon_days=cohort.horizon_days,
        scenario=scenario,
    )


def _stacked(frames: list[pd.DataFrame], scenario: str, table: Table) -> pd.DataFrame:
    """The frames one under the other, as the table that they are."""
    filled = [frame for frame in frames if len(frame)]
    return _typed(pd.concat(filled, ignore_index=True), scenario, table) if filled else table.empty()


def _write(tables: CohortTables, folder: Path, which: Mapping[str, Table]) -> None:
    for name, table in which.items():
        write_table(getattr(tables, name), folder / f"{name}.parquet", table)


def write_cohort(tables: CohortTables, folder: str | Path) -> None:
    """Write the tables of this stage, defined in memory, into a folder."""
    _write(tables, Path(folder), {**WHOLE, **GROWING})
