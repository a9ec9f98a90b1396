"""Short narratives for the shared reports: a paragraph a treated patient, told from table treated_courses alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from historical_controls.report.narratives.patient import answers_without
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer
from historical_controls.text.display_order import ordered
from historical_controls.text.formatting import format_number


@dataclass(frozen=True)
class ShortNarratives:
    """`note`: how exact they are; `told`: display id and sentences of each patient."""

    note: Markup
    told: tuple[tuple[Markup, Markup], ...]


def short_narratives(printer: Printer, courses: pd.DataFrame) -> ShortNarratives | None:
    """One paragraph a treated patient; None without `treated_courses`, and where counts of few are not printed."""
    if printer.config.report.min_cell or courses.empty:
        return None
    told = [
        (printer.fact(name), _told(printer, name, courses[courses["display_id"] == name].sort_values("place")))
        for name in ordered(courses["display_id"])
    ]
    note = printer.word("narratives.short_banded" if printer.config.report.public else "narratives.short_exact")
    return ShortNarratives(note, tuple(told))


def _told(printer: Printer, name: str, facts: pd.DataFrame) -> Markup:
    of = {kind: facts[facts["kind"] == kind] for kind in ("age", "value", "event", "end")}
    sentences = [
        *(printer.word("narratives.short_age", age=_band(printer, row, "0")) for row in _rows(of["age"])),
        *_course(printer, of["value"]),
        *_events(printer, of["event"]),
        *(_end(printer, row) for row in _rows(of["end"])),
        *_without(printer, name),
    ]
    return listed(sentences, " ")


def _rows(facts: pd.DataFrame) -> Iterator[pd.Series]:
    return (row for _, row in facts.iterrows())


def _band(printer: Printer, row: pd.Series, format: str) -> Markup:
    """'45 to 49', '90 or more', or one number."""
    first, last = (printer.fact(format_number(float(row[part]), format)) for part in ("first", "last"))
    if row["open"]:
        return printer.word("narratives.or_more", first=first)
    return first if row["first"] == row["last"] else printer.word("narratives.from_to", first=first, last=last)


def _course(printer: Printer, values: pd.DataFrame) -> Iterator[Markup]:
    """The primary outcome at time zero and on its day."""
    if len(values) != 2:
        return
    (_, before), (_, after) = values.sort_values("time").iterrows()
    outcome = str(before["item"])
    # A band of a round width needs the decimals of the width; a value those of the outcome.
    width = float(before["last"] - before["first"])
    places = max(0, -math.floor(math.log10(width))) if width else printer.outcome(outcome).decimals
    format = f"{0:.{places}f}"
    yield printer.word(
        "narratives.short_course",
        outcome=printer.label(outcome), unit=printer.unit(outcome),
        before=_band(printer, before, format), after=_band(printer, after, format),
        day=printer.fact(int(after["time"])),
    )  # fmt: skip


def _events(printer: Printer, events: pd.DataFrame) -> Iterator[Markup]:
    """What happened after time zero and within follow-up, by week or day; only the dictionary's names."""
    key = "narratives.short_week" if printer.config.report.public else "narratives.short_day"
    for time in sorted(set(events["time"])):
        own = events[events["time"] == time]
        named = listed([_event(printer, event) for event in _rows(own)])
        yield printer.word(key, time=printer.fact(int(time)), events=named)


def _event(printer: Printer, event: pd.Series) -> Markup:
    name = printer.fact(printer.event(str(event["item"])))
    if pd.isna(event["grade"]):
        return name
    return printer.word("narratives.short_graded", event=name, grade=printer.fact(str(event["grade"])))


def _end(printer: Printer, end: pd.Series) -> Markup:
    """How follow-up ended; the horizon is every patient's and may be said."""
    state, time = str(end["item"]), float(end["time"])
    if state == "horizon":
        return printer.word("narratives.short_horizon", day=printer.fact(f"{time:g}"))
    key = "narratives.in_week" if printer.config.report.public else "narratives.in_day"
    when = printer.word(key, time=printer.fact(int(time)))
    if printer.words.has(f"narratives.short_ended.{state}"):
        return printer.word(f"narratives.short_ended.{state}", when=when)
    return printer.word("narratives.short_ended_otherwise", when=when, end=printer.fact(printer.event(state)))


def _without(printer: Printer, name: str) -> Iterator[Markup]:
    """The primary answer without this patient; of the answer with everybody the page says enough."""
    numbers, changes = answers_without(printer, name)
    if numbers:
        parts = {part: numbers[f"{part}_without"] for part in ("estimate", "lower", "upper")}
        key = "narratives.short_decides" if changes else "narratives.short_without"
        yield printer.word(key, level=printer.level, **parts)
