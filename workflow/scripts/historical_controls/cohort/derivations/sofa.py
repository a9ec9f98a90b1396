"""SOFA: the worst of each organ's score over a look-back window, with honest bounds for what was not measured.

Cut-points (DV-10): Vincent et al., Intensive Care Med 1996;22:707-710, as tabulated in PMC4968574, table 1.
Respiratory scores of 3 and 4 need respiratory support. Drug doses in ug/kg/min.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.vasopressors import pressor_courses
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.flags import IMPUTED, has_any
from historical_controls.cohort.records.intervals import Flags, Floats, Integers
from historical_controls.cohort.records.support import EDGES, running, runs_at
from historical_controls.cohort.records.timeline import Clock, clock_of, hours
from historical_controls.config.cohort.derivations import Sofa

NOT_MEASURED = -1
HIGHEST = 4


@dataclass(frozen=True)
class Organ:
    """One organ's score by one outcome: how many of the cuts it passes (below them, or at and above them).

    `points`: added by each cut passed.
    """

    name: str
    outcome: str
    cuts: tuple[float, ...]
    low_is_bad: bool
    points: tuple[int, ...] = (1, 1, 1, 1)


ORGANS = (
    Organ("RESP", "PF", (400, 300, 200, 100), True),
    Organ("COAG", "PLT", (150, 100, 50, 20), True),
    Organ("LIVER", "BILI", (1.2, 2.0, 6.0, 12.0), False),
    Organ("CARDIO", "MAP", (70,), True),
    Organ("CNS", "GCS", (15, 13, 10, 6), True),
    Organ("RENAL", "CREAT", (1.2, 2.0, 3.5, 5.0), False),
)
NAMES = tuple(organ.name for organ in ORGANS)
# Below 500 mL a day 3 points, below 200 one more (DV-10).
URINE_CUTS, URINE_POINTS = (500.0, 200.0), (3, 1)


@dataclass(frozen=True)
class OrganScores:
    """Scores of every organ (NOT_MEASURED or 0 to 4) at each evaluation time, and notes on how they came about."""

    patient: Integers
    time: Integers
    worst: Mapping[str, Integers]
    notes: Mapping[str, Flags]

    @property
    def lacking(self) -> Mapping[str, Flags]:
        return {name: score == NOT_MEASURED for name, score in self.worst.items()}


def organ_scores(tables: CleanTables, rule: Sofa, known_after: Mapping[str, int]) -> OrganScores:
    """Worst score of each organ at every new component value.

    `tables`: placed tables whose measurements hold the derived P/F; `known_after`: milliseconds until a derived
    component may be used.
    """
    parts = {organ.name: component(tables, organ, rule, known_after.get(organ.outcome, 0)) for organ in ORGANS}
    patient, time = _evaluation_times(parts.values())
    # The clock must reach back to the earliest look-back, because keys outside its span are clipped.
    clock = clock_of(time, time - hours(max(rule.within_hours, rule.carry_hours or 0)))
    worst = {name: _worst(part, patient, time, rule, clock) for name, part in parts.items()}
    courses = pressor_courses(tables.treatments, tables.patients, rule)
    pressors = _pressor_score(courses, patient, time, rule)
    # No pressor is no measurement of the pressure: an organ without either stays NOT_MEASURED.
    worst["CARDIO"] = np.maximum(worst["CARDIO"], np.where(pressors > 0, pressors, NOT_MEASURED))
    notes = {
        "SOFA_DOSE_UNKNOWN": _touched(courses[courses["unknown"]], patient, time, rule),
        "SOFA_SEDATED": _assumed(parts["CNS"], patient, time, rule, clock),
    }
    scores = _sedated_now(tables, rule, parts["CNS"], OrganScores(patient, time, worst, notes), clock)
    return _carried(rule, parts, scores, clock)


def component(tables: CleanTables, organ: Organ, rule: Sofa, delay: int) -> pd.DataFrame:
    """Scores of one organ with the time from which each may be used: patient, time, score, assumed (by convention)."""
    rows = tables.measurements[tables.measurements["outcome"] == organ.outcome]
    if organ.name == "RESP" and not rule.imputed:
        # An estimated P/F would let an assumption score up to 4 points.
        rows = rows[~has_any(rows["flags"], IMPUTED)]
    scored = _scored(rows, organ)
    if organ.name == "RESP":
        patient, time = scored["patient"].to_numpy(np.int64), scored["time"].to_numpy(np.int64)
        supported = runs_at(tables.treatments, rule.support, patient, time)
        # Scores of 3 and 4 are defined under respiratory support alone (DV-10).
        scored = scored.assign(score=np.where(supported, scored["score"], np.minimum(scored["score"], 2)))
    if organ.name == "CNS" and rule.sedatives:
        scored = _before_sedation(tables, rule, scored)
    if organ.name == "RENAL" and rule.urine:
        urine = tables.measurements[tables.measurements["outcome"] == rule.urine]
        poor = _scored(urine, Organ("RENAL", rule.urine, URINE_CUTS, True, URINE_POINTS))
        scored = pd.concat([part for part in (scored, poor) if len(part)] or [scored], ignore_index=True)
    # Last: support, sedation and doses are looked up at the time of the sample, not when its pair is settled.
    return scored.assign(time=scored["time"] + delay)


def _scored(rows: pd.DataFrame, organ: Organ) -> pd.DataFrame:
    """Values whose bounds agree on a score: a bilirubin of '<0.2' is a normal one."""
    exact = rows["value"].notna().to_numpy()
    low = rows["lower"].fillna(-np.inf).to_numpy(np.float64)
    high = rows["upper"].fillna(np.inf).to_numpy(np.float64)
    # A limit is not reached by the value itself.
    low, high = np.where(exact, low, np.nextafter(low, np.inf)), np.where(exact, high, np.nextafter(high, -np.inf))
    score = points_of(low, organ)
    # Points rise or fall monotonically: if both bounds score alike, so does everything between.
    known = score == points_of(high, organ)
    return pd.DataFrame(
        {
            "patient": rows["patient"].to_numpy(np.int64)[known],
            "time": rows["time"].to_numpy(np.int64)[known],
            "score": score[known],
            "assumed": False,
        }
    )


def points_of(value: Floats, organ: Organ) -> Integers:
    """SOFA points of values of one organ (DV-10)."""
    out = np.zeros(len(value), dtype=np.int64)
    # strict=False: pressure has one cut, and the default has four points.
    for cut, points in zip(organ.cuts, organ.points, strict=False):
        out += points * (value < cut if organ.low_is_bad else value >= cut)
    return out


def _before_sedation(tables: CleanTables, rule: Sofa, scored: pd.DataFrame) -> pd.DataFrame:
    """Coma scores with those under sedation replaced: by the last before it, else by a normal one (DV-12)."""
    scored = scored.sort_values(["patient", "time"], kind="stable", ignore_index=True)
    patient, score = scored["patient"].to_numpy(np.int64), scored["score"].to_numpy(np.int64)
    sedated = runs_at(tables.treatments, rule.sedatives, patient, scored["time"].to_numpy(np.int64))
    if rule.sedated == "missing":
        return scored[~sedated]
    # Place of the last score that was not under sedation; -1 where there is none yet.
    before = np.maximum.accumulate(np.where(sedated, -1, np.arange(len(score)))) if len(score) else score
    # The place may belong to the patient sorted before.
    theirs = (before >= 0) & (patient[before] == patient) & (rule.sedated == "last_before")
    return scored.assign(score=np.where(sedated, np.where(theirs, score[before], 0), score), assumed=sedated)


def _evaluation_times(parts: Iterable[pd.DataFrame]) -> tuple[Integers, Integers]:
    frames = [part[["patient", "time"]] for part in parts]
    seen = pd.concat(frames).drop_duplicates().sort_values(["patient", "time"], ignore_index=True)
    return seen["patient"].to_numpy(np.int64), seen["time"].to_numpy(np.int64)


def _worst(part: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa, clock: Clock) -> Integers:
    """Highest score in (time - within, time], NOT_MEASURED where there is none."""
    ordered, start, stop = _window(part, patient, time, rule.within_hours, clock)
    out = np.where(stop > start, 0, NOT_MEASURED)
    # Maximum over each window by counts: a window reaches a level if the running count of such scores rises within it.
    for level in range(1, HIGHEST + 1):
        reached = np.concatenate([[0], np.cumsum(ordered["score"].to_numpy() >= level)])
        out = np.where(reached[stop] > reached[start], level, out)
    return out


def _window(
    part: pd.DataFrame, patient: Integers, time: Integers, within: float, clock: Clock
) -> tuple[pd.DataFrame, Integers, Integers]:
    ordered = part.sort_values(["patient", "time", "score"])
    key = clock.key(ordered["patient"].to_numpy(np.int64), ordered["time"].to_numpy(np.int64))
    start = np.searchsorted(key, clock.key(patient, time - hours(within)), side="right")
    return ordered, start, np.searchsorted(key, clock.key(patient, time), side="right")


def _assumed(part: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa, clock: Clock) -> Flags:
    """Whether any score in the look-back stands there by convention."""
    ordered, start, stop = _window(part, patient, time, rule.within_hours, clock)
    seen = np.concatenate([[0], np.cumsum(ordered["assumed"].to_numpy(bool))])
    return seen[stop] > seen[start]


def _latest(part: pd.DataFrame, patient: Integers, time: Integers, within: float | None, clock: Clock) -> Integers:
    """Last score up to each time, within so many hours or ever; NOT_MEASURED where there is none."""
    ordered, start, stop = _window(part, patient, time, within or 0, clock)
    if within is None:
        # "Ever" begins at the patient's first score.
        start = np.searchsorted(ordered["patient"].to_numpy(np.int64), patient, side="left")
    if not len(ordered):
        return np.full(len(patient), NOT_MEASURED)
    return np.where(stop > start, ordered["score"].to_numpy(np.int64)[np.maximum(stop - 1, 0)], NOT_MEASURED)


def _sedated_now(tables: CleanTables, rule: Sofa, coma: pd.DataFrame, scores: OrganScores, clock: Clock) -> OrganScores:
    """Sedated patients without a coma score in the look-back have the last before sedation, else a normal one."""
    if not rule.sedatives or rule.sedated == "missing":
        return scores
    # A sedated patient is often not scored at all; without this the organ would count as not measured.
    now = scores.lacking["CNS"] & runs_at(tables.treatments, rule.sedatives, scores.patient, scores.time)
    last = np.maximum(_latest(coma, scores.patient, scores.time, None, clock), 0)
    score = np.where(now, last if rule.sedated == "last_before" else 0, scores.worst["CNS"])
    notes = {**scores.notes, "SOFA_SEDATED": scores.notes["SOFA_SEDATED"] | now}
    return replace(scores, worst={**scores.worst, "CNS": score}, notes=notes)


def _carried(rule: Sofa, parts: Mapping[str, pd.DataFrame], scores: OrganScores, clock: Clock) -> OrganScores:
    """Organs without a score in the look-back take their last one within the declared hours."""
    if rule.carry_hours is None:
        return scores
    worst, notes = dict(scores.worst), dict(scores.notes)
    for name, part in parts.items():
        last = _latest(part, scores.patient, scores.time, rule.carry_hours, clock)
        used = (worst[name] == NOT_MEASURED) & (last != NOT_MEASURED)
        worst[name] = np.where(used, last, worst[name])
        notes[f"SOFA_CARRIED_{name}"] = used
    return replace(scores, worst=worst, notes=notes)


def _pressor_score(courses: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa) -> Integers:
    """Highest score of the drugs running within the look-back; 0 without any."""
    out = np.zeros(len(patient), dtype=np.int64)
    for level in range(1, HIGHEST + 1):
        out = np.where(_touched(courses[courses["score"] == level], patient, time, rule), level, out)
    return out


def _touched(courses: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa) -> Flags:
    """Whether any of the courses runs within the look-back."""
    if not len(courses):
        return np.zeros(len(patient), dtype=bool)
    return running(courses[EDGES].to_numpy(np.int64), patient, time - hours(rule.within_hours), time)
