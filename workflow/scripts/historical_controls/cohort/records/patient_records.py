"""Everything known of a group of patients, ready to be asked what was known at which hour."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.flags import IMPUTED, has_any
from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.stays import END_EVENTS, Stays, stays_of
from historical_controls.cohort.records.timeline import HOUR, NEVER, Clock, Series, clock_of, make_series, milliseconds
from historical_controls.config.cohort.cohort import Cohort, DatesWithoutClock
from historical_controls.config.cohort.derivations import ImputedRatio, OrganFailures, PairedRatio, Sofa

PERSON = ["source", "patient_id"]
# Age in completed years: milliseconds of a mean year.
YEAR = round(365.25 * 24 * HOUR)


@dataclass(frozen=True)
class PatientRecords:
    """One group of patients; arrays and `people` are by position of the patient.

    `measurements`, `events`, `treatments` are the clean tables of these patients with the columns patient (position)
    and integer times; `first_event` the first time of each event. `series` are the measured results by outcome,
    `with_imputed` those of outcomes that hold imputed or estimated values too, with them. `refused`: values that gave
    no derived outcome. `judged`: the measurements that the series were made of, on the clock of what was known.
    `recordable_events`: what the files of each source can record (see `CleanTables`).
    """

    people: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    clock: Clock
    series: Mapping[str, Series]
    first_event: Mapping[str, Integers]
    stays: Stays
    with_imputed: Mapping[str, Series]
    refused: pd.DataFrame
    judged: pd.DataFrame
    recordable_events: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.people)

    def can_record(self, *names: str) -> Flags:
        """By patient, whether the files of the source can record any of these events or treatments (EL-7)."""
        # A source that declares nothing is not in the mapping, and can record everything.
        silent = {source for source, able in self.recordable_events.items() if not set(names) & set(able)}
        return ~self.people["source"].isin(silent).to_numpy(bool)

    def results(self, outcome: str, imputed: bool = False) -> Series | None:
        """What was measured of an outcome; `imputed`: with what was imputed or estimated in its place."""
        known = self.series.get(outcome)
        return self.with_imputed.get(outcome, known) if imputed else known


def placed(frame: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The rows of `frame` that belong to these people, sorted by the column patient (position), which names them.

    Ids and cells as sent are left out: they would be copied with every selection of rows.
    """
    index = pd.MultiIndex.from_frame(people[PERSON])
    # -1 marks rows of patients who are not among these people.
    position = index.get_indexer(pd.MultiIndex.from_frame(frame[PERSON]))
    lean = frame.drop(columns=[*PERSON, "raw_value", "raw_unit"], errors="ignore")
    out = lean.assign(patient=position)[position >= 0]
    return out.sort_values("patient", kind="stable", ignore_index=True)


def place_all(clean: CleanTables, people: pd.DataFrame, dates: DatesWithoutClock | None = None) -> CleanTables:
    """The clean tables of these people with patient positions and integer times.

    dates: which moment of its day a result or course dated by day alone has; None = the documented default.
    """
    counts = dates or DatesWithoutClock()
    measured, events, treatments = (
        placed(frame, people) for frame in (clean.measurements, clean.events, clean.treatments)
    )
    return CleanTables(
        people,
        measured.assign(
            time=milliseconds(_moment(measured, "time", "latest", counts.results)),
            result_time=milliseconds(measured["result_time"]).astype("int64"),
        ),
        events.assign(
            time=milliseconds(events["time"]),
            latest=milliseconds(events["latest"].fillna(events["time"])),
            end_time=milliseconds(_moment(events, "end_time", "end_latest", counts.ends)),
        ),
        treatments.assign(
            start=milliseconds(_moment(treatments, "start", "start_latest", counts.starts)),
            stop=milliseconds(_moment(treatments, "stop", "stop_latest", counts.ends)),
        ),
        recordable_events=clean.recordable_events,
    )


def _moment(frame: pd.DataFrame, first: str, latest: str, counts: str) -> pd.Series:
    """The end of a day without a clock that is declared to count (EL-8)."""
    return frame[latest].fillna(frame[first]) if counts == "last" else frame[first]


