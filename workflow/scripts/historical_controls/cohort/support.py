"""Courses of treatments and organ support on the integer clock."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from .clean_tables import CleanTables
from .intervals import Flags, Integers
from .timeline import NEVER, Clock, clock_of, hours

VENTILATION = "invasive_ventilation"


def support_courses(tables: CleanTables, names: Collection[str]) -> tuple[np.ndarray, np.ndarray]:
    """(patient, start) and (patient, stop) of the courses of these treatments; a stop of NEVER has no end.

    Invasive ventilation also runs from intubation to extubation in patients for whom no course of it is recorded.
    """
    given = tables.treatments[tables.treatments["treatment"].isin(list(names))]
    start, stop = ([given[["patient", edge]].to_numpy(np.int64)] for edge in ("start", "stop"))
    if VENTILATION in names:
        recorded = given.loc[given["treatment"] == VENTILATION, "patient"]
        tubes = tables.events[~tables.events["patient"].isin(recorded)]
        start.append(_of(tubes, "intubation"))
        stop.append(_of(tubes, "extubation"))
    return np.concatenate(start), np.concatenate(stop)


def _of(events: pd.DataFrame, name: str) -> np.ndarray:
    return events.loc[events["event"] == name, ["patient", "time"]].to_numpy(np.int64)


def running(start: np.ndarray, stop: np.ndarray, patient: Integers, since: Integers, until: Integers) -> Flags:
    """Whether any course (patient, start) .. (patient, stop) touches [since, until]; a stop of NEVER has no end.

    More starts than stops means one is running, so that no course needs to be matched with its end.
    """
    stop = stop[stop[:, 1] != NEVER]
    clock = clock_of(start[:, 1], stop[:, 1], since, until)
    begun = _rank(clock, start, patient, until, "right")
    over = _rank(clock, stop, patient, since, "left")
    return begun > over


def _rank(clock: Clock, courses: np.ndarray, patient: Integers, time: Integers, side: str) -> Integers:
    """How many of the patient's own courses have this end before (or at) the time."""
    keys = np.sort(clock.key(courses[:, 0], courses[:, 1]))
    found = np.searchsorted(keys, clock.key(patient, time), side=side)  # type: ignore[call-overload]
    return found - np.searchsorted(keys, patient * clock.span, side="left")


def runs_at(tables: CleanTables, names: Collection[str], patient: Integers, time: Integers) -> Flags:
    """Whether any of these treatments runs at each time."""
    return running(*support_courses(tables, names), patient, time, time)


def merged_courses(
    tables: CleanTables, names: Collection[str], gap_hours: float
) -> tuple[Integers, Integers, Integers]:
    """Patient, start and stop of support, overlapping courses and those less than the gap apart as one.

    A stop of NEVER has no end. Sorted by patient and start.
    """
    given = tables.treatments[tables.treatments["treatment"].isin(list(names))]
    parts = [given[["patient", "start", "stop"]].to_numpy(np.int64)]
    if VENTILATION in names:
        recorded = given.loc[given["treatment"] == VENTILATION, "patient"]
        tubes = tables.events[~tables.events["patient"].isin(recorded)]
        parts.append(_tube_courses(_of(tubes, "intubation"), _of(tubes, "extubation")))
    courses = np.concatenate(parts)
    courses = courses[np.lexsort((courses[:, 2], courses[:, 1], courses[:, 0]))]
    return _merged(courses, hours(gap_hours))


def _tube_courses(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Each intubation with the patient's next extubation, NEVER where none follows."""
    clock = clock_of(start[:, 1], stop[:, 1])
    stop = stop[np.argsort(clock.key(stop[:, 0], stop[:, 1]))]
    place = np.searchsorted(clock.key(stop[:, 0], stop[:, 1]), clock.key(start[:, 0], start[:, 1]), side="left")
    padded = np.concatenate([stop, np.array([[-1, NEVER]], dtype=np.int64)])
    found = padded[np.minimum(place, len(stop))]
    return np.column_stack([start, np.where(found[:, 0] == start[:, 0], found[:, 1], NEVER)])


def _merged(courses: np.ndarray, gap: int) -> tuple[Integers, Integers, Integers]:
    if not len(courses):
        none = np.array([], dtype=np.int64)
        return none, none, none
    patient, start, stop = courses.T
    clock = clock_of(start, stop + gap * (stop != NEVER), start + 1)
    # A course without an end reaches to the end of the patient's own clock, and no further.
    reach = np.maximum.accumulate(clock.key(patient, np.where(stop == NEVER, NEVER, stop + gap)))
    fresh = np.concatenate([[True], (clock.key(patient[1:], start[1:]) >= reach[:-1]) | (np.diff(patient) > 0)])
    first = np.flatnonzero(fresh)
    return patient[first], start[first], np.maximum.reduceat(stop, first)
