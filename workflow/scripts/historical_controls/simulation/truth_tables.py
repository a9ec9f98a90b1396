"""The clean truth: everyone of the study with all that was measured, before any export is written."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.simulation import care
from historical_controls.simulation.measure import Stream, measurements
from historical_controls.simulation.patients import Patient, draw_patient
from historical_controls.simulation.screening import eligible_hours, infusion_hour
from historical_controls.simulation.truth import Truth

TREATED, HISTORICAL = 1, 2
MOST_CANDIDATES = 2000


@dataclass(frozen=True)
class Arm:
    """One arm's clean truth. Tables carry `subject` and UTC times; keys as in measure.py and care.py."""

    patients: tuple[Patient, ...]
    measurements: pd.DataFrame
    events: pd.DataFrame
    treatments: pd.DataFrame
    adverse_events: pd.DataFrame


def historical_arm(truth: Truth) -> Arm:
    """Admissions of the historical period, eligible or not."""
    streams = [Stream(truth.seed, HISTORICAL, number) for number in range(truth.historical)]
    # Seven digits with leading zeros, as record numbers have: a spreadsheet strips them (`_lost_zeros`).
    subjects = [f"{4103 + 37 * number:07d}" for number in range(truth.historical)]
    patients = [
        draw_patient(stream.of(0), truth.population, subject, truth.population.admitted)
        for stream, subject in zip(streams, subjects, strict=True)
    ]
    return _arm(truth, patients, streams, treated=False)


def treated_arm(truth: Truth) -> Arm:
    """Patients recruited one after the other by the trial's screening and infused after a wait.

    Raises RuntimeError where the population yields too few within MOST_CANDIDATES admissions.
    """
    patients: list[Patient] = []
    streams: list[Stream] = []
    for number in range(MOST_CANDIDATES):
        if len(patients) == truth.treated:
            return _arm(truth, patients, streams, treated=True)
        stream = Stream(truth.seed, TREATED, number)
        enrolled = _enrolled(truth, stream, f"MSC-{len(patients) + 1:02d}")
        if enrolled is not None:
            patients.append(enrolled)
            streams.append(stream)
    raise RuntimeError(f"{len(patients)} of {truth.treated} treated found among {MOST_CANDIDATES} admissions")


def _enrolled(truth: Truth, stream: Stream, subject: str) -> Patient | None:
    patient = draw_patient(stream.of(0), truth.population, subject, truth.population.treated_admitted)
    # Refused here already: measuring a candidate costs far more than drawing one.
    if patient.icu_hour is None or not patient.pcr_positive or patient.limitation_hour is not None:
        return None
    # Measured as if never infused. The streams repeat: the enrolled patient has the same values up to the infusion.
    hours = eligible_hours(patient, measurements(truth, patient, stream, treated=True))
    hour = infusion_hour(stream.of(6), hours, truth.waits.shortest, truth.waits.longest)
    return None if hour is None else patient.infused(hour)


def _arm(truth: Truth, patients: list[Patient], streams: list[Stream], treated: bool) -> Arm:
    pairs = list(zip(patients, streams, strict=True))
    measured = [_dated(measurements(truth, p, s, treated), p) for p, s in pairs]
    return Arm(
        patients=tuple(patients),
        measurements=_stack(measured),
        events=_stack([_dated(care.events(p), p) for p in patients]),
        treatments=_stack([_started(care.treatments(s.of(7), p, truth.population), p) for p, s in pairs]),
        adverse_events=_stack([_dated(care.adverse_events(s.of(8), p), p) for p, s in pairs]),
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    # pd.concat refuses an empty list, which a study without treated patients would give.
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _moments(hours: pd.Series, patient: Patient) -> pd.Series:
    return patient.admission + pd.to_timedelta((hours.astype(float) * 60).round(), unit="min")


def _dated(frame: pd.DataFrame, patient: Patient) -> pd.DataFrame:
    out = frame.assign(subject=patient.subject, time=_moments(frame["hours"], patient))
    return out.assign(end_time=_moments(frame["end_hours"], patient)) if "end_hours" in frame else out


def _started(frame: pd.DataFrame, patient: Patient) -> pd.DataFrame:
    return frame.assign(
        subject=patient.subject,
        start=_moments(frame["start_hour"], patient),
        stop=_moments(frame["stop_hour"], patient),
    )
