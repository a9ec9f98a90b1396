"""Studies larger or longer than the example, to be run whole: more controls, or years of visits."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from historical_controls.config.study_file import read_config
from historical_controls.simulation.study import NO_GRID, make_study

ROOT = Path(__file__).resolve().parents[2]
TREATED = 6
START = date(2004, 1, 1)
# Mean, spread between patients and spread between visits of what a visit measures.
MEASURED = {
    "hb": ("HGB", "g/dL", 8.5, 0.8, 0.6),
    "ferritin": ("FERR", "ng/mL", 1500.0, 300.0, 200.0),
    "creatinine": ("CREAT", "mg/dL", 0.9, 0.15, 0.08),
    "platelets": ("PLT", "10^3/uL", 240.0, 40.0, 25.0),
}


def write_example(folder: Path, controls: int, grid: bool = True) -> None:
    """The shipped example with so many earlier patients; without `grid`, no scenarios and no placebo cohorts."""
    sensitivity = read_config(ROOT / "config.yaml")["sensitivity"] if grid else NO_GRID
    make_study(folder, ROOT, config={"sensitivity": sensitivity}, historical=controls)


def write_years(folder: Path, patients: int, days: int) -> None:
    """Patients seen every month over so many days, four outcomes a visit; every default key."""
    rng = np.random.default_rng(1)
    own = [_visits(f"P{number:04d}", number < TREATED, days, rng) for number in range(patients)]
    (folder / "data/raw").mkdir(parents=True)
    pd.concat(own).to_csv(folder / "data/raw/visits.csv", index=False)
    (folder / "config.yaml").write_text(yaml.safe_dump(_years_config(days), sort_keys=False), encoding="utf-8")


def _visits(name: str, treated: bool, days: int, rng: np.random.Generator) -> pd.DataFrame:
    enrolled = START + timedelta(days=int(rng.integers(0, 365)))
    month = np.arange(days // 30)
    kept = (month == 0) | (rng.random(len(month)) < 0.96)
    day = month * 30 + np.where(month == 0, 0, rng.integers(-6, 7, len(month)))
    table = pd.DataFrame({"id": name, "month": month, "date": [enrolled + timedelta(days=int(each)) for each in day]})
    table["group"] = "gene therapy" if treated else "transfusion"
    table["sex"] = np.where(month == 0, rng.choice(["F", "M"]), "")
    table["age"] = np.where(month == 0, str(rng.integers(12, 40)), "")
    for column, (_, _, mean, between, within) in MEASURED.items():
        level = rng.normal(mean, between)
        slow = np.cumsum(rng.normal(0, within / 8, len(month)))
        gain = 0.2 * mean * (treated and column == "hb") * (1 - np.exp(-month / 6))
        table[column] = (level + slow + gain + rng.normal(0, within, len(month))).round(2)
    return table[kept]


def _years_config(days: int) -> dict[str, Any]:
    moment = {"columns": ["date"], "formats": ["%Y-%m-%d"]}
    parts = [
        {
            "kind": "patients",
            "where": [{"column": "month", "is_in": ["0"]}],
            "subject": "id",
            "columns": {
                "sex": {"characteristic": "SEX", "values": {"F": "female", "M": "male"}},
                "age": {"characteristic": "AGE", "unit": "years"},
            },
            "events": [{"event": "enrolment", "time": moment}],
        },
        {
            "kind": "measurements_wide",
            "subject": "id",
            "time": moment,
            "columns": {
                column: {"outcome": outcome, "unit": unit, "specimen": "blood"}
                for column, (outcome, unit, *_) in MEASURED.items()
            },
        },
    ]
    outcomes = [outcome for outcome, *_ in MEASURED.values()]
    asked = [day for day in (365, 730, 1825, 3650, 5400) if day < days]
    return {
        "study": {
            "id": "years",
            "title": {"en": "Years of monthly visits", "es": "Años de visitas mensuales"},
            "treatment": {"en": "gene therapy", "es": "terapia génica"},
            "simulated": True,
            "first_date": START.isoformat(),
            "data_lock": (START + timedelta(days=days + 800)).isoformat(),
        },
        "sources": {
            "clinic": {
                "arm": {"column": "group", "treated": ["gene therapy"], "historical": ["transfusion"]},
                "files": {"visits": {"path": "data/raw/visits.csv", "parts": parts}},
            }
        },
        "outcomes": outcomes,
        "primary": {"outcome": "HGB", "day": asked[:2][-1]},
        "cohort": {
            "horizon_days": days,
            "time_zero": {
                "treated": "enrolment",
                "historical": "event",
                "historical_event": "enrolment",
                "standard_care_from": "enrolment",
                "match_waits": False,
            },
        },
        "balance": {"covariates": ["AGE", "SEX", "HGB"], "key_covariates": ["HGB", "AGE"]},
        "analysis": {
            "days": asked,
            "visit_window_days": 30,
            "covariates": ["AGE"],
        },
    }
