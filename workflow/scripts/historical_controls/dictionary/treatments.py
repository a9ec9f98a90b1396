"""What patients are given (treatments.csv) and what samples are made of (specimens.csv), with their spellings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.columns import (
    SPECIMEN_COLUMNS,
    SPECIMEN_DEFAULTS,
    TREATMENT_COLUMNS,
    TREATMENT_DEFAULTS,
)
from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.dictionary.folding import fold
from historical_controls.errors import UserError


@dataclass(frozen=True)
class Treatment:
    """One row of treatments.csv: a drug or a kind of organ support that courses and rules name by its code."""

    code: str
    family: str
    label_en: str
    label_es: str

    def label(self, language: str) -> str:
        return self.label_es if language == "es" else self.label_en


def read_treatments(path: Path, faults: list[UserError]) -> dict[str, Treatment]:
    """Treatments by code. A code that is listed twice or not in the form of a code is added to `faults`."""
    known: dict[str, Treatment] = {}
    for place, row in declared_rows(path, TREATMENT_COLUMNS, TREATMENT_DEFAULTS):
        code = row["code"]
        if code in known:
            faults.append(UserError(f"the code '{code}' is listed twice", place, "Remove one of the two lines."))
        if not code.isidentifier() or code != code.lower():
            faults.append(UserError(f"'{code}' is not a valid code", place, "Use small letters, digits and _."))
        known[code] = Treatment(**{**row, "label_es": row["label_es"] or row["label_en"]})
    return known


def read_specimens(path: Path, faults: list[UserError]) -> dict[str, str]:
    """Names of specimens by folded spelling; a name is a spelling of itself."""
    known: dict[str, str] = {}
    for place, spelling, name in _spellings(path):
        # The same spelling twice for one specimen is harmless; for two it would leave the choice to the order of rows.
        if known.setdefault(fold(spelling), name) != name:
            hint = f"It already means '{known[fold(spelling)]}'."
            faults.append(UserError(f"the spelling '{spelling}' has two meanings", place, hint))
    return known


def _spellings(path: Path) -> Iterator[tuple[str, str, str]]:
    for place, row in declared_rows(path, SPECIMEN_COLUMNS, SPECIMEN_DEFAULTS):
        for spelling in filter(None, [row["specimen"], *row["spellings"].split("|")]):
            yield place, spelling, row["specimen"]
