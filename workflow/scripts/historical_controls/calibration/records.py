"""Simulated studies as the clean tables that the cohort stage reads: one or many, told apart by patient id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.calibration.hospital import DAYS, Admissions, Array, Hospital, Signal, admissions, daily_hours
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.tables.registry import EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS
from historical_controls.tables.schema import Table, conform

FIRST_ADMISSION = pd.Timestamp("2020-03-02", tz="UTC")
SOURCE = "simulated"
LOWEST, HIGHEST = 30, 700
FIXED: dict[str, Any] = {
    "source": SOURCE,
    "file": SOURCE,
    "item": "",
    "unit": "",
    "assay": "",
    "specimen": "",
    "status": "done",
    "flags": "",
    "raw_value": "",
    "raw_unit": "",
    "value": None,
    "result": None,
    "detail": None,
    "result_time": pd.NaT,
    "latest": pd.NaT,
    "end_time": pd.NaT,
    "end_latest": pd.NaT,
}


def clean_tables(hospital: Hospital, generators: Mapping[int, np.random.Generator]) -> CleanTables:
    """Studies of this hospital, as the cleaning stage would hand them on; `generators` by number of the study."""
    parts = [
        # The number of the study is in the id, so that many studies go through the stages as one export.
        (f"{number:05d}-{arm[0]}", arm, admitted)
        for number, rng in generators.items()
        for arm, admitted in admissions(hospital, rng).items()
    ]
    people, measured, happened = (
        pd.concat([make(_Arm(*part), hospital) for part in parts], ignore_index=True)
        for make in (_people, _measurements, _events)
    )
    return CleanTables(
        conform(people, PATIENTS), _placed(measured, MEASUREMENTS), _placed(happened, EVENTS), TREATMENTS.empty()
    )


def study_of(patient_id: pd.Series) -> pd.Series:
    """Number of the study that each patient belongs to."""
    return patient_id.str[:5].astype(int)


@dataclass(frozen=True)
class _Arm:
    prefix: str
    name: str
    admitted: Admissions

    @property
    def ids(self) -> NDArray[np.object_]:
        return np.array([f"{self.prefix}{number:05d}" for number in range(len(self.admitted.infusion))], dtype=object)


def _moments(admitted: Admissions, row: NDArray[np.int64], hours: Array) -> pd.DatetimeIndex:
    admission = FIRST_ADMISSION + pd.to_timedelta((admitted.courses.week * 7 * 24).round(), unit="h")
    return admission[row] + pd.to_timedelta((hours * 60).round(), unit="min")


def _people(arm: _Arm, hospital: Hospital) -> pd.DataFrame:
    return pd.DataFrame({"source": SOURCE, "patient_id": arm.ids, "arm": arm.name, "AGE": arm.admitted.courses.age})


def _measurements(arm: _Arm, hospital: Hospital) -> pd.DataFrame:
    courses = arm.admitted.courses
    gases = _while_alive(arm, courses.hours, courses.pf.round(1).clip(LOWEST, HIGHEST))
    frames = [gases.assign(outcome="PF", assay="", lower=gases["value"], upper=gases["value"])]
    for number, signal in enumerate(hospital.signals):
        own = courses.signals[:, number]
        values = np.exp(own) if signal.scale == "log" else own
        rows = _while_alive(arm, daily_hours(courses), values)
        frames.append(_with_limit(rows, signal).assign(assay=signal.assays[0 if arm.name == "treated" else 1]))
    return pd.concat(frames, ignore_index=True)


def _while_alive(arm: _Arm, hours: Array, values: Array) -> pd.DataFrame:
    # All gases before death; for survivors `death` is infinite.
    row, column = np.nonzero(hours < arm.admitted.death[:, None])
    times = _moments(arm.admitted, row, hours[row, column])
    return pd.DataFrame({"patient_id": arm.ids[row], "time": times, "value": values[row, column]})


def _with_limit(rows: pd.DataFrame, signal: Signal) -> pd.DataFrame:
    value = rows["value"]
    # A limit of 0 means that the outcome has none.
    below = (value < signal.limit) & (signal.limit > 0)
    bounds = {"lower": value.mask(below, 0.0), "upper": value.mask(below, signal.limit), "value": value.mask(below)}
    return rows.assign(outcome=signal.outcome, **bounds)


def _events(arm: _Arm, hospital: Hospital) -> pd.DataFrame:
    """Survivors go home when the records end."""
    admitted = arm.admitted
    survived = np.isinf(admitted.death)
    hours = {
        "symptom_onset": -24 * admitted.courses.onset_days,
        "admission": np.zeros(len(survived)),
        "infusion": admitted.infusion,
        "death": admitted.death,
        "discharge_alive": np.where(survived, 24.0 * DAYS, np.inf),
    }
    frames = []
    for event, hour in hours.items():
        row = np.flatnonzero(np.isfinite(hour))
        times = _moments(admitted, row, hour[row])
        frames.append(pd.DataFrame({"patient_id": arm.ids[row], "event": event, "time": times}))
    return pd.concat(frames, ignore_index=True)


def _placed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows with whatever else the table declares, as if read from one file."""
    # Columns that a real export would fill; rows that have them keep theirs.
    absent = {name: FIXED[name] for name in table.names if name in FIXED and name not in frame}
    full = frame.assign(**absent, line=np.arange(2, len(frame) + 2))
    times = [column.name for column in table.columns if column.kind == "time"]
    return conform(full.assign(**{name: pd.to_datetime(full[name], utc=True) for name in times}), table)
