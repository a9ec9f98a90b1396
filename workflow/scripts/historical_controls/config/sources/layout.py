"""How the columns of a file are laid out beyond one heading a column."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.sources.codes import Codes

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


class Sentinels(Section):
    """Codes that mean 'missing', only where declared."""

    columns: list[str] = Field(default=[], description="columns they hold in; empty or ['*'] = every column read")
    codes: Codes = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def star_is_every_column(cls, columns: list[str]) -> list[str]:
        if "*" in columns and len(columns) > 1:
            raise ValueError("'*' is every column: leave out the others, or '*'")
        return [] if columns == ["*"] else columns


class RedcapExport(Section):
    """A REDCap export, declared by field names and codes, whether it carries these or their labels."""

    dictionary: Text = Field(description="the project's data dictionary as REDCap downloads it, from the study folder")
    labels: bool = Field(False, description="the label export: headings and answers in words")