def at_declared_moment(events: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Placed events with the moment that counts of those dated without a clock; `first`: when their day began."""
    declared = cohort.dates_without_clock
    first, latest = events["time"].to_numpy(np.int64), events["latest"].to_numpy(np.int64)
    late = np.where(events["event"].isin(END_EVENTS), declared.ends == "last", declared.starts == "last")
    return events.assign(first=first, time=np.where(late, latest, first))


def first_times(events: pd.DataFrame, count: int) -> dict[str, Integers]:
    """First time of each event by patient; NEVER where it is not recorded."""
    return {str(event): _earliest(part, count) for event, part in events.groupby("event")}


def _earliest(part: pd.DataFrame, count: int) -> Integers:
    out = np.full(count, NEVER)
    np.minimum.at(out, part["patient"].to_numpy(), part["time"].to_numpy(np.int64))
    return out


def make_records(tables: CleanTables, cohort: Cohort) -> PatientRecords:
    """Records of placed tables whose measurements already hold the derived outcomes."""
    count = len(tables.patients)
    tables = replace(tables, events=at_declared_moment(tables.events, cohort))
    done = tables.measurements[tables.measurements["status"] != "not_done"]
    times = [done["time"].to_numpy(np.int64), tables.events["time"].to_numpy(np.int64)]
    first = first_times(tables.events, count)
    clock = clock_of(*times)
    imputed = has_any(done["flags"], IMPUTED)
    # Only outcomes with imputed values need a second series that includes them.
    replaced = done["outcome"].isin(done.loc[imputed, "outcome"].unique())
    stays = stays_of(tables, first, cohort.time_zero, count, cohort.ends_with)
    return PatientRecords(
        at_the_stay(tables.patients, first.get(cohort.time_zero.standard_care_from), stays),
        done,
        tables.events,
        tables.treatments,
        clock,
        series_of(done[~imputed], clock, cohort),
        first,
        stays,
        series_of(done[replaced], clock, cohort, imputed=True),
        tables.refused,
        done,
        tables.recordable_events,
    )


def at_the_stay(people: pd.DataFrame, admitted: Integers | None, stays: Stays) -> pd.DataFrame:
    """People with their age at the stay compared: cleaning keeps the age at their first admission."""
    if admitted is None or "AGE" not in people.columns:
        return people
    # A readmission years later makes the patient older than cleaning's age at the first admission.
    known = (stays.start != NEVER) & (admitted != NEVER)
    years = np.where(known, np.where(known, stays.start - admitted, 0) // YEAR, 0)
    return people.assign(AGE=people["AGE"] + years) if years.any() else people


def as_reported(tables: CleanTables) -> CleanTables:
    """Placed tables in which every measurement stands at its result's time, where that is recorded and later."""
    measured = tables.measurements
    reported, collected = measured["result_time"].to_numpy(np.int64), measured["time"].to_numpy(np.int64)
    # A result dated before its sample is not known before the sample was taken.
    time = np.where(reported == NEVER, collected, np.maximum(collected, reported))
    return replace(tables, measurements=measured.assign(time=time))


def series_of(measured: pd.DataFrame, clock: Clock, cohort: Cohort, imputed: bool = False) -> dict[str, Series]:
    """Results by outcome; `imputed`: imputed values are among them."""
    return {
        str(outcome): make_series(
            clock,
            part["patient"].to_numpy(np.int64),
            part,
            known_after(cohort, str(outcome), imputed),
            isinstance(cohort.derivations.get(str(outcome)), Sofa | OrganFailures),
        )
        for outcome, part in measured.groupby("outcome", sort=True)
    }


def known_after(cohort: Cohort, outcome: str, imputed: bool) -> int:
    """Milliseconds until a derived value is settled: a nearest partner may still come until the window has closed.

    `imputed`: with the imputed values that fill it, which have a window of their own.
    """
    derivation = cohort.derivations.get(outcome)
    if not isinstance(derivation, PairedRatio | ImputedRatio):
        return 0
    # With `before` the partner is there already; with `nearest` a closer one may come until the window closes.
    own = round(derivation.within_minutes * 60_000) if derivation.direction == "nearest" else 0
    filled = imputed and isinstance(derivation, PairedRatio) and derivation.filled_from
    return max(own, known_after(cohort, filled, imputed)) if filled else own
