"""The hospital stay that is judged: when standard care starts, and until when a patient is alive and in hospital
(EL-9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.timeline import HOUR, NEVER, Moments, clock_of, hours
from historical_controls.config.cohort.cohort import TimeZero
from historical_controls.dictionary.vocabulary import ONCE

# In the order in which they win where nothing tells which came first.
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
        # At the moment of death or discharge a patient is not present; at the last record of an open stay still is.
        ended = np.where(self.end_state[moments.patient] != "", moments.time >= end, moments.time > end)
        return started & ~ended


def stays_of(
    tables: CleanTables, first: Mapping[str, Integers], zero: TimeZero, count: int, ends_with: Collection[str] = ()
) -> Stays:
    """The stay that is compared of each patient of placed tables; readmissions are stays of one person.

    ends_with: further events after which nothing of a patient is used; the first of them is the state of such a stay.

    Historical: the first or last stay, as declared. Treated: the stay of time zero, that is the last one that started
    up to it. A stay ends with its own end, at the latest when the next one starts; without one, with its last record.
    """
    tables = replace(tables, events=_without_moves(tables.events, zero))
    starts = _starts(tables, zero, count)
    patient, time = starts
    treated = first.get(zero.treated, np.full(count, NEVER))
    treated = np.where((tables.patients["arm"] == "treated").to_numpy(), treated, NEVER)
    start = np.full(count, NEVER)
    # The first stay of everyone, then the latest of the allowed ones for those whose stay is another.
    np.minimum.at(start, patient, time)
    chosen = (treated[patient] != NEVER) & (time <= treated[patient])
    if zero.historical_stay == "last":
        chosen |= treated[patient] == NEVER
    np.maximum.at(start, patient[chosen], time[chosen])
    until = np.full(count, NEVER)
    later = time > start[patient]
    np.minimum.at(until, patient[later], time[later])
    # An end recorded before the treatment belongs to an earlier stay; without a start every recorded end counts.
    from_time = np.where(treated != NEVER, treated, np.where(start == NEVER, -NEVER, start))
    end, state = _ends(tables, _of_own_stay(tables.events, start, _before(starts, start)), from_time, until)
    # Each by itself, in the order declared: of two at one moment the first declared is the state.
    for event in ends_with:
        left = _first_of(tables.events, [event], from_time)
        # The ending itself is often the last that is recorded of a patient.
        ended = (left < end) | ((left == end) & (left != NEVER) & (state == ""))
        end, state = np.minimum(end, left), np.where(ended, event, state)
    return Stays(start, end, state)


def _without_moves(events: pd.DataFrame, zero: TimeZero) -> pd.DataFrame:
    """The events without the ends and starts of moves within the hospital, which are registered as stays of their own.

    A move is a discharge or transfer from a stay that nothing else ended, and the admission that follows it at once.
    """
    patient, time = events["patient"].to_numpy(np.int64), events["time"].to_numpy(np.int64)
    starts = (events["event"] == zero.standard_care_from).to_numpy()
    ends = events["event"].isin(END_EVENTS).to_numpy()
    # A death is no move, and a day says nothing of what followed at once.
    leaves = ends & (events["event"] != "death").to_numpy() & (events["first"] == events["latest"]).to_numpy()
    soon = time + hours(zero.moved_within_hours)
    leaves &= _any_between(patient[starts], time[starts], patient, time, soon)
    if not leaves.any():
        return events
    begun = _latest_before(patient[starts], time[starts], patient, time)
    over = _any_between(patient[ends], time[ends], patient, begun, time - 1)
    # A stay that ends at its own first moment is one without a length, not a move.
    moves = leaves & (begun != -NEVER) & ~over
    arrives = starts & _any_between(patient[moves], time[moves], patient, time - (soon - time), time)
    return events[~(moves | arrives)]


def _latest_before(owner: Integers, moment: Integers, patient: Integers, until: Integers) -> Integers:
    """The latest of the patient's moments strictly before `until`; -NEVER without one."""
    if not len(owner):
        return np.full(len(patient), -NEVER)
    clock = clock_of(moment, until)
    order = np.argsort(clock.key(owner, moment))
    place = np.searchsorted(clock.key(owner, moment)[order], clock.key(patient, until), side="left") - 1
    own = (place >= 0) & (owner[order][place] == patient)
    return np.where(own, moment[order][place], -NEVER)


def _first_of(events: pd.DataFrame, names: Collection[str], since: Integers) -> Integers:
    """The first time of any of these events from `since` on, by patient; NEVER without one."""
    out = np.full(len(since), NEVER)
    rows = events[events["event"].isin(list(names))]
    patient, time = rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64)
    later = time >= since[patient]
    np.minimum.at(out, patient[later], time[later])
    return out


def _before(starts: tuple[Integers, Integers], start: Integers) -> Integers:
    """Start of the stay before the one that is compared, by patient; NEVER where it is the first."""
    patient, time = starts
    earlier = time < start[patient]
    out = np.full(len(start), -NEVER)
    np.maximum.at(out, patient[earlier], time[earlier])
    return np.where(out == -NEVER, NEVER, out)


