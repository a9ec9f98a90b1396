"""The protocol as a page: every section with its tables, and how the config stands to the sealed plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from historical_controls.config.plan.plan import plan_hash, plan_of
from historical_controls.report.headline.sealed_plan import seal_summary, seal_tables
from historical_controls.report.inputs import PageInputs
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.conduct import (
    analysis_table,
    covariates_table,
    gates_table,
    sensitivity_table,
)
from historical_controls.report.protocol.deviations import amendments_table, differences_table
from historical_controls.report.protocol.emulation import emulation_table
from historical_controls.report.protocol.outcomes import estimand_tables, outcomes_table, question_table
from historical_controls.report.protocol.patients import (
    eligibility_table,
    follow_up_table,
    readings_table,
    sources_table,
)
from historical_controls.report.statistician.registry import Difference

TEMPLATE = "protocol.html.j2"


@dataclass(frozen=True)
class Section:
    """One part of the protocol; its title is `protocol.section.<name>` of the locale."""

    name: str
    tables: tuple[HtmlTable, ...]


def render_protocol(page: PageInputs, differences: Iterable[Difference]) -> str:
    """Return the page as HTML text; only config, words, dictionary and seal of `page` are read."""
    printer, state = page.printer, page.seal_state
    seal = Markup(" ").join([seal_summary(printer, state), *_sealed_on(printer, page)])
    changed = [*seal_tables(printer, state), amendments_table(printer, state)]
    content = {
        "sections": [*sections(printer, differences), Section("seal", _made(changed))],
        "seal": seal,
        "plan_sha256": printer.fact(plan_hash(plan_of(page.config))),
    }
    return page.fill_template(TEMPLATE, content)


def sections(printer: Printer, differences: Iterable[Difference]) -> list[Section]:
    """Return the parts of the protocol that follow from the config alone, in the order of HARPER."""
    compared = not printer.config.single_arm
    parts: dict[str, list[HtmlTable | None]] = {
        "question": [question_table(printer), *estimand_tables(printer)],
        "emulation": [emulation_table(printer)] if compared and printer.config.design != "randomised" else [],
        "sources": [sources_table(printer)],
        "eligibility": [eligibility_table(printer), readings_table(printer)],
        "follow_up": [follow_up_table(printer)],
        "outcomes": [outcomes_table(printer)],
        "covariates": [covariates_table(printer)],
        "analysis": [analysis_table(printer), *([gates_table(printer)] if compared else [])],
        "sensitivity": [sensitivity_table(printer)] if compared else [],
        "differences": [differences_table(printer, differences)],
    }
    return [Section(name, _made(own)) for name, own in parts.items() if _made(own)]


def _made(tables: Iterable[HtmlTable | None]) -> tuple[HtmlTable, ...]:
    return tuple(one for one in tables if one is not None)


def _sealed_on(printer: Printer, page: PageInputs) -> list[Markup]:
    if page.seal is None:
        return []
    return [printer.word("protocol.sealed_on", date=printer.fact(page.seal.sealed_on))]
