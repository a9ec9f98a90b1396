"""Latent patients: who is admitted, how ill, and how the stay ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from historical_controls.simulation.truth import Period, Population

End = Literal["death", "discharge_alive", "transfer_out"]


@dataclass(frozen=True)
class Patient:
    """One admission. Hours count from admission (UTC)."""

    subject: str
    sex: Literal["female", "male"]
    age: int
    weight: float
    height: float
    diabetes: bool
    hypertension: bool
    severity: float
    recovery: float
    admission: pd.Timestamp
    onset: date
    peak_hour: float
    bed_needed: bool
    icu_hour: float | None
    intubation_hour: float | None
    extubation_hour: float | None
    limitation_hour: float | None
    pcr_positive: bool
    clearance_hour: float
    end_hour: float
    end: End
    infusion_hour: float | None = None

    @property
    def obesity(self) -> bool:
        return self.weight / (self.height / 100) ** 2 >= 30

    def at(self, hours: float) -> pd.Timestamp:
        """The moment so many hours after admission, to the minute."""
        return self.admission + pd.Timedelta(minutes=round(hours * 60))

    def infused(self, hour: float) -> Patient:
        return replace(self, infusion_hour=hour)


def draw_patient(rng: np.random.Generator, population: Population, subject: str, admitted: Period) -> Patient:
    """One admission drawn from the population within the period."""
    severity = rng.normal(population.severity_mean, 1)
    person = _person(rng)
    admission = _moment(rng, admitted)
    gap_days = float(np.clip(rng.normal(8, 3), 1, 16))
    # Need depends on severity with some noise: a bed must not be a deterministic function of how ill a patient is.
    bed_needed = bool(severity + rng.normal(0, 0.4) > 0.0)
    icu_hour = _icu_hour(rng, population, admission) if bed_needed else None
    weeks = (admission.date() - population.admitted.first).days / 7
    without_bed = bed_needed and icu_hour is None
    log_odds = (
        population.death_log_odds
        + population.death_per_severity * severity
        + 0.03 * (person["age"] - 54)
        + population.death_without_bed * without_bed
        + population.death_per_week * weeks
    )
    end, end_hour, recovery = _ending(rng, log_odds, severity, without_bed, icu_hour is not None)
    # Nobody reaches intensive care after the stay has ended, or so late that nothing could be measured there.
    if icu_hour is not None and icu_hour > end_hour - 12:
        icu_hour = 4.0
    intubation, extubation = _ventilation(rng, severity, icu_hour, end, end_hour)
    limited = rng.random() < population.limitation_share * (2.5 if person["age"] > 68 else 0.7)
    return Patient(
        subject=subject,
        **person,
        severity=severity,
        recovery=recovery,
        admission=admission,
        onset=(admission - pd.Timedelta(days=gap_days)).date(),
        # The peak is about day 11 of illness; hours count from admission, which is `gap_days` into it.
        peak_hour=24 * float(np.clip(rng.normal(11.5, 2) - gap_days, 1.5, 8)),
        bed_needed=bed_needed,
        icu_hour=icu_hour,
        intubation_hour=intubation,
        extubation_hour=extubation,
        limitation_hour=float(rng.uniform(6, 72)) if limited and end_hour > 80 else None,
        pcr_positive=bool(rng.random() >= population.pcr_negative_share),
        clearance_hour=24 * (float(rng.lognormal(np.log(28), 0.35)) - gap_days),
        end_hour=end_hour,
        end=end,
    )


def _person(rng: np.random.Generator) -> dict:
    male = rng.random() < 0.62
    height = rng.normal(168 if male else 156, 7)
    bmi = np.clip(rng.normal(29.5, 4.5), 19, 48)
    return {
        "sex": "male" if male else "female",
        "age": int(np.clip(rng.normal(53, 13), 19, 90)),
        "weight": round(float(bmi * (height / 100) ** 2), 1),
        "height": round(float(height)),
        "diabetes": bool(rng.random() < 0.3),
        "hypertension": bool(rng.random() < 0.35),
    }


def _moment(rng: np.random.Generator, period: Period) -> pd.Timestamp:
    """A moment of the period; later days are likelier, as in a rising epidemic."""
    days = (period.last - period.first).days + 1
    # An exponent below 1 moves the uniform draw towards 1, the end of the period.
    day = int(days * rng.random() ** 0.7)
    # 06:00 UTC is midnight in Mexico City, so that the local date is within the period.
    start = pd.Timestamp(period.first) + pd.Timedelta(days=day, hours=6)
    return start + pd.Timedelta(minutes=int(rng.integers(0, 24 * 60)))


def _icu_hour(rng: np.random.Generator, population: Population, admission: pd.Timestamp) -> float | None:
    shortage = population.bed_shortage.first <= admission.date() <= population.bed_shortage.last
    share = population.bed_share if shortage else population.bed_share_otherwise
    return float(rng.uniform(2, 40)) if rng.random() < share else None


def _ending(
    rng: np.random.Generator, log_odds: float, severity: float, without_bed: bool, in_icu: bool
) -> tuple[End, float, float]:
    """How and when the stay ends, and the latent pace of recovery that goes with it. log_odds: of death."""
    if rng.random() < 1 / (1 + np.exp(-log_odds)):
        # Negative recovery: the courses of patients who die get worse after the peak. Without a bed death comes sooner.
        return "death", 24 * float(2 + rng.gamma(2, 3 if without_bed else 6)), -float(rng.uniform(0.1, 0.7))
    days = float(rng.lognormal(2.4 + 0.4 * severity, 0.3)) + 12 * in_icu
    end: End = "transfer_out" if rng.random() < 0.05 else "discharge_alive"
    # A transfer cuts the stay short of what it would have been.
    share = rng.uniform(0.2, 0.6) if end == "transfer_out" else 1.0
    return end, 24 * float(np.clip(days, 2.5, 45) * share), float(np.clip(rng.normal(1.1, 0.3), 0.3, 2))


def _ventilation(
    rng: np.random.Generator, severity: float, icu_hour: float | None, end: End, end_hour: float
) -> tuple[float | None, float | None]:
    if icu_hour is None or rng.random() > 1 / (1 + np.exp(-(0.6 + severity))):
        return None, None
    start = icu_hour + float(rng.uniform(0.5, 20))
    if start > end_hour - 6:
        return None, None
    # Patients who die or are transferred leave on the ventilator; survivors are weaned before discharge.
    stop = end_hour if end != "discharge_alive" else start + (end_hour - start) * float(rng.uniform(0.4, 0.8))
    return start, stop
