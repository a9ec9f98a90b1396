"""Words in result cells that say something: the `words` of a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import OutcomeCode, Unit
from historical_controls.config.sources.codes import Codes


class CellWord(Section):
    """What a word in place of a number or result means: a side of a limit, a value, a result, or not done."""

    texts: Codes = Field(min_length=1, description="the whole cell, compared as codes are (see `code_case`)")
    outcome: OutcomeCode | None = Field(
        None, description="outcome or characteristic that it is said of; null = all of them"
    )
    means: Literal["below", "above", "value", "positive", "negative", "indeterminate", "not_done"] = Field(
        description="below or above a limit, a value (room air: 21 %), a result, or not done"
    )
    value: float | None = Field(None, description="the limit or value; null with 'below' = the assay's limit")
    unit: Unit | None = Field(None, description="unit of the value; null = the outcome's canonical unit")

    @model_validator(mode="after")
    def value_where_due(self) -> CellWord:
        if self.means in ("above", "value") and self.value is None:
            raise ValueError(f"means: {self.means} needs 'value', e.g. value: 21")
        if self.value is not None and self.means not in ("above", "below", "value"):
            raise ValueError(f"means: {self.means} takes no 'value'")
        # A number means nothing without the outcome whose unit it is in.
        if self.value is not None and self.outcome is None:
            raise ValueError("a value needs the 'outcome' that it is of")
        if self.unit is not None and self.value is None:
            raise ValueError("'unit' is the unit of 'value', which is not given")
        return self
