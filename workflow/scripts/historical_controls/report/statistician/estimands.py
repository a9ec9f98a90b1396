"""What the analyses estimate, attribute by attribute (ICH E9(R1)), as the config declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from historical_controls.config.analysis.estimands import Estimand, Estimands
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer


def estimand_table(printer: Printer) -> HtmlTable | None:
    """One row an attribute, one column a question; None where the config declares none."""
    declared = printer.config.estimands
    if declared is None:
        return None
    asked = list(declared.questions.values())
    heads = (printer.word("stat.estimands_attribute"), *(_own(printer, one.label) for one in asked))
    return HtmlTable(
        "estimands", "", printer.word("stat.estimands_caption"), heads, tuple(_rows(printer, declared, asked))
    )


def _rows(printer: Printer, declared: Estimands, asked: list[Estimand]) -> list[Row]:
    shared = [
        Row(printer.word(f"estimand.{name}"), tuple(_own(printer, getattr(declared, name)) for _ in asked))
        for name in ("population", "treatment", "comparator")
    ]
    events = [
        Row(
            _own(printer, label),
            tuple(printer.word(f"strategy.{one.strategies[event]}") for one in asked),
        )
        for event, label in declared.events.items()
    ]
    return [
        *shared,
        Row(printer.word("stat.estimands_outcomes"), tuple(_outcomes(printer, one) for one in asked)),
        Row(printer.word("estimand.variable"), tuple(_own(printer, one.variable) for one in asked)),
        *events,
        Row(printer.word("estimand.measure"), tuple(_measures(printer, one) for one in asked)),
        Row(printer.word("stat.estimands_analysis"), tuple(printer.word(f"analysis.{one.analysis}") for one in asked)),
    ]


def _own(printer: Printer, texts: Mapping[Any, str]) -> Markup:
    return printer.fact(printer.words.among(texts))


def _outcomes(printer: Printer, one: Estimand) -> Markup:
    if not one.outcomes:
        return printer.word("stat.estimands_all")
    return listed([printer.label(code) for code in one.outcomes])


def _measures(printer: Printer, one: Estimand) -> Markup:
    # Without adjustment for the baseline the means begin at day 1, and are no change from anything.
    own = {} if printer.config.analysis.adjust_for_baseline else {"mean_change": "mean_over"}
    return listed([printer.word(f"summary_measure.{own.get(name, name)}") for name in one.measures], "; ")
