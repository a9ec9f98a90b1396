"""Visits side by side in one row, each with a date of its own: 'start_date', 'start_wbc', 'end_date', 'end_wbc'."""

from __future__ import annotations

from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting.cells.naming import outcome_named
from historical_controls.drafting.draft import Draft, part_of, subjects_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.measured import measured
from historical_controls.drafting.values import day_column, days_by_text, is_numeric

DATES = ("date", "fecha", "dt")
YMD = ("year", "month", "day")
YMD_ES = ("ano", "mes", "dia")


def by_dated_visit(draft: Draft) -> bool:
    """A part for each visit whose date and values share the first word of their headings."""
    visits = {visit: time for visit in _visits(draft) if (time := _time(draft, visit))}
    made = False
    for visit, time in visits.items():
        columns: dict[str, Any] = {}
        for name in draft.free:
            words = fold(name).split()
            if len(words) < 2 or words[0] != visit or name in time["columns"]:
                continue
            # The heading without the visit names the outcome.
            rest = name[len(name.split()[0]) :] if " " in name else name.partition("_")[2]
            found = outcome_named(rest.strip(" _.-"), is_numeric(draft.column(name)), draft.dictionary)
            if found:
                columns[name] = measured(draft, name, found.code, found.unit)
                draft.outcomes.append(found.code)
        if columns:
            _date_admission(draft, time, first=not made)
            draft.used |= {*columns, *time["columns"]}
            draft.parts.append(part_of(draft, "measurements_wide", []) | {"time": time, "columns": columns})
            made = True
    return made


def _visits(draft: Draft) -> list[str]:
    words = [fold(name).split() for name in draft.free]
    return list(dict.fromkeys(own[0] for own in words if len(own) == 2 and own[1] in (*DATES, YMD[0], YMD_ES[0])))


def _time(draft: Draft, visit: str) -> dict[str, Any] | None:
    """The date of a visit: one column of dates, or year, month and day in three."""
    named = {fold(name): name for name in draft.free}
    for word in DATES:
        column = named.get(f"{visit} {word}")
        formats = draft.dates(column) if column else None
        if column and formats:
            return {"columns": [column], "formats": formats}
    for parts in (YMD, YMD_ES):
        columns = [named[f"{visit} {word}"] for word in parts if f"{visit} {word}" in named]
        if len(columns) == len(parts) and all(is_numeric(draft.column(column)) for column in columns):
            return {"columns": columns, "formats": ["%Y %m %d"]}
    return None


def _date_admission(draft: Draft, time: dict[str, Any], first: bool) -> None:
    """The date of the first visit as the start of follow-up, where nothing else dates one."""
    known = [event for part in draft.parts if isinstance(part, dict) for event in part.get("events", [])]
    if not first or known:
        return
    event = {"event": Guess("admission", "does follow-up start at the first visit?"), "time": time}
    people = next((part for part in draft.parts if part.get("kind") == "patients"), None)
    if people is None:
        people = part_of(draft, "patients", [])
        draft.parts.insert(0, people)
    people["events"] = [event]


def visit_days(draft: Draft) -> list[list[int]]:
    """The days, in order, on which each patient has rows, of the parts whose rows are dated."""
    found: list[list[int]] = []
    for part in map(plain, draft.parts):
        time = part.get("time") or {}
        columns = time.get("columns", [])
        there = {part["subject"], *columns} <= draft.sheet.columns.keys()
        if part.get("kind") == "events" or not time.get("formats") or not columns or not there:
            continue
        column, formats = day_column(time)
        known = days_by_text(draft.column(column), formats)
        own: dict[str, set[int]] = {}
        for who, text in zip(subjects_of(draft, part), draft.column(column), strict=True):
            if text in known:
                own.setdefault(who, set()).add(known[text].toordinal())
        found += [sorted(days) for days in own.values()]
    return found
