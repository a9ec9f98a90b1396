"""Limits that numbers of a file have, and the cut-offs by which numbers are results."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import NumericOutcome, ResultName, Unit


class StrippedLimit(Section):
    """A limit of detection that lost its sign: this value of this outcome means '<' or '>'."""

    outcome: NumericOutcome
    value: float = Field(description="in the outcome's canonical unit")
    means: Literal["<", ">"]


class AssayLimit(Section):
    """The limit of detection that an assay states for an outcome: what 'ND' under it means."""

    lod: float = Field(gt=0, description="limit of detection")
    unit: Unit | None = Field(None, description="its unit; null = the outcome's canonical unit")


class CutOff(Section):
    """The number by which a result is told: a cycle threshold up to it means one result, above it another."""

    number: float = Field(description="the cut-off, as the file writes such numbers")
    up_to: ResultName = Field(description="result of this number and of lower ones")
    above: ResultName = Field(description="result of higher numbers")

    @model_validator(mode="after")
    def results_differ(self) -> CutOff:
        if self.up_to == self.above:
            raise ValueError(f"both sides of the cut-off mean '{self.above}'")
        return self


class UnitFactor(Section):
    """A unit that the export states wrongly, as confirmed by a person: every value that it touches is flagged."""

    outcome: NumericOutcome
    unit: str | None = Field(None, description="unit as sent or declared; null = any")
    factor: float | None = Field(None, gt=0, description="what the numbers sent are multiplied by")
    true_unit: Unit | None = Field(None, description="the unit that the numbers are really in")

    @model_validator(mode="after")
    def one_correction(self) -> UnitFactor:
        if (self.factor is None) == (self.true_unit is None):
            raise ValueError("give either factor or true_unit")
        return self
