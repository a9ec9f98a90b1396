"""Which rows of which file decided a rule: for every treated patient and every included control."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.cohort.eligibility.basal_ratio import ratio_of
from historical_controls.cohort.eligibility.threshold import reduction
from historical_controls.cohort.eligibility.time_zero import Decisions, moments_at
from historical_controls.cohort.records.intervals import Flags, Integers, ragged
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import NEVER, Moments, Series, hours, timestamps
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.rules import EventRule, RatioRule, ResultRule, Rule, ThresholdRule, TreatmentRule
from historical_controls.tables.registry import EVIDENCE

COLUMNS = [name for name in EVIDENCE.names if name != "scenario"]


def evidence_rows(records: PatientRecords, decided: Decisions, cohort: Cohort, arm: str) -> pd.DataFrame:
    """Rows of table `evidence` but for the scenario, at the hour that decides.

    What a rule looked at and found; a characteristic has no row of its own, and a combination those of its parts.
    """
    # Excluded controls have no time zero, and no rows here.
    at = decided.judged_at if arm == "treated" else decided.time_zero
    moments = moments_at(at)
    frames = [
        part.assign(rule=name)
        for name, rule in cohort.rules.items()
        if rule.applies_to in ("both", arm)
        for part in _of_rule(rule, moments, records)
        if len(part)
    ]
    if not frames:
        return EVIDENCE.empty().drop(columns="scenario")
    rows = pd.concat(frames, ignore_index=True)
    people = records.people
    names = {column: people[column].to_numpy()[rows["patient"]] for column in ("source", "patient_id", "arm")}
    return rows.assign(**names)[COLUMNS].drop_duplicates([name for name in EVIDENCE.key if name != "scenario"])


def _of_rule(rule: Rule, moments: Moments, records: PatientRecords) -> Iterator[pd.DataFrame]:
    if isinstance(rule, ThresholdRule | ResultRule | RatioRule):
        series = records.results(rule.outcome, isinstance(rule, ThresholdRule) and rule.imputed)
        if series is not None and len(series.time) and len(moments):
            yield _measured(_places(rule, moments, records, series), series, records)
    elif isinstance(rule, EventRule):
        happened = records.events[records.events["event"] == rule.event]
        yield _dated(happened, "time", "event", moments, hours(rule.at_least_hours_before))
    elif isinstance(rule, TreatmentRule):
        yield _courses(rule, moments, records)


def _places(
    rule: ThresholdRule | ResultRule | RatioRule, moments: Moments, records: PatientRecords, series: Series
) -> tuple[Integers, Integers]:
    """Places in the series, and the patient that each belongs to."""
    if isinstance(rule, RatioRule):
        ratio = ratio_of(rule, moments, records.stays.start, series)
        usable = ratio.usable
        return np.concatenate([ratio.basal[usable], ratio.last[usable]]), np.tile(moments.patient[usable], 2)
    window = series.window(moments, rule.within_hours)
    if isinstance(rule, ThresholdRule) and _only_last(rule):
        # Only the last value decided; earlier ones were looked at and have no part in it.
        window = series.latest(window)
    place, group = ragged(window.start, window.stop)
    patient = moments.patient[group]
    if isinstance(rule, ResultRule):
        # Where the result was seen, only those records decided the rule; where not, all that were looked at did.
        found = np.array([result == rule.result for result in series.result[place]], dtype=bool)
        met = np.bincount(group[found], minlength=len(moments)) > 0
        kept: Flags = found | ~met[group]
        return place[kept], patient[kept]
    return place, patient


def _only_last(rule: ThresholdRule) -> bool:
    alone = rule.min_count == 1 and rule.in_each_hours is None and rule.contradicted_within_hours is None
    return reduction(rule) == "last" and alone


def _measured(places: tuple[Integers, Integers], series: Series, records: PatientRecords) -> pd.DataFrame:
    place, patient = places
    rows = records.judged.loc[series.row[place]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "patient": patient,
            "what": rows["outcome"],
            "time": timestamps(rows["time"].to_numpy(np.int64)),
            "value": rows["value"],
            "lower": rows["lower"],
            "upper": rows["upper"],
            "result": rows["result"],
            **{name: rows[name] for name in ("file", "line", "item")},
        }
    )


def _dated(frame: pd.DataFrame, column: str, name: str, moments: Moments, before: int) -> pd.DataFrame:
    """Rows not later than each patient's moment less `before`."""
    # -NEVER lets no row pass of patients without a moment.
    limit = np.full(int(max([-1, *moments.patient, *frame["patient"]])) + 1, -NEVER)
    limit[moments.patient] = moments.time - before
    patient = frame["patient"].to_numpy()
    rows = frame[frame[column].to_numpy(np.int64) <= limit[patient]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "patient": rows["patient"],
            "what": rows[name],
            "time": timestamps(rows[column].to_numpy(np.int64)),
            "value": np.nan,
            "lower": np.nan,
            "upper": np.nan,
            "result": None,
            **{key: rows[key] for key in ("file", "line", "item")},
        }
    )


def _courses(rule: TreatmentRule, moments: Moments, records: PatientRecords) -> pd.DataFrame:
    """Courses that ran within the look-back."""
    given = records.treatments[records.treatments["treatment"].isin(rule.treatments)]
    # NEVER: no course counts of patients without a moment.
    since = np.full(len(records), NEVER)
    since[moments.patient] = moments.time - hours(rule.within_hours)
    ran = given[given["stop"].to_numpy(np.int64) >= since[given["patient"].to_numpy()]]
    return _dated(ran, "start", "treatment", moments, 0)
