"""The event that starts follow-up where no heading names one: a date of each patient, or the first visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from historical_controls.dictionary.vocabulary import ARRIVALS, STUDY_TREATMENT
from historical_controls.drafting import headings as known
from historical_controls.drafting.cells.elapsed import BIRTH
from historical_controls.drafting.contents.columns import counts_rows, describes_patients, has_visits, names_first
from historical_controls.drafting.draft import Draft, dated_events, patients_part, with_clock
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import days_of, middle

START = "enrolment"


def date_start(drafts: Sequence[Draft]) -> None:
    """Add a first event to a source that dates none but the ends of stays.

    A date long before the others is that of birth. Days in headings count from an admission, which it is then called.
    """
    if dated_events(drafts) & {*ARRIVALS, STUDY_TREATMENT, "consent"}:
        return
    relative = any(draft.relative for draft in drafts)
    # Sheets with a row for each patient first, those of most patients before those of the dead alone.
    for draft in sorted(drafts, key=lambda one: -len(_patients(one))):
        if draft.subject is not None and (dated := _dates_of_patients(draft)):
            _by_date(draft, dated, "admission" if relative else START)
            return
    if relative:
        return
    for draft in drafts:
        if _by_visit(draft):
            return


def date_birth(drafts: Sequence[Draft]) -> None:
    """Add the birth of each patient to a source whose times count from it, where a column has its date."""
    times = [part["time"] for draft in drafts for part in map(plain, draft.parts) if part.get("time")]
    if not any(time.get("relative_to") == BIRTH for time in times):
        return
    for draft in drafts:
        births = {name: draft.dates(name) for name in draft.sheet.columns if known.is_birth(name)}
        born = next(((name, formats) for name, formats in births.items() if formats is not None), None)
        if draft.subject is not None and born is not None:
            part = patients_part(draft, "does it date the birth?")
            event = {"event": BIRTH, "time": {"columns": [born[0]], "formats": plain(born[1])}}
            part["events"] = [event, *part.get("events", [])]
            draft.used.add(born[0])
            return


def _patients(draft: Draft) -> set[str]:
    """The ids of a sheet; none where nobody knows which column has them."""
    return (
        {text.lstrip("0") for text in draft.column(plain(draft.subject)) if text}
        if draft.subject is not None
        else set()
    )


def _dates_of_patients(draft: Draft) -> dict[str, list[str]]:
    """Columns with one date for each patient, and their formats."""
    return {
        name: plain(formats)
        for name in draft.free
        if _one_each(draft, name) and (formats := draft.dates(name)) is not None
    }


def _one_each(draft: Draft, name: str) -> bool:
    return not has_visits(draft) or describes_patients(draft, name)


def _by_date(draft: Draft, dated: dict[str, list[str]], event: str) -> None:
    by_day = sorted(dated, key=lambda name: _middle_day(days_of(draft.column(name), dated[name])))
    start = next((name for name in by_day if not known.is_birth(name)), by_day[0])
    time = with_clock(draft, start, dated[start])
    asked = f"does follow-up start on '{start}'" + (f" at '{time['columns'][1]}'?" if time["columns"][1:] else "?")
    part = patients_part(draft, asked)
    first = {"event": Guess(event, asked), "time": Guess(time, asked)}
    part["events"] = [first, *part.get("events", [])]
    draft.used.add(start)


def _middle_day(days: Sequence[date]) -> float:
    return middle([float(day.toordinal()) for day in days])


def _by_visit(draft: Draft) -> bool:
    """The first of dated visits; of several rows the first counts."""
    time = next(
        (
            part["time"]
            for part in map(plain, draft.parts)
            if part["kind"].startswith("measurements") and part["time"].get("formats") and "where" not in part
        ),
        None,
    )
    if time is None or time["columns"] == ["?"]:
        return False
    asked = "does follow-up start at the first visit?"
    part = patients_part(draft, asked)
    part["events"] = [{"event": Guess(START, asked), "time": Guess(time, asked)}]
    number = next((name for name in draft.free if counts_rows(draft, name) or names_first(draft, name)), None)
    if number:
        draft.used.add(number)
        # Behind the kind, as a person writes it.
        where = Guess([{"column": number, "is_in": [draft.column(number)[0]]}], "is this the first visit?")
        rest = {key: part.pop(key) for key in list(part) if key != "kind"}
        part |= {"where": where, **rest}
    return True


def start_of_controls(sources: dict[str, Any], events: set[str], treated: Any) -> dict[str, Any]:
    """Where the treated start at their treatment and no file dates an admission, the event at which controls do."""
    both = any(plain(one["arm"]) != "treated" or one.get("treated_subjects") for one in sources.values())
    if treated != STUDY_TREATMENT or "admission" in events or START not in events or not both:
        return {}
    return {"historical": "event", "historical_event": Guess(START, "does the follow-up of controls start then?")}
