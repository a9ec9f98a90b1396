"""What the analyses estimate, attribute by attribute (ICH E9(R1)), from the config."""

from __future__ import annotations

from ..html_table import HtmlTable, Row, listed
from ..printer import Printer

ESTIMANDS = ("hypothetical", "worst_rank")
ATTRIBUTES = ("population", "treatments", "variable", "death", "discharge", "rescue", "summary", "analysis")


def estimand_table(printer: Printer) -> HtmlTable:
    """One row an attribute, one column an estimand."""
    config = printer.config
    outcome = printer.label(config.primary.outcome)
    facts = {
        "treatment": printer.fact(printer.words.among(config.study.treatment)),
        "outcome": outcome,
        "day": printer.fact(config.primary.day),
        "days": listed([printer.fact(day) for day in config.analysis.days]),
        "hours": printer.fact(f"{config.cohort.baseline_hours:g}"),
    }
    heads = (printer.word("estimand.attribute"), *(printer.word(f"estimand.{name}_title") for name in ESTIMANDS))
    rows = tuple(
        Row(
            printer.word(f"estimand.{attribute}"),
            tuple(printer.word(f"estimand.{name}_{attribute}", **facts) for name in ESTIMANDS),
        )
        for attribute in ATTRIBUTES
    )
    return HtmlTable("estimands", "", printer.word("estimand.caption"), heads, rows)
