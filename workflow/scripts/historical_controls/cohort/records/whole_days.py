"""Days without a clock are whole days apart, whatever the clocks did between them.

From midnight to midnight across a change of the clocks are 23 or 25 hours. Counted in hours, a patient dated by days
alone would have every later value, and the death, on another study day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER, clock_of

DAY = 24 * HOUR
MINUTE = HOUR // 60
# Clocks change by an hour, somewhere by half of one, and at the most by two.
MOST = 2 * HOUR
# Columns of placed tables that a day without a clock may stand in, and those that are filled where it does.
MEASURED = {"time": "latest"}
HAPPENED = {"end_time": "end_latest"}
GIVEN = {"start": "start_latest", "stop": "stop_latest"}


def at_whole_days(records: PatientRecords, zero: Integers) -> PatientRecords:
    """Records whose days without a clock are whole days from a time zero that is one as well.

    Of patients whose time zero has a clock nothing is moved. The series that rules were judged by stay as they are.
    """
    known = (zero != NEVER) & _on_a_day(records.events, zero)
    if not known.any():
        return records
    owners, moments = _days(records)
    mine = known[owners]
    days = _Days(owners[mine], moments[mine], zero)
    return replace(
        records,
        measurements=days.moved(records.measurements, ["time"]),
        events=days.moved(records.events, ["time", "first", "latest", "end_time"]),
        treatments=days.moved(records.treatments, ["start", "stop"]),
        first_event={name: days.times(np.arange(len(zero)), time) for name, time in records.first_event.items()},
        stays=replace(
            records.stays,
            start=days.times(np.arange(len(zero)), records.stays.start),
            end=days.times(np.arange(len(zero)), records.stays.end),
        ),
    )


class _Days:
    """Moments of patients that stand for a day, and where they lie on the days of time zero."""

    def __init__(self, owner: Integers, moment: Integers, zero: Integers) -> None:
        self._zero = zero
        self._clock = clock_of(moment)
        self._keys = np.unique(self._clock.key(owner, moment))

    def times(self, patient: Integers, time: Integers) -> Integers:
        """The times with those of days moved."""
        apart = np.where(time == NEVER, 0, time) - self._zero[patient]
        off = apart - np.round(apart / DAY).astype(np.int64) * DAY
        # To the minute: the last millisecond of a day stays the last one.
        shift = np.round(off / MINUTE).astype(np.int64) * MINUTE
        # `isin` of a clipped key may meet another moment's: only times within the clock are days.
        of_day = np.isin(self._clock.key(patient, time), self._keys) & self._within(time)
        return np.where(of_day & (np.abs(shift) <= MOST), time - shift, time)

    def moved(self, frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        patient = frame["patient"].to_numpy(np.int64)
        return frame.assign(**{name: self.times(patient, frame[name].to_numpy(np.int64)) for name in columns})

    def _within(self, time: Integers) -> Flags:
        return (time >= self._clock.origin) & (time < self._clock.origin + self._clock.span)


def _on_a_day(events: pd.DataFrame, zero: Integers) -> Flags:
    """By patient, whether time zero is an event of which only the day is known."""
    patient, time = events["patient"].to_numpy(np.int64), events["time"].to_numpy(np.int64)
    first, latest = events["first"].to_numpy(np.int64), events["latest"].to_numpy(np.int64)
    out = np.zeros(len(zero), dtype=bool)
    out[patient[(time == zero[patient]) & (first != latest)]] = True
    return out


def _days(records: PatientRecords) -> tuple[Integers, Integers]:
    """Patient and moment of everything that is known by its day."""
    parts = [*_filled(records.measurements, MEASURED), *_filled(records.events, HAPPENED)]
    parts += _filled(records.treatments, GIVEN)
    dated = records.events[(records.events["first"] != records.events["latest"]).to_numpy()]
    parts += [(dated["patient"].to_numpy(np.int64), dated[name].to_numpy(np.int64)) for name in ("first", "latest")]
    owners, moments = zip(*parts, strict=True)
    return np.concatenate(owners), np.concatenate(moments)


def _filled(frame: pd.DataFrame, columns: dict[str, str]) -> Iterator[tuple[Integers, Integers]]:
    for name, latest in columns.items():
        rows = frame[frame[latest].notna().to_numpy()]
        yield rows["patient"].to_numpy(np.int64), rows[name].to_numpy(np.int64)
