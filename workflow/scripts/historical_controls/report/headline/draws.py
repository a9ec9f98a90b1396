"""The primary answer averaged over the draws of the controls' waits, where they were drawn (SN-6)."""

from __future__ import annotations

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer

Parts = tuple[Result, Result, Result]


def averaged(printer: Printer) -> Parts | None:
    """Estimate and limits of the primary contrast averaged over the draws; None where there is no such average."""
    rows = [printer.primary_one(AnalysisKey.WAIT_DRAWS, name, level="average", contrast=CONTRAST) for name in INTERVAL]
    if any(row is None or row.value is None for row in rows):
        return None
    return rows[0], rows[1], rows[2]  # type: ignore[return-value]


def most_draws_refused(printer: Printer) -> Result | None:
    """Why there is no average though waits were drawn; None where there is one, or where none were drawn."""
    return printer.primary_one(AnalysisKey.WAIT_DRAWS, Statistic.NOT_ESTIMABLE, level="average")


def is_averaged(printer: Printer) -> bool:
    """Whether the main answer is the average over draws, and not that of the declared draw alone."""
    return averaged(printer) is not None and most_draws_refused(printer) is None


def number_of_draws(printer: Printer) -> Result | None:
    """How many further draws were made."""
    return printer.primary_one(AnalysisKey.WAIT_DRAWS, Statistic.N_DRAWS)


def measured_near(printer: Printer, outcome: str, arm: str, day: int) -> Result | None:
    """Patients measured near a day, who carry its estimate; of outcomes without a model those measured on it."""
    keys = {"outcome": outcome, "arm": arm, "day": float(day)}
    near = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.N_MEASURED, **keys)  # type: ignore[arg-type]
    return near or printer.results.one(AnalysisKey.AVAILABILITY, Statistic.N_SUBJECTS, **keys)  # type: ignore[arg-type]
