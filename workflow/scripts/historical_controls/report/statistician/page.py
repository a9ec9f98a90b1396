"""The statistician's report: every registered table and figure, the methods, and where the numbers come from."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...config import Config
from ...dictionary import Dictionary
from ...results import results_of
from ...words import Words
from ..answer import answer
from ..data import provenance_facts
from ..outputs import Output
from ..printer import Printer
from ..svg import inline_svg
from .checklists import Difference, Item, checklist_tables, differences_table
from .display_tables import listing_sections
from .estimands import estimand_table
from .manuscript import citation, manuscript
from .methods import told
from .tables import Section, sections

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
    templates: str | Path,
    items: Sequence[Item],
    differences: Sequence[Difference],
) -> str:
    """The page as HTML text.

    Arguments as for the investigators' page; `display`: table `display` of the scenario 'primary'; `methods`: the text
    of docs/methods.md; `items`: the checklists; `differences`: the study's from its registry entry.
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
    made = [
        *chapters(printer, outputs),
        Chapter("chapter-16_2", tuple(listing_sections(printer, outputs, display))),
    ]
    compared = differences_table(printer, differences)
    return environment.get_template(TEMPLATE).render(
        language=words.language,
        other_languages=[language for language in config.languages if language != words.language],
        study=printer.fact(words.among(config.study.title)),
        study_plain=words.among(config.study.title),
        registry_id=printer.fact(config.study.id),
        simulated=config.study.simulated,
        script_hash=script_hash(script),
        answer=answer(printer),
        estimands=estimand_table(printer),
        steps=told(printer, methods),
        chapters=made,
        differences=compared,
        manuscript=manuscript(printer, provenance),
        citation=citation(printer, provenance),
        checklists=checklist_tables(printer, items, places(made, compared is not None)),
        figures={one.output_id: drawn(printer, figures, one) for one in outputs.values() if one.kind == "figure"},
        provenance=provenance_facts(provenance, printer),
    )


def places(made: Sequence[Chapter], compared: bool) -> set[str]:
    """Ids of the page where an item of a checklist can be answered: outputs that have something, and sections."""
    filled = (one.output.output_id for chapter in made for one in chapter.sections if one.tables)
    always = {"answer", "estimands", "methods", "manuscript", "cite", "provenance"}
    outputs = {f"o{output_id.replace('.', '_')}" for output_id in filled}
    return outputs | always | ({"differences"} if compared else set())


def script_hash(script: str) -> str:
    """How the page's policy names the one script that may run."""
    return base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()


def chapters(printer: Printer, outputs: Mapping[str, Output]) -> list[Chapter]:
    """Tables by the first two parts of their number (14.1, 14.2, ...), then figures."""
    tables = sections(printer, outputs, "table")
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
