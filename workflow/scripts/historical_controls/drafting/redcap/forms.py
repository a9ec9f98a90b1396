"""The rows of a REDCap export: of each form, each repeated instrument, or each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from historical_controls.config.sources.redcap import BOX
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.draft import EVENT, INSTRUMENT, OWN, Draft, part_of, time_of
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess, plain

# Drafts the rows of a part: the draft of them, its conditions, and whether they may describe patients.
Rows = Callable[[Draft, list[dict[str, Any]], bool], None]
ADVERSE = {
    "adverso",
    "adversos",
    "adverse",
    "ae",
    "ea",
    "eventoadverso",
    "adversa",
    "effet",
    "nebenwirkung",
    "toxicidad",
}
GRADES = {"grado", "grade", "grau", "gravedad", "gravidade", "severity", "severidad", "intensidad", "ctcae"}
TERMS = {
    "descripcion",
    "desc",
    "description",
    "descricao",
    "termino",
    "termo",
    "term",
    "diagnostico",
    "evento",
    "event",
}


def of_redcap(draft: Draft, rows_of: Rows) -> bool:
    """Add the parts of an export of REDCap to its draft; False for any other sheet."""
    sheet = draft.sheet
    if INSTRUMENT in sheet.columns:
        for instrument in dict.fromkeys(sheet.columns[INSTRUMENT]):
            chosen = [place for place, text in enumerate(sheet.columns[INSTRUMENT]) if text == instrument]
            part = _with_rows(draft, chosen)
            if instrument:
                _of_instrument(part, instrument, rows_of)
                # The label of an instrument is not the name of its form.
                part.used |= {name for name in part.sheet.columns if name.endswith("_complete")}
            elif sheet.forms:
                _of_forms(part, rows_of)
            else:
                _of_events(part, _events_by_columns(part.sheet), rows_of)
            _take(draft, part)
        return True
    if sheet.forms and EVENT in sheet.columns:
        _of_forms(draft, rows_of)
        return True
    if len(groups := _events_by_columns(sheet)) > 1:
        _of_events(draft, groups, rows_of)
        return True
    return False


def _with_rows(draft: Draft, rows: list[int], names: set[str] | None = None) -> Draft:
    """A draft of some rows, with the columns that they fill; of these names alone where given."""
    own = {name: [cells[row] for row in rows] for name, cells in draft.sheet.columns.items()}
    subject = plain(draft.subject)
    kept = {
        name: cells
        for name, cells in own.items()
        if name in OWN or name == subject or (any(cells) and (names is None or name in names))
    }
    return replace(draft, sheet=replace(draft.sheet, columns=kept), used=set(draft.used), parts=[])


def _take(draft: Draft, part: Draft) -> None:
    draft.parts += part.parts
    draft.used |= part.used


def _of_instrument(draft: Draft, instrument: str, rows_of: Rows) -> None:
    """A repeated instrument: values, or an event a row where it has no numbers."""
    where = [{"column": INSTRUMENT, "is_in": [instrument]}]
    trial = replace(draft, own=replace(draft.own, outcomes=dict(draft.own.outcomes)), used=set(draft.used))
    trial = replace(trial, sheet=replace(draft.sheet, written=dict(draft.sheet.written)), outcomes=[], parts=[])
    rows_of(trial, where, False)
    coded = set(draft.sheet.choices)
    numbers = {name for part in map(plain, trial.parts) for name in part.get("columns", {"": None})} - coded
    if numbers or not _event_part(draft, instrument, where):
        rows_of(draft, where, False)


def _event_part(draft: Draft, instrument: str, where: list[dict[str, Any]]) -> bool:
    """One event a row, named as its instrument: a relapse, an adverse event with its grade and term."""
    time = time_of(draft)
    if time is None or "formats" not in time:
        return False
    name = instrument.replace("_", " ")
    if ADVERSE & set(fold(name).split()):
        event: Any = "=adverse_event"
    else:
        asked = "new in dictionary/events.csv: is it an event that counts? List it under analysis.events.adverse"
        event = Guess(f"={draft.own.add_event(name)}", asked)
    part = part_of(draft, "events", where) | {"time": time, "event": event}
    for key, words in (("value", GRADES), ("detail", TERMS)):
        found = next((one for one in draft.free if any(words & set(fold(t).split()) for t in draft.spellings(one))), "")
        if found:
            part[key] = found
            draft.used.add(found)
    draft.parts.append(part)
    return True


def _of_forms(draft: Draft, rows_of: Rows) -> None:
    """The parts of each form, from the rows in which it is filled."""
    forms = draft.sheet.forms
    every = [event for event in dict.fromkeys(draft.sheet.columns.get(EVENT, [])) if event]
    for form in dict.fromkeys(forms[name] for name in draft.sheet.columns if name in forms):
        names = {name for name, own in forms.items() if own == form}
        # Boxes that nobody ticked and statuses of forms are filled in every row.
        told = [
            cells
            for name, cells in draft.sheet.columns.items()
            if name in names and not name.endswith("_complete") and draft.sheet.choices.get(name) != BOX
        ]
        rows = [row for row in range(draft.sheet.n_rows) if any(cells[row] for cells in told)]
        if not rows:
            continue
        part = _with_rows(draft, rows, {name for name in names if not name.endswith("_complete")})
        events = [event for event in every if event in part.sheet.columns[EVENT]] if every else []
        rows_of(part, [{"column": EVENT, "is_in": events}] if events else [], True)
        _take(draft, part)
        draft.used |= {name for name in names if name.endswith("_complete")}


def _events_by_columns(sheet: Sheet) -> list[list[str]]:
    """Events of a project by the columns that their rows fill: visits of one kind together."""
    if EVENT not in sheet.columns:
        return []
    filled: dict[str, set[str]] = {}
    for row, event in enumerate(sheet.columns[EVENT]):
        own = filled.setdefault(event, set())
        own |= {name for name, cells in sheet.columns.items() if name not in OWN and cells[row]}
    groups: dict[frozenset[str], list[str]] = {}
    for event, names in filled.items():
        groups.setdefault(frozenset(names), []).append(event)
    return [group for group in groups.values() if all(group)]


def _of_events(draft: Draft, groups: list[list[str]], rows_of: Rows) -> None:
    """The parts of each kind of event, read from its rows alone."""
    for events in groups:
        part = _with_rows(draft, [row for row, text in enumerate(draft.column(EVENT)) if text in events])
        rows_of(part, [{"column": EVENT, "is_in": events}], True)
        _take(draft, part)


def arms_of_events(sheet: Sheet) -> dict[str, list[str]]:
    """Names of events by the arm that they end in: 'mes_3_arm_2', or 'Mes 3 (Arm 2: Control)' in a label export."""
    out: dict[str, list[str]] = {}
    for event in filter(None, dict.fromkeys(sheet.columns.get(EVENT, []))):
        for arm in _arm(event):
            out.setdefault(arm, []).append(event)
    return out if len(out) > 1 else {}


def _arm(event: str) -> Iterator[str]:
    head, mark, arm = event.rpartition("_arm_")
    if mark and head and arm[:1].isdigit():
        yield f"arm_{arm.rstrip('abcdefghijklmnopqrstuvwxyz')}"
    elif event.endswith(")") and " (Arm " in event:
        yield event.rpartition(" (")[2].removesuffix(")")
