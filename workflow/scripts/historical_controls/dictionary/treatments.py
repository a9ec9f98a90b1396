"""What patients are given (treatments.csv), what happens (events.csv), and what samples are of (specimens.csv)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.columns import (
    EVENT_COLUMNS,
    EVENT_DEFAULTS,
    SPECIMEN_COLUMNS,
    SPECIMEN_DEFAULTS,
    TREATMENT_COLUMNS,
    TREATMENT_DEFAULTS,
)
from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.dictionary.folding import fold
from historical_controls.dictionary.vocabulary import STUDY_TREATMENT
from historical_controls.errors import UserError

BIRTH, DEATH = "birth", "death"


@dataclass(frozen=True)
class Named:
    """What courses, rules and events name by its code, with its name in each language."""

    code: str
    label_en: str
    label_es: str

    def label(self, language: str) -> str:
        return self.label_es if language == "es" else self.label_en


@dataclass(frozen=True)
class Treatment(Named):
    """One row of treatments.csv: a drug or a kind of organ support; `family`: support, or a group of drugs.

    `codes`: those in vocabularies, such as 'RxNorm:3264' of the ingredient and 'ATC:H02AB02'; `names`: other spellings.
    """

    family: str
    codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event(Named):
    """One row of events.csv: what happens to a patient at a time; `meaning`: for readers of the file.

    `repeats`: whether it may happen several times; otherwise two dates of it are a contradiction.
    """

    meaning: str
    repeats: bool = True


def read_treatments(path: Path, faults: list[UserError]) -> dict[str, Treatment]:
    """Treatments by code. A code that is listed twice or not in the form of a code is added to `faults`."""
    rows = _coded_rows(path, TREATMENT_COLUMNS, TREATMENT_DEFAULTS, faults)
    return {
        row["code"]: Treatment(
            **{name: text for name, text in row.items() if name not in ("codes", "names")},
            codes=_listed(row["codes"]),
            names=_listed(row["names"]),
        )
        for row in rows
    }


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("|")))


def read_events(path: Path, faults: list[UserError]) -> dict[str, Event]:
    """Events by code; faults as for treatments."""
    return {
        row["code"]: Event(
            **{name: text for name, text in row.items() if name != "repeats"},
            repeats=_repeats(row["code"], row["repeats"], path, faults),
        )
        for row in _coded_rows(path, EVENT_COLUMNS, EVENT_DEFAULTS, faults)
    }


def _repeats(code: str, said: str, path: Path, faults: list[UserError]) -> bool:
    allowed = ("no", "") if code == DEATH else ("yes", "no", "")
    if said not in allowed:
        hint = f"Type {' or '.join(filter(None, allowed))}, or leave it blank."
        faults.append(UserError(f"'{said}' is not allowed in column 'repeats' of '{code}'", str(path), hint))
    return said == "yes" or (not said and code not in (STUDY_TREATMENT, BIRTH, DEATH))


def _coded_rows(
    path: Path, columns: tuple[str, ...], defaults: Mapping[str, str], faults: list[UserError]
) -> Iterator[dict[str, str]]:
    known: set[str] = set()
    for place, row in declared_rows(path, columns, defaults):
        code = row["code"]
        if code in known:
            faults.append(UserError(f"the code '{code}' is listed twice", place, "Remove one of the two lines."))
        if not code.isidentifier() or code != code.lower():
            faults.append(UserError(f"'{code}' is not a valid code", place, "Use small letters, digits and _."))
        known.add(code)
        yield {**row, "label_es": row["label_es"] or row["label_en"]}


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
