"""Patients of studies whose truth is known: a hospital where P/F wanders, patients die, and some are infused.

Every patient has a course without treatment; the treated carry the effect on top of it from their infusion on. Hence
the difference that treatment makes is the declared effect exactly, on every day, whoever was chosen for it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Three gases a day. 36 days are the last screening hour (day 14), 21 days of follow-up, and one to spare.
STEP_HOURS, DAYS = 8, 36
STEPS = DAYS * 24 // STEP_HOURS
CARE_HOURS, LAST_SCREENING_HOUR = 48, 336
WAITS = (8, 16, 24, 32, 44)  # hours from first eligible to infused: the same five in every study
# The threshold of rule I3 of the example, which is the only filter of the simulated studies (pipeline.SIMULATED).
ELIGIBLE_BELOW = 150.0
RHO_PER_DAY = 0.7
ATTEMPTS = 20
EARLY_HOURS = 48.0
MEAN_AGE, AGE_SD, PER_YEAR = 54.0, 12.0, -0.5


@dataclass(frozen=True)
class Change:
    """What treatment does to an outcome, on its model scale, from the infusion on.

    effect: added to everybody treated; effect_sd: its SD between the treated; noise: factor on their day-to-day noise.
    """

    effect: float = 0.0
    effect_sd: float = 0.0
    noise: float = 1.0


@dataclass(frozen=True)
class Signal:
    """An outcome besides P/F, drawn daily: level (SD `between`), trend per day since admission, AR(1) noise.

    Log-normal outcomes are meant on the log scale, but for limit: values below are known only to lie there (natural
    unit). assays: names in the treated and the historical arm; factor: what the treated patients' assay reads over
    the other's.
    """

    outcome: str
    typical: float
    between: float
    within: float
    trend: float = 0.0
    scale: Literal["linear", "log"] = "linear"
    change: Change = Change()
    limit: float = 0.0
    assays: tuple[str, str] = ("A", "A")
    factor: float = 1.0


@dataclass(frozen=True)
class Hospital:
    """How patients come about. P/F in mmHg.

    admitted: historical admissions, of whom a part is ever eligible. level, between, noise: P/F at admission, its SD
    between patients and from gas to gas; recovery: per day since admission. death: deaths per day at 120 mmHg,
    steeper by death_slope (log) per 40 mmHg below; early_death: how many times more at admission, fading within days;
    death_ratio: hazard of the infused over that of others.
    preference: log-odds of being chosen for treatment per SD of baseline P/F. recovery_per_week: what recovery gains
    per calendar week; weeks_treated, weeks_historical: weeks of admission. older: years that the treated are older,
    for no other reason.
    """

    treated: int = 5
    admitted: int = 60
    level: float = 150.0
    between: float = 25.0
    noise: float = 25.0
    recovery: float = 1.0
    change: Change = Change()
    death: float = 0.0
    death_slope: float = 1.0
    early_death: float = 0.0
    death_ratio: float = 1.0
    preference: float = 0.0
    recovery_per_week: float = 0.0
    weeks_treated: tuple[float, float] = (0.0, 16.0)
    weeks_historical: tuple[float, float] = (0.0, 16.0)
    older: float = 0.0
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class Courses:
    """n admissions, untreated. age, week, onset_days (n,); hours (n, STEPS) of the gases since admission; pf
    (n, STEPS); chance (n, STEPS): uniform numbers that decide who dies; signals (n, outcomes, DAYS), model scale.
    """

    age: Array
    week: Array
    onset_days: Array
    hours: Array
    pf: Array
    chance: Array
    signals: Array

    def of(self, rows: NDArray[np.int64]) -> Courses:
        return Courses(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Admissions:
    """The courses as they went. infusion, death (n,): hours since admission, inf where it did not happen."""

    courses: Courses
    infusion: Array
    death: Array


def admissions(hospital: Hospital, rng: np.random.Generator) -> dict[str, Admissions]:
    """One study by arm. Raises RuntimeError where too few could be treated."""
    historical = draw_courses(hospital, rng, hospital.admitted, hospital.weeks_historical)
    # The order of the next lines is part of every study's seed: all draw from one generator.
    never = np.full(hospital.admitted, np.inf)
    chosen, infusion = recruit(hospital, rng)
    treated = with_treatment(hospital, rng, chosen, infusion)
    return {
        "historical": Admissions(historical, never, death_hour(hospital, historical, never)),
        "treated": Admissions(treated, infusion, death_hour(hospital, treated, infusion)),
    }


def draw_courses(hospital: Hospital, rng: np.random.Generator, n: int, weeks: tuple[float, float]) -> Courses:
    """Admissions in these calendar weeks."""
    age = rng.normal(MEAN_AGE, AGE_SD, n).round().clip(18, 95)
    week = rng.uniform(*weeks, n)
    # One offset per patient: gases are equally spaced within a patient and not aligned between patients.
    hours = rng.uniform(0.1, STEP_HOURS - 0.1, (n, 1)) + STEP_HOURS * np.arange(STEPS)
    level = hospital.level + hospital.between * rng.standard_normal(n)
    recovery = (hospital.recovery + hospital.recovery_per_week * week)[:, None]
    noise = hospital.noise * ar1(rng, (n, STEPS), STEP_HOURS / 24)
    pf = (level + PER_YEAR * (age - MEAN_AGE))[:, None] + recovery * hours / 24 + noise
    signals = [_signal(one, rng, n) for one in hospital.signals]
    stacked = np.stack(signals, axis=1) if signals else np.zeros((n, 0, DAYS))
    return Courses(age, week, rng.uniform(2, 12, n), hours, pf, rng.random((n, STEPS)), stacked)


def _signal(signal: Signal, rng: np.random.Generator, n: int) -> Array:
    typical = np.log(signal.typical) if signal.scale == "log" else signal.typical
    level = signal.between * rng.standard_normal((n, 1))
    return typical + signal.trend * np.arange(DAYS) + level + signal.within * ar1(rng, (n, DAYS), 1.0)


def ar1(rng: np.random.Generator, shape: tuple[int, int], days_per_step: float) -> Array:
    """Stationary AR(1) along the second axis, with unit variance."""
    rho = RHO_PER_DAY**days_per_step
    out = rng.standard_normal(shape)
    # In place: each column is the innovation until its turn.
    for step in range(1, shape[1]):
        out[:, step] = rho * out[:, step - 1] + np.sqrt(1 - rho**2) * out[:, step]
    return out


def recruit(hospital: Hospital, rng: np.random.Generator) -> tuple[Courses, Array]:
    """The treated, still untreated, and their hours of infusion.

    First eligible full hour after standard care, then one of WAITS, alive and eligible at its end. Of those who get so
    far as many as needed are taken, as many of each wait, by `preference` for a higher baseline P/F. Raises
    RuntimeError where too few get so far.
    """
    for _ in range(ATTEMPTS):
        candidates = draw_courses(hospital, rng, 60 + 12 * hospital.treated, hospital.weeks_treated)
        infusion, chosen = _enrolled(hospital, rng, candidates)
        if len(chosen) == hospital.treated:
            taken = candidates.of(chosen)
            return replace(taken, age=taken.age + hospital.older), infusion[chosen]
    raise RuntimeError(f"fewer than {hospital.treated} treated found")


def _enrolled(hospital: Hospital, rng: np.random.Generator, candidates: Courses) -> tuple[Array, NDArray[np.int64]]:
    """Hours of infusion of all candidates, and the rows of those chosen."""
    n = len(candidates.age)
    # Waits are assigned before anything of the patient is looked at, so that they do not depend on severity.
    wait = np.arange(n) % len(WAITS)
    # Infinite for candidates never eligible; the comparisons below are then false.
    infusion = first_eligible_hour(candidates) + np.array(WAITS)[wait]
    alive = death_hour(hospital, candidates, np.full(n, np.inf)) > infusion
    eligible = last_gas(candidates, infusion) < ELIGIBLE_BELOW
    ready = np.flatnonzero(alive & eligible & (infusion < LAST_SCREENING_HOUR))
    liking = hospital.preference * baseline(candidates, infusion, ready) / hospital.between
    # Gumbel noise on the log-odds: sampling without replacement with probabilities proportional to their exponentials.
    liked = ready[np.argsort(-(liking + rng.gumbel(size=len(ready))))]
    return infusion, np.concatenate(
        [liked[wait[liked] == one][: _share(hospital.treated, one)] for one in range(len(WAITS))]
    )


def _share(treated: int, wait: int) -> int:
    """How many of the treated wait so long."""
    return treated // len(WAITS) + int(wait < treated % len(WAITS))


def first_eligible_hour(courses: Courses) -> Array:
    """(n,) first full hour of screening at which the last gas was below ELIGIBLE_BELOW; inf where never."""
    grid = np.arange(CARE_HOURS, LAST_SCREENING_HOUR, dtype=float)
    # Gases are equally spaced from the first one, so that the last gas up to an hour is found by division.
    position = ((grid - courses.hours[:, :1]) // STEP_HOURS).astype(int)
    below = np.take_along_axis(courses.pf, position, axis=1) < ELIGIBLE_BELOW
    return np.where(below.any(axis=1), grid[np.argmax(below, axis=1)], np.inf)


def last_gas(courses: Courses, hour: Array) -> Array:
    """(n,) the last gas up to an hour of each patient; inf without an hour."""
    known = np.isfinite(hour)
    position = ((np.where(known, hour, 0.0) - courses.hours[:, 0]) // STEP_HOURS).astype(int).clip(0, STEPS - 1)
    return np.where(known, courses.pf[np.arange(len(hour)), position], np.inf)


def baseline(courses: Courses, hour: Array, rows: NDArray[np.int64]) -> Array:
    """Median P/F of the 24 hours up to the hour, of these patients."""
    hours, pf, until = courses.hours[rows], courses.pf[rows], hour[rows, None]
    # Only of patients who are ready: whoever has no gas in the window would give an empty slice.
    return np.asarray(np.nanmedian(np.where((hours <= until) & (hours > until - 24), pf, np.nan), axis=1))


def with_treatment(hospital: Hospital, rng: np.random.Generator, courses: Courses, infusion: Array) -> Courses:
    """The same patients with what treatment does to them from their infusion on."""
    pf = changed(hospital.change, rng, courses.pf, courses.hours > infusion[:, None], hospital.noise, STEP_HOURS / 24)
    after = daily_hours(courses) > infusion[:, None]
    signals = courses.signals.copy()
    for number, one in enumerate(hospital.signals):
        read = np.log(one.factor) if one.scale == "log" else 0.0
        signals[:, number] = read + changed(one.change, rng, signals[:, number], after, one.within, 1.0)
    return replace(courses, pf=pf, signals=signals)


def changed(
    change: Change, rng: np.random.Generator, values: Array, after: NDArray[np.bool_], within: float, step: float
) -> Array:
    """Values (n, times) with the change where `after`."""
    own = change.effect + change.effect_sd * rng.standard_normal((len(values), 1))
    # Variances add: noise of variance within^2 (factor^2 - 1) on top makes the SD `factor` times as large.
    more = within * np.sqrt(max(change.noise**2 - 1, 0.0)) * ar1(rng, (values.shape[0], values.shape[1]), step)
    # Drawn for everybody and applied after the infusion alone, so that the number of draws does not depend on it.
    return np.where(after, values + own + more, values)


def daily_hours(courses: Courses) -> Array:
    """(n, DAYS) hours since admission of the signals: with the first gas of each day."""
    return courses.hours[:, :1] + 24 * np.arange(DAYS)


def death_hour(hospital: Hospital, courses: Courses, infusion: Array) -> Array:
    """(n,) hour of death, inf for survivors: decided after every gas by what it showed, so that values lost by death
    are missing at random given the values seen."""
    # Hazard per step; 1 - exp(-hazard) is the chance to die within it.
    hazard = hospital.death * STEP_HOURS / 24 * np.exp(hospital.death_slope * (120 - courses.pf) / 40)
    hazard = hazard * (1 + hospital.early_death * np.exp(-courses.hours / EARLY_HOURS))
    hazard = hazard * np.where(courses.hours > infusion[:, None], hospital.death_ratio, 1.0)
    dies = courses.chance < 1 - np.exp(-hazard)
    # In the middle of the step, after the gas that decided: that value is still recorded.
    hour = courses.hours[np.arange(len(dies)), np.argmax(dies, axis=1)] + STEP_HOURS / 2
    return np.where(dies.any(axis=1), hour, np.inf)
