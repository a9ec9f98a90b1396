"""Oxygen as wards record it: flows of prongs, fractions of other devices, room air."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting.cells.devices import kind_of
from historical_controls.drafting.cells.moments import moment_in
from historical_controls.drafting.cells.naming import outcome_named
from historical_controls.drafting.draft import Draft, part_of
from historical_controls.drafting.files.forms import AIR, DEVICE, FLOW_OF, FRACTION
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import is_numeric

FLOW, FIO2 = "O2_FLOW", "FIO2"
# docs/methods.md, DV-3 (PMC4753186).
TABLE = [[2, 0.25], [4, 0.30], [8, 0.40], [10, 0.50]]
MOST = 0.6
OF_OXYGEN = re.compile(
    r"\b(?:o2|ox[iy]g\w*|suppl\w*|soporte|suporte|support|devices?|dispositivos?|resp\w*|air|aire)\b"
)


def oxygen_columns(draft: Draft, by_day: bool = False) -> dict[str, Any]:
    """Fractions within cells of devices, for the part that reads the other columns of these rows.

    by_day: each column is of the day that its heading names.
    """
    return {
        name: {"outcome": FIO2, "unit": "%", **_at(name, by_day)}
        for name in draft.free
        if name.endswith(FRACTION) and name.removesuffix(FRACTION) + DEVICE in draft.sheet.columns
    }


def oxygen_parts(draft: Draft, time: Any, where: list[dict[str, Any]], by_day: bool = False) -> list[dict[str, Any]]:
    """Parts of rows of one kind of device: the flow of prongs, and room air as a fraction.

    The flow of a mask or of high flow says nothing of the fraction by the same table: it is left out.
    """
    parts = []
    for device in [name for name in draft.free if _names_devices(draft, name)]:
        flow, at = _flow_beside(draft, device, by_day), _at(device, by_day)
        prongs = _named(draft, device, "prongs")
        if flow and prongs:
            columns = {flow: Guess({"outcome": FLOW, "unit": "L/min", **at}, _asked(draft, device, flow))}
            parts.append(_part(draft, (device, prongs), time, where, columns))
            draft.outcomes.append(FLOW)
        if air := _named(draft, device, "air"):
            parts.append(_part(draft, (device, air), time, where, {device: {"outcome": FIO2, "unit": "%", **at}}))
            _declare_air(draft, air)
            draft.outcomes.append(FIO2)
        # The flow is read of prongs, or of nobody; a device that says neither stays among the columns not read.
        draft.used |= {*filter(None, [flow]), *([device] if air or (flow and prongs) else [])}
    return parts


def by_days(draft: Draft) -> bool:
    """Whether devices stand in one column for each day."""
    return sum(moment_in(name) is not None for name in draft.free if _names_devices(draft, name)) > 1


def _at(name: str, by_day: bool) -> dict[str, int]:
    moment = moment_in(name) if by_day else None
    return {"at": moment[2]} if moment else {}


def _names_devices(draft: Draft, name: str) -> bool:
    """Whether a column names devices. Words for room air alone need a heading of oxygen: 'AA' is a genotype."""
    if name.endswith(AIR):
        return True
    distinct = [text for text in dict.fromkeys(draft.column(name)) if text]
    kinds = [kind for text in distinct if (kind := kind_of(text))]
    told = OF_OXYGEN.search(fold(name)) is not None or set(kinds) - {"air"}
    return bool(kinds) and bool(told) and len(kinds) >= MOST * len(distinct)


def _named(draft: Draft, device: str, kind: str) -> list[str]:
    """The spellings of one kind, one of those that are compared as the same."""
    texts = {fold(text): text for text in reversed(draft.column(device)) if text and kind_of(text) == kind}
    return sorted(texts.values())


def _asked(draft: Draft, device: str, flow: str) -> str:
    """Which devices are taken for prongs, and whose flows are not read."""
    rows = zip(draft.column(device), draft.column(flow), strict=True)
    others = sorted({text for text, sent in rows if text and sent and kind_of(text) != "prongs"})
    return "are these nasal prongs?" + (f" Flows of {', '.join(others)} are not read" if others else "")


def _flow_beside(draft: Draft, device: str, by_day: bool) -> str | None:
    own = device.removesuffix(DEVICE) + FLOW_OF
    if own in draft.sheet.columns:
        return own
    for name in draft.free:
        moment = moment_in(name) if by_day else None
        heading = draft.with_unit(name, moment[0] if moment else None)
        found = outcome_named(heading, is_numeric(draft.column(name)), draft.dictionary)
        if found and found.code == FLOW and _at(name, by_day) == _at(device, by_day):
            return name
    return None


def _part(
    draft: Draft, device: tuple[str, list[str]], time: Any, where: list[dict[str, Any]], columns: dict[str, Any]
) -> dict[str, Any]:
    own = [*where, {"column": device[0], "is_in": device[1]}]
    return part_of(draft, "measurements_wide", own) | {"time": plain(time), "columns": columns}


def note_air(draft: Draft, name: str, code: str) -> None:
    """Declare the words for room air among the numbers of a fraction."""
    texts = _named(draft, name, "air")
    if code == FIO2 and texts:
        _declare_air(draft, texts)


def _declare_air(draft: Draft, texts: list[str]) -> None:
    """That the words for room air mean 21%, once for the file."""
    words = plain(draft.sheet.written.get("words", []))
    told = {fold(text) for word in words for text in word["texts"]}
    new = [text for text in texts if fold(text) not in told]
    if new:
        words = [*words, {"texts": new, "outcome": FIO2, "means": "value", "value": 21, "unit": "%"}]
    draft.sheet.written["words"] = Guess(words, "room air?")


def oxygen_ratios(outcomes: Collection[str]) -> dict[str, Any]:
    """Derivations of FiO2 from the flow of prongs, and of SpO2/FiO2, where their parts are among the outcomes."""
    out: dict[str, Any] = {}
    if FLOW in outcomes:
        asked = "FiO2 of nasal prongs up to each flow; it depends on breathing: is it this hospital's table?"
        out["FIO2_FLOW"] = Guess({"kind": "fraction_from_flow", "flow": FLOW, "table": TABLE}, asked)
    stand_in = {"estimated_denominators": ["FIO2_FLOW"]} if FLOW in outcomes else {}
    for code, numerator, said in (("PF", "PAO2", "PaO2"), ("SF", "SPO2", "SpO2")):
        if code not in outcomes and numerator in outcomes and {FIO2, FLOW} & set(outcomes):
            ratio = {"kind": "paired_ratio", "numerator": numerator, "denominator": FIO2, "within_minutes": 60}
            out[code] = Guess(ratio | stand_in, f"{said} over the nearest FiO2: how close in time must the two be?")
    return out
