"""The statistician's report: every registered table and figure, the methods, and where the numbers come from."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
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
from .estimands import estimand_table
from .methods import told
from .tables import Section, sections

TEMPLATE = "statistician.html.j2"
SCRIPT = "statistician.js"
LONG = 60  # rows; a longer table is folded
# Families of figures by the output that registers them, and the words that describe each to who cannot see it.
FIGURES = {
    "15.1": ("flow", "people.flow_desc"),
    "15.2": ("calendar", "calendar.desc"),
    "15.3": ("love", "people.love_desc"),
    "15.4": ("overlap", "people.overlap_desc"),
    "15.5": ("trajectory", "course.desc"),
    "15.10": ("forest", "glance.forest_desc"),
}


@dataclass(frozen=True)
class Chapter:
    """One part of the report: its registered outputs, each with its tables and figures."""

    id: str
    sections: tuple[Section, ...]


def render_statistician_report(
    ard: pd.DataFrame,
    words: Words,
    figures: Mapping[str, str],
    provenance: Mapping[str, Any],
    config: Config,
    dictionary: Dictionary,
    outputs: Mapping[str, Output],
    methods: str,
    templates: str | Path,
) -> str:
    """The page as HTML text.

    Arguments as for the investigators' page; `methods`: the text of docs/methods.md.
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
        chapters=chapters(printer, outputs),
        figures={output_id: drawn(printer, figures, output_id) for output_id in FIGURES},
        provenance=provenance_facts(provenance, printer),
    )


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


def drawn(printer: Printer, figures: Mapping[str, str], output_id: str) -> list[Markup]:
    """The figures of one output, inlined; empty where none was drawn."""
    family, description = FIGURES[output_id]
    names = [name for name in figures if name == f"{family}.svg" or name.startswith(f"{family}-")]
    made = []
    for name in names:
        code = name.removesuffix(".svg").partition("-")[2]
        known = printer.dictionary.outcomes.get(code)
        title = known.label(printer.words.language) if known else printer.words(f"figure_title.{family}")
        prefix = f"f{name.removesuffix('.svg').lower()}"
        made.append(inline_svg(figures[name], prefix, title, printer.words(description)))
    return made
