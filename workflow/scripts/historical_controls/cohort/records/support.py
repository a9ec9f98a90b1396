"""Courses of treatments and organ support on the integer clock: arrays of rows (patient, start, stop).

A stop of NEVER has no end.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.timeline import NEVER, Clock, clock_of, hours

PERSON = ["source", "patient_id"]
EDGES = ["patient", "start", "stop"]
VENTILATION = "invasive_ventilation"


def with_tubes(treatments: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Table treatments with the invasive ventilation that intubations tell of (EL-3).

    Each to the next extubation, or to the patient's first recorded course, which tells from then on: what comes later
    changes nothing of what came before.
    """
    dated = events[events["time"].notna()]
    tubes, out = (
        dated[dated["event"] == name].rename(columns={"time": edge, "latest": f"{edge}_latest"})
        for name, edge in (("intubation", "start"), ("extubation", "stop"))
    )
    recorded = treatments[treatments["treatment"] == VENTILATION].groupby(PERSON)["start"].min().rename("told")
    tubes = _extubated(tubes, out)
    tubes = tubes.join(recorded, on=PERSON)
    # A comparison with NaT is false: without recorded courses every intubation is kept.
    tubes = tubes[~(tubes["start"] >= tubes["told"])]
    stop = tubes[["stop", "told"]].min(axis=1)
    latest = tubes["stop_latest"].where(stop == tubes["stop"])
    rows = tubes.assign(treatment=VENTILATION, stop=stop, stop_latest=latest).reindex(columns=treatments.columns)
    return pd.concat([treatments, rows.astype(treatments.dtypes)], ignore_index=True) if len(rows) else treatments


def _extubated(tubes: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Intubations with columns stop and stop_latest: of the next extubation, null without one.

    An extubation known by its day may follow an intubation of that day, unless it ended an earlier one.
    """
    ends = out[[*PERSON, "stop", "stop_latest"]].assign(end=out["stop_latest"].fillna(out["stop"]))
    ends = ends.sort_values("end", kind="stable").assign(number=np.arange(len(ends), dtype=np.float64))
    tubes = tubes.sort_values("start", kind="stable")
    matches = [
        pd.merge_asof(tubes, ends.sort_values(edge), left_on="start", right_on=edge, by=PERSON, direction="forward")
        for edge in ("stop", "end")
    ]
    surely, perhaps = matches
    same_day = perhaps["number"].notna() & ~perhaps["number"].isin(surely["number"])
    return surely.where(~same_day, perhaps).drop(columns=["end", "number"])


def courses_of(treatments: pd.DataFrame, names: Collection[str]) -> Integers:
    """Courses of these treatments in a placed table, in no order."""
    return treatments.loc[treatments["treatment"].isin(list(names)), EDGES].to_numpy(np.int64)


def running(courses: Integers, patient: Integers, since: Integers, until: Integers) -> Flags:
    """Whether any of the patient's courses touches [since, until]; one that stops at `since` still touches it.

    More starts than stops means one is running, so that no moment is compared with every course.
    """
    owner, start, stop = courses.T
    ended = stop != NEVER
    clock = clock_of(start, stop, since, until)
    begun = _rank(clock, owner, start, patient, until, "right")
    over = _rank(clock, owner[ended], stop[ended], patient, since, "left")
    # A course that began by `until` and did not stop before `since` is one start more than stops.
    return begun > over


def _rank(clock: Clock, owner: Integers, edges: Integers, patient: Integers, time: Integers, side: str) -> Integers:
    """How many of the patient's own courses have this edge before (or at) the time."""
    keys = np.sort(clock.key(owner, edges))
    found = np.searchsorted(keys, clock.key(patient, time), side=side)  # type: ignore[call-overload]
    # Less the records of all patients sorted before.
    return found - np.searchsorted(keys, patient * clock.span, side="left")


def runs_at(treatments: pd.DataFrame, names: Collection[str], patient: Integers, time: Integers) -> Flags:
    """Whether any of these treatments runs at each time."""
    return running(courses_of(treatments, names), patient, time, time)


def merged_courses(
    treatments: pd.DataFrame, names: Collection[str], gap_hours: float
) -> tuple[Integers, Integers, Integers]:
    """Patient, start and stop of support, overlapping courses and those less than the gap apart as one.

    Sorted by patient and start.
    """
    courses = courses_of(treatments, names)
    courses = courses[np.lexsort((courses[:, 2], courses[:, 1], courses[:, 0]))]
    return _merged(courses, hours(gap_hours))


def _merged(courses: Integers, gap: int) -> tuple[Integers, Integers, Integers]:
    if not len(courses):
        none = np.array([], dtype=np.int64)
        return none, none, none
    patient, start, stop = courses.T
    clock = clock_of(start, stop + gap * (stop != NEVER), start + 1)
    # A course without an end reaches to the end of the patient's own clock, and no further.
    reach = np.maximum.accumulate(clock.key(patient, np.where(stop == NEVER, NEVER, stop + gap)))
    # A new course begins where the start is not before the farthest reach so far, or the patient changes.
    fresh = np.concatenate([[True], (clock.key(patient[1:], start[1:]) >= reach[:-1]) | (np.diff(patient) > 0)])
    first = np.flatnonzero(fresh)
    return patient[first], start[first], np.maximum.reduceat(stop, first)
