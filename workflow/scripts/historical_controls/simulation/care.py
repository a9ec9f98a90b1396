"""Support, co-treatments and dated events of one patient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.simulation.patients import Patient
from historical_controls.simulation.screening import on_pressors
from historical_controls.simulation.truth import Population

TREATMENT_COLUMNS = ["treatment", "start_hour", "stop_hour", "dose", "dose_unit"]


def treatments(rng: np.random.Generator, patient: Patient, population: Population) -> pd.DataFrame:
    """Courses of support and drugs in hours since admission. Key (treatment, start_hour)."""
    rows = [*_support(patient), *_drugs(rng, patient, population)]
    # A stay that ends before a course would start makes its length negative; such a course was never given.
    frame = pd.DataFrame([row for row in rows if row[2] - row[1] > 1], columns=TREATMENT_COLUMNS)
    return frame.assign(
        start_hour=(frame["start_hour"] * 60).round() / 60, stop_hour=(frame["stop_hour"] * 60).round() / 60
    )


def _support(patient: Patient) -> list[tuple]:
    end, start, stop = patient.end_hour, patient.intubation_hour, patient.extubation_hour
    oxygen_until = end if start is None else start
    device = "high_flow_oxygen" if patient.bed_needed else "oxygen"
    rows: list[tuple] = [(device, 0.5, oxygen_until, np.nan, None)]
    if start is not None and stop is not None:
        rows.append(("invasive_ventilation", start, stop, np.nan, None))
        rows.append(("prone_position", start + 2, min(start + 60, stop), np.nan, None))
    if on_pressors(patient) and start is not None and stop is not None:
        rows.append(("norepinephrine", start, min(start + 96, stop), 0.08, "ug/kg/min"))
    return rows


def _drugs(rng: np.random.Generator, patient: Patient, population: Population) -> list[tuple]:
    end = patient.end_hour
    steroid_era = patient.admission.date() >= population.steroids_from
    # All four are drawn whatever the branches below decide, so that a rule changed here moves no later draw.
    draws = rng.random(4)
    rows: list[tuple] = [("enoxaparin", 3.0, end, 40.0, "mg/day")]
    if draws[0] < (0.85 if steroid_era else 0.08):
        # 10 days of 6 mg, the regimen of RECOVERY (N Engl J Med 2021;384:693-704).
        rows.append(("dexamethasone", 6.0, min(end, 246.0), 6.0, "mg/day"))
    elif draws[1] < 0.15:
        rows.append(("methylprednisolone", 30.0, min(end, 150.0), 60.0, "mg/day"))
    if draws[2] < 0.12 and patient.bed_needed:
        rows.append(("tocilizumab", 50.0, min(end, 52.0), 400.0, "mg"))
    if draws[3] < 0.35 and patient.admission.month <= 4:
        rows.append(("hydroxychloroquine", 5.0, min(end, 125.0), 400.0, "mg/day"))
    return rows


def events(patient: Patient) -> pd.DataFrame:
    """Dated events in hours since admission; the onset's date stands apart. Key (event, hours)."""
    hours = {
        "admission": 0.0,
        "icu_admission": patient.icu_hour,
        "limitation_order": patient.limitation_hour,
        "intubation": patient.intubation_hour,
        "consent": None if patient.infusion_hour is None else patient.infusion_hour - 3,
        "infusion": patient.infusion_hour,
        patient.end: patient.end_hour,
    }
    known = {event: hour for event, hour in hours.items() if hour is not None}
    return pd.DataFrame({"event": list(known), "hours": list(known.values())})


def adverse_events(rng: np.random.Generator, patient: Patient) -> pd.DataFrame:
    """Adverse events of a treated patient after the infusion: hours, end_hours, event, term, grade."""
    if patient.infusion_hour is None:
        return pd.DataFrame(columns=["hours", "end_hours", "event", "term", "grade"])
    terms = [
        ("adverse_event", "Hypotension", 2),
        ("infection", "Ventilator-associated pneumonia", 3),
        ("adverse_event", "Acute kidney injury", 2),
        ("infection", "Bloodstream infection", 3),
        ("adverse_event", "Rash", 1),
    ]
    count = min(int(rng.poisson(1.2)), len(terms))
    chosen = rng.choice(len(terms), size=count, replace=False)
    starts = patient.infusion_hour + rng.uniform(5, 300, count)
    rows = [(start, start + 72.0, *terms[which]) for start, which in zip(starts, chosen, strict=True)]
    frame = pd.DataFrame(rows, columns=["hours", "end_hours", "event", "term", "grade"])
    # Nothing is reported of a patient who has left.
    return frame[frame["hours"] < patient.end_hour - 2].sort_values("hours", ignore_index=True)
