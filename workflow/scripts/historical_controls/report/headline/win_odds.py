"""The answer that counts deaths, beside every interval of the model, which counts nobody's death."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.printing.printer import Printer

NAMES = (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)


def win_odds_cell(printer: Printer, code: str, day: int, scenario: str = "primary") -> Markup:
    """Win odds of an outcome at a day with their interval, a dash where they were refused."""
    numbers = _numbers(printer, code, day, scenario)
    return printer.number(None) if numbers is None else printer.word("certainty.interval", **numbers)


def _numbers(printer: Printer, code: str, day: int, scenario: str = "primary") -> dict[str, Markup] | None:
    """Win odds and limits as printed; None unless all three are there."""
    keys = {"outcome": code, "day": float(day)}
    rows = [printer.results.one(AnalysisKey.WORST_RANK, name, scenario, contrast=CONTRAST, **keys) for name in NAMES]  # type: ignore[arg-type]
    if any(row is None or row.value is None for row in rows):
        return None
    return dict(zip(("estimate", "lower", "upper"), map(printer.number, rows), strict=True))


def has_win_odds(printer: Printer, code: str) -> bool:
    """Whether any day of the outcome has win odds; few outcomes are ranked with the deaths below all values."""
    rows = printer.results.all(AnalysisKey.WORST_RANK, Statistic.WIN_ODDS, outcome=code, contrast=CONTRAST)
    return any(row.value is not None for row in rows)


def said_win_odds(printer: Printer, code: str, day: int) -> Markup | None:
    """One sentence with the win odds at a day, or why there are none; None where the outcome is not ranked."""
    if not printer.records("death"):
        # Said once, of all outcomes.
        return None
    refused = printer.results.one(AnalysisKey.WORST_RANK, Statistic.NOT_RANKED, outcome=code, day=float(day))
    if refused is not None:
        return printer.word("course.deaths_refused", reason=printer.reason(refused, code))
    numbers = _numbers(printer, code, day)
    if numbers is not None:
        return printer.word("course.deaths_counted", level=printer.level, **numbers)
    return said_without_interval(printer, code, day)


def said_without_interval(printer: Printer, code: str, day: int) -> Markup | None:
    """Of ranks without an interval the one limit that complete separation leaves, or the reason; None without ranks."""
    keys = {"outcome": code, "day": float(day), "contrast": CONTRAST}
    reason, lower, upper = (
        printer.results.one(AnalysisKey.WORST_RANK, name, **keys)  # type: ignore[arg-type]
        for name in (Statistic.NO_INTERVAL, Statistic.LOWER, Statistic.UPPER)
    )
    if reason is None:
        return None
    if lower is not None:
        return printer.word("course.deaths_all_better", limit=printer.number(lower), level=printer.level)
    if upper is not None:
        return printer.word("course.deaths_all_worse", limit=printer.number(upper), level=printer.level)
    return printer.word("course.deaths_no_interval", reason=printer.reason(reason, code))