def _of_own_stay(events: pd.DataFrame, start: Integers, before: Integers) -> Flags:
    """Which events cannot be the end of the stay before: of a discharge known by its day, on the day of a readmission.

    It ends the stay before where nothing else does.
    """
    owner = events["patient"].to_numpy(np.int64)
    first, time = events["first"].to_numpy(np.int64), events["time"].to_numpy(np.int64)
    ends = events["event"].isin(END_EVENTS).to_numpy()
    certain = ends & (time >= before[owner]) & (time < start[owner])
    ended = before == NEVER
    ended[owner[certain]] = True
    return ~(ends & (first < start[owner]) & ~ended[owner])


def _starts(tables: CleanTables, zero: TimeZero, count: int) -> tuple[Integers, Integers]:
    """Patient and time of the starts of stays, sorted; an admission that continues the stay before is none.

    It continues it where no end stands between the two and the records go on until shortly before it. Outside a
    hospital there are no stays: of an enrolment that a file dates in the row of each visit, the first counts.
    """
    rows = tables.events[tables.events["event"] == zero.standard_care_from]
    patient, time = rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64)
    order = np.lexsort((time, patient))
    patient, time = patient[order], time[order]
    if len(time) < 2:
        return patient, time
    if zero.standard_care_from in ONCE and zero.historical_stay == "first":
        firsts = np.unique(patient, return_index=True)[1]
        return patient[firsts], time[firsts]
    # The first admission of a patient is always a new stay.
    again = np.concatenate([[False], patient[1:] == patient[:-1]])
    before = np.where(again, np.roll(time, 1), time)
    ends = tables.events[tables.events["event"].isin(END_EVENTS)]
    ended = _any_between(ends["patient"].to_numpy(np.int64), ends["first"].to_numpy(np.int64), patient, before, time)
    owner, moment = _recorded(tables)
    recent = np.maximum(time - hours(zero.new_stay_after_hours), before)
    # Up to just before the admission: its own records at the same moment do not show that the patient was there before.
    goes_on = (recent == before) | _any_between(owner, moment, patient, recent, time - 1)
    new = ~again | ended | ~goes_on
    return patient[new], time[new]


def _any_between(owner: Integers, moment: Integers, patient: Integers, since: Integers, until: Integers) -> Flags:
    """Whether any of the patient's moments is within [since, until]."""
    clock = clock_of(moment, since, until)
    keys = np.sort(clock.key(owner, moment))
    first = np.searchsorted(keys, clock.key(patient, since), side="left")
    return np.searchsorted(keys, clock.key(patient, until), side="right") > first


def _ends(tables: CleanTables, of_own_stay: Flags, start: Integers, until: Integers) -> tuple[Integers, np.ndarray]:
    """The end of each stay from `start` to the next one (`until`), and its event; '' and the last record without one.

    of_own_stay: which events are not those of an earlier stay.
    A death that may have come before the discharge recorded with it, or on the same day, is a death.
    """
    events, count = tables.events, len(start)
    owner = events["patient"].to_numpy(np.int64)
    own = (events["time"].to_numpy(np.int64) >= start[owner]) & (events["first"].to_numpy(np.int64) <= until[owner])
    own &= of_own_stay
    end, possible, state = np.full(count, NEVER), np.full(count, NEVER), np.full(count, "", dtype=object)
    # From the weakest to the strongest: a later round replaces the end where it may have come first.
    for name in reversed(END_EVENTS):
        rows = events[own & (events["event"] == name).to_numpy()]
        patient = rows["patient"].to_numpy(np.int64)
        first, time, latest = (np.full(count, NEVER) for _ in range(3))
        for out, column in ((first, "first"), (time, "time"), (latest, "latest")):
            np.minimum.at(out, patient, rows[column].to_numpy(np.int64))
        wins = (first != NEVER) & (first <= possible)
        end, possible, state = np.where(wins, time, end), np.where(wins, latest, possible), np.where(wins, name, state)
    open_end = end == NEVER
    return np.where(open_end, _last_record(tables, until), np.minimum(end, until)), state


def _recorded(tables: CleanTables) -> tuple[Integers, Integers]:
    """Patient and time of everything that is recorded of anybody."""
    parts = []
    for frame, column in ((tables.measurements, "time"), (tables.events, "time"), (tables.treatments, "start")):
        time = frame[column].to_numpy(np.int64)
        known = time != NEVER
        parts.append((frame["patient"].to_numpy(np.int64)[known], time[known]))
    owners, times = zip(*parts, strict=True)
    return np.concatenate(owners), np.concatenate(times)


def _last_record(tables: CleanTables, until: Integers) -> Integers:
    """The patient's last record before the next stay."""
    last = np.full(len(until), -NEVER)
    # Any kind of record shows that the patient was there.
    owner, time = _recorded(tables)
    own = time < until[owner]
    np.maximum.at(last, owner[own], time[own])
    return np.where(last == -NEVER, NEVER, last)


def candidate_moments(stays: Stays, after_hours: float, until: Integers | None = None) -> Moments:
    """Every full hour after `after_hours` of standard care while alive and in hospital (and not after `until`)."""
    last = stays.end if until is None else np.minimum(stays.end, until)
    known = (stays.start != NEVER) & (last != NEVER)
    begin = np.where(known, stays.start, 0) + hours(after_hours)
    count = np.where(known, (np.where(known, last, 0) - begin) // HOUR + 1, 0).clip(min=0)
    patient = np.repeat(np.arange(len(count)), count)
    # 0, 1, 2, ... within each patient.
    place = np.arange(len(patient)) - np.repeat(np.cumsum(count) - count, count)
    moments = Moments(patient, begin[patient] + place * HOUR)
    return moments.where(stays.present(moments))
