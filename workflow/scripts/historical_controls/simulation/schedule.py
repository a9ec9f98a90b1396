"""When a patient is measured. Historical patients are measured more while sicker; treated ones by protocol as well."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from historical_controls.simulation.patients import Patient
from historical_controls.simulation.signals import EXPORT_HOURS

FULL_PANEL = ("WBC", "LYMPH", "PLT", "CRP", "CREAT", "BILI", "DDIM", "FERR", "FIB", "PCT")
PANEL_SHARE = {
    "WBC": 1.0,
    "LYMPH": 1.0,
    "PLT": 1.0,
    "CREAT": 0.95,
    "BILI": 0.75,
    "CRP": 0.85,
    "DDIM": 0.75,
    "FERR": 0.6,
    "FIB": 0.5,
    "PCT": 0.35,
    "IL6": 0.3,
}
CYTOKINES = ("IL6", "TNFA", "IL10", "IL1B", "IL17", "VEGF", "TREG", "DC", "CD4", "CD8", "NK")
CYTOKINE_DAYS = (1, 3, 7, 14, 21)


def sickness(course: Mapping[str, np.ndarray], hours: np.ndarray) -> np.ndarray:
    """0 at a P/F of 150 mmHg, 1 at 90: what makes doctors measure more often."""
    return (150 - course["PF"][hours.astype(int)]) / 60


def last_hour(patient: Patient) -> float:
    """The last hour that the exports can hold: the end of the stay, or of the exported period."""
    return min(patient.end_hour, EXPORT_HOURS - 1)


def vital_hours(rng: np.random.Generator, patient: Patient, course: Mapping[str, np.ndarray]) -> np.ndarray:
    """Every 4 hours while very sick, else every 6; every 8 once well."""
    hours, now = [], 0.5
    while now < last_hour(patient):
        hours.append(now)
        sick = float(sickness(course, np.array([now]))[0])
        step = 4 if sick > 0.6 else 6 if sick > -1 else 8
        now += step + float(rng.uniform(-0.4, 0.4))
    return _to_minutes(np.array(hours))


def gas_hours(rng: np.random.Generator, patient: Patient, course: Mapping[str, np.ndarray]) -> np.ndarray:
    """One to three a day by sickness; every other day once well."""
    hours, now = [], 1.0
    while now < last_hour(patient):
        hours.append(now)
        sick = float(sickness(course, np.array([now]))[0])
        a_day = float(np.clip(1.7 + sick, 0.5, 3))
        now += 24 / a_day * float(rng.uniform(0.75, 1.25))
    return _to_minutes(np.array(hours))


def lab_hours(rng: np.random.Generator, patient: Patient, course: Mapping[str, np.ndarray], daily: bool) -> np.ndarray:
    """At admission, then about 06:00: daily in the first week, then sparser unless sick (or `daily` by protocol)."""
    # 12:00 UTC is 06:00 in Mexico City (07:00 in summer time), when wards draw blood.
    first_morning = (12 - patient.admission.hour - patient.admission.minute / 60) % 24
    # A morning within six hours of admission is skipped: the admission panel has just been taken.
    mornings = np.arange(first_morning + 24 * (first_morning < 6), last_hour(patient) - 1, 24)
    sick = sickness(course, mornings)
    share = np.clip(0.97 - 0.06 * np.clip(mornings / 24 - 5, 0, None) + 0.15 * sick, 0.45, 1)
    kept = mornings[(rng.random(len(mornings)) < share) | daily]
    # A second sample in the late afternoon (11 h after the morning one) for the sicker.
    extra = mornings[rng.random(len(mornings)) < np.clip(0.15 * sick, 0, 0.4)] + 11
    jitter = rng.uniform(-0.7, 0.7, len(kept) + len(extra))
    hours = np.concatenate([[0.75], np.concatenate([kept, extra]) + jitter])
    return _to_minutes(np.sort(hours[hours < last_hour(patient)]))


def panel(
    rng: np.random.Generator, hours: np.ndarray, course: Mapping[str, np.ndarray], complete: bool
) -> dict[str, np.ndarray]:
    """Hours at which each analyte is asked for; everything at admission, more of it in the sicker."""
    if complete:
        return dict.fromkeys(FULL_PANEL, hours)
    sick = sickness(course, hours)
    out = {}
    for code, share in PANEL_SHARE.items():
        wanted = rng.random(len(hours)) < np.clip(share + 0.12 * sick, 0.1, 1)
        # IL-6 is not part of the admission panel.
        wanted[:1] |= code != "IL6"
        out[code] = hours[wanted]
    return out


def protocol_hours(patient: Patient, before: float, days: tuple[int, ...]) -> np.ndarray:
    """Hours of a treated patient's protocol samples: so many hours before the infusion and on these days after."""
    if patient.infusion_hour is None:
        return np.array([])
    # An hour before study day d ends (at 24 d hours), so that no rounding moves the sample to the next day.
    hours = patient.infusion_hour + np.array([-before, *(24 * day - 1 for day in days)])
    return _to_minutes(hours[hours < last_hour(patient)])


def imaging_hours(rng: np.random.Generator, patient: Patient) -> np.ndarray:
    """CT at admission in most, a second one in some."""
    first = [float(rng.uniform(1, 20))] if rng.random() < 0.93 else []
    later = [float(rng.uniform(150, 340))] if rng.random() < 0.4 else []
    hours = np.array([*first, *later])
    return _to_minutes(hours[hours < last_hour(patient)])


def swab_hours(rng: np.random.Generator, patient: Patient) -> np.ndarray:
    """PCR at admission, repeated about weekly in half of the patients."""
    weeks = np.arange(1, 5) if rng.random() < 0.5 else np.array([])
    hours = np.concatenate([[rng.uniform(0.2, 6)], 168 * weeks + rng.uniform(-20, 20, len(weeks))])
    return _to_minutes(hours[hours < last_hour(patient)])


def _to_minutes(hours: np.ndarray) -> np.ndarray:
    return np.unique(np.round(hours * 60)) / 60
