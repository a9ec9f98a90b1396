"""One event a row: a column of words that name events, and one of dates."""

from __future__ import annotations

from typing import Any

from historical_controls.cleaning.cells.cell_words import ending_said
from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.draft import Draft, part_of, time_of
from historical_controls.drafting.marks import Guess

HEADINGS = {
    *("event", "events", "evento", "eventos", "eventi", "evenement", "evenements", "ereignis", "ereignisse"),
    *("complicacion", "complicaciones", "complication", "complicanza", "complicanze", "tipo evento", "event type"),
    *("tipo de evento", "event name", "type d evenement", "esdeveniment", "zdarzenie"),
}
# Distinct words of a column of events.
MOST = 20
OWN = "new in dictionary/events.csv: does it end follow-up (cohort.ends_with), or is it counted (analysis.events)?"


def events_in_rows(draft: Draft) -> bool:
    """A part of events, where a heading says that a column names them and one column has their dates."""
    name = next((name for name in draft.free if fold(name) in HEADINGS), None)
    distinct = sorted({text for text in draft.column(name) if text}) if name else []
    if name is None or not 0 < len(distinct) <= MOST or any(map(str.isdigit, distinct)):
        return False
    before = set(draft.used)
    time = time_of(draft)
    if time is None:
        draft.used = before
        return False
    values = {text: _event(draft, text) for text in distinct}
    draft.used.add(name)
    draft.parts.append(part_of(draft, "events", []) | {"time": time, "event": name, "values": values})
    return True


def _event(draft: Draft, text: str) -> Any:
    """The event that a word names; one of the study's own where no dictionary has it."""
    spelled = {
        fold(word): code for code, one in draft.dictionary.events.items() for word in (code, one.label_en, one.label_es)
    }
    code = spelled.get(fold(text)) or known.event_of(text) or ending_said(text)
    return code or Guess(draft.own.add_event(text), OWN)
