"""How the columns of a file are laid out beyond one heading a column."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section, Text

# What counts of several results of one day without a clock.
SameDayRule = Literal["hold", "median", "worst", "last"]
# Which of a patient's admissions (or other events) relative times count from.
AnchorRule = Literal["hold", "first", "last"]


class SplitColumn(Section):
    """A column whose cells hold several values: '167/92' by '/' into systolic and diastolic pressure."""

    by: Text = Field(description="text between the values, as it is; no regular expression")
    into: list[Text] = Field(min_length=2, description="names of the columns that the values become, in their order")

    @model_validator(mode="after")
    def names_differ(self) -> SplitColumn:
        if len(set(self.into)) < len(self.into):
            raise ValueError("into names a column twice")
        return self
