"""Records on an integer clock: 'what was known in the last hours?' is two binary searches, for all patients at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Floats, Integers, Operator, compare
from historical_controls.cohort.records.kleene import States

HOUR = 3_600_000
# Far from the ends of int64, so that hours can be added to it or taken off without overflow.
NEVER = np.int64(2**62)


def milliseconds(times: pd.Series) -> Integers:
    """UTC times as integer milliseconds, rounded up so that no record seems to exist before it does; null = NEVER."""
    micro = times.astype("datetime64[us, UTC]")
    # Floor division of the negative is rounding up.
    whole = -(-micro.astype("int64").to_numpy() // 1000)
    return np.where(micro.isna().to_numpy(), NEVER, whole)


def timestamps(moments: Integers) -> pd.Series:
    """Integer milliseconds as UTC times; NEVER becomes null."""
    known = moments != NEVER
    return pd.Series(pd.to_datetime(np.where(known, moments, 0), unit="ms", utc=True)).where(known).dt.as_unit("us")


def hours(count: float) -> int:
    return round(count * HOUR)


@dataclass(frozen=True)
class Moments:
    """Points in time of patients, by position of the patient; sorted by patient."""

    patient: Integers
    time: Integers

    def __len__(self) -> int:
        return len(self.patient)

    def where(self, mask: Flags) -> Moments:
        return Moments(self.patient[mask], self.time[mask])


@dataclass(frozen=True)
class Clock:
    """Orders records of all patients by one integer: patient first, time second."""

    origin: int
    span: int

    def key(self, patient: Integers, time: Integers) -> Integers:
        # Clipped, so that a time outside the clock stays within its own patient's range of keys.
        return patient * self.span + np.clip(time - self.origin, 0, self.span - 1)


def clock_of(*times: Integers) -> Clock:
    """A clock that spans all these times, with room before the first and after the last."""
    known = np.concatenate([t[t != NEVER] for t in times]) if times else np.array([], dtype=np.int64)
    if not len(known):
        return Clock(0, 2)
    # One free place at either end: clipped times compare before, and after, every record.
    origin = int(known.min()) - 1
    return Clock(origin, int(known.max()) - origin + 2)


@dataclass(frozen=True)
class Window:
    """Half-open ranges of records, one per moment."""

    start: Integers
    stop: Integers

    @property
    def count(self) -> Integers:
        return self.stop - self.start


@dataclass(frozen=True)
class Series:
    """One outcome's results, sorted by patient and time.

    `known_after`: milliseconds after its time from which a result may be used (a pair of measurements is settled only
    when its pairing window has closed). `closed`: bounds may be reached (see `compare`). `tie`: first record of the
    same patient and time. `row`: label of the record's row in the frame that the series was made from.
    """

    clock: Clock
    key: Integers
    time: Integers
    lower: Floats
    upper: Floats
    result: np.ndarray
    assay: np.ndarray
    tie: Integers
    row: np.ndarray
    known_after: int = 0
    closed: bool = False

    def before(self, moments: Moments, back: int) -> Integers:
        """How many records (of all patients in order) lie up to `back` milliseconds before each moment."""
        return np.searchsorted(self.key, self.clock.key(moments.patient, moments.time - back), side="right")

    def window(self, moments: Moments, within: float, until: float = 0.0) -> Window:
        """Records in (t - within, t - until] (hours) that are known at t."""
        # side="right" in `before`: a record exactly `within` hours old is outside, one at t inside.
        start = self.before(moments, hours(within))
        stop = self.before(moments, max(hours(until), self.known_after))
        # A result still unsettled may leave the window empty with stop before start.
        return Window(start, np.maximum(start, stop))

    def latest(self, window: Window) -> Window:
        """The records at the last time of each window (several where they tie)."""
        if not len(self.time):
            return window
        last = np.maximum(window.stop - 1, 0)
        return Window(np.where(window.count > 0, np.maximum(self.tie[last], window.start), window.start), window.stop)

    def meets(self, op: Operator, limit: float) -> States:
        return compare(self.lower, self.upper, op, limit, self.closed)

    @property
    def shown(self) -> Floats:
        """The number, or the limit of a censored one."""
        return np.where(np.isfinite(self.upper), self.upper, self.lower)


def make_series(
    clock: Clock, patient: Integers, frame: pd.DataFrame, known_after: int = 0, closed: bool = False
) -> Series:
    """A series from rows with columns time (integer), lower, upper, result, assay; null bounds are infinite."""
    time = frame["time"].to_numpy(np.int64)
    # Rows that tie keep one declared order, so that the answer never depends on the order of a file.
    order = np.lexsort((frame["specimen"].astype(str), frame["assay"].astype(str), time, patient))
    key = clock.key(patient[order], time[order])
    fresh = np.concatenate([[True], key[1:] != key[:-1]]) if len(key) else np.array([], dtype=bool)
    return Series(
        clock,
        key,
        time[order],
        frame["lower"].fillna(-np.inf).to_numpy(np.float64)[order],
        frame["upper"].fillna(np.inf).to_numpy(np.float64)[order],
        frame["result"].to_numpy(object)[order],
        frame["assay"].to_numpy(object)[order],
        # Place of the first record with the same patient and time, for every record.
        np.maximum.accumulate(np.where(fresh, np.arange(len(key)), 0)) if len(key) else np.array([], dtype=np.int64),
        frame.index.to_numpy()[order],
        known_after,
        closed,
    )
