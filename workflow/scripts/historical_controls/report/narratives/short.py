"""Short narratives for the shared reports: a paragraph a treated patient, as exact as the study lets a report be.

Nothing of a patient reaches a sentence but through `Precision`: no id of the hospital, no term or site of an event.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from historical_controls.report.cohort_tables import CohortTables
from historical_controls.report.narratives.patient import answers_without
from historical_controls.report.narratives.precision import HOURS, Band, Precision
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer
from historical_controls.text.formatting import format_number

# How follow-up ended has a sentence of its own; consent and treatment are at time zero by design.
UNTOLD = ("death", "discharge_alive", "transfer_out", "last_contact", "consent", "infusion")
GRADES = ("1", "2", "3", "4", "5")  # CTCAE; other text in its place may be a person's own words


@dataclass(frozen=True)
class ShortNarratives:
    """`note`: how exact they are; `told`: display id and sentences of each patient."""

    note: Markup
    told: tuple[tuple[Markup, Markup], ...]


def short_narratives(printer: Printer, tables: CohortTables | None) -> ShortNarratives | None:
    """One paragraph a treated patient; None without tables, and where counts of few patients are not printed."""
    if tables is None or printer.config.report.min_cell or tables.treated.empty:
        return None
    outcome = printer.config.primary.outcome
    own = tables.visits["patient_id"].isin(tables.treated["patient_id"]) & (tables.visits["outcome"] == outcome)
    precision = Precision.of(printer.config.report.public, tables.visits.loc[own, "value"])
    told = [(printer.fact(one["display_id"]), _told(printer, one, tables, precision)) for _, one in _rows(tables)]
    return ShortNarratives(_note(printer, precision), tuple(told))


def _rows(tables: CohortTables) -> Iterator[tuple[object, pd.Series]]:
    return iter(tables.treated.iterrows())


def _note(printer: Printer, precision: Precision) -> Markup:
    return printer.word("narratives.short_banded" if precision.public else "narratives.short_exact")


def _told(printer: Printer, patient: pd.Series, tables: CohortTables, precision: Precision) -> Markup:
    events = tables.events_of(patient)
    sentences = [
        *_age(printer, patient, precision),
        *_course(printer, tables.visits_of(patient), precision),
        *_events(printer, patient, events, precision),
        _end(printer, patient, precision),
        *_without(printer, str(patient["display_id"])),
    ]
    return listed(sentences, " ")


def _band(printer: Printer, band: Band, format: str) -> Markup:
    """'45 to 49', '90 or more', or one number."""
    first, last = (printer.fact(format_number(number, format)) for number in (band.first, band.last))
    if band.open:
        return printer.word("narratives.or_more", first=first)
    return first if band.first == band.last else printer.word("narratives.from_to", first=first, last=last)


def _age(printer: Printer, patient: pd.Series, precision: Precision) -> Iterator[Markup]:
    if "AGE" in patient.index and pd.notna(patient["AGE"]):
        age = _band(printer, precision.age(float(patient["AGE"])), "0")
        yield printer.word("narratives.short_age", age=age)


def _course(printer: Printer, visits: pd.DataFrame, precision: Precision) -> Iterator[Markup]:
    """The primary outcome at time zero and on its day, where both are known as numbers."""
    primary = printer.config.primary
    own = visits[visits["outcome"] == primary.outcome].drop_duplicates("day").set_index("day")["value"].dropna()
    if 0 not in own.index or primary.day not in own.index:
        return
    # A band of a round width needs the decimals of the width; a value those of the outcome.
    places = printer.outcome(primary.outcome).decimals
    if precision.public:
        places = max(0, -math.floor(math.log10(precision.width)))
    format = f"{0:.{places}f}"
    before, after = (_band(printer, precision.value(float(own[day])), format) for day in (0, primary.day))
    yield printer.word(
        "narratives.short_course",
        outcome=printer.label(primary.outcome), unit=printer.unit(primary.outcome),
        before=before, after=after, day=printer.fact(primary.day),
    )  # fmt: skip


def _events(printer: Printer, patient: pd.Series, events: pd.DataFrame, precision: Precision) -> Iterator[Markup]:
    """What happened after time zero and within follow-up, by week or day; only the dictionary's names."""
    within = (events["hours"] > 0) & (events["hours"] / HOURS <= patient["end_day"]) & ~events["event"].isin(UNTOLD)
    by_time: dict[int, list[Markup]] = {}
    for _, event in events[within].iterrows():
        by_time.setdefault(precision.time(float(event["hours"])), []).append(_event(printer, event))
    for time, named in by_time.items():
        key = "narratives.short_week" if precision.public else "narratives.short_day"
        yield printer.word(key, time=printer.fact(time), events=listed(named))


def _event(printer: Printer, event: pd.Series) -> Markup:
    name, grade = printer.fact(printer.event(str(event["event"]))), str(event["value"])
    return printer.word("narratives.short_graded", event=name, grade=printer.fact(grade)) if grade in GRADES else name


def _end(printer: Printer, patient: pd.Series, precision: Precision) -> Markup:
    """How follow-up ended; the horizon is every patient's and may be said."""
    state, day = str(patient["end_state"]), float(patient["end_day"])
    if state == "horizon":
        return printer.word("narratives.short_horizon", day=printer.fact(f"{day:g}"))
    time = printer.fact(precision.time(day * HOURS))
    when = printer.word("narratives.in_week" if precision.public else "narratives.in_day", time=time)
    if printer.words.has(f"narratives.short_ended.{state}"):
        return printer.word(f"narratives.short_ended.{state}", when=when)
    return printer.word("narratives.short_ended_otherwise", when=when, end=printer.fact(printer.event(state)))


def _without(printer: Printer, name: str) -> Iterator[Markup]:
    """The primary answer without this patient; of the answer with everybody the page says enough."""
    numbers, changes = answers_without(printer, name)
    if numbers:
        parts = {part: numbers[f"{part}_without"] for part in ("estimate", "lower", "upper")}
        key = "narratives.short_decides" if changes else "narratives.short_without"
        yield printer.word(key, unit=printer.unit(printer.config.primary.outcome), level=printer.level, **parts)
