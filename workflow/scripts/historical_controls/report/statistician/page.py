"""The statistician's report: every registered table and figure, the methods, and where the numbers come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.report.described.answer import described_answer, described_outcome
from historical_controls.report.headline.captions import figure_caption, figure_parts
from historical_controls.report.headline.sealed_plan import declared_sentences, seal_summary, seal_tables
from historical_controls.report.headline.sentence import stated
from historical_controls.report.inputs import HIGHLIGHT, PageInputs, script_hash
from historical_controls.report.investigator.answer import answer
from historical_controls.report.investigator.data import provenance_facts
from historical_controls.report.narratives.short import short_narratives
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.svg import inline_svg
from historical_controls.report.statistician.checklists import PLACES, Item, checklist_tables
from historical_controls.report.statistician.choices import explorer
from historical_controls.report.statistician.display_tables import listing_sections
from historical_controls.report.statistician.estimands import Card, estimand_cards
from historical_controls.report.statistician.manuscript import citation, methods_paragraph, results_paragraph
from historical_controls.report.statistician.methods import method_steps
from historical_controls.report.statistician.registry import Difference, declared_tables
from historical_controls.report.statistician.tables import Section, sections

TEMPLATE = "statistician.html.j2"
SCRIPTS = (HIGHLIGHT, "statistician.js")
LONG = 15  # rows; a longer table is folded
# The words that describe a family of figures to who cannot see it.
DESCRIPTIONS = {
    "flow": "people.flow_desc",
    "calendar": "calendar.desc",
    "love": "people.love_desc",
    "overlap": "people.overlap_desc",
    "trajectory": "course.desc",
    "ratio": "stat.ratio_desc",
    "forest": "glance.forest_desc",
    "incidence": "stat.incidence_desc",
    "swimmer": "disposition.swimmer_desc",
    "null": "stat.null_desc",
    "tipping": "stat.tipping_desc",
    "profile": "narratives.profile_desc",
    "availability": "stat.availability_desc",
    "specification": "stat.specification_desc",
    "residuals": "stat.residuals_desc",
    "power": "stat.power_desc",
}


@dataclass(frozen=True)
class Chapter:
    """One part of the report: its registered outputs, each with its tables and figures."""

    id: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Declarations:
    """What the page prints beside results.

    `display`: table `display` of the scenario 'primary'; `methods`: text of docs/methods.md; `items`: reporting
    checklists; `differences`: between the registry and the analysis.
    """

    display: pd.DataFrame
    methods: str
    items: list[Item]
    differences: list[Difference]


def render_statistician_report(page: PageInputs, declared: Declarations) -> str:
    """The page as HTML text."""
    return page.fill_template(TEMPLATE, _content(page, declared), long=LONG)


def _content(page: PageInputs, declared: Declarations) -> dict[str, Any]:
    printer, outputs = page.printer, page.listed_outputs
    estimands = estimand_cards(printer)
    one_answer = described_outcome if page.config.single_arm else stated
    parts = [
        *chapters(printer, outputs, declared_tables(printer, declared.differences)),
        Chapter("chapter-16_2", tuple(listing_sections(printer, outputs, declared.display))),
    ]
    pictures = {one.output_id: drawn(printer, page.figures, one) for one in outputs.values() if one.kind == "figure"}
    return {
        "script_hash": script_hash(*(page.script(name) for name in SCRIPTS)),
        "answer": described_answer(printer) if page.config.single_arm else answer(printer),
        "declared": declared_sentences(printer, page.seal_state, one_answer),
        "seal": seal_summary(printer, page.seal_state),
        "seal_changes": seal_tables(printer, page.seal_state),
        "estimands": estimands,
        "explorer": explorer(printer),
        "level": printer.level,
        "answer_outcome": printer.label(page.config.primary.outcome),
        "answer_day": printer.fact(page.config.primary.day),
        "steps": method_steps(printer, declared.methods),
        "chapters": parts,
        "methods_paragraph": methods_paragraph(printer, page.provenance),
        "results_paragraph": results_paragraph(printer),
        "citation": citation(printer, page.provenance),
        "checklists": checklist_tables(printer, declared.items, places(parts, pictures, estimands)),
        "figures": pictures,
        "narratives": short_narratives(printer, page.courses),
        "profile_output": OutputId.PROFILE_FIGURE,
        "provenance": provenance_facts(page.provenance, printer),
    }


def places(parts: list[Chapter], pictures: Mapping[str, list[Markup]], estimands: list[Card]) -> set[str]:
    """Parts of the page that hold something in this run, by the id that links name; `pictures` by output id."""
    shown = [one.output for part in parts for one in part.sections if one.tables or pictures.get(one.output.output_id)]
    named = {name for name in PLACES if name != "estimands" or estimands}
    return named | {place(output) for output in shown}


def place(output: Output) -> str:
    """The id of an output's part of the page."""
    return f"o{output.output_id.replace('.', '_')}"


def chapters(printer: Printer, outputs: Mapping[str, Output], declared: Mapping[str, HtmlTable]) -> list[Chapter]:
    """Tables by the first two parts of their number (14.1, 14.2, ...), then figures."""
    tables = sections(printer, outputs, "table", declared)
    # An ordered set: chapters come in the order of their first output.
    parts = dict.fromkeys(".".join(one.output.output_id.split(".")[:2]) for one in tables)
    made = [
        Chapter(f"chapter-{part.replace('.', '_')}", tuple(one for one in tables if _within(one, part)))
        for part in parts
    ]
    return [*made, Chapter("chapter-15", tuple(sections(printer, outputs, "figure")))]


def _within(section: Section, part: str) -> bool:
    return section.output.output_id.startswith(f"{part}.")


def drawn(printer: Printer, figures: Mapping[str, str], output: Output) -> list[Markup]:
    """The figures of one output, inlined with their captions. A file is named 'number-family-part.svg'."""
    made = []
    for name, svg in figures.items():
        number, family, part = figure_parts(name)
        if number != output.output_id:
            continue
        known = printer.dictionary.outcomes.get(part)
        language = printer.words.language
        title = known.label(language) if known else output.title(language)
        caption = figure_caption(printer, family, part)
        described = printer.words(DESCRIPTIONS[family])
        # Who cannot see the figure is told its finding first.
        description = f"{caption.striptags()} {described}".strip()
        prefix = f"f{re.sub('[^a-z0-9]+', '-', name.removesuffix('.svg').lower())}"
        picture = inline_svg(svg, prefix, title, description)
        made.append(picture + Markup("<figcaption>{}</figcaption>").format(caption) if caption else picture)
    return made
