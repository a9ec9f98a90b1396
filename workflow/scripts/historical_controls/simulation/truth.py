"""The truth file: what the simulated study is made from, true effects included."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from historical_controls.config.base import Code, Section
from historical_controls.errors import UserError, did_you_mean, raise_all

EFFECT_DAYS = (7, 14, 21)


class Period(Section):
    first: date
    last: date

    @model_validator(mode="after")
    def in_order(self) -> Period:
        if self.last < self.first:
            raise ValueError("last lies before first")
        return self


class Population(Section):
    """Who is admitted and what becomes of them; log-odds where not said otherwise."""

    admitted: Period
    treated_admitted: Period
    severity_mean: float
    death_log_odds: float
    death_per_severity: float
    death_without_bed: float
    death_per_week: float
    bed_share: float = Field(ge=0, le=1)
    bed_shortage: Period
    bed_share_otherwise: float = Field(ge=0, le=1)
    limitation_share: float = Field(ge=0, le=1)
    pcr_negative_share: float = Field(ge=0, le=1)
    steroids_from: date


class Waits(Section):
    """Hours from first eligible hour to infusion."""

    shortest: float = Field(gt=0)
    longest: float


class Course(Section):
    """Natural course of one outcome; SDs, rise and trend on the model scale, limits in the unit."""

    scale: Literal["linear", "log"]
    unit: str
    typical: float
    between: float = Field(ge=0)
    within: float = Field(ge=0)
    loading: float = Field(ge=-1, le=1)
    rise: float
    trend: float
    rho: float = Field(ge=0, lt=1)
    low: float
    high: float
    digits: int = Field(ge=0)
    lod: float | None = None
    uloq: float | None = None


class Truth(Section):
    """The whole truth file."""

    seed: int = Field(ge=0)
    treated: int = Field(ge=0)
    historical: int = Field(ge=0)
    population: Population
    waits: Waits
    effects: dict[Code, tuple[float, float, float]]
    courses: dict[Code, Course]

    @model_validator(mode="after")
    def effects_have_courses(self) -> Truth:
        for code in self.effects:
            if code not in self.courses:
                raise ValueError(f"effect of {code}, which has no course. {did_you_mean(code, self.courses)}")
        return self


def load_truth(path: str | Path) -> Truth:
    """The checked truth file. Raises UserError(s) naming each key at fault."""
    place = Path(path)
    if not place.is_file():
        raise UserError("there is no truth file", str(path), "The example's is data/raw/truth.yaml.")
    raw: Any = yaml.safe_load(place.read_text(encoding="utf-8"))
    try:
        return Truth.model_validate(raw)
    except ValidationError as error:
        # raise_all raises whenever there is an error; the bare `raise` tells the type checker so.
        raise_all(UserError(e["msg"], f"{path}: {'.'.join(map(str, e['loc']))}") for e in error.errors())
        raise


def changed(truth: Truth, **changes: Any) -> Truth:
    """The truth with some keys replaced and checked anew; mappings are merged one level deep."""
    plain = truth.model_dump()
    for key, value in changes.items():
        plain[key] = {**plain[key], **value} if isinstance(value, dict) else value
    # `model_copy(update=...)` would not check the changed keys.
    return Truth.model_validate(plain)
