"""How the data were cleaned, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer

COUNTS = (
    Statistic.N_LINES,
    Statistic.N_RECORDS,
    Statistic.N_CLEAN,
    Statistic.N_DUPLICATE,
    Statistic.N_IGNORED,
    Statistic.N_QUARANTINED,
)
MOST_REASONS = 8


def ledger_table(printer: Printer) -> HtmlTable | None:
    """Lines and records of each file and their fates, under its source; None without a ledger."""
    rows: list[Row] = []
    for name, source in printer.config.sources.items():
        files = [
            Row(printer.fact(file), tuple(printer.number(_ledger_row(printer, count, name, file)) for count in COUNTS),
                indent=True)
            for file in source.files
            if _ledger_row(printer, Statistic.N_RECORDS, name, file) is not None
        ]  # fmt: skip
        rows += _under(printer, source.label, files)
    if not rows:
        return None
    names = ("file", "lines", "records", "clean", "duplicate", "ignored", "quarantined")
    heads = tuple(printer.word(f"cleaning.{name}") for name in names)
    title = printer.word("cleaning.table_title")
    return HtmlTable("ledger", OutputId.RECORDS, title, heads, tuple(rows), (printer.word("cleaning.note"),))


def _under(printer: Printer, label: Mapping[Any, str], rows: list[Row]) -> list[Row]:
    """The rows under a row naming their source; nothing where there are none."""
    # A source's own row has no cells: it names those beneath it.
    return [Row(printer.fact(printer.words.among(label))), *rows] if rows else []


def _ledger_row(printer: Printer, statistic: Statistic, source: str, file: str) -> Result | None:
    return printer.results.one(AnalysisKey.LEDGER, statistic, population=source, level=file)


def reasons_table(printer: Printer) -> HtmlTable | None:
    """The most frequent reasons for not using a record, per source and in words; None where all were used."""
    rows: list[Row] = []
    for name, source in printer.config.sources.items():
        found = [
            row
            for row in printer.results.all(AnalysisKey.LEDGER_REASONS, Statistic.N_RECORDS, population=name)
            if _unused(row)
        ]
        # Ties by name, so that the list is the same in every run.
        frequent = sorted(found, key=lambda row: (-(row.value or 0), row.level, row.method))[:MOST_REASONS]
        reasons = [
            Row(_reason(printer, row), (_fate(printer, row), printer.number(row)), indent=True) for row in frequent
        ]
        rows += _under(printer, source.label, reasons)
    if not rows:
        return None
    heads = tuple(printer.word(f"cleaning.{name}") for name in ("reason", "fate", "n_records"))
    return HtmlTable("reasons", OutputId.RECORD_REASONS, printer.word("cleaning.reasons_title"), heads, tuple(rows))


def _unused(row: Result) -> bool:
    """A clean record may carry a remark; such rows are no reasons for not using it."""
    return row.outcome == "" and row.method != "clean"


def _reason(printer: Printer, row: Result) -> Markup:
    return printer.fact(printer.words.entry("ledger_reason", row.level))


def _fate(printer: Printer, row: Result) -> Markup:
    return printer.fact(printer.words.entry("cleaning", row.method))


def provenance_facts(provenance: Mapping[str, Any], printer: Printer) -> dict[str, Any]:
    """The footer's facts, as plain text; what is not known says so."""
    unknown = printer.words("provenance.unknown")
    # None outside a checkout: nothing is said, rather than "clean".
    dirty = provenance.get("git_dirty")
    state = "" if dirty is None else printer.words("provenance.dirty" if dirty else "provenance.clean")
    return {
        "commit": provenance.get("git_commit") or unknown,
        "state": state,
        "seed": provenance.get("seed", unknown),
        "config": provenance.get("config_sha256", unknown),
        "inputs": dict(provenance.get("inputs", {})),
        "packages": dict(provenance.get("packages", {})),
    }


def sources(printer: Printer) -> list[Markup]:
    """Each source and the arm that it feeds."""
    return [
        printer.word(
            "done.source_item",
            label=printer.fact(printer.words.among(source.label)),
            # Ids under treated_subjects are of treated patients in a source of the others.
            arm=printer.word("done.both_arms" if source.treated_subjects else f"arm.{source.arm}"),
        )
        for source in printer.config.sources.values()
    ]
