"""What a page is written from, and the one environment that turns templates into pages."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from historical_controls.ard.queries import results_of
from historical_controls.ard.single_arm import OF_COMPARISONS
from historical_controls.config.plan.plan import plan_of
from historical_controls.config.plan.seal import Seal, SealState, seal_state
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.printing.html_table import cell_html
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.tables.registry import DISPLAY, TREATED_COURSES
from historical_controls.text.display_order import ordered
from historical_controls.text.words import Words

# Lights up a patient in every figure of a page.
HIGHLIGHT = "highlight.js"


@dataclass(frozen=True)
class PageInputs:
    """Results and words of one page.

    `ard`: table `ard`, all scenarios; `templates`: workflow/templates; `outputs`: docs/outputs.csv by output id;
    `figures`: SVG text by file name, in the language of `words`; `provenance`: results/provenance.json; `display`:
    table `display` of the scenario 'primary', for what may be said of single patients; `seal`: the sealed plan, if any;
    `has_protocol`: whether the protocol's page is there to be linked; `courses`: table `treated_courses`.
    """

    ard: pd.DataFrame
    words: Words
    config: Config
    dictionary: Dictionary
    templates: Path
    outputs: Mapping[str, Output] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    display: pd.DataFrame = field(default_factory=DISPLAY.empty)
    seal: Seal | None = None
    has_protocol: bool = False
    courses: pd.DataFrame = field(default_factory=TREATED_COURSES.empty)

    @cached_property
    def seal_state(self) -> SealState:
        """How the config stands to the sealed plan."""
        return seal_state(self.seal, plan_of(self.config))

    @cached_property
    def printer(self) -> Printer:
        """How numbers of `ard` reach the page."""
        words = self.config.worded(self.words)
        return Printer(results_of(self.ard), words, self.config, self.dictionary)

    @property
    def listed_outputs(self) -> Mapping[str, Output]:
        """The outputs that this study can have: of one arm, those that compare nobody."""
        if not self.config.single_arm:
            return self.outputs
        return {name: one for name, one in self.outputs.items() if name not in OF_COMPARISONS}

    @property
    def other_languages(self) -> list[str]:
        """Languages of the study but the page's own."""
        return [language for language in self.config.languages if language != self.words.language]

    def death_day(self, patient: str) -> int | None:
        """Whole days from time zero to a patient's death, by display id; None where small cells are hidden."""
        own = self.display[(self.display["display_id"] == patient) & (self.display["item"] == "death")]
        # The day on which a single patient died is a cell of one.
        if self.config.report.min_cell or own.empty:
            return None
        return int(float(own["day"].iloc[0]))

    def named(self, patient: str) -> Markup:
        """'T4', 'historical patient C009': the id of a control alone does not say whose it is."""
        arms = self.display.loc[self.display["display_id"] == patient, "arm"]
        said = self.printer.fact(patient)
        return self.printer.word("certainty.historical", patient=said) if "historical" in set(arms) else said

    @property
    def treated_patients(self) -> list[str]:
        """Display ids of treated patients in the order of their numbers; none where small cells are hidden."""
        if self.config.report.min_cell:
            return []
        return ordered(self.display.loc[self.display["arm"] == "treated", "display_id"])

    def script(self, name: str) -> str:
        """Text of a script of the templates' folder."""
        return (self.templates / name).read_text(encoding="utf-8")

    def fill_template(self, name: str, content: Mapping[str, Any], **helpers: Any) -> str:
        """The page as HTML text. `helpers`: functions that the template calls beside `t` (words) and `fact`."""
        environment = page_environment(self.templates)
        environment.globals.update(t=self.printer.word, fact=self.printer.fact, cell=cell_html, **helpers)
        shared = {
            "language": self.words.language,
            "other_languages": self.other_languages,
            "study": self.printer.fact(self.words.among(self.config.study.title)),
            "study_plain": self.words.among(self.config.study.title),
            "registry_id": self.printer.fact(self.config.study.id),
            "simulated": self.config.study.simulated,
            "has_protocol": self.has_protocol,
        }
        return environment.get_template(name).render(**shared, **content)


def read_figures(folder: str | Path) -> dict[str, str]:
    """SVG text of a folder by file name, in the order of the names."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.svg"))}


def page_environment(templates: Path) -> Environment:
    """Jinja with everything escaped, and an error for a name that the page does not give."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        # A misspelt name in a template would otherwise print as nothing.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def script_hash(*scripts: str) -> str:
    """How a page's content-security policy names the one script that may run, made of these texts in their order."""
    # The newline is the one that the template writes after `<script>`: the hash is of the element's exact text.
    return base64.b64encode(hashlib.sha256(f"\n{''.join(scripts)}".encode()).digest()).decode()
