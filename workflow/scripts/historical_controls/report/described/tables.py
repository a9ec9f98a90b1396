"""Courses of one arm as tables: every outcome at the primary day, and each main outcome by day."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.outputs import output_of_family
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.report.described.answer import MEAN, interval, numbers, one
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer


def outcomes_table(printer: Printer) -> HtmlTable:
    """Every outcome analysed: at the primary day, its change, the last and the worst value."""
    config = printer.config
    day, horizon = float(config.primary.day), float(config.cohort.horizon_days)
    names = ("outcome", "n", "mean", "change", "last", "worst")
    heads = tuple(printer.word(f"described.{name}", level=printer.level) for name in names)
    rows = [
        Row(
            named(printer, code),
            (
                _n(printer, code, day),
                _cell(printer, code, day),
                _cell(printer, code, day, "change"),
                _cell(printer, code, horizon, "last"),
                _cell(printer, code, horizon, "worst"),
            ),
        )
        for code in config.outcomes
        if printer.outcome(code).kind == "number"
    ]
    title = printer.word("described.outcomes_title", day=printer.fact(config.primary.day))
    notes = (printer.word("described.outcomes_note", horizon=printer.fact(config.cohort.horizon_days)),)
    return HtmlTable("described", "", title, heads, tuple(rows), notes)


def course_table(printer: Printer, code: str) -> HtmlTable:
    """One outcome: baseline, each declared day, and the change to it."""
    heads = tuple(printer.word(f"described.{name}", level=printer.level) for name in ("day", "n", "mean", "change"))
    rows = [
        Row(
            printer.fact(day),
            (
                _n(printer, code, float(day)),
                _cell(printer, code, float(day)),
                _cell(printer, code, float(day), "change") if day else Markup(""),
            ),
        )
        for day in (0, *printer.config.analysis.days)
    ]
    output = output_of_family(printer.outcome(code).family)
    title = printer.word("described.course_title", outcome=named(printer, code))
    return HtmlTable(f"days-{code}", output, title, heads, tuple(rows), (printer.word("described.course_note"),))


def named(printer: Printer, code: str) -> Markup:
    """An outcome with its unit."""
    unit = printer.unit(code)
    return Markup("{}, {}").format(printer.label(code), unit) if unit.striptags() else printer.label(code)


def _n(printer: Printer, code: str, day: float) -> Markup:
    return printer.number(one(printer, code, Statistic.N_SUBJECTS, day))


def _cell(printer: Printer, code: str, day: float, level: str = "") -> Markup:
    found = numbers(printer, code, INTERVAL if level == "change" else MEAN, day, level)
    if found is not None:
        return interval(printer, found)
    refused = one(printer, code, Statistic.NOT_ESTIMABLE, day, level)
    if refused is None:
        return printer.number(None)
    return Markup('<span class="refusal">{}</span>').format(printer.reason(refused, code))
