"""The hospital stay that is judged: when standard care starts, and until when a patient is alive and in hospital."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.timeline import HOUR, NEVER, Moments, hours
from historical_controls.config.cohort.cohort import TimeZero

# A death and a discharge recorded for the same time are a death.
END_EVENTS = ("death", "transfer_out", "discharge_alive")


@dataclass(frozen=True)
class Stays:
    """By patient: start of standard care, last time known in hospital, and the event that ended the stay.

    `start` is NEVER where it is not recorded. `end_state` is '' where no event ended the stay; `end` is then the last
    record of the patient (NEVER without any).
    """

    start: Integers
    end: Integers
    end_state: np.ndarray

    def present(self, moments: Moments) -> Flags:
        """Alive and in hospital: before the event that ended the stay, or not after the last record."""
        end = self.end[moments.patient]
        started = self.start[moments.patient] <= moments.time
        ended = np.where(self.end_state[moments.patient] != "", moments.time >= end, moments.time > end)
        return started & ~ended


def stays_of(tables: CleanTables, first: Mapping[str, Integers], zero: TimeZero, count: int) -> Stays:
    """Stays of placed tables.

    Historical: the first stay. Treated: the stay of time zero, that is the last start of standard care up to it.
    """
    start = first.get(zero.standard_care_from, np.full(count, NEVER)).copy()
    treated = first.get(zero.treated, np.full(count, NEVER))
    treated = np.where((tables.patients["arm"] == "treated").to_numpy(), treated, NEVER)
    starts = tables.events[tables.events["event"] == zero.standard_care_from]
    patient, time = starts["patient"].to_numpy(), starts["time"].to_numpy(np.int64)
    before = (time <= treated[patient]) & (treated[patient] != NEVER)
    np.maximum.at(start, patient[before], time[before])
    from_time = np.where(treated != NEVER, treated, np.where(start == NEVER, -NEVER, start))
    end, state = _ends(tables, from_time, count)
    return Stays(start, end, state)


def _ends(tables: CleanTables, start: Integers, count: int) -> tuple[Integers, np.ndarray]:
    events = tables.events
    end, state = np.full(count, NEVER), np.full(count, "", dtype=object)
    for name in END_EVENTS:
        rows = events[(events["event"] == name) & (events["time"].to_numpy() >= start[events["patient"]])]
        earliest = np.full(count, NEVER)
        np.minimum.at(earliest, rows["patient"].to_numpy(), rows["time"].to_numpy(np.int64))
        sooner = earliest < end
        end, state = np.where(sooner, earliest, end), np.where(sooner, name, state)
    open_end = end == NEVER
    return np.where(open_end, _last_record(tables, count), end), state


def _last_record(tables: CleanTables, count: int) -> Integers:
    last = np.full(count, -NEVER)
    for frame, column in ((tables.measurements, "time"), (tables.events, "time"), (tables.treatments, "start")):
        time = frame[column].to_numpy(np.int64)
        known = time != NEVER
        np.maximum.at(last, frame["patient"].to_numpy()[known], time[known])
    return np.where(last == -NEVER, NEVER, last)


def candidate_moments(stays: Stays, after_hours: float, until: Integers | None = None) -> Moments:
    """Every full hour after `after_hours` of standard care while alive and in hospital (and not after `until`)."""
    last = stays.end if until is None else np.minimum(stays.end, until)
    known = (stays.start != NEVER) & (last != NEVER)
    begin = np.where(known, stays.start, 0) + hours(after_hours)
    count = np.where(known, (np.where(known, last, 0) - begin) // HOUR + 1, 0).clip(min=0)
    patient = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(patient)) - np.repeat(np.cumsum(count) - count, count)
    moments = Moments(patient, begin[patient] + place * HOUR)
    return moments.where(stays.present(moments))
