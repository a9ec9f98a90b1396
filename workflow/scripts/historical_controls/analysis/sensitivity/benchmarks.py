"""Published results to stand beside the study's own: benchmarks.csv of the dictionary."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError, raise_all

COLUMNS = (
    "study", "outcome", "level", "day", "measure", "estimate", "lower", "upper", "n_treated", "n_control", "design",
    "citation", "note_en", "note_es",
)  # fmt: skip
# What a page says of the result in its language, beside the source.
DEFAULTS = {"note_en": "", "note_es": ""}
MEASURES = ("difference", "ratio", "risk_ratio")
DESIGNS = ("randomised", "observational", "mixed")


@dataclass(frozen=True)
class Benchmark:
    """A published estimate, treated against control, of `outcome` (a code in outcomes.csv) or of the event `level`."""

    study: str
    outcome: str
    level: str
    day: float | None
    measure: str
    estimate: float
    lower: float
    upper: float
    n_treated: int | None
    n_control: int | None
    design: str
    citation: str
    notes: Mapping[str, str]


def load_benchmarks(path: str | Path, outcomes: Collection[str]) -> tuple[Benchmark, ...]:
    """The file's rows. Raises UserError(s) for unknown columns, outcomes and words, and numbers that are none."""
    read = list(declared_rows(path, COLUMNS, DEFAULTS))
    raise_all([fault for where, row in read for fault in _faults(row, where, outcomes)])
    return tuple(_benchmark(row) for _, row in read)


def _faults(row: dict[str, str], where: str, outcomes: Collection[str]) -> list[UserError]:
    faults = []
    # One of the two names what was estimated: an outcome of the dictionary, or an event such as death.
    if bool(row["outcome"]) == bool(row["level"]):
        faults.append(UserError("'outcome' or 'level' must be filled, and not both", where))
    if row["outcome"] and row["outcome"] not in outcomes:
        faults.append(UserError(f"outcome '{row['outcome']}' is not in outcomes.csv", where))
    for name, allowed in (("measure", MEASURES), ("design", DESIGNS)):
        if row[name] not in allowed:
            faults.append(UserError(f"{name} '{row[name]}'", where, f"Allowed: {', '.join(allowed)}."))
    if not row["citation"]:
        faults.append(UserError("no citation", where, "A number without its source is not printed."))
    faults += [
        UserError(f"{name} '{row[name]}' is not {allowed}", f"{where}, column {name}", hint)
        for name, (allowed, is_allowed, hint) in NUMBERS.items()
        if not is_allowed(row[name])
    ]
    # An interval the wrong way round, or beside its estimate, is a slip of the pen.
    read = [float(row[name]) for name in INTERVAL if _is_number(row[name])]
    if len(read) == len(INTERVAL) and read != sorted(read):
        said = ", ".join(f"{name} {row[name]}" for name in INTERVAL)
        faults.append(UserError(f"{said} are not in this order", where, "The estimate lies between its limits."))
    return faults


def _is_number(text: str) -> bool:
    """Whether a text is a finite number: float() reads 'nan' and 'inf' as well."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_count(text: str) -> bool:
    return text == "" or (text.isascii() and text.isdigit() and int(text) > 0)


def _is_day(text: str) -> bool:
    return text == "" or (_is_number(text) and float(text) >= 0)


INTERVAL = ("lower", "estimate", "upper")
POINT = "Write it with a decimal point, such as 7.4."
BLANK = "Leave the cell blank where the publication does not say."
# What each column of numbers may hold, in words and as a test, and what to type.
NUMBERS: Mapping[str, tuple[str, Callable[[str], bool], str]] = {
    **dict.fromkeys(("estimate", "lower", "upper"), ("a number", _is_number, POINT)),
    "day": ("a study day, 0 or later", _is_day, BLANK),
    "n_treated": ("a whole number of patients, 1 or more", _is_count, BLANK),
    "n_control": ("a whole number of patients, 1 or more", _is_count, BLANK),
}


def _benchmark(row: dict[str, str]) -> Benchmark:
    return Benchmark(
        row["study"],
        row["outcome"],
        row["level"],
        float(row["day"]) if row["day"] else None,
        row["measure"],
        float(row["estimate"]),
        float(row["lower"]),
        float(row["upper"]),
        int(row["n_treated"]) if row["n_treated"] else None,
        int(row["n_control"]) if row["n_control"] else None,
        row["design"],
        row["citation"],
        {language: row[f"note_{language}"] for language in ("en", "es")},
    )
