"""Adverse events by group, and what so few patients cannot show about them."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.investigator.people import arm_head
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer

KINDS = ("any", "serious", "infection")


def adverse_table(printer: Printer) -> HtmlTable | None:
    """Patients with an event of each kind, by group; None where no adverse event is analysed."""
    levels = [*KINDS, *_windows(printer)]
    rows = tuple(
        Row(_name(printer, level), tuple(_cell(printer, level, arm) for arm in printer.arms))
        for level in levels
        if any(
            _one(printer, name, level, arm)
            for name in (Statistic.N_PATIENTS, Statistic.NOT_RECORDED)
            for arm in printer.arms
        )
    )
    if not rows:
        return None
    heads = (printer.word("adverse.kind"), *(arm_head(printer, arm) for arm in printer.arms))
    notes = (printer.word("adverse.note", level=printer.level), *_severity(printer))
    return HtmlTable("adverse", OutputId.ADVERSE_EVENTS, Markup(""), heads, rows, notes)


def _severity(printer: Printer) -> list[Markup]:
    """Grade is severity; the deaths, which are serious whatever their grade, with their numbers."""
    horizon = printer.config.cohort.horizon_days
    numbers: dict[str, Markup] = {}
    for arm in printer.arms:
        at = {"arm": arm, "day": float(horizon)}
        dead = printer.results.one(AnalysisKey.DISPOSITION, Statistic.COUNT, level="death", **at)  # type: ignore[arg-type]
        total = printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, **at)  # type: ignore[arg-type]
        # The sentence names both arms.
        if dead is None or total is None:
            return []
        numbers |= {f"dead_{arm}": printer.number(dead), f"n_{arm}": printer.number(total)}
    return [printer.word("adverse.severity", day=printer.fact(horizon), **numbers)]


def adverse_sentence(printer: Printer) -> Markup:
    """What the widest window after the treatment showed of reactions, and what none of them leaves open."""
    names = (
        Statistic.N_PATIENTS,
        Statistic.N_SUBJECTS,
        Statistic.SHARE,
        Statistic.LOWER,
        Statistic.UPPER,
        Statistic.UPPER_ONE_SIDED,
        Statistic.TRUE_RATE,
        Statistic.CHANCE_TO_SEE,
    )
    # The widest window first: it includes what the narrower ones saw.
    for level in reversed([level for level in _windows(printer) if level.startswith("reaction")]):
        rows = {name: _one(printer, name, level, "treated") for name in names}
        count = rows[Statistic.N_PATIENTS]
        if count is not None:
            key = "safety.none_seen" if count.value == 0 else "safety.some_seen"
            shown = {name: printer.number(row) for name, row in rows.items()}
            said = printer.word(key, level=printer.level, **shown)
            return Markup("{}: {}").format(_name(printer, level), said)
    return printer.word("adverse.not_known")


def _windows(printer: Printer) -> list[str]:
    """Kinds counted within hours of the treatment, the shortest window first."""
    known = {row.level for row in printer.results.all(AnalysisKey.ADVERSE_EVENTS, Statistic.N_PATIENTS, arm="treated")}
    # Levels are named 'reaction_6h' and 'any_24h' by the analysis.
    timed = [level for level in known if level.startswith(("reaction_", "any_"))]
    return sorted(timed, key=lambda level: (not level.startswith("reaction"), float(_hours(level))))


def _hours(level: str) -> str:
    return level.partition("_")[2].removesuffix("h")


def _name(printer: Printer, level: str) -> Markup:
    kind, _, hours = level.partition("_")
    if kind == "serious":
        return printer.word("adverse.serious", grade=printer.fact(printer.config.analysis.events.serious_grade))
    if not hours:
        return printer.word(f"adverse.{kind}")
    return printer.word(f"adverse.{kind}_within", hours=printer.fact(_hours(level)))


def _one(printer: Printer, statistic: Statistic, level: str, arm: str) -> Result | None:
    """Rates (14.3.5) stand in cells of their own."""
    found = printer.results.all(AnalysisKey.ADVERSE_EVENTS, statistic, level=level, arm=arm, contrast="")
    # The same keys have a rate and its count in another output.
    return next((row for row in found if row.output_id != OutputId.EVENT_RATES), None)


def _cell(printer: Printer, level: str, arm: str) -> Markup:
    silent = _one(printer, Statistic.NOT_RECORDED, level, arm)
    if silent is not None:
        return Markup('<span class="refusal">{}</span>').format(printer.code("not_recorded", silent))
    names = {
        "count": Statistic.N_PATIENTS,
        "n": Statistic.N_SUBJECTS,
        "share": Statistic.SHARE,
        "lower": Statistic.LOWER,
        "upper": Statistic.UPPER,
    }
    return printer.word(
        "disposition.cell", **{key: printer.number(_one(printer, name, level, arm)) for key, name in names.items()}
    )
