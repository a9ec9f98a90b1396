"""Published results to stand beside the study's own: benchmarks.csv of the dictionary."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError, raise_all

COLUMNS = (
    "study", "outcome", "level", "day", "measure", "estimate", "lower", "upper", "n_treated", "n_control", "design",
    "citation",
)  # fmt: skip
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


def load_benchmarks(path: str | Path, outcomes: Collection[str]) -> tuple[Benchmark, ...]:
    """The file's rows. Raises UserError(s) for unknown columns, outcomes and words, and numbers that are none."""
    read = list(declared_rows(path, COLUMNS))
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
    for name in ("estimate", "lower", "upper", "day", "n_treated", "n_control"):
        optional = name in ("day", "n_treated", "n_control")
        if not (_is_number(row[name]) or (optional and not row[name])):
            faults.append(UserError(f"{name} '{row[name]}' is no number", where))
    return faults


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
    )
