"""SOFA: the worst of each organ's score over a look-back window, with honest bounds for what was not measured.

Cut-points: Vincent et al., Intensive Care Med 1996;22:707-710, as tabulated in PMC4968574, table 1. Renal by creatinine
alone (urine output is not read). Respiratory scores of 3 and 4 need respiratory support. Drug doses in ug/kg/min.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..config_cohort import Sofa
from ..dictionary import fold_unit
from .clean_tables import CleanTables
from .intervals import Flags, Floats, Integers
from .timeline import NEVER, Clock, clock_of, hours

NOT_MEASURED = -1
HIGHEST = 4


@dataclass(frozen=True)
class Organ:
    """One organ's score: how many of the cuts the value passes (below them, or at and above them)."""

    name: str
    outcome: str
    cuts: tuple[float, ...]
    low_is_bad: bool


ORGANS = (
    Organ("RESP", "PF", (400, 300, 200, 100), True),
    Organ("COAG", "PLT", (150, 100, 50, 20), True),
    Organ("LIVER", "BILI", (1.2, 2.0, 6.0, 12.0), False),
    Organ("CARDIO", "MAP", (70,), True),
    Organ("CNS", "GCS", (15, 13, 10, 6), True),
    Organ("RENAL", "CREAT", (1.2, 2.0, 3.5, 5.0), False),
)
# Score at any dose, and the doses above which it is higher.
PRESSORS: dict[str, tuple[int, tuple[tuple[float, int], ...]]] = {
    "norepinephrine": (3, ((0.1, 4),)),
    "epinephrine": (3, ((0.1, 4),)),
    "dopamine": (2, ((5.0, 3), (15.0, 4))),
    "dobutamine": (2, ()),
}


@dataclass(frozen=True)
class Scored:
    """Scores 0 to 4 of one organ, sorted by patient and time."""

    key: Integers
    score: Integers


def sofa_scores(tables: CleanTables, rule: Sofa, known_after: dict[str, int]) -> pd.DataFrame:
    """SOFA at every new component value: columns patient, time, value, lower, upper, flags.

    `tables`: placed tables whose measurements hold the derived P/F; `known_after`: milliseconds until a derived
    component may be used. A missing organ counts as normal and is flagged ('normal_if_missing'), or leaves the score
    between the sum of the known ones and 4 points more ('strict').
    """
    parts = {organ.name: component(tables, organ, rule, known_after.get(organ.outcome, 0)) for organ in ORGANS}
    patient, time = _evaluation_times(parts.values())
    clock = clock_of(time, time - hours(rule.within_hours))
    worst = {name: _worst(part, patient, time, rule, clock) for name, part in parts.items()}
    pressors = _pressor_score(tables.treatments, patient, time, rule, clock)
    worst["CARDIO"] = np.maximum(worst["CARDIO"], np.where(pressors > 0, pressors, NOT_MEASURED))
    return _summed(patient, time, worst, rule)


def component(tables: CleanTables, organ: Organ, rule: Sofa, delay: int) -> pd.DataFrame:
    """Scores of one organ with the time from which each may be used: columns patient, time, score."""
    rows = tables.measurements
    rows = rows[(rows["outcome"] == organ.outcome) & rows["value"].notna()]
    value = rows["value"].to_numpy(np.float64)
    patient, time = rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64)
    passed = [value < cut if organ.low_is_bad else value >= cut for cut in organ.cuts]
    score = np.sum(passed, axis=0, dtype=np.int64) if len(value) else np.array([], dtype=np.int64)
    if organ.name == "RESP":
        score = np.where(_supported(tables, rule, patient, time), score, np.minimum(score, 2))
    return pd.DataFrame({"patient": patient, "time": time + delay, "score": score})


def _supported(tables: CleanTables, rule: Sofa, patient: Integers, time: Integers) -> Flags:
    """Whether respiratory support runs at these times.

    From the courses of support; from intubation to extubation in patients for whom no course is recorded.
    """
    given = tables.treatments[tables.treatments["treatment"].isin(rule.support)]
    tubes = tables.events[~tables.events["patient"].isin(given["patient"])]
    start = [given[["patient", "start"]].to_numpy(np.int64), _of(tubes, "intubation")]
    stop = [given[["patient", "stop"]].to_numpy(np.int64), _of(tubes, "extubation")]
    return _running(np.concatenate(start), np.concatenate(stop), patient, time, time)


