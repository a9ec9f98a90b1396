"""The latent course of every outcome on an hourly grid: severity, peak, recovery, and noise that remembers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.signal import lfilter

from historical_controls.simulation.patients import Patient
from historical_controls.simulation.truth import EFFECT_DAYS, Course

# The last screening hour (day 14) and 21 days of follow-up.
EXPORT_HOURS = 24 * 35
RECOVERY_DAYS = 14.0
# Share of the within-patient variance that is measurement error, new in every sample; the rest is AR(1).
WHITE_SHARE = 0.15


def natural_course(rng: np.random.Generator, patient: Patient, courses: Mapping[str, Course]) -> dict[str, np.ndarray]:
    """Each outcome's course without treatment, on its model scale, one value per hour since admission.

    Level by severity; change up to the peak; recovery (or worsening) that fades over RECOVERY_DAYS; AR(1) noise, of
    which a part is shared by all outcomes of the patient.
    """
    days = np.arange(EXPORT_HOURS + 1) / 24
    peak = patient.peak_hour / 24
    before = np.clip(peak - days, 0, None)
    # In days: rises with slope 1 at the peak and levels off at RECOVERY_DAYS, scaled by the patient's pace of recovery.
    after = RECOVERY_DAYS * (1 - np.exp(-np.clip(days - peak, 0, None) / RECOVERY_DAYS)) * patient.recovery
    # Correlation of the shared part one day apart; each outcome's own part has the `rho` of the truth file.
    shared = _ar1(rng, len(days), 0.7)
    out = {}
    for code, course in courses.items():
        # loading^2 + own^2 = 1: level and noise keep unit variance whatever the loading.
        own = np.sqrt(1 - course.loading**2)
        level = course.loading * patient.severity + own * rng.normal()
        noise = course.loading * shared + own * _ar1(rng, len(days), course.rho)
        remembered = np.sqrt(1 - WHITE_SHARE) * course.within * noise
        out[code] = typical(course) + course.between * level - course.rise * before + course.trend * after + remembered
    return out


def typical(course: Course) -> float:
    return float(np.log(course.typical)) if course.scale == "log" else course.typical


def effect(true_effect: tuple[float, float, float], days: np.ndarray) -> np.ndarray:
    """The treatment's effect so many days after the infusion: 0 before, straight lines between the stated days."""
    # left=0 covers the time before the infusion; after the last stated day np.interp keeps the last effect.
    return np.interp(days, (0, *EFFECT_DAYS), (0, *true_effect), left=0)


def reported(rng: np.random.Generator, course: Course, level: np.ndarray) -> np.ndarray:
    """What the laboratory reads at a latent level: white noise added, natural unit, limits, printed digits."""
    noisy = level + np.sqrt(WHITE_SHARE) * course.within * rng.normal(size=len(level))
    natural = np.exp(noisy) if course.scale == "log" else noisy
    return np.round(np.clip(natural, course.low, course.high), course.digits)


def _ar1(rng: np.random.Generator, n: int, rho_per_day: float) -> np.ndarray:
    """Stationary AR(1) with unit variance on an hourly grid."""
    rho = rho_per_day ** (1 / 24)
    shocks = rng.normal(size=n) * np.sqrt(1 - rho**2)
    # The first value then has unit variance like all others; otherwise the series would start at almost 0.
    shocks[0] /= np.sqrt(1 - rho**2)
    return lfilter([1.0], [1.0, -rho], shocks)
