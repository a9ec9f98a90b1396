"""The investigator's report: one self-contained HTML page in one language, from the results table alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from historical_controls.report.headline.captions import caption_of
from historical_controls.report.headline.captions_of_patients import calendar_sentence
from historical_controls.report.headline.events import is_event
from historical_controls.report.headline.sealed_plan import declared_sentences
from historical_controls.report.headline.sentence import stated
from historical_controls.report.headline.win_odds import said_win_odds
from historical_controls.report.inputs import HIGHLIGHT, PageInputs, script_hash
from historical_controls.report.investigator.adverse import adverse_sentence, adverse_table
from historical_controls.report.investigator.answer import (
    answer,
    in_short,
    study_size,
    treated_count,
    what_was_done,
)
from historical_controls.report.investigator.certainty import certainty
from historical_controls.report.investigator.comparability import (
    gates_intro,
    gates_table,
    had_to_wait,
    immortal_time,
    weighted_table,
)
from historical_controls.report.investigator.data import ledger_table, provenance_facts, reasons_table, sources
from historical_controls.report.investigator.eligibility import (
    care_table,
    draws_sentence,
    matrix_table,
    readings_table,
)
from historical_controls.report.investigator.fragility import fragile, settle
from historical_controls.report.investigator.glance import glance_table, not_analysed
from historical_controls.report.investigator.groups import groups_table
from historical_controls.report.investigator.outcomes import (
    days_table,
    few_measured,
    refusal,
    said_difference,
    scenario_table,
)
from historical_controls.report.investigator.people import baseline_table, disposition_table, without_baseline
from historical_controls.report.narratives.page import PROFILE
from historical_controls.report.narratives.short import short_narratives
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.svg import inline_svg

TEMPLATE = "investigator.html.j2"
# In the order of the page; each has a sentence in the locale.
BIASES: tuple[str, ...] = (
    "chosen",
    "time",
    "immortal",
    "baseline",
    "mean",
    "calendar",
    "support",
    "death",
    "discharge",
    "visits",
    "few",
    "many",
)
# Sources of bias that need an event: nobody dies, or is discharged, in a study whose files can record no such end.
OF_ENDS = {"support": "death", "death": "death", "discharge": "discharge_alive"}


@dataclass(frozen=True)
class OutcomePart:
    """What the page shows of one outcome: name, role, figure, why it has no estimate (or None), table."""

    code: str
    label: Markup
    role: Markup | None
    figure: Markup | None
    refusal: Markup | None
    said: Markup | None
    deaths: Markup | None
    few: Markup | None
    table: HtmlTable


def render_report(page: PageInputs) -> str:
    """The page as HTML text."""
    printer = page.printer
    return page.fill_template(TEMPLATE, _content(page), caption=lambda table: caption(table, page.outputs, printer))


def _content(page: PageInputs) -> dict[str, Any]:
    printer, figures, config = page.printer, page.figures, page.config
    # These outcomes have a section each, events excepted, which have no course; all others are lines of one table.
    main = [code for code in (config.primary.outcome, *config.primary.key_secondary) if not is_event(printer, code)]
    return {
        "script_hash": script_hash(page.script(HIGHLIGHT)),
        "patients": page.treated_patients,
        "level": printer.level,
        "own_ends": printer.own_ends,
        "course_means": "course.means" if printer.adjusted_for_baseline else "course.means_unadjusted",
        "primary_day": printer.fact(config.primary.day),
        "answer": answer(printer),
        "declared": declared_sentences(printer, page.seal_state, stated),
        "in_short": in_short(printer),
        "size": study_size(printer),
        "groups": groups_table(printer),
        "certainty": certainty(page),
        "done": what_was_done(printer),
        "sources": sources(printer),
        "flow": figure(figures, "15.1-flow.svg", "people.flow_title", "people.flow_desc", printer),
        "baseline": baseline_table(printer),
        "without_baseline": without_baseline(printer),
        "matrix": matrix_table(printer),
        "readings": readings_table(printer) if config.cohort.rules else None,
        "care": care_table(printer),
        "calendar": figure(figures, "15.2-calendar.svg", "calendar.title", "calendar.desc", printer),
        "calendar_sentence": calendar_sentence(printer),
        "gates": gates_table(printer),
        "gates_intro": gates_intro(printer),
        "love": figure(figures, "15.3-love.svg", "people.love_title", "people.love_desc", printer),
        "weighted": weighted_table(printer),
        "overlap": figure(figures, "15.4-overlap.svg", "people.overlap_title", "people.overlap_desc", printer),
        "main_outcomes": [_outcome_part(printer, code, figures) for code in main],
        "forest": figure(figures, "15.10-forest.svg", "glance.forest_title", "glance.forest_desc", printer),
        "glance": glance_table(printer),
        "not_analysed": not_analysed(printer),
        "disposition": disposition_table(printer),
        "swimmer": figure(
            figures, "15.12-swimmer.svg", "disposition.swimmer_title", "disposition.swimmer_desc", printer
        ),
        "profile": figure(figures, PROFILE, "narratives.profile_title", "narratives.profile_desc", printer),
        "narratives": short_narratives(printer, page.courses),
        "adverse": adverse_table(printer),
        "adverse_sentence": adverse_sentence(printer),
        "fragile": fragile(page),
        "settle": settle(printer),
        "biases": [_bias(printer, name) for name in BIASES if _applies(printer, name)],
        "scenarios": scenario_table(printer),
        "draws": draws_sentence(printer),
        "ledger": ledger_table(printer),
        "reasons": reasons_table(printer),
        "provenance": provenance_facts(page.provenance, printer),
    }


def _applies(printer: Printer, bias: str) -> bool:
    """Whether any file can record what a source of bias is about; a study without waits has no doubt about them.

    A baseline that ends at time zero hides nothing. Groups of a randomised trial share their calendar and their
    schedule, and whoever dies before the treatment is in one of them; records without dates tell no calendar.
    """
    if bias == "calendar" and all(source.relative_epoch for source in printer.config.sources.values()):
        return False
    if bias in ("calendar", "visits", "immortal") and printer.config.design == "randomised":
        return False
    if bias == "time":
        return had_to_wait(printer)
    if bias == "immortal":
        return bool(immortal_time(printer))
    if bias == "baseline":
        return printer.config.cohort.baseline.after > 0
    return bias not in OF_ENDS or printer.records(OF_ENDS[bias])


@dataclass(frozen=True)
class Figure:
    """An inlined figure, and what it shows in a sentence of results."""

    svg: Markup
    finding: Markup


def figure(figures: Mapping[str, str], name: str, title: str, description: str, printer: Printer) -> Figure | None:
    """An inlined figure; None where the file was not drawn."""
    # A family without rows is not drawn; the page then leaves its place out.
    if name not in figures:
        return None
    # Ids within an inlined SVG must differ between figures of one page.
    prefix = name.removesuffix(".svg").partition("-")[2].lower()
    finding = caption_of(printer, name)
    return Figure(
        inline_svg(figures[name], prefix, printer.words(title), _seen(printer, finding, description)), finding
    )


def _seen(printer: Printer, finding: Markup, description: str) -> str:
    """What a figure tells who cannot see it: its finding, then what is drawn."""
    return f"{finding.striptags()} {printer.words(description)}".strip()


def _outcome_part(printer: Printer, code: str, figures: Mapping[str, str]) -> OutcomePart:
    return OutcomePart(
        code,
        printer.label(code),
        role(printer, code),
        outcome_figure(printer, code, figures),
        refusal(printer, code),
        said_difference(printer, code),
        said_win_odds(printer, code, printer.config.primary.day),
        few_measured(printer, code),
        days_table(printer, code),
    )


def outcome_figure(printer: Printer, code: str, figures: Mapping[str, str]) -> Markup | None:
    """The courses of one outcome, inlined; None where they were not drawn."""
    name = f"15.5-trajectory-{code}.svg"
    if name not in figures:
        return None
    label = printer.outcome(code).label(printer.words.language)
    seen = _seen(printer, caption_of(printer, name), "course.desc")
    return inline_svg(figures[name], f"trajectory-{code.lower()}", label, seen)


def role(printer: Printer, code: str) -> Markup | None:
    """Whether an outcome is the primary or a key secondary one, in words."""
    primary = printer.config.primary
    if code == primary.outcome:
        return printer.word("course.primary_mark")
    return printer.word("course.secondary_mark") if code in primary.key_secondary else None


def _bias(printer: Printer, name: str) -> tuple[Markup, Markup]:
    """A source of bias: its name, and the sentence about it."""
    if name == "few":
        row = treated_count(printer)
        said = printer.word("bias.few", n=printer.number(row)) if row else printer.word("bias.few_without_n")
    elif name == "immortal":
        said = immortal_time(printer)
    elif name == "baseline":
        said = printer.word("bias.baseline", after=printer.fact(f"{printer.config.cohort.baseline.after:g}"))
    else:
        said = printer.word(f"bias.{name}")
    # The first sentence of each bias is its name.
    head, _, rest = said.partition(". ")
    return head, rest


def caption(table: HtmlTable, outputs: Mapping[str, Output], printer: Printer) -> Markup:
    """'Table 14.1.4. Title', with the register's title where the table brings none."""
    output = outputs.get(table.number)
    if output is None:
        return table.title
    # The register's number, so that pages, documents and files name one table alike.
    number = printer.word("report.citation_of", number=printer.fact(output.output_id))
    title = table.title or printer.fact(output.title(printer.words.language))
    return Markup("{}. {}").format(number, title)
