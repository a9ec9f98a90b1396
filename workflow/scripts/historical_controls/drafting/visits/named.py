"""Rows of visits that have names and no dates: 'Visita basal', 'Mes 3', or the events of a REDCap project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from historical_controls.drafting.cells.moments import moment_of_visit
from historical_controls.drafting.draft import EVENT, Draft
from historical_controls.drafting.marks import Guess, plain

FEWEST, MOST = 2, 60
UNITS = {"day": "days", "week": "weeks", "month": "months"}
VISIT = "enrolment"


def by_named_visit(draft: Draft, part: dict[str, Any]) -> list[dict[str, Any]]:
    """The part for each visit by its name, with the time that the name tells; the part itself where none does."""
    found = _visits(draft)
    if found is None:
        return [part]
    column, moments = found
    unit = next((kind for kind, _ in moments.values() if kind), "day")
    draft.used.add(column)
    draft.relative = True
    own = [one for one in part.get("where", []) if one["column"] != column]
    asked = f"from which event are the visits of '{column}' counted?"
    parts: list[dict[str, Any]] = []
    for number in sorted({number for _, number in moments.values()}):
        texts = [text for text, (_, one) in moments.items() if one == number]
        # One question for all visits.
        event, columns = (VISIT, plain(part["columns"])) if parts else (Guess(VISIT, asked), part["columns"])
        time = {"at": number, "relative_to": event, "relative_unit": UNITS[unit]}
        where = [*own, {"column": column, "is_in": texts}]
        parts.append({"kind": part["kind"], "where": where, **_rest(part), "time": time, "columns": columns})
    return parts


def _rest(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in ("kind", "where", "time", "columns")}


def _visits(draft: Draft) -> tuple[str, dict[str, tuple[str, int]]] | None:
    """The column all of whose texts name moments, of one unit; with the moment of each text."""
    for name in dict.fromkeys([*([EVENT] if EVENT in draft.sheet.columns else []), *draft.free]):
        texts = list(dict.fromkeys(draft.column(name)))
        moments = {text: moment for text in texts[: MOST + 1] if (moment := moment_of_visit(text)) is not None}
        units = {unit for unit, _ in moments.values()} - {""}
        if FEWEST <= len(texts) <= MOST and len(moments) == len(texts) and len(units) == 1:
            return name, moments
    return None
