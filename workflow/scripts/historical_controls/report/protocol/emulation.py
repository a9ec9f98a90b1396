"""The target trial and its emulation, component by component (TARGET 2025, items 6 and 7)."""

from __future__ import annotations

from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.declared import number, table

COMPONENTS = (
    "eligibility",
    "strategies",
    "assignment",
    "time_zero",
    "outcomes",
    "contrast",
    "assumptions",
    "analysis",
)


def emulation_table(printer: Printer) -> HtmlTable:
    """Return one row a component: the trial that would answer the question, and what these data do instead."""
    config, zero = printer.config, printer.config.cohort.time_zero
    facts = {
        "treatment": printer.fact(printer.words.among(config.study.treatment)),
        "days": number(printer, config.cohort.horizon_days),
        "outcome": printer.label(config.primary.outcome),
        "day": printer.fact(config.primary.day),
        "event": printer.event(zero.treated),
    }
    rows = (
        Row(
            printer.word(f"protocol.component.{name}"),
            (printer.word(f"protocol.trial.{name}", **facts), printer.word(f"protocol.emulated.{name}", **facts)),
        )
        for name in COMPONENTS
    )
    return table(printer, "emulation", ("component", "trial", "emulated"), rows)
