"""The investigators' report of a study with one arm: its description, and what it cannot say."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from historical_controls.report.described.answer import described_answer, described_outcome
from historical_controls.report.described.tables import course_table, outcomes_table
from historical_controls.report.headline.sealed_plan import declared_sentences
from historical_controls.report.inputs import HIGHLIGHT, PageInputs, script_hash
from historical_controls.report.investigator.adverse import adverse_sentence, adverse_table
from historical_controls.report.investigator.answer import treated_count, what_was_done
from historical_controls.report.investigator.data import ledger_table, provenance_facts, reasons_table, sources
from historical_controls.report.investigator.eligibility import care_table
from historical_controls.report.investigator.page import OutcomePart, caption, figure, outcome_figure, role
from historical_controls.report.investigator.people import baseline_table, disposition_table, without_baseline
from historical_controls.report.narratives.page import PROFILE
from historical_controls.report.narratives.short import short_narratives
from historical_controls.report.printing.printer import Printer

TEMPLATE = "described.html.j2"
# In the order of the page; each has a sentence in the locale.
LIMITS = ("untreated", "mean", "chosen", "death", "few")


def render_description(page: PageInputs) -> str:
    """The page as HTML text."""
    printer = page.printer
    return page.fill_template(TEMPLATE, _content(page), caption=lambda table: caption(table, page.outputs, printer))


def _content(page: PageInputs) -> dict[str, Any]:
    printer, figures, config = page.printer, page.figures, page.config
    main = [config.primary.outcome, *config.primary.key_secondary]
    return {
        "script_hash": script_hash(page.script(HIGHLIGHT)),
        "patients": page.treated_patients,
        "answer": described_answer(printer),
        "declared": declared_sentences(printer, page.seal_state, described_outcome),
        "size": _size(printer),
        "flow": figure(figures, "15.1-flow.svg", "people.flow_title", "people.flow_desc", printer),
        "baseline": baseline_table(printer),
        "without_baseline": without_baseline(printer),
        "main_outcomes": [_part(page, code) for code in main if printer.outcome(code).kind == "number"],
        "outcomes": outcomes_table(printer),
        "own_ends": printer.own_ends,
        "disposition": disposition_table(printer),
        "swimmer": figure(
            figures, "15.12-swimmer.svg", "disposition.swimmer_title", "disposition.swimmer_desc", printer
        ),
        "profile": figure(figures, PROFILE, "narratives.profile_title", "narratives.profile_desc", printer),
        "narratives": short_narratives(printer, page.courses),
        "adverse": adverse_table(printer),
        "adverse_sentence": adverse_sentence(printer),
        "limits": [_limit(printer, name) for name in LIMITS],
        "done": what_was_done(printer),
        "sources": sources(printer),
        "care": care_table(printer),
        "ledger": ledger_table(printer),
        "reasons": reasons_table(printer),
        "provenance": provenance_facts(page.provenance, printer),
    }


def _size(printer: Printer) -> Markup | None:
    row = treated_count(printer)
    horizon = printer.fact(printer.config.cohort.horizon_days)
    return None if row is None else printer.word("described.size", n=printer.number(row), horizon=horizon)


def _part(page: PageInputs, code: str) -> OutcomePart:
    printer = page.printer
    return OutcomePart(
        code,
        printer.label(code),
        role(printer, code),
        outcome_figure(printer, code, page.figures),
        None,
        described_outcome(printer, code),
        None,
        None,
        course_table(printer, code),
    )


def _limit(printer: Printer, name: str) -> tuple[Markup, Markup]:
    """Something that one arm cannot say: its name, and the sentence about it."""
    head, _, rest = printer.word(f"described.limit_{name}").partition(". ")
    return head, rest
