"""The narrative of one treated patient: who it was, what happened on which day, and what the answer owes to it.

ICH E3 (1996), section 12.3.2, lists what a narrative holds; what files do not tell (causes, judgements) is left to
the physicians, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.headline.sentence import contrast, is_ratio
from historical_controls.report.narratives.cohort_tables import CohortTables
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.text.formatting import DASH, format_number

HOURS = 24.0


@dataclass(frozen=True)
class Narrative:
    """`id`: display id; `own_id`: as the hospital knows the patient; `said`: sentences; tables None without rows."""

    id: str
    own_id: Markup
    said: tuple[Markup, ...]
    course: HtmlTable | None
    values: HtmlTable | None


def narrate(printer: Printer, patient: pd.Series, tables: CohortTables) -> Narrative:
    """The narrative of one row of table cohort_patients."""
    name = str(patient["display_id"])
    return Narrative(
        name,
        printer.fact(patient["patient_id"]),
        (_facts(printer, patient), _end(printer, patient), *_without(printer, name)),
        _course(printer, name, tables.events_of(patient)),
        _values(printer, name, tables.visits_of(patient)),
    )


def _end(printer: Printer, patient: pd.Series) -> Markup:
    """How follow-up ended, as a sentence; an ending that a study named itself stands in its own words."""
    state, end_day = str(patient["end_state"]), float(patient["end_day"])
    # The horizon is a declared whole day; an event happened at an hour.
    day = printer.fact(f"{end_day:g}" if state == "horizon" else _day(end_day * HOURS))
    if printer.words.has(f"narratives.ended.{state}"):
        return printer.word(f"narratives.ended.{state}", day=day)
    end = printer.fact(printer.event(state))
    return printer.word("narratives.ended_otherwise", day=day, end=end)


def _without(printer: Printer, name: str) -> list[Markup]:
    """What the primary answer is without this patient, beside what it is with everybody."""
    numbers, changes = answers_without(printer, name)
    if not numbers:
        return []
    primary = printer.config.primary
    sentence = printer.word(
        "narratives.without_decides" if changes else "narratives.without",
        outcome=printer.label(primary.outcome),
        day=printer.fact(primary.day),
        level=printer.level,
        contrast=printer.word("narratives.over" if _of_ratios(printer) else "narratives.minus"),
        **numbers,
    )
    return [sentence]


def _of_ratios(printer: Printer) -> bool:
    parts = contrast(printer, printer.config.primary.outcome, printer.config.primary.day)
    return parts is not None and is_ratio(parts)


def answers_without(printer: Printer, name: str) -> tuple[dict[str, Markup], bool]:
    """Return the primary answer with and without a patient, printed, and whether the conclusion changes.

    Keys: estimate (with its unit, or the sign of a ratio), lower, upper, each with '_without'; none where one of the
    six is missing.
    """
    one = printer.primary_one
    parts = {"estimate": Statistic.ESTIMATE, "lower": Statistic.LOWER, "upper": Statistic.UPPER}
    whole = [one(AnalysisKey.MIXED_MODEL, part, contrast=CONTRAST) for part in parts.values()]
    alone = [one(AnalysisKey.LEAVE_ONE_OUT, part, level=name, contrast=CONTRAST) for part in parts.values()]
    if None in whole or None in alone:
        return {}, False
    decides = one(AnalysisKey.LEAVE_ONE_OUT, Statistic.DECIDES, level=name, contrast=CONTRAST)
    numbers = {
        **dict(zip(parts, map(printer.number, whole), strict=True)),
        **{f"{part}_without": printer.number(row) for part, row in zip(parts, alone, strict=True)},
    }
    numbers |= {"estimate": printer.amount(whole[0]), "estimate_without": printer.amount(alone[0])}
    return numbers, decides is not None and decides.text == "yes"


def _facts(printer: Printer, patient: pd.Series) -> Markup:
    """Characteristics of the dictionary that the table of patients has, and the times before time zero, in one line."""
    said = [
        Markup("{}: {}").format(printer.label(code), printer.fact(_fact(printer, code, patient[code])))
        for code in printer.dictionary.outcomes
        if code in patient.index and pd.notna(patient[code])
    ]
    before = {"days_from_onset": 1.0, "hours_from_admission": 1 / HOURS}
    said += [
        printer.word(f"narratives.{name}", days=printer.fact(format_number(patient[name] * factor, "0.0")))
        for name, factor in before.items()
        if pd.notna(patient[name])
    ]
    return printer.word("narratives.facts", facts=listed(said, "; "))


def _fact(printer: Printer, code: str, value: object) -> str:
    outcome = printer.outcome(code)
    if outcome.kind == "flag":
        return printer.words.entry("category", "yes" if value else "no")
    if isinstance(value, (int, float)):
        shown = format_number(float(value), f"{0:.{outcome.decimals}f}")
        return f"{shown} {printer.words.unit(outcome.unit)}".strip()
    return printer.words.entry("category", str(value))


def _course(printer: Printer, name: str, events: pd.DataFrame) -> HtmlTable | None:
    """Every event with its day, in the order of time; what follows the end of follow-up as well."""
    rows = [_event(printer, event) for _, event in events.iterrows()]
    heads = tuple(printer.word(f"narratives.{head}") for head in ("event_head", "day", "grade"))
    title = printer.word("narratives.course", patient=printer.fact(name))
    words = frozenset({0})
    return HtmlTable(f"course-{name}", "", title, heads, tuple(rows), words=words) if rows else None


def _event(printer: Printer, event: pd.Series) -> Row:
    label = printer.event(str(event["event"]))
    detail = event["detail"] if isinstance(event["detail"], str) else ""
    said = Markup("{}: {}").format(label, detail) if detail else Markup("{}").format(label)
    day = printer.fact(_day(event["hours"]))
    if pd.notna(event["end_hours"]):
        day = printer.word("narratives.from_to", first=day, last=printer.fact(_day(event["end_hours"])))
    grade = event["value"] if isinstance(event["value"], str) and event["value"] else DASH
    return Row(printer.fact(said), (day, printer.fact(grade)))


def _values(printer: Printer, name: str, visits: pd.DataFrame) -> HtmlTable | None:
    """Daily values of the primary and key secondary outcomes: before time zero, on the days compared, and the last."""
    config = printer.config
    days = [0, *config.analysis.days]
    codes = [config.primary.outcome, *config.primary.key_secondary]
    rows = [
        Row(Markup("{} ({})").format(printer.label(code), printer.unit(code)), _by_day(printer, code, own, days))
        for code in codes
        if not (own := visits[visits["outcome"] == code].set_index("day").sort_index()).empty
    ]
    named = [printer.word("narratives.on_day", day=printer.fact(day)) for day in days[1:]]
    heads = (printer.word("narratives.outcome"), printer.word("narratives.baseline"), *named)
    heads = (*heads, printer.word("narratives.last"))
    title = printer.word("narratives.values", patient=printer.fact(name))
    notes = (printer.word("narratives.values_note"),)
    return HtmlTable(f"values-{name}", "", title, heads, tuple(rows), notes) if rows else None


def _by_day(printer: Printer, code: str, own: pd.DataFrame, days: list[int]) -> tuple[Markup, ...]:
    values = {int(day): _shown(printer, code, visit) for day, visit in own.iterrows()}  # type: ignore[call-overload]
    cells = [printer.fact(values.get(day, DASH)) for day in days]
    last = max(values)
    shown = values[last]
    return (*cells, printer.word("narratives.last_cell", value=printer.fact(shown), day=printer.fact(last)))


def _shown(printer: Printer, code: str, visit: pd.Series) -> str:
    """A day's value; what is known only to lie beyond a limit with its sign."""
    format = f"{0:.{printer.outcome(code).decimals}f}"
    lower, upper = float(visit["lower"]), float(visit["upper"])
    if pd.notna(visit["value"]):
        return format_number(float(visit["value"]), format)
    if lower > upper or pd.isna(lower + upper):
        return DASH
    return f"<{format_number(upper, format)}" if upper < float("inf") else f">{format_number(lower, format)}"


def _day(hours: float) -> str:
    """Days from time zero with one decimal; before it with a minus sign."""
    return format_number(hours / HOURS, "0.0")
