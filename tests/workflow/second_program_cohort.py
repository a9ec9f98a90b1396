"""Who is compared, from which hour, and how ill they were, once more from the raw exports: nothing of the library.

The rules are those of the example's eligibility.yaml, written out by hand (docs/methods.md, EL-1 to EL-7, DV-10 to
DV-13). States are -1 false, 0 unknown, 1 true, so that `and` is a minimum and `or` a maximum.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .second_program_exports import courses, laboratory, ratios, results, stays, vitals

HOUR = 3_600_000.0
# A gas may still find a nearer partner for so long (eligibility.yaml, PF).
SETTLED = 0.5 * HOUR
STEPS = ("standard_care", "I12", "I2", "I1", "BED", "E5", "I3", "I5", "P", "I9", "wait")
NO_COURSE = np.empty((3, 0))
ByCode = dict[str, np.ndarray]
# Each cut passed is a point (DV-10), passed by values below it or by values of it and above.
BELOW = {"PF": (400, 300, 200, 100), "PLT": (150, 100, 50, 20), "MAP": (70,), "GCS": (15, 13, 10, 6)}
ABOVE = {"BILI": (1.2, 2.0, 6.0, 12.0), "CREAT": (1.2, 2.0, 3.5, 5.0)}


@dataclass(frozen=True)
class Values:
    """One outcome of one patient, sorted by time; usable from `settled` milliseconds after its time on."""

    time: np.ndarray
    low: np.ndarray
    high: np.ndarray
    settled: float = 0.0

    def window(self, at: np.ndarray, hours: float, until: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """First and behind the last of those in (at - hours, at - until]."""
        back = (hours * HOUR, max(until * HOUR, self.settled))
        first, behind = (np.searchsorted(self.time, at - by, side="right") for by in back)
        return first, np.maximum(first, behind)

    def meets(self, op: str, limit: float) -> np.ndarray:
        """1, -1 or, where the bounds do not say, 0; a bound that an assay stops at is not reached itself."""
        return compared(self.low, self.high, op, limit)


def compared(low: np.ndarray, high: np.ndarray, op: str, limit: float) -> np.ndarray:
    if op == "<":
        return -compared(low, high, ">=", limit)
    open_ = low < high
    above = (low > limit) | ((low == limit) & (open_ | (op == ">=")))
    below = (high < limit) | ((high == limit) & (open_ | (op == ">")))
    return above.astype(int) - below.astype(int)


def last(states: np.ndarray, window: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """State of the last value of each window; unknown for an empty one."""
    first, behind = window
    return np.where(behind > first, np.r_[states, 0][np.maximum(behind, 1) - 1], 0)


def any_of(states: np.ndarray, window: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    first, behind = window
    counts = [np.r_[0, np.cumsum(states == sign)] for sign in (1, -1)]
    yes, no = (count[behind] - count[first] for count in counts)
    return np.where(yes > 0, 1, np.where((no == behind - first) & (no > 0), -1, 0))


class Patient:
    """What the exports say of one patient, and every rule at any moments."""

    def __init__(self, stay: dict[str, float], rows: ByCode, seen: ByCode, given: ByCode) -> None:
        self.stay, self.seen, self.given = stay, seen, given
        self.values = {code: Values(*own, SETTLED if code == "PF" else 0.0) for code, own in rows.items()}
        self.values["SOFA"] = self.sofa()

    def of(self, code: str) -> Values:
        return self.values.get(code, Values(*np.empty((3, 0))))

    def rules(self, at: np.ndarray) -> dict[str, np.ndarray]:
        """State of each filter of eligibility.yaml at the moments `at`, in the order of the flow."""
        pf, stay = self.of("PF"), self.stay
        return {
            "I12": np.full(len(at), 1 if stay["age"] >= 18 else -1),
            "I2": self.result("PCR", at, 672),
            "I1": self.result("CT", at, 240),
            # An event that is not recorded did not happen.
            "BED": np.where(stay["icu"] <= at, 1, -1),
            "E5": np.where(stay["order"] <= at, -1, 1),
            "I3": last(pf.meets("<", 150), pf.window(at, 24)),
            "I5": last(self.of("LYMPH").meets("<", 0.8), self.of("LYMPH").window(at, 48)),
            "P": np.minimum.reduce(
                [self.persistent_pf(at), self.fever(at), np.maximum(self.ddimer(at), self.ferritin(at))]
            ),
            "I9": last(self.of("SOFA").meets("<", 11), self.of("SOFA").window(at, 24)),
        }

    def result(self, code: str, at: np.ndarray, hours: float) -> np.ndarray:
        time, met = self.seen.get(code, np.empty((2, 0)))
        inside = (time <= at[:, None]) & (time > at[:, None] - hours * HOUR)
        return np.where((inside & (met == 1)).any(axis=1), 1, np.where((inside & (met == -1)).any(axis=1), -1, 0))

    def persistent_pf(self, at: np.ndarray) -> np.ndarray:
        """I4: the last below 150, of two at least 12 hours apart, and none of the last 24 hours at 150 or more."""
        pf = self.of("PF")
        states, (first, behind) = pf.meets("<", 150), pf.window(at, 48)
        time = np.r_[pf.time, 0]
        span = np.where(behind > first, time[np.maximum(behind, 1) - 1] - time[first], 0)
        enough = (behind - first >= 2) & (span >= 12 * HOUR)
        state = last(states, (first, behind))
        state = np.where(enough, state, np.minimum(state, 0))
        return np.where(any_of(-states, pf.window(at, 24)) == 1, -1, state)

    def fever(self, at: np.ndarray) -> np.ndarray:
        """I6: 38.0 or more in each of the last two days."""
        heat = self.of("TEMP")
        states = heat.meets(">=", 38.0)
        return np.minimum(any_of(states, heat.window(at, 48, 24)), any_of(states, heat.window(at, 24)))

    def ferritin(self, at: np.ndarray) -> np.ndarray:
        ferritin = self.of("FERR")
        return last(ferritin.meets(">", 1000), ferritin.window(at, 48))

    def ddimer(self, at: np.ndarray) -> np.ndarray:
        """I7: the last of 48 hours at least 1.5 times the first of hours -6 to 24 from admission."""
        dimer, admission = self.of("DDIM"), self.stay["admission"]
        basal = np.searchsorted(dimer.time, admission - 6 * HOUR)
        known = np.searchsorted(dimer.time, np.minimum(admission + 24 * HOUR, at), side="right") > basal
        if not known.any():
            return np.zeros(len(at), dtype=int)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.maximum(dimer.low, 0) / dimer.high[basal], dimer.high / max(dimer.low[basal], 0)
        # 0 / 0 and infinite over infinite say nothing.
        states = compared(np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=np.inf), ">=", 1.5)
        return np.where(known, last(states, dimer.window(at, 48)), 0)

    def sofa(self) -> Values:
        """The sum of the worst score of each organ over 24 hours, at every new value of any of them (DV-10)."""
        parts = {}
        for code, cuts in {**BELOW, **ABOVE}.items():
            own, shape = self.of(code), (-1, len(cuts))
            passed = [side[:, None] < cuts if code in BELOW else side[:, None] >= cuts for side in (own.low, own.high)]
            low, high = (np.reshape(one, shape).sum(axis=1) for one in passed)
            if code == "PF":
                start, stop, _ = self.given.get("invasive_ventilation", NO_COURSE)
                supported = ((start <= own.time[:, None]) & (own.time[:, None] <= stop)).any(axis=1)
                low = high = np.where(supported, low, np.minimum(low, 2))
            parts[code] = own.time[low == high] + own.settled, low[low == high]
        at = np.unique(np.concatenate([time for time, _ in parts.values()]))
        worst = {}
        for code, (time, score) in parts.items():
            inside = (time <= at[:, None]) & (time > at[:, None] - 24 * HOUR)
            worst[code] = np.where(inside, score, 0).max(axis=1, initial=0)
        for start, stop, dose in self.given.get("norepinephrine", NO_COURSE).T:
            ran = (start <= at) & (stop >= at - 24 * HOUR)
            worst["MAP"] = np.maximum(worst["MAP"], np.where(ran, 4 if dose > 0.1 else 3, 0))
        total = np.sum(list(worst.values()), axis=0).astype(float)
        return Values(at, total, total)


# ---------------------------------------------------------------- from which hour, and who is left
@dataclass(frozen=True)
class Cohort:
    """By person: time zero in milliseconds, nan where excluded; the step that excluded; whether for lack of data alone;
    baseline SOFA and days from onset."""

    zero: pd.Series
    excluded_by: pd.Series
    unknown: pd.Series
    sofa: pd.Series
    days_from_onset: pd.Series


def by_person(rows: pd.DataFrame, code: str, columns: list[str]) -> dict[str, ByCode]:
    """These columns as rows of an array, in the order of the first of them, by person and code."""
    rows = rows.sort_values(columns[0])
    numbers, out = rows[columns].to_numpy(dtype=float), {}
    for (person, name), places in rows.groupby(["person", code]).indices.items():
        out.setdefault(person, {})[name] = numbers[places].T
    return out


def patients_of(raw: Path) -> dict[str, Patient]:
    values = by_person(pd.concat([laboratory(raw), vitals(raw), ratios(raw)]), "outcome", ["time", "low", "high"])
    seen = by_person(results(raw), "outcome", ["time", "met"])
    given = by_person(courses(raw), "drug", ["start", "stop", "dose"])
    return {
        person: Patient(stay, *(of.get(person, {}) for of in (values, seen, given)))
        for person, stay in stays(raw).to_dict("index").items()
    }


def cohort_of(raw: Path, seed: int) -> Cohort:
    """Every patient by the filters at each full hour after 48 hours of care, and by a wait drawn for the controls."""
    people = patients_of(raw)
    hours = {name: candidate_hours(one.stay) for name, one in people.items()}
    passed = {name: screened(one, hours[name]) for name, one in people.items()}
    waits = []
    for name in (name for name in people if name.startswith("treated/")):
        stay, first = people[name].stay, passed[name][0]
        ready = stay["admission"] + 48 * HOUR
        waits.append(max(stay["infusion"] - (ready if np.isnan(first) else max(ready, first)), 0.0))
    waits.sort()
    zero, step, unknown, sofa, days = {}, {}, {}, {}, {}
    for name, one in people.items():
        if name.startswith("treated/"):
            zero[name], step[name], unknown[name] = one.stay["infusion"], "", False
        else:
            zero[name], step[name], unknown[name] = waited(one, *passed[name], waits[draw_of(name, seed, len(waits))])
        sofa[name] = baseline_sofa(one, zero[name])
        days[name] = (zero[name] - one.stay["onset"]) / (24 * HOUR)
    return Cohort(*map(pd.Series, (zero, step, unknown, sofa, days)))


def candidate_hours(stay: dict[str, float]) -> np.ndarray:
    """Every full hour from 48 hours after admission to before the end of the stay, or up to the treatment."""
    begin, end, given = stay["admission"] + 48 * HOUR, stay["end"], stay["infusion"]
    at = begin + HOUR * np.arange(max(0, int((np.nanmin([end, given]) - begin) // HOUR) + 1))
    return at[at < end]


def screened(one: Patient, at: np.ndarray) -> tuple[float, str, bool]:
    """First eligible hour; or the first step that no hour meets with all before it, and whether for lack of data."""
    if not len(at):
        return np.nan, "standard_care", False
    joint = np.ones(len(at), dtype=bool)
    for name, state in one.rules(at).items():
        if not (joint & (state == 1)).any():
            return np.nan, name, bool((joint & (state == 0)).any())
        joint &= state == 1
    return float(at[joint][0]), "", False


def waited(one: Patient, first: float, step: str, unknown: bool, wait: float) -> tuple[float, str, bool]:
    """Time zero at the end of the wait, of who is alive, in hospital and eligible then."""
    if step:
        return np.nan, step, unknown
    at = first + wait
    state = int(np.minimum.reduce(list(one.rules(np.array([at])).values()))[0])
    here = at < one.stay["end"]
    return (at, "", False) if here and state == 1 else (np.nan, "wait", bool(here and state == 0))


def draw_of(person: str, seed: int, count: int) -> int:
    """Which of the waits a control has: SHA-256 of seed, draw 1, source and id, evenly over the waits (EL-5)."""
    source, _, _ = person.partition("/")
    text = "\x1f".join([str(seed), "1", source, person])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") * count >> 64


def baseline_sofa(one: Patient, zero: float) -> float:
    """Median of the scores of the 24 hours up to time zero."""
    score = one.values["SOFA"]
    inside = (score.time > zero - 24 * HOUR) & (score.time <= zero)
    return float(np.median(score.low[inside])) if inside.any() else np.nan
