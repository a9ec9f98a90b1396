"""Hand-made clean tables for tests of the cohort stage: times are hours since a common start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cohort.batches import records_of
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.patient_records import PERSON, PatientRecords, place_all
from historical_controls.cohort.records.support import with_tubes
from historical_controls.cohort.records.timeline import HOUR, Moments
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study import Study
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS
from historical_controls.tables.schema import conform

START = pd.Timestamp("2020-04-01 00:00", tz="UTC")
DICTIONARY_FOLDER = Path(__file__).parents[3] / "data" / "dictionary"
LABEL = {"en": "rule"}


def at(hours: float) -> pd.Timestamp:
    return START + pd.Timedelta(hours=hours)


@cache
def dictionary() -> Dictionary:
    return load_dictionary(DICTIONARY_FOLDER)


def study() -> Study:
    return Study(
        id="TEST",
        title={"en": "test"},
        treatment={"en": "test"},
        first_date=date(2020, 1, 1),
        data_lock=date(2021, 1, 1),
        calendar_reference=date(2020, 4, 8),
    )


def inputs(cohort: Cohort, *outcomes: str, seed: int = 1) -> CohortInputs:
    """What the stage is given beside the clean tables; the scenario is the primary one."""
    return CohortInputs(cohort, study(), dictionary(), seed, outcomes)


def measured(
    patient: str,
    outcome: str,
    hours: float,
    value: float | None = None,
    *,
    below: float | None = None,
    above: float | None = None,
    result: str | None = None,
    assay: str = "",
    specimen: str = "arterial",
    status: str = "done",
    source: str = "hospital",
    flags: str = "",
    reported: float | None = None,
) -> dict[str, Any]:
    """One clean measurement; `below`, `above`: the limit of a censored one; `reported`: hour of its result."""
    lower = value if value is not None else (0.0 if below is not None else above)
    upper = value if value is not None else below
    return {
        "source": source,
        "patient_id": patient,
        "time": at(hours),
        "result_time": pd.NaT if reported is None else at(reported),
        "outcome": outcome,
        "value": np.nan if value is None else value,
        "lower": np.nan if lower is None else lower,
        "upper": np.nan if upper is None else upper,
        "result": result,
        "unit": "",
        "assay": assay,
        "specimen": specimen,
        "status": status,
        "flags": flags,
        "raw_value": "",
        "raw_unit": "",
    }


def happened(
    patient: str,
    event: str,
    hours: float,
    source: str = "hospital",
    end: float | None = None,
    latest: float | None = None,
) -> dict[str, Any]:
    """An event; `latest`: the last hour at which it can have happened, of one dated by its day."""
    return {
        "source": source,
        "patient_id": patient,
        "event": event,
        "time": at(hours),
        "latest": pd.NaT if latest is None else at(latest),
        "end_time": pd.NaT if end is None else at(end),
        "value": None,
        "detail": None,
    }


def given(
    patient: str,
    treatment: str,
    start: float,
    stop: float | None = None,
    dose: float = np.nan,
    unit: str | None = None,
    source: str = "hospital",
) -> dict[str, Any]:
    return {
        "source": source,
        "patient_id": patient,
        "treatment": treatment,
        "start": at(start),
        "stop": pd.NaT if stop is None else at(stop),
        "dose": dose,
        "dose_unit": unit,
    }


def person(patient: str, arm: str = "historical", source: str = "hospital", **characteristics: Any) -> dict[str, Any]:
    return {"source": source, "patient_id": patient, "arm": arm, **characteristics}


def tables(
    patients: Sequence[dict[str, Any]],
    measurements: Sequence[dict[str, Any]] = (),
    events: Sequence[dict[str, Any]] = (),
    treatments: Sequence[dict[str, Any]] = (),
    tubes: bool = True,
) -> CleanTables:
    """Checked clean tables; every row gets a place in a file of its own. `tubes`: ventilation as intubations tell."""

    def frame(rows: Sequence[dict[str, Any]], table: Any) -> pd.DataFrame:
        if not rows:
            return table.empty()
        placed = pd.DataFrame(rows).assign(file="file", line=np.arange(2, len(rows) + 2), item="")
        times = [column.name for column in table.columns if column.kind == "time"]
        known = {name: placed[name] if name in placed else pd.Series(pd.NaT, index=placed.index) for name in times}
        return conform(placed.assign(**{name: pd.to_datetime(own, utc=True) for name, own in known.items()}), table)

    dated = frame(events, EVENTS)
    courses = frame(treatments, TREATMENTS)
    return CleanTables(
        conform(pd.DataFrame(patients), PATIENTS),
        frame(measurements, MEASUREMENTS),
        dated,
        with_tubes(courses, dated) if tubes else courses,
    )


def records(clean: CleanTables, cohort: Cohort | None = None) -> PatientRecords:
    """Records of everyone, in the order of source and patient id, derived outcomes included."""
    declared = cohort or Cohort()
    people = clean.patients.sort_values(PERSON, ignore_index=True)
    return records_of(place_all(clean, people, declared.dates_without_clock), declared, dictionary())


def moments(*hours: float, patient: int = 0) -> Moments:
    start = START.value // 1_000_000
    times = np.array([start + round(hour * HOUR) for hour in hours], dtype=np.int64)
    return Moments(np.full(len(hours), patient), times)


def with_changes(cohort: Cohort, **changes: Any) -> Cohort:
    return Cohort.model_validate({**cohort.model_dump(), **changes})


def without_after(clean: CleanTables, hours: dict[str, float]) -> CleanTables:
    """The tables without any measurement later than the given hours of each patient."""
    limit = clean.measurements["patient_id"].map(lambda name: at(hours[name]))
    return replace(clean, measurements=clean.measurements[clean.measurements["time"] <= limit])


def moved(clean: CleanTables, patient: str, source: str) -> CleanTables:
    """The same tables with one patient in another source."""
    frames = (clean.patients, clean.measurements, clean.events, clean.treatments)
    return CleanTables(
        *(frame.assign(source=frame["source"].where(frame["patient_id"] != patient, source)) for frame in frames)
    )
