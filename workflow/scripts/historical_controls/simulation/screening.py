"""The trial's own screening: whom it would enrol, and from which hour. Used to recruit the treated, and to tune."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from historical_controls.simulation.patients import Patient

CARE_HOURS = 48
# Two weeks: recruitment ends there, and 21 days of follow-up then still fit into the exported 35 days.
LAST_SCREENING_HOUR = 24 * 14


class Series(NamedTuple):
    """Measurements of one outcome in time order."""

    hours: np.ndarray
    values: np.ndarray

    def window(self, start: float, stop: float) -> np.ndarray:
        """Values in (start, stop]."""
        # side="right" on both ends makes the window open at `start` and closed at `stop`, as in the cohort's rules.
        left, right = np.searchsorted(self.hours, [start, stop], side="right")
        return self.values[left:right]


def eligible_hours(patient: Patient, measured: pd.DataFrame) -> np.ndarray:
    """Hours after admission, one per hour, at which the patient meets the registry's arm text."""
    if patient.icu_hour is None or not patient.pcr_positive or not _bilateral(measured):
        return np.array([])
    series = _series(measured)
    stop = min(patient.end_hour, LAST_SCREENING_HOUR)
    if patient.limitation_hour is not None:
        stop = min(stop, patient.limitation_hour)
    return np.array([hour for hour in range(CARE_HOURS, int(stop)) if _eligible(series, patient, hour)])


def infusion_hour(rng: np.random.Generator, hours: np.ndarray, shortest: float, longest: float) -> float | None:
    """First eligible hour plus a wait drawn from the limits; None unless still eligible then, on days 3 to 6."""
    if len(hours) == 0:
        return None
    hour = float(hours[0]) + round(float(rng.uniform(shortest, longest)) * 60) / 60
    return hour if int(hour) in hours and 60 <= hour <= 150 else None


def _bilateral(measured: pd.DataFrame) -> bool:
    scans = measured[(measured["outcome"] == "CT_BILATERAL") & (measured["hours"] < CARE_HOURS)]
    return bool((scans["result"] == "yes").any())


def _series(measured: pd.DataFrame) -> dict[str, Series]:
    numbers = measured.assign(
        # A value beyond a limit counts as that limit, or as its lower bound. Venous samples have no P/F.
        number=measured["value"].fillna(measured["lower"]).where(measured["specimen"] != "venous")
    )
    numbers = numbers.dropna(subset="number").sort_values(["outcome", "hours"])
    out = {str(code): Series(g["hours"].to_numpy(), g["number"].to_numpy()) for code, g in numbers.groupby("outcome")}
    # PaO2 and FiO2 of one simulated sample have the same hour, so that no pairing window is needed here.
    gas = numbers.pivot_table(index="hours", columns="outcome", values="number")[["PAO2", "FIO2"]].dropna()
    return {**out, "PF": Series(gas.index.to_numpy(), (gas["PAO2"] / gas["FIO2"]).to_numpy())}


def _eligible(series: Mapping[str, Series], patient: Patient, hour: int) -> bool:
    lymphocytes = series["LYMPH"].window(hour - 48, hour)
    return (
        _hypoxaemic(series["PF"], hour)
        # Fever on each of the last two days, not only at one time within 48 hours.
        and all(_any_at_least(series["TEMP"], start, start + 24, 38.0) for start in (hour - 48, hour - 24))
        and len(lymphocytes) > 0
        and bool(lymphocytes[-1] < 0.8)
        # No ferritin at all counts as 0, which fails; the alternative is D-dimer.
        and (_rising(series["DDIM"], hour) or _last(series["FERR"], hour, 0) > 1000)
        and _sofa(series, patient, hour) < 11
    )


def _hypoxaemic(ratio: Series, hour: int) -> bool:
    seen = ratio.hours[(ratio.hours > hour - 48) & (ratio.hours <= hour)]
    enough = len(seen) >= 2 and seen[-1] - seen[0] >= 12
    return bool(enough and ratio.window(hour - 48, hour)[-1] < 150 and not (ratio.window(hour - 24, hour) >= 150).any())


def _any_at_least(series: Series, start: float, stop: float, limit: float) -> bool:
    return bool((series.window(start, stop) >= limit).any())


def _rising(dimer: Series, hour: int) -> bool:
    # The basal value is the first of the day of admission; six hours before it allow for samples of the emergency room.
    first, last = dimer.window(-6, 24), dimer.window(hour - 48, hour)
    return bool(len(first) and len(last) and first[0] > 0 and last[-1] / first[0] >= 1.5)


def _last(series: Series, hour: int, otherwise: float) -> float:
    values = series.window(hour - 48, hour)
    return float(values[-1]) if len(values) else otherwise


def _sofa(series: Mapping[str, Series], patient: Patient, hour: int) -> int:
    """Worst of 24 h; a component without a value counts as normal (cut-points: Vincent 1996, PMC4968574 table 1)."""

    def worst(code: str, cuts: tuple[float, ...], low: bool) -> int:
        values = series[code].window(hour - 24, hour) if code in series else np.array([])
        if not len(values):
            return 0
        return sum(values.min() < cut for cut in cuts) if low else sum(values.max() >= cut for cut in cuts)

    pressors = on_pressors(patient) and (patient.intubation_hour or 0) < hour
    return int(
        worst("PF", (400, 300, 200, 100), True)
        + worst("PLT", (150, 100, 50, 20), True)
        + worst("CREAT", (1.2, 2.0, 3.5, 5.0), False)
        + worst("BILI", (1.2, 2.0, 6.0, 12.0), False)
        + worst("GCS", (15, 13, 10, 6), True)
        # One organ: pressors at 0.08 ug/kg/min score 3 (DV-11), whatever the pressure they maintain.
        + max(3 * pressors, worst("MAP", (70,), True))
    )


def on_pressors(patient: Patient) -> bool:
    """Whether noradrenaline runs with ventilation."""
    return patient.intubation_hour is not None and patient.severity > 0.6
