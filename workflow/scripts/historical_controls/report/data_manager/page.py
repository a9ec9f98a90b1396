"""The internal cleaning page: what came in, what became of it, and what a data manager must settle first."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from historical_controls.ard.queries import results_of
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.data_manager.held_records import HeldRecords
from historical_controls.report.data_manager.lists import (
    affected_table,
    findings_table,
    loss_table,
    people_table,
    records_table,
    resolved_table,
    settle_table,
)
from historical_controls.report.investigator.data import ledger_table
from historical_controls.report.printing.printer import Printer
from historical_controls.text.formatting import format_number
from historical_controls.text.words import Words

TEMPLATE, SCRIPT = "cleaning.html.j2", "listing.js"


def render_cleaning_page(
    ard: pd.DataFrame,
    held: HeldRecords,
    people: pd.DataFrame,
    findings: pd.DataFrame,
    resolutions: pd.DataFrame,
    words: Words,
    config: Config,
    dictionary: Dictionary,
    templates: str | Path,
) -> str:
    """The page as HTML text. Shows ids as sent: for the hospital's own use.

    ard, people, findings, resolutions: the tables of those names, all sources; templates: workflow/templates.
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
    environment.globals.update(t=printer.word)
    return environment.get_template(TEMPLATE).render(
        language=words.language,
        other_languages=[language for language in config.languages if language != words.language],
        study=printer.fact(words.among(config.study.title)),
        simulated=config.study.simulated,
        script_hash=_hash(script),
        ledger=ledger_table(printer),
        settle=settle_table(printer),
        findings=findings_table(printer, findings),
        loss=loss_table(printer),
        holds=people_table(printer, people),
        affected=affected_table(printer, held),
        resolved=resolved_table(printer, resolutions),
        records=records_table(printer, held),
        n_held=printer.fact(format_number(held.n_held, "0")),
        n_shown=printer.fact(format_number(len(held.records), "0")),
        cut=held.n_held > len(held.records),
    )


def _hash(script: str) -> str:
    """How the page's policy names the one script that may run, so that nothing in a hospital's cell ever can."""
    return base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
