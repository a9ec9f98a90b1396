"""Adverse events by group, and what so few patients cannot show about them."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.queries import ARMS, Result
from historical_controls.report.investigator.people import arm_head
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer

KINDS = ("any", "serious", "infection")


def adverse_table(printer: Printer) -> HtmlTable | None:
    """Patients with an event of each kind, by group; None where no adverse event is analysed."""
    levels = [*KINDS, *_windows(printer)]
    rows = tuple(
        Row(_name(printer, level), tuple(_cell(printer, level, arm) for arm in ARMS))
        for level in levels
        if any(_one(printer, name, level, arm) for name in ("n_patients", "not_recorded") for arm in ARMS)
    )
    if not rows:
        return None
    heads = (printer.word("adverse.kind"), *(arm_head(printer, arm) for arm in ARMS))
    notes = (printer.word("adverse.note", level=printer.level),)
    return HtmlTable("adverse", "14.3.1", Markup(""), heads, rows, notes)


def adverse_sentence(printer: Printer) -> Markup:
    """What the widest window after the treatment showed of reactions, and what none of them leaves open."""
    names = ("n_patients", "n_subjects", "share", "lower", "upper", "upper_one_sided", "true_rate", "chance_to_see")
    for level in reversed([level for level in _windows(printer) if level.startswith("reaction")]):
        rows = {name: _one(printer, name, level, "treated") for name in names}
        count = rows["n_patients"]
        if count is not None:
            key = "safety.none_seen" if count.value == 0 else "safety.some_seen"
            shown = {name: printer.number(row) for name, row in rows.items()}
            said = printer.word(key, level=printer.level, **shown)
            return Markup("{}: {}").format(_name(printer, level), said)
    return printer.word("adverse.not_known")


def _windows(printer: Printer) -> list[str]:
    """Kinds counted within hours of the treatment, the shortest window first."""
    known = {row.level for row in printer.results.all("adverse_events", "n_patients", arm="treated")}
    timed = [level for level in known if level.startswith(("reaction_", "any_"))]
    return sorted(timed, key=lambda level: (not level.startswith("reaction"), float(_hours(level))))


def _hours(level: str) -> str:
    return level.partition("_")[2].removesuffix("h")


def _name(printer: Printer, level: str) -> Markup:
    kind, _, hours = level.partition("_")
    if not hours:
        return printer.word(f"adverse.{kind}")
    return printer.word(f"adverse.{kind}_within", hours=printer.fact(_hours(level)))


def _one(printer: Printer, statistic: str, level: str, arm: str) -> Result | None:
    """Rates (14.3.5) stand in cells of their own."""
    found = printer.results.all("adverse_events", statistic, level=level, arm=arm, contrast="")
    return next((row for row in found if row.output_id != "14.3.5"), None)


def _cell(printer: Printer, level: str, arm: str) -> Markup:
    silent = _one(printer, "not_recorded", level, arm)
    if silent is not None:
        return Markup('<span class="refusal">{}</span>').format(printer.code("not_recorded", silent))
    names = {"count": "n_patients", "n": "n_subjects", "share": "share", "lower": "lower", "upper": "upper"}
    return printer.word(
        "disposition.cell", **{key: printer.number(_one(printer, name, level, arm)) for key, name in names.items()}
    )
