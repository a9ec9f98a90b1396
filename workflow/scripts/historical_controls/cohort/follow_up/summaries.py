"""One value per included patient: days free of support, hours of support, days of fever (DV-16, DV-17).

Supporting outcomes, not registered ones. What was not followed to its end is bounded, not imputed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.hours_above import DAY, Spans, span_hours, stay_end
from historical_controls.cohort.records.intervals import Flags, Floats, Integers
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.support import merged_courses
from historical_controls.cohort.records.timeline import HOUR, NEVER
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import DailyTotal, DaysReaching, FreeDays, HoursAbove, SupportHours
from historical_controls.dictionary.dictionary import Dictionary

KNOWN, NOT_RECORDED = "known", "not_recorded"


@dataclass(frozen=True)
class Followed:
    """How far each included patient was followed, for a summary up to one day.

    `until`: milliseconds from time zero, at most that day. `state`: 'known', 'death' (by that day), or why the
    rest is not known: 'transfer_out', 'last_record', or an end that the study declares. `baseline`: the hours whose
    readings are no response.
    """

    until: Floats
    state: np.ndarray
    baseline: BaselineWindow

    @property
    def lost(self) -> Flags:
        return ~np.isin(self.state.astype(str), [KNOWN, "death"])

    @property
    def days(self) -> Floats:
        """Study days of which each patient was followed for a part."""
        begun = self.until > self.baseline.after * HOUR
        return np.where(begun, np.ceil(self.until / DAY) - (self.baseline.first_day - 1), 0)


@dataclass(frozen=True)
class Values:
    value: Floats
    lower: Floats
    upper: Floats
    observed: Floats
    state: np.ndarray


def summary_rows(
    records: PatientRecords,
    zero: Integers,
    cohort: Cohort,
    dictionary: Dictionary,
    recorded: Collection[tuple[str, str]],
) -> pd.DataFrame:
    """Rows of table `patient_summaries` but for the scenario.

    `recorded`: (source, treatment) of every course in the export: where a source records no course of a support at
    all, its patients are not free of it but unknown.
    """
    parts = []
    included = zero != NEVER
    for code, rule in cohort.summaries.items():
        followed = followed_until(records, zero, rule.days, cohort.baseline)
        match rule:
            case FreeDays():
                values = _free_days(records, zero, rule, followed, _has_records(records, rule.support, recorded))
            case SupportHours():
                values = _support_hours(records, zero, rule, followed, _has_records(records, rule.support, recorded))
            case DaysReaching():
                values = _days_reaching(records, zero, rule, followed)
            case DailyTotal():
                values = _daily_total(records, zero, rule, followed, limits_a_day(rule.of, cohort, dictionary))
            case _:
                assert_never(rule)
        parts.append(_rows(records, values, code, dictionary.outcomes[code].unit)[included])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def followed_until(records: PatientRecords, zero: Integers, days: int, baseline: BaselineWindow) -> Followed:
    """Follow-up up to a day: after a discharge alive all is known, after a transfer or the last record nothing is."""
    last = stay_end(records, zero)
    ended = records.stays.end_state
    # After an end that the study declares, such as a transplant, nothing more is used, and it is named as it is.
    state = np.where(last > days * DAY, KNOWN, np.where(ended == "", "last_record", ended))
    # A patient discharged alive is taken to be free of support from then on (DV-16).
    state = np.where(state == "discharge_alive", KNOWN, state)
    # Whoever left at the very end of the period was followed through all of it.
    state = np.where((last == days * DAY) & (ended != "death"), KNOWN, state)
    return Followed(np.minimum(last, days * DAY), state.astype(object), baseline)


def _has_records(records: PatientRecords, support: list[str], recorded: Collection[tuple[str, str]]) -> Flags:
    sources = {source for source, name in recorded if name in support}
    return records.people["source"].isin(sources).to_numpy()


def _support(records: PatientRecords, zero: Integers, names: list[str], gap: float, until: Floats) -> Spans:
    patient, start, stop = merged_courses(records.treatments, names, gap)
    kept = zero[patient] != NEVER
    patient, start, stop = patient[kept], start[kept], stop[kept]
    begin = zero[patient]
    # A course without an end runs on; `clipped` ends it with the follow-up.
    since = np.where(stop == NEVER, np.inf, (np.where(stop == NEVER, 0, stop) - begin).astype(np.float64))
    return Spans(patient, (start - begin).astype(np.float64), since).clipped(0.0, until)


def _free_days(records: PatientRecords, zero: Integers, rule: FreeDays, followed: Followed, known: Flags) -> Values:
    spans = _support(records, zero, rule.support, rule.gap_hours, followed.until)
    if rule.count == "all":
        used = (span_hours(spans, True, len(zero)) > 0).sum(axis=1).astype(np.float64)
    else:
        used = np.zeros(len(zero))
        np.maximum.at(used, spans.patient, np.ceil(spans.stop / DAY))
    free = rule.days - used
    # Free days count survival with freedom: a death has the declared value, however little support there was.
    value = np.where(followed.state == "death", float(rule.death), free)
    # A death has its declared value, whether or not the source records courses.
    known = known | (followed.state == "death")
    return _bounded(value, np.full(len(zero), float(rule.death)), free, followed, known, np.float64(rule.days))


def _support_hours(
    records: PatientRecords, zero: Integers, rule: SupportHours, followed: Followed, known: Flags
) -> Values:
    spans = _support(records, zero, rule.support, rule.gap_hours, followed.until)
    used = span_hours(spans, False, len(zero))[:, 0]
    # The hours after the last record could all, or none, have been under support.
    rest = (rule.days * DAY - followed.until) / (DAY / 24)
    # Nobody is supported after death: without any record at most the hours lived were under support.
    most = np.where(followed.state == "death", followed.until / (DAY / 24), rule.days * 24.0)
    return _bounded(used, used, used + rest, followed, known, most)


def _bounded(
    value: Floats, lower: Floats, upper: Floats, followed: Followed, known: Flags, most: Floats | np.float64
) -> Values:
    """The value where follow-up is complete, its bounds where it is not, up to `most` where nothing says it."""
    state = np.where(known, followed.state, NOT_RECORDED).astype(object)
    open_ = followed.lost | (state == NOT_RECORDED)
    low = np.where(open_, lower, value)
    high = np.where(state == NOT_RECORDED, most, np.where(open_, upper, value))
    return Values(np.where(open_, np.nan, value), low, high, followed.until / DAY, state)


def _days_reaching(records: PatientRecords, zero: Integers, rule: DaysReaching, followed: Followed) -> Values:
    rows = records.measurements[records.measurements["outcome"] == rule.of]
    seen = _count_by_day(rows, zero, rule.days, followed)
    reached = _count_by_day(rows[rows["lower"] >= rule.cut], zero, rule.days, followed)
    return _of_days((reached >= rule.min_count).sum(axis=1), (seen > 0).sum(axis=1), followed, (0.0, 1.0))


def limits_a_day(code: str, cohort: Cohort, dictionary: Dictionary) -> tuple[float, float]:
    """Least and greatest value that one day without a reading can have had, in the unit of the outcome.

    Hours above a cut: 0 and 24. Else the dictionary's hard limits, beyond which a value would be quarantined; nan
    where it declares none.
    """
    if isinstance(cohort.derivations.get(code), HoursAbove):
        return 0.0, 24.0
    entry = dictionary.outcomes[code]
    low, high = (np.nan if limit is None else limit for limit in (entry.hard_low, entry.hard_high))
    return low, high


def _daily_total(
    records: PatientRecords, zero: Integers, rule: DailyTotal, followed: Followed, limits: tuple[float, float]
) -> Values:
    rows = records.measurements[(records.measurements["outcome"] == rule.of) & records.measurements["value"].notna()]
    seen = _count_by_day(rows, zero, rule.days, followed)
    total = _count_by_day(rows, zero, rule.days, followed, rows["value"].to_numpy(np.float64)).sum(axis=1)
    return _of_days(total, (seen > 0).sum(axis=1), followed, limits)


def _of_days(total: np.ndarray, observed: np.ndarray, followed: Followed, limits: tuple[float, float]) -> Values:
    """What was seen on the observed days; each day in hospital without a reading adds between its two limits."""
    total, observed = total.astype(np.float64), observed.astype(np.float64)
    # Days of follow-up without any reading.
    lacking = np.maximum(followed.days - observed, 0)
    state = np.where(observed > 0, np.where(followed.lost, followed.state, KNOWN), NOT_RECORDED).astype(object)
    value = np.where(observed > 0, total, np.nan)
    # Where no day is lacking the limit does not matter, even one that is not known (nan).
    lower, upper = (np.where(lacking > 0, total + limit * lacking, total) for limit in limits)
    return Values(value, lower, upper, observed, state)


def _count_by_day(
    rows: pd.DataFrame, zero: Integers, days: int, followed: Followed, weights: Floats | None = None
) -> Floats:
    """Rows (or the sum of weights) by patient and study day 1..days; none of the baseline."""
    patient = rows["patient"].to_numpy(np.int64)
    included = zero[patient] != NEVER
    since = np.where(included, rows["time"].to_numpy(np.int64) - np.where(included, zero[patient], 0), -1)
    kept = (since > followed.baseline.after * HOUR) & (since <= followed.until[patient])
    # Day d is (24 (d - 1), 24 d] hours, hence ceil; cells are (patient, day) flattened.
    cell = patient[kept] * days + np.ceil(since[kept] / DAY).astype(np.int64) - 1
    shares = None if weights is None else weights[kept]
    return np.bincount(cell, shares, len(zero) * days).astype(np.float64).reshape(len(zero), days)


def _rows(records: PatientRecords, values: Values, code: str, unit: str) -> pd.DataFrame:
    people = records.people
    return pd.DataFrame(
        {
            "source": people["source"],
            "patient_id": people["patient_id"],
            "arm": people["arm"],
            "outcome": code,
            "value": values.value,
            "lower": values.lower,
            "upper": values.upper,
            "unit": unit,
            "days_observed": values.observed,
            "state": values.state,
        }
    )
