"""The answer that counts deaths, beside every interval of the model, which counts nobody's death."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.printing.printer import Printer

NAMES = (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)


def win_odds_cell(printer: Printer, code: str, day: int) -> Markup:
    """Win odds of an outcome at a day with their interval, a dash with the reason where they were refused."""
    keys = {"outcome": code, "day": float(day)}
    rows = [printer.results.one(AnalysisKey.WORST_RANK, name, contrast=CONTRAST, **keys) for name in NAMES]  # type: ignore[arg-type]
    if all(row is not None and row.value is not None for row in rows):
        numbers = dict(zip(("estimate", "lower", "upper"), map(printer.number, rows), strict=True))
        return printer.word("certainty.interval", **numbers)
    return printer.number(None)


def has_win_odds(printer: Printer, code: str) -> bool:
    """Whether any day of the outcome has win odds; few outcomes are ranked with the deaths below all values."""
    rows = printer.results.all(AnalysisKey.WORST_RANK, Statistic.WIN_ODDS, outcome=code, contrast=CONTRAST)
    return any(row.value is not None for row in rows)


def said_win_odds(printer: Printer, code: str, day: int) -> Markup | None:
    """One sentence with the win odds at a day, or why there are none; None where the outcome is not ranked."""
    refused = printer.results.one(AnalysisKey.WORST_RANK, Statistic.NOT_RANKED, outcome=code, day=float(day))
    if refused is not None:
        return printer.word("course.deaths_refused", reason=printer.reason(refused, code))
    if not has_win_odds(printer, code):
        return None
    return printer.word("course.deaths_counted", level=printer.level, result=win_odds_cell(printer, code, day))
