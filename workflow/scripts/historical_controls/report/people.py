"""Who the patients are and what became of them: Table 1 and disposition."""

from __future__ import annotations

from markupsafe import Markup

from ..results import ARMS, CONTRAST, Result
from .answer import treated_count
from .html_table import HtmlTable, Row
from .printer import Printer

EVENTS = ("death", "discharge_alive", "transfer_out", "in_hospital", "last_record")


def arm_head(printer: Printer, arm: str) -> Markup:
    """'Treated, n = 5', the number from the disposition."""
    day = float(printer.config.cohort.horizon_days)
    row = printer.results.one("disposition", "n_subjects", arm=arm, day=day)
    name = printer.word(f"arm.{arm}")
    if row is None:
        return printer.word("people.arm_only", arm=name)
    return printer.word("people.arm_n", arm=name, n=printer.number(row))


def baseline_table(printer: Printer) -> HtmlTable | None:
    """Table 1 by arm with SMD; None where the balance stage wrote nothing."""
    rows = [row for code in printer.config.balance.covariates for row in _covariate(printer, code)]
    if not rows:
        return None
    heads = (
        printer.word("people.characteristic"),
        *(arm_head(printer, arm) for arm in ARMS),
        printer.word("people.smd"),
    )
    notes = (printer.word("people.note_cells"), printer.word("people.note_smd"))
    return HtmlTable("baseline", "14.1.4", Markup(""), heads, tuple(rows), notes)


def _covariate(printer: Printer, code: str) -> list[Row]:
    """A covariate's row, or a row of its name and one per category."""
    entry = printer.outcome(code)
    name = printer.label(code)
    if entry.unit:
        name = Markup("{}, {}").format(name, printer.unit(code))
    levels = _levels(printer, code)
    if not levels:
        return []
    if levels == [""]:
        return [Row(name, _cells(printer, code, ""))]
    named = [
        Row(printer.fact(_category(printer, code, level)), _cells(printer, code, level), indent=True)
        for level in levels
    ]
    return [Row(name, tuple(Markup("") for _ in (*ARMS, "smd"))), *named]


def _levels(printer: Printer, code: str) -> list[str]:
    """Categories of a covariate, in the dictionary's order; [''] for numbers and flags."""
    found = {
        row.level
        for statistic in ("mean", "count")
        for arm in ARMS
        for row in printer.results.all("baseline", statistic, outcome=code, arm=arm)
    }
    declared = [level for level in printer.outcome(code).categories if level in found]
    return declared + sorted(found - set(declared))


def _category(printer: Printer, code: str, level: str) -> str:
    return printer.words.entry("category", level)


def _cells(printer: Printer, code: str, level: str) -> tuple[Markup, ...]:
    smd = printer.results.one("baseline", "smd", outcome=code, level=level, contrast=CONTRAST)
    return (*(_summary(printer, code, level, arm) for arm in ARMS), printer.number(smd))


def _summary(printer: Printer, code: str, level: str, arm: str) -> Markup:
    """Mean (SD), or median (quartiles) on the log scale, or count of n (share); with the number missing."""

    def row(statistic: str, at: str = level) -> Result | None:
        return printer.results.one("baseline", statistic, outcome=code, level=at, arm=arm)

    def printed(*names: str) -> dict[str, Markup]:
        return {name: printer.number(row(name)) for name in names}

    if row("count") is not None:
        cell = printer.word("people.share", n=printer.number(row("n") or row("n", "")), **printed("count", "share"))
    elif printer.outcome(code).scale == "log":
        cell = printer.word("people.median_range", **printed("median", "q1", "q3"))
    else:
        cell = printer.word("people.mean_sd", **printed("mean", "sd"))
    missing = row("n_missing")
    if missing is None or not missing.value:
        return cell
    said = printer.word("people.missing", n=printer.number(missing))
    return Markup("{} <small>{}</small>").format(cell, said)


def disposition_table(printer: Printer) -> HtmlTable | None:
    """Death, discharge, transfer and stay by arm; None without analysed patients."""
    if treated_count(printer) is None:
        return None
    horizon = printer.config.cohort.horizon_days
    rows = tuple(
        Row(printer.word(f"event.{event}"), tuple(_event_cell(printer, event, arm) for arm in ARMS))
        for event in EVENTS
        if any(printer.results.one("disposition", "count", arm=arm, level=event, day=float(horizon)) for arm in ARMS)
    )
    heads = (
        printer.word("disposition.event", day=printer.fact(horizon)),
        *(arm_head(printer, arm) for arm in ARMS),
    )
    title = printer.word("disposition.table_title", day=printer.fact(horizon))
    notes = (printer.word("disposition.note", level=printer.level),)
    return HtmlTable("disposition", "14.1.1", title, heads, rows, notes)


def _event_cell(printer: Printer, event: str, arm: str) -> Markup:
    day = float(printer.config.cohort.horizon_days)
    parts = {
        name: printer.number(printer.results.one("disposition", name, arm=arm, level=event, day=day))
        for name in ("count", "share", "lower", "upper")
    }
    n = printer.number(printer.results.one("disposition", "n_subjects", arm=arm, day=day))
    return printer.word("disposition.cell", n=n, **parts)
