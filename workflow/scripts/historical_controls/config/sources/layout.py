"""How the columns of a file are laid out beyond one heading a column."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.sources.codes import Codes
from historical_controls.config.sources.parts import Condition

# What counts of several results of one day without a clock.
SameDayRule = Literal["hold", "median", "worst", "last"]
# Which of a patient's admissions (or other events) relative times count from.
AnchorRule = Literal["hold", "first", "last"]


PIECE = re.compile(r"\{([^{}]*)\}")


class SplitColumn(Section):
    """A column whose cells hold several values: '167/92' by '/', or 'NC 4 lpm' and 'VMK 50%' by their forms."""

    by: Text | None = Field(None, description="text between the values, as it is; no regular expression")
    into: list[Text] = Field(
        default=[], description="names of the columns that the values become, in their order; with 'by' only"
    )
    forms: list[Text] = Field(
        default=[],
        description="how cells are written, each value as its column in braces: '{device} {flow} L'. A value is a "
        "number, or a text without digits; a blank may be missing; a cell that has none of the forms is held",
    )
    where: list[Condition] = Field(
        default=[],
        description="only cells of rows that meet all of these: in a long file, of one analyte; none = of every row",
    )
    others: Text | None = Field(
        None,
        description="column that takes the cells of rows that 'where' leaves out as they are; may be one of the values",
    )

    @property
    def columns(self) -> list[str]:
        """The new columns: of the values, of forms in the order in which these name them, and of all other cells."""
        others = [] if self.others is None else [self.others]
        return list(dict.fromkeys([*self.values, *others]))

    @property
    def values(self) -> list[str]:
        """The columns that the values become."""
        return list(dict.fromkeys([*self.into, *(name for form in self.forms for name in PIECE.findall(form))]))

    @model_validator(mode="after")
    def others_are_left(self) -> SplitColumn:
        if self.others is not None and not self.where:
            raise ValueError("'others' needs 'where': without it every cell is split, and no other is left")
        return self

    @model_validator(mode="after")
    def by_a_mark_or_by_forms(self) -> SplitColumn:
        if (self.by is None) == (not self.forms):
            raise ValueError("give either 'by', the mark between the values, or 'forms', such as '{device} {flow} L'")
        if (self.by is None) != (not self.into) or len(self.into) == 1:
            raise ValueError("'by' needs 'into', the names of two or more columns; 'forms' name theirs")
        if len(set(self.into)) < len(self.into):
            raise ValueError("into names a column twice")
        return self

    @field_validator("forms")
    @classmethod
    def forms_name_columns(cls, forms: list[str]) -> list[str]:
        for form in forms:
            names = [name.strip() for name in PIECE.findall(form)]
            if re.search(r"[{}]", PIECE.sub("", form)) or not all(names):
                raise ValueError(f"'{form}': '{{' and '}}' enclose the name of a column")
            if not names:
                raise ValueError(f"'{form}' names no column: '{{device}} {{flow}} L'")
            if len(set(names)) < len(names):
                raise ValueError(f"'{form}' names a column twice")
        return forms


def _new_columns(declared: dict[str, SplitColumn]) -> dict[str, SplitColumn]:
    """Raise ValueError where a column becomes of two others, or is asked for before it has become."""
    made: dict[str, str] = {}
    for place, (name, split) in enumerate(declared.items()):
        for column in split.columns:
            if column == name or column in made:
                whose = "it is split itself" if column == name else f"'{made[column]}' becomes it as well"
                raise ValueError(f"{name}: '{column}' is no new column, since {whose}: choose another name")
            if column in list(declared)[:place]:
                raise ValueError(f"{column}: '{name}' becomes it, and is declared before it")
            made[column] = name
    for column in (condition.column for split in declared.values() for condition in split.where):
        if column in made:
            raise ValueError(f"where: '{column}' becomes of '{made[column]}': name a column that the file has")
    return declared


# In their order: a column that another became may be split again.
Splits = Annotated[dict[Text, SplitColumn], AfterValidator(_new_columns)]


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
