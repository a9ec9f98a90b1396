"""The internal cleaning page: what came in, what became of it, and what a data manager must settle first."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

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
from historical_controls.report.inputs import PageInputs, script_hash
from historical_controls.report.investigator.data import ledger_table
from historical_controls.text.formatting import format_number
from historical_controls.text.hints import Hints

TEMPLATE, SCRIPT = "cleaning.html.j2", "listing.js"


@dataclass(frozen=True)
class CleaningTables:
    """What the cleaning left to settle: held records, and the tables of those names, all sources."""

    held: HeldRecords
    people: pd.DataFrame
    findings: pd.DataFrame
    resolutions: pd.DataFrame


def render_cleaning_page(page: PageInputs, tables: CleaningTables, hints: Hints) -> str:
    """The page as HTML text. Shows ids as sent: for the hospital's own use."""
    printer, held = page.printer, tables.held
    content = {
        "script_hash": script_hash(page.script(SCRIPT)),
        "ledger": ledger_table(printer),
        "settle": settle_table(printer),
        "findings": findings_table(printer, tables.findings, hints),
        "loss": loss_table(printer),
        "holds": people_table(printer, tables.people),
        "affected": affected_table(printer, held),
        "resolved": resolved_table(printer, tables.resolutions),
        "records": records_table(printer, held, hints),
        "n_held": printer.fact(format_number(held.n_held, "0")),
        "n_shown": printer.fact(format_number(len(held.records), "0")),
        "cut": held.n_held > len(held.records),
    }
    return page.fill_template(TEMPLATE, content)
