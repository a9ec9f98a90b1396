"""Events told by rows: one each, named by a column of words; or stays on wards, some of which are intensive care."""

from __future__ import annotations

import re
from typing import Any

from historical_controls.cleaning.words.endings import ending_said
from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.contents.columns import has_visits
from historical_controls.drafting.draft import Draft, dated_events, part_of, time_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import days_of, middle

HEADINGS = {
    *("event", "events", "evento", "eventos", "eventi", "evenement", "evenements", "ereignis", "ereignisse"),
    *("complicacion", "complicaciones", "complication", "complicanza", "complicanze", "tipo evento", "event type"),
    *("tipo de evento", "event name", "type d evenement", "esdeveniment", "zdarzenie"),
}
TRANSFERS = {"transfer", "transferred", "traslado", "transferencia", "transfert", "verlegung", "trasferimento"}
# Distinct words of a column of events.
MOST = 20
OWN = "new in dictionary/events.csv: does it end follow-up (cohort.ends_with), or is it counted (analysis.events)?"
INTENSIVE = re.compile(
    r"\b(?:icu|micu|sicu|picu|nicu|cvicu|ccu|uti|uci|utip|ucip|cti|intensive care|cuidados intensivos|terapia intensiva"
    r"|tratamento intensivo|reanimation|soins intensifs|rianimazione|intensivstation|intensivmedizin)\b"
)
# Distinct wards of a hospital.
MOST_WARDS = 40
# 'Transfer In', 'Admission', 'entrada': a row that begins a stay, where each row is one move.
ENTERED = {*("in", "into", "admission", "entrada", "ingreso", "admissao", "entree", "zugang", "aufnahme", "ingresso")}
LEFT = {*("out", "discharge", "saida", "alta", "egreso", "salida", "sortie", "abgang", "entlassung", "uscita")}


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
    values = {text: _event(draft, text) for text in distinct if not _moves(text, distinct)}
    if not values:
        draft.used = before
        return False
    if "discharge_alive" in values.values() and "death" not in values.values():
        ended = [text for text, event in values.items() if event == "discharge_alive"]
        asked = "do deaths have this word too? No other says how the stay ended"
        values |= {text: Guess("discharge_alive", asked) for text in ended}
    draft.used.add(name)
    moves = [text for text in distinct if text not in values]
    asked = f"are {', '.join(moves)} moves within the hospital? One to another hospital is transfer_out"
    where = [{"column": name, "is_in": Guess(list(values), asked)}] if moves else []
    draft.parts.append(part_of(draft, "events", where) | {"time": time, "event": name, "values": values})
    return True


def _moves(text: str, distinct: list[str]) -> bool:
    """Whether a word names a move between wards: 'Transfer In', and 'Transfer Out' beside it."""
    words = set(fold(text).split())
    named = TRANSFERS & words
    return bool(named) and (
        ending_said(text) is None or any(named | {"in"} <= set(fold(other).split()) for other in distinct)
    )


def _event(draft: Draft, text: str) -> Any:
    """The event that a word names; one of the study's own where no dictionary has it."""
    spelled = {
        fold(word): code for code, one in draft.dictionary.events.items() for word in (code, one.label_en, one.label_es)
    }
    code = spelled.get(fold(text)) or known.event_of(text) or ending_said(text)
    return code or Guess(draft.own.add_event(text), OWN)


def add_wards(draft: Draft) -> None:
    """A part that dates the admission to intensive care, where rows are stays or moves and some name such a ward."""
    if draft.subject is None or not has_visits(draft) or "icu_admission" in dated_events([draft]):
        return
    wards = next(((name, own) for name in draft.sheet.columns if (own := _intensive(draft, name))), None)
    time = _entry(draft) if wards else None
    if wards is None or time is None:
        return
    column, texts = wards
    where = [{"column": column, "is_in": texts}, *_entering(draft)]
    why = f"does a stay in {', '.join(texts[:3])} begin at '{time['columns'][0]}'?"
    events = {"events": [{"event": "icu_admission", "time": time}]}
    draft.parts.append(Guess(part_of(draft, "patients", where) | events, why))
    draft.used |= {column, *time["columns"]}


def _intensive(draft: Draft, name: str) -> list[str]:
    """The texts of a column of wards that name intensive care; none of one that names nothing else."""
    distinct = sorted({text for text in draft.column(name) if text})
    found = [text for text in distinct if INTENSIVE.search(fold(text))]
    return found if len(found) < len(distinct) <= MOST_WARDS else []


def _entry(draft: Draft) -> dict[str, Any] | None:
    """The earliest column of dates of a row: that of entry, beside one of exit."""
    dated = {name: plain(formats) for name in draft.sheet.columns if (formats := draft.dates(name)) is not None}
    if not dated:
        return None
    first = min(
        dated, key=lambda name: middle([float(day.toordinal()) for day in days_of(draft.column(name), dated[name])])
    )
    return {"columns": [first], "formats": draft.dates(first)}


def _entering(draft: Draft) -> list[dict[str, Any]]:
    """A condition on rows that begin a stay, where a column says of each row whether it begins or ends one."""
    for name in draft.sheet.columns:
        distinct = {text: set(fold(text).split()) for text in draft.column(name) if text}
        entered = sorted(text for text, words in distinct.items() if words & ENTERED)
        if entered and len(distinct) <= MOST_WARDS and any(words & LEFT for words in distinct.values()):
            return [{"column": name, "is_in": entered}]
    return []
