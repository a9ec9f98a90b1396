"""The statistician's report: every registered table and figure, the methods, and where the numbers come from."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from historical_controls.ard.queries import results_of
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.investigator.answer import answer
from historical_controls.report.investigator.data import provenance_facts
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.svg import inline_svg
from historical_controls.report.statistician.checklists import PLACES, Item, checklist_tables
from historical_controls.report.statistician.display_tables import listing_sections
from historical_controls.report.statistician.estimands import estimand_table
from historical_controls.report.statistician.manuscript import citation, methods_paragraph, results_paragraph
from historical_controls.report.statistician.methods import told
from historical_controls.report.statistician.registry import Difference, declared_tables
from historical_controls.report.statistician.tables import Section, sections
from historical_controls.text.words import Words

TEMPLATE = "statistician.html.j2"
SCRIPT = "statistician.js"
LONG = 60  # rows; a longer table is folded
# The words that describe a family of figures to who cannot see it; a family without any takes the general ones.
DESCRIPTIONS = {
    "flow": "people.flow_desc",
    "calendar": "calendar.desc",
    "love": "people.love_desc",
    "overlap": "people.overlap_desc",
    "trajectory": "course.desc",
    "forest": "glance.forest_desc",
}


@dataclass(frozen=True)
class Chapter:
    """One part of the report: its registered outputs, each with its tables and figures."""

    id: str
    sections: tuple[Section, ...]


def render_statistician_report(
    ard: pd.DataFrame,
    display: pd.DataFrame,
    words: Words,
    figures: Mapping[str, str],
    provenance: Mapping[str, Any],
    config: Config,
    dictionary: Dictionary,
    outputs: Mapping[str, Output],
    methods: str,
    items: list[Item],
    differences: list[Difference],
    templates: str | Path,
) -> str:
    """The page as HTML text.

    Arguments as for the investigators' page; `display`: table `display` of the scenario 'primary'; `methods`: the text
    of docs/methods.md; `items` and `differences`: what `load_items` and `load_differences` read.
    """
    printer = Printer(results_of(ard), words, config, dictionary)
    script = (Path(templates) / SCRIPT).read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(t=printer.word, fact=printer.fact, long=LONG)
    estimands = estimand_table(printer)
    parts = [
        *chapters(printer, outputs, declared_tables(printer, differences)),
        Chapter("chapter-16_2", tuple(listing_sections(printer, outputs, display))),
    ]
    pictures = {one.output_id: drawn(printer, figures, one) for one in outputs.values() if one.kind == "figure"}
    return environment.get_template(TEMPLATE).render(
        language=words.language,
        other_languages=[language for language in config.languages if language != words.language],
        study=printer.fact(words.among(config.study.title)),
        study_plain=words.among(config.study.title),
        registry_id=printer.fact(config.study.id),
        simulated=config.study.simulated,
        script_hash=script_hash(script),
        answer=answer(printer),
        estimands=estimands,
        steps=told(printer, methods),
        chapters=parts,
        methods_paragraph=methods_paragraph(printer, provenance),
        results_paragraph=results_paragraph(printer),
        citation=citation(printer, provenance),
        checklists=checklist_tables(printer, items, places(parts, pictures, estimands)),
        figures=pictures,
        provenance=provenance_facts(provenance, printer),
    )


def script_hash(script: str) -> str:
    """How the page's policy names the one script that may run."""
    return base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()


def places(parts: list[Chapter], pictures: Mapping[str, list[Markup]], estimands: HtmlTable | None) -> set[str]:
    """Parts of the page that hold something in this run, by the id that links name; `pictures` by output id."""
    shown = [one.output for part in parts for one in part.sections if one.tables or pictures.get(one.output.output_id)]
    named = {name for name in PLACES if name != "estimands" or estimands is not None}
    return named | {place(output) for output in shown}


def place(output: Output) -> str:
    """The id of an output's part of the page."""
    return f"o{output.output_id.replace('.', '_')}"


def chapters(printer: Printer, outputs: Mapping[str, Output], declared: Mapping[str, HtmlTable]) -> list[Chapter]:
    """Tables by the first two parts of their number (14.1, 14.2, ...), then figures."""
    tables = sections(printer, outputs, "table", declared)
    parts = dict.fromkeys(".".join(one.output.output_id.split(".")[:2]) for one in tables)
    made = [
        Chapter(f"chapter-{part.replace('.', '_')}", tuple(one for one in tables if _within(one, part)))
        for part in parts
    ]
    return [*made, Chapter("chapter-15", tuple(sections(printer, outputs, "figure")))]


def _within(section: Section, part: str) -> bool:
    return section.output.output_id.startswith(f"{part}.")


def drawn(printer: Printer, figures: Mapping[str, str], output: Output) -> list[Markup]:
    """The figures of one output, inlined; empty where none was drawn. A file is named 'number-family-part.svg'."""
    made = []
    for name, svg in figures.items():
        number, family, part = (*name.removesuffix(".svg").split("-", 2), "")[:3]
        if number != output.output_id:
            continue
        known = printer.dictionary.outcomes.get(part)
        language = printer.words.language
        title = known.label(language) if known else output.title(language)
        description = printer.words(DESCRIPTIONS.get(family, "stat.figure_desc"))
        prefix = f"f{re.sub('[^a-z0-9]+', '-', name.removesuffix('.svg').lower())}"
        made.append(inline_svg(svg, prefix, title, description))
    return made
