"""The ADaM-like data sets with what is declared of each variable, for every format that describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

Kind = Literal["text", "integer", "number"]
# Name of the frame that holds the definition itself.
DEFINITION = "define"
# Rows whose values are Python's at a time: of a registry there are millions.
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Variable:
    """One variable, as docs/adam.csv declares it.

    codes: values it may have, each with its meaning ('' without one). key: its place in the data set's key, or None.
    length: characters of the longest value, without sign and point of numbers; decimals: most digits after the point.
    """

    name: str
    label: str
    kind: Kind
    unit: str
    derivation: str
    key: int | None
    codes: Mapping[str, str]
    length: int
    decimals: int


@dataclass(frozen=True)
class Shape:
    """What the rows of a data set are. family, subclass: names in CDISC's terminology of ADaM data structures."""

    label: str
    rows: str
    family: str
    subclass: str = ""
    repeating: bool = True


@dataclass(frozen=True)
class Dataset:
    """One data set: its rows, and what describes them."""

    name: str
    shape: Shape
    frame: pd.DataFrame
    variables: tuple[Variable, ...]

    @property
    def rows(self) -> Iterator[list[Any]]:
        """The values row by row: text, int, float, or None where there is none."""
        for first in range(0, len(self.frame), ROWS_AT_ONCE):
            some = self.frame.iloc[first : first + ROWS_AT_ONCE]
            columns = [_values(some[one.name], one.kind) for one in self.variables]
            yield from map(list, zip(*columns, strict=True))


SHAPES = {
    "ADSL": Shape("Subjects", "One record per subject", "SUBJECT LEVEL ANALYSIS DATASET", repeating=False),
    "ADEFF": Shape("Outcomes by study day", "One record per subject, outcome and study day", "BASIC DATA STRUCTURE"),
    "ADTTE": Shape(
        "Times to death and to discharge", "One record per subject and event", "BASIC DATA STRUCTURE", "TIME-TO-EVENT"
    ),
}


def described(frames: Mapping[str, pd.DataFrame]) -> list[Dataset]:
    """Return the data sets in order with their variables. frames: those of `adam_datasets`."""
    declared = frames[DEFINITION]
    return [
        Dataset(
            name,
            SHAPES[name],
            frame,
            tuple(_variable(row, frame) for row in declared[declared["dataset"] == name].to_dict("records")),
        )
        for name, frame in frames.items()
        if name != DEFINITION
    ]


def _variable(row: Mapping[Any, str], frame: pd.DataFrame) -> Variable:
    name, kind, said = row["variable"], row["type"], row["unit_or_codes"]
    # A number of `unit_or_codes` is a code where several are listed; of a text, also a single one is.
    coded = kind == "text" or ";" in said
    codes = dict.fromkeys(re.split(r"; *", said), "") if coded and said else {}
    if name == "PARAMCD":
        codes = dict(sorted(frame[["PARAMCD", "PARAM"]].drop_duplicates().itertuples(index=False, name=None)))
    values = _values(frame[name].drop_duplicates(), kind)
    texts = [_digits(value) if kind != "text" else value for value in values if value is not None]
    return Variable(
        name,
        row["label"],
        kind,  # type: ignore[arg-type]
        "" if coded else said,
        row["derivation"],
        int(row["key"]) if row["key"] else None,
        codes,
        max([1, *(len(text.replace(".", "")) for text in texts), *map(len, codes)]),
        max([0, *(len(text.partition(".")[2]) for text in texts if kind == "number")]),
    )


def _digits(value: float) -> str:
    # Decimal of the shortest text that gives the same number back, written without an exponent.
    return format(abs(Decimal(repr(value))), "f")


def _values(column: pd.Series, kind: str) -> list[Any]:
    python = {"text": str, "integer": int, "number": float}[kind]
    # An empty text of these tables is no value: CSV does not tell the two apart.
    return [None if pd.isna(value) or value == "" else python(value) for value in column.tolist()]
