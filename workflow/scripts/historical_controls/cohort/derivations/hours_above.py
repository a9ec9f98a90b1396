"""Hours of each study day at or above a value, such as hours of fever (DV-15)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.cohort.records.derived import Derived, computed_rows, nothing_refused
from historical_controls.cohort.records.intervals import Flags, Floats, Integers, ragged
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import HOUR, NEVER, hours
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import HoursAbove
from historical_controls.dictionary.dictionary import Outcome

DAY = 24 * HOUR


@dataclass(frozen=True)
class Spans:
    """Stretches of time of patients, in milliseconds since their own time zero."""

    patient: Integers
    start: Floats
    stop: Floats

    def where(self, mask: Flags) -> Spans:
        return Spans(self.patient[mask], self.start[mask], self.stop[mask])

    def clipped(self, first: float, last: Floats) -> Spans:
        """What lies between a time and each patient's last one."""
        start, stop = np.maximum(self.start, first), np.minimum(self.stop, last[self.patient])
        return Spans(self.patient, start, stop).where(start < stop)


def hours_above(records: PatientRecords, zero: Integers, cohort: Cohort, rule: HoursAbove, outcome: Outcome) -> Derived:
    """One value per study day that was observed long enough, at the day's end or the end of the stay.

    Day 0 (the baseline hours) reads nothing after them. `zero`: NEVER for excluded patients.
    """
    readings = _readings(records, zero, rule)
    end = np.minimum(stay_end(records, zero), cohort.horizon_days * DAY)
    first, last = -cohort.baseline.before * HOUR, cohort.baseline.after * HOUR
    rows = []
    for first_day, since, until, spans in (
        # Day 0 joins only readings of its own: the stretch to the first one after it would read the future.
        (0, first, np.minimum(end, last), _between(readings[readings["since"] <= last], rule)),
        (1, last, end, _between(readings, rule)),
    ):
        seen, above = (part.clipped(since, until) for part in spans)
        rows.append(_by_day(seen, above, rule, first_day, zero, until))
    return Derived(computed_rows(pd.concat(rows, ignore_index=True), outcome), nothing_refused())


def stay_end(records: PatientRecords, zero: Integers) -> Floats:
    """Milliseconds from time zero to the end of the stay; 0 for excluded patients and unknown ends."""
    known = (zero != NEVER) & (records.stays.end != NEVER)
    return np.where(known, np.maximum(np.where(known, records.stays.end - np.where(known, zero, 0), 0), 0), 0.0)


def _readings(records: PatientRecords, zero: Integers, rule: HoursAbove) -> pd.DataFrame:
    rows = records.measurements[(records.measurements["outcome"] == rule.of) & records.measurements["value"].notna()]
    rows = rows[zero[rows["patient"].to_numpy(np.int64)] != NEVER]
    since = rows["time"].to_numpy(np.int64) - zero[rows["patient"].to_numpy(np.int64)]
    # Of two readings at one time the higher counts, whatever the order of the file.
    rows = rows[["patient", "value"]].assign(since=since.astype(np.float64))
    return rows.groupby(["patient", "since"], as_index=False, sort=True)["value"].max()


def _between(readings: pd.DataFrame, rule: HoursAbove) -> tuple[Spans, Spans]:
    """Stretches between readings close enough in time, and the part of each at or above the cut."""
    patient = readings["patient"].to_numpy(np.int64)
    since, value = readings["since"].to_numpy(np.float64), readings["value"].to_numpy(np.float64)
    # Neighbours of different patients, and readings too far apart, say nothing of the time between them.
    joined = (patient[1:] == patient[:-1]) & (np.diff(since) <= hours(rule.max_gap_hours))
    seen = Spans(patient[:-1], since[:-1], since[1:]).where(joined)
    left, right = value[:-1][joined], value[1:][joined]
    if rule.between == "step":
        return seen, seen.where(left >= rule.cut)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where the line between two readings meets the cut; only used where they are on different sides of it.
        crossing = seen.start + (seen.stop - seen.start) * (rule.cut - left) / (right - left)
    start = np.where(left >= rule.cut, seen.start, np.where(right >= rule.cut, crossing, seen.stop))
    stop = np.where(right >= rule.cut, seen.stop, np.where(left >= rule.cut, crossing, seen.stop))
    return seen, Spans(seen.patient, start, stop).where(start < stop)


def _by_day(
    observed: Spans, above: Spans, rule: HoursAbove, first_day: int, zero: Integers, until: Floats
) -> pd.DataFrame:
    # Baseline hours are one day, however many they are.
    hours_seen = span_hours(observed, first_day > 0, len(zero))
    days = span_hours(above, first_day > 0, len(zero), hours_seen.shape[1])
    # 1e-9: with a declared minimum of 0 hours, a day without any observed time still has no value.
    patient, place = np.nonzero(hours_seen >= max(rule.min_observed_hours, 1e-9))
    day = place + first_day
    # A day that the stay's end cut short stands just before that end, within follow-up.
    offset = np.minimum(day * float(DAY), np.maximum(until[patient] - 1, 0)).astype(np.int64)
    offset = np.where(day * DAY == until[patient], day * DAY, offset)
    # Sums of stretches in milliseconds: nine decimals of an hour remove the rounding that would show as 23.999999.
    value = np.round(days[patient, place], 9)
    return pd.DataFrame(
        {
            "patient": patient.astype(np.int64),
            "time": np.where(zero[patient] == NEVER, 0, zero[patient]) + offset,
            "value": value,
            "lower": value,
            "upper": value,
            "flags": "",
        }
    )


def span_hours(spans: Spans, by_day: bool, count: int, days: int = 0) -> Floats:
    """Hours by patient (rows) and study day (columns, from day 1), or in one column where they make one day."""
    if not by_day:
        lengths = (spans.stop - spans.start) / HOUR
        return np.bincount(spans.patient, lengths, count).astype(np.float64).reshape(-1, 1)
    # A stretch over midnight of the study clock is cut at it: one piece per day that it touches.
    first = np.floor(spans.start / DAY).astype(np.int64)
    last = np.ceil(spans.stop / DAY).astype(np.int64)
    width = max(int(last.max(initial=1)), days)
    day, which = ragged(first, last)
    start, stop = np.maximum(spans.start[which], day * DAY), np.minimum(spans.stop[which], (day + 1) * DAY)
    # Index of (patient, day) in a flattened table: one bincount sums all patients' days.
    cell = spans.patient[which] * width + day
    return np.bincount(cell, (stop - start) / HOUR, count * width).astype(np.float64).reshape(count, width)
