"""Tiny studies at the edges: one file a source, one outcome, two conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from historical_controls.config.study_file import read_config
from historical_controls.simulation.study import NO_GRID

ROOT = Path(__file__).resolve().parents[2]
FORMAT = "%Y-%m-%d %H:%M"
FIRST = datetime(2020, 4, 1, 8)
COLUMNS = ["kind", "id", "age", "when", "pf", "admission", "infusion", "end", "status"]


@dataclass
class Person:
    """One patient: `level` is the P/F at which the stay begins, None for one never measured."""

    name: str
    admission: datetime
    level: float | None = 110.0
    age: int = 55
    infused_after: float | None = None
    days: float = 26
    died: bool = False
    noise: list[float] = field(default_factory=list)

    def rows(self) -> Iterator[dict[str, Any]]:
        end = self.admission + timedelta(days=self.days)
        infusion = None if self.infused_after is None else self.admission + timedelta(hours=self.infused_after)
        yield {
            "kind": "person",
            "id": self.name,
            "age": self.age,
            "admission": self.admission.strftime(FORMAT),
            "infusion": infusion.strftime(FORMAT) if infusion else "",
            "end": end.strftime(FORMAT),
            "status": "dead" if self.died else "home",
        }
        if self.level is None:
            return
        for number, hour in enumerate(range(2, int(self.days * 24), 12)):
            value = self.level + 3.0 * hour / 24 + (self.noise[number % len(self.noise)] if self.noise else 0.0)
            when = self.admission + timedelta(hours=hour)
            yield {"kind": "value", "id": self.name, "when": when.strftime(FORMAT), "pf": f"{value:.0f}"}


def people(count: int, prefix: str, seed: int, **same: Any) -> list[Person]:
    """Patients admitted over eight weeks, who differ by chance alone; `same`: what they share."""
    rng = np.random.default_rng(seed)
    return [
        Person(
            **{
                "name": f"{prefix}{number:04d}",
                "admission": FIRST + timedelta(hours=int(rng.integers(0, 56 * 24))),
                "level": float(rng.normal(110, 12)),
                "age": int(rng.integers(35, 75)),
                "died": bool(rng.random() < 0.2),
                "days": float(rng.integers(10, 27)),
                "noise": rng.normal(0, 15, 40).tolist(),
                **same,
            }
        )
        for number in range(count)
    ]


def treated(count: int = 5, **same: Any) -> list[Person]:
    """Treated patients amid the controls in age and P/F, who all live."""
    chosen = people(count, "T", 1, days=26.0, died=False)
    for number, person in enumerate(chosen):
        person.level, person.age = 100.0 + 2 * number, 48 + 3 * number
        person.infused_after = 52.0 + 3 * number
    return [replace(person, **same) for person in chosen]


def controls(count: int = 25, prefix: str = "C", **same: Any) -> list[Person]:
    return people(count, prefix, 2, **same)


def source(arm: str, name: str) -> dict[str, Any]:
    def moment(column: str) -> dict[str, Any]:
        return {"columns": [column], "formats": [FORMAT]}

    ends = [
        {"event": event, "time": moment("end"), "only_if": {"column": "status", "is_in": [status]}}
        for event, status in (("death", "dead"), ("discharge_alive", "home"))
    ]
    events = [{"event": event, "time": moment(event)} for event in ("admission", "infusion")]
    parts = [
        {
            "kind": "patients",
            "where": [{"column": "kind", "is_in": ["person"]}],
            "subject": "id",
            "columns": {"age": {"characteristic": "AGE", "unit": "years"}},
            "events": [*events, *ends],
        },
        {
            "kind": "measurements_wide",
            "where": [{"column": "kind", "is_in": ["value"]}],
            "subject": "id",
            "time": moment("when"),
            "columns": {"pf": {"outcome": "PF", "unit": "mmHg", "specimen": "arterial"}},
        },
    ]
    file = {"path": f"data/raw/{name}.csv", "encoding": "utf-8", "delimiter": ",", "decimal": ".", "parts": parts}
    label = {"en": f"{name} export", "es": name}
    return {"arm": arm, "label": label, "timezone": "America/Mexico_City", "files": {"all": file}}


def settings() -> dict[str, Any]:
    """The example's settings, cut to one outcome, two conditions and no scenario."""
    config = read_config(ROOT / "config.yaml")
    rules = config["cohort"]["rules"]
    cohort = {
        "rules": {name: rules[name] for name in ("I12", "I3")},
        "filters": ["I12", "I3"],
        "baseline_hours": 24,
        "horizon_days": 21,
        "time_zero": {"standard_care_hours": 48, "wait_draws": 2},
    }
    return {
        **{name: config[name] for name in ("study", "seed")},
        "sources": {arm: source(arm, arm) for arm in ("treated", "historical")},
        "languages": ["en"],
        "outcomes": ["PF"],
        "cohort": cohort,
        "balance": {
            **config["balance"],
            "covariates": ["AGE", "PF"],
            "key_covariates": ["PF", "AGE"],
            "matching": {**config["balance"]["matching"], "exact": []},
        },
        "analysis": {
            **config["analysis"],
            "permutation": {"exact_up_to": 20_000, "draws": 2_000, "scenario_draws": 1_000},
        },
        "primary": {"outcome": "PF", "day": 7, "key_secondary": []},
        "sensitivity": NO_GRID,
    }


def write_study(folder: Path, own: list[Person], others: list[Person], **more: list[Person]) -> Path:
    """A study folder of these patients; `more`: further historical sources by name."""
    (folder / "data/raw").mkdir(parents=True)
    config = settings()
    for name, group in {"treated": own, "historical": others, **more}.items():
        frame = pd.DataFrame([row for person in group for row in person.rows()], columns=COLUMNS)
        frame.to_csv(folder / f"data/raw/{name}.csv", index=False)
        config["sources"].setdefault(name, source("historical", name))
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder
