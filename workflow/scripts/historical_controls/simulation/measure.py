"""Clean measurements of one patient: the latent course read at the hours of the schedule, treatment effect added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.simulation.patients import Patient
from historical_controls.simulation.schedule import (
    CYTOKINE_DAYS,
    CYTOKINES,
    gas_hours,
    imaging_hours,
    lab_hours,
    panel,
    protocol_hours,
    swab_hours,
    vital_hours,
)
from historical_controls.simulation.signals import effect, natural_course, reported
from historical_controls.simulation.truth import Course, Truth

VITALS = ("HR", "RR", "TEMP", "MAP", "SPO2")
VENOUS_SHARE = 0.04
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Stream:
    """Random numbers of one patient; each purpose has its own, so that adding one moves no other."""

    seed: int
    arm: int
    number: int

    def of(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.arm, self.number, purpose])


@dataclass(frozen=True)
class PatientCourse:
    """One patient's latent course of every outcome by hour, with the truth that it follows and its random numbers."""

    truth: Truth
    patient: Patient
    levels: Mapping[str, np.ndarray]
    stream: Stream


def measurements(truth: Truth, patient: Patient, stream: Stream, treated: bool) -> pd.DataFrame:
    """All clean measurements, key (sheet, hours, outcome, specimen).

    Columns: sheet (vitals, gas, lab, cytokine, image, swab), hours since admission, outcome, value, lower, upper
    (null beyond an assay limit), result (qualitative), specimen. The treated carry the effect from their infusion on.
    """
    course = natural_course(stream.of(1), patient, truth.courses)
    own = PatientCourse(truth, patient, course, stream)
    plan = stream.of(2)
    # The order of these calls is part of the seed: all of them draw from one stream, and protocol samples draw nothing.
    vitals = vital_hours(plan, patient, course)
    gases = gas_hours(plan, patient, course)
    labs = panel(plan, lab_hours(plan, patient, course, daily=treated), course, complete=treated)
    cytokines = protocol_hours(patient, 4, CYTOKINE_DAYS)
    # A negative `before` is after the infusion: by protocol CT on days 7 and 21, PCR on days 7, 14 and 21.
    scans = np.concatenate([imaging_hours(plan, patient), protocol_hours(patient, -168, (21,))])
    swabs = np.concatenate([swab_hours(plan, patient), protocol_hours(patient, -167, (14, 21))])
    parts = [
        *(_numbers("vitals", code, vitals, own) for code in VITALS),
        _consciousness(vitals, patient, stream.of(3)),
        *_gases(gases, own),
        *(_numbers("lab", code, hours, own) for code, hours in labs.items()),
        *(_numbers("cytokine", code, cytokines, own) for code in CYTOKINES),
        _numbers("image", "CTSS", np.unique(scans), own),
        _bilateral(np.unique(scans), stream.of(4)),
        _swabs(np.unique(swabs), patient),
    ]
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _levels(code: str, hours: np.ndarray, own: PatientCourse) -> np.ndarray:
    level = own.levels[code][hours.astype(int)]
    infused = own.patient.infusion_hour
    if infused is None or code not in own.truth.effects:
        return level
    return level + effect(own.truth.effects[code], (hours - infused) / 24)


def _numbers(sheet: str, code: str, hours: np.ndarray, own: PatientCourse) -> Columns:
    course = own.truth.courses[code]
    # From 100 on, clear of the purposes numbered by hand; by place in the truth file, so that one added last moves no
    # other.
    rng = own.stream.of(100 + list(own.truth.courses).index(code))
    value = reported(rng, course, _levels(code, hours, own))
    return _with_limits(_columns(sheet, code, hours, value), course)


def _columns(
    sheet: str, code: str, hours: np.ndarray, value: np.ndarray, specimen: object = "", result: object = None
) -> Columns:
    """Equally long columns of exact values (null where the finding is a result)."""
    texts = {"sheet": sheet, "outcome": code, "result": result, "specimen": specimen}
    numbers = {"hours": hours, "value": value, "lower": value, "upper": value}
    # A constant text becomes a column of its own length, so that sheets can be concatenated column by column.
    spread = {name: np.broadcast_to(np.asarray(text, dtype=object), hours.shape) for name, text in texts.items()}
    return {**{name: column.astype(float) for name, column in numbers.items()}, **spread}


def _with_limits(columns: Columns, course: Course) -> Columns:
    """Values beyond the assay's limits keep only the bound that is known."""
    value, lower, upper = (columns[name].copy() for name in ("value", "lower", "upper"))
    if course.lod is not None:
        low = value < course.lod
        value[low], lower[low], upper[low] = np.nan, 0.0, course.lod
    if course.uloq is not None:
        # Half of the laboratory's runs dilute the sample and report the number; the other half stop at the limit.
        high = (value > course.uloq) & (columns["hours"].astype(int) % 2 == 0)
        value[high], lower[high], upper[high] = np.nan, course.uloq, np.nan
    return {**columns, "value": value, "lower": lower, "upper": upper}


def _gases(hours: np.ndarray, own: PatientCourse) -> list[Columns]:
    """PaO2 and FiO2 whose ratio is the P/F of the course; a few samples are venous."""
    rng = own.stream.of(5)
    ratio = _numbers("gas", "PF", hours, own)["value"]
    # Respiratory care aims at a PaO2 (about 74 mmHg) by steps of 0.05 in FiO2; the ratio stays that of the course.
    wanted = np.round(rng.normal(74, 6, len(hours)) / ratio / 0.05) * 0.05
    fio2 = np.round(np.clip(wanted, 0.21, 1.0), 2)
    venous = rng.random(len(hours)) < VENOUS_SHARE
    pao2 = np.round(np.where(venous, rng.normal(36, 4, len(hours)), np.clip(ratio * fio2, 32, 480)), 1)
    specimen = np.where(venous, "venous", "arterial")
    return [_columns("gas", "PAO2", hours, pao2, specimen), _columns("gas", "FIO2", hours, fio2, specimen)]


def _consciousness(hours: np.ndarray, patient: Patient, rng: np.random.Generator) -> Columns:
    """Glasgow coma score; not scored while ventilated."""
    start, stop = patient.intubation_hour, patient.extubation_hour
    # Without an extubation the patient stays ventilated to the end of the stay.
    awake = hours if start is None else hours[(hours < start) | (hours > (stop or np.inf))]
    score = np.where(rng.random(len(awake)) < 0.93, 15.0, 14.0)
    return _columns("vitals", "GCS", awake, score)


def _bilateral(hours: np.ndarray, rng: np.random.Generator) -> Columns:
    bilateral = "yes" if rng.random() < 0.97 else "no"
    return _columns("image", "CT_BILATERAL", hours, np.full(len(hours), np.nan), result=bilateral)


def _swabs(hours: np.ndarray, patient: Patient) -> Columns:
    # The drawn clearance may be before admission; the admission swab of the first day is positive all the same.
    positive = patient.pcr_positive & (hours < max(patient.clearance_hour, 24))
    result = np.where(positive, "positive", "negative")
    return _columns("swab", "PCR", hours, np.full(len(hours), np.nan), result=result)
