"""The column that says the arm of each row, where one file holds both arms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.sources.codes import Codes, same_code

ARMS = ("treated", "historical")
SaidArm = Literal["treated", "historical", "neither", "unknown"]


class ArmColumn(Section):
    """The column that says the arm of each row; a row with a code that is not listed here is held (ARM_UNKNOWN)."""

    column: Text = Field(description="column with the arm, in every file of the source")
    treated: Codes = Field(min_length=1, description="its codes that mean treated")
    historical: Codes = Field(min_length=1, description="its codes that mean historical, or untreated")
    neither: Codes = Field(
        default=[], description="its codes that mean neither, such as a third arm: not read; '' = a blank cell"
    )

    @model_validator(mode="after")
    def arms_differ(self) -> ArmColumn:
        known: dict[str, str] = {}
        for code, arm in self.codes():
            said = same_code(code)
            if known.setdefault(said, arm) != arm:
                raise ValueError(f"'{said}' cannot mean both {known[said]} and {arm}")
        return self

    def codes(self) -> Iterator[tuple[str, SaidArm]]:
        """Yield each declared code with what it means."""
        yield from ((code, "treated") for code in self.treated)
        yield from ((code, "historical") for code in self.historical)
        yield from ((code, "neither") for code in self.neither)