def _of(events: pd.DataFrame, name: str) -> np.ndarray:
    return events.loc[events["event"] == name, ["patient", "time"]].to_numpy(np.int64)


def _running(start: np.ndarray, stop: np.ndarray, patient: Integers, since: Integers, until: Integers) -> Flags:
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


def _evaluation_times(parts: Iterable[pd.DataFrame]) -> tuple[Integers, Integers]:
    frames = [part[["patient", "time"]] for part in parts]
    seen = pd.concat(frames).drop_duplicates().sort_values(["patient", "time"], ignore_index=True)
    return seen["patient"].to_numpy(np.int64), seen["time"].to_numpy(np.int64)


def _worst(part: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa, clock: Clock) -> Integers:
    """Highest score in (time - within, time], NOT_MEASURED where there is none."""
    ordered = part.sort_values(["patient", "time"])
    key = clock.key(ordered["patient"].to_numpy(np.int64), ordered["time"].to_numpy(np.int64))
    start = np.searchsorted(key, clock.key(patient, time - hours(rule.within_hours)), side="right")
    stop = np.searchsorted(key, clock.key(patient, time), side="right")
    out = np.where(stop > start, 0, NOT_MEASURED)
    for level in range(1, HIGHEST + 1):
        reached = np.concatenate([[0], np.cumsum(ordered["score"].to_numpy() >= level)])
        out = np.where(reached[stop] > reached[start], level, out)
    return out


def _pressor_score(treatments: pd.DataFrame, patient: Integers, time: Integers, rule: Sofa, clock: Clock) -> Integers:
    """Highest score of the drugs running within the look-back; 0 without any."""
    drugs = treatments[treatments["treatment"].isin(PRESSORS)]
    scores = np.array([_drug_score(*row) for row in drugs[["treatment", "dose", "dose_unit"]].itertuples(index=False)])
    out = np.zeros(len(patient), dtype=np.int64)
    for level in range(1, HIGHEST + 1):
        some = drugs[scores == level] if len(drugs) else drugs
        if len(some):
            start, stop = (some[["patient", edge]].to_numpy(np.int64) for edge in ("start", "stop"))
            out = np.where(_running(start, stop, patient, time - hours(rule.within_hours), time), level, out)
    return out


def _drug_score(name: str, dose: float, unit: str | None) -> int:
    """Score of a drug; a dose in another unit or none counts as the lowest."""
    score, steps = PRESSORS[name]
    if unit is None or pd.isna(unit) or fold_unit(unit) not in ("ug/kg/min", "mcg/kg/min"):
        return score
    return max([score, *(higher for above, higher in steps if dose > above)])


def _summed(patient: Integers, time: Integers, worst: dict[str, Integers], rule: Sofa) -> pd.DataFrame:
    known = {name: score != NOT_MEASURED for name, score in worst.items()}
    lower = np.sum([np.maximum(score, 0) for score in worst.values()], axis=0, dtype=np.float64)
    lacking: Floats = np.sum([~mask for mask in known.values()], axis=0, dtype=np.float64)
    upper = lower + (HIGHEST * lacking if rule.missing == "strict" else 0)
    return pd.DataFrame(
        {
            "patient": patient,
            "time": time,
            "value": np.where(lower == upper, lower, np.nan),
            "lower": lower,
            "upper": upper,
            "flags": _missing_flags(known),
        }
    )


def _missing_flags(known: dict[str, Flags]) -> np.ndarray:
    """'SOFA_NO_CNS;SOFA_NO_RENAL' for the organs without a value, spelled once per pattern."""
    code = np.sum([mask.astype(np.int64) << place for place, mask in enumerate(known.values())], axis=0)
    patterns, which = np.unique(code, return_inverse=True)
    names = list(known)
    spelled = [
        ";".join(f"SOFA_NO_{name}" for place, name in enumerate(names) if not pattern >> place & 1)
        for pattern in patterns
    ]
    return np.array(spelled, dtype=object)[which] if len(code) else np.array([], dtype=object)
