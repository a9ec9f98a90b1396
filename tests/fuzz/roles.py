"""Which cells a record is read from, by the declaration alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from historical_controls.config.sources.parts import (
    AnyPart,
    EventRows,
    LongMeasurements,
    PatientRows,
    TimeColumns,
    TreatmentRows,
    WideMeasurements,
)
from historical_controls.config.sources.sources import SourceFile

from .pipeline import dictionary

ROLES = ("value", "finding", "time", "subject", "unit", "name", "where", "word")
Affected = dict[str, frozenset[str]]


@dataclass(frozen=True)
class Cell:
    """What a column is to a record."""

    role: str
    forms: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()


def cells_of(file: SourceFile) -> dict[str, Cell]:
    """The role of each declared column; one that several parts read keeps its first role."""
    out: dict[str, Cell] = {}
    for part in file.parts:
        for name, cell in _cells_of_part(part):
            out.setdefault(name, cell)
    return out


def _cells_of_part(part: AnyPart) -> list[tuple[str, Cell]]:
    found = [(condition.column, Cell("where")) for condition in part.where]
    found.append((part.subject, Cell("subject")))
    for times in _times(part):
        # Two columns of one time are no format each.
        forms = tuple(times.formats) if len(times.columns) == 1 else ()
        found += [(name, Cell("time", forms)) for name in times.columns]
    match part:
        case LongMeasurements():
            found += [(part.analyte, Cell("name")), (part.value, Cell("value"))]
            found += [(name, Cell("unit")) for name in [part.unit] if name]
            found += [(n, Cell("word")) for n in (part.specimen, part.assay, part.status, part.comment) if n]
        case WideMeasurements():
            for name, column in part.columns.items():
                found.append((name, _result(column.outcome, column.values)))
                found += [(unit, Cell("unit")) for unit in [column.unit_column] if unit]
        case PatientRows():
            found += [(name, _result(column.characteristic, column.values)) for name, column in part.columns.items()]
            found += [(event.only_if.column, Cell("where")) for event in part.events if event.only_if]
        case EventRows():
            found += [(name, Cell("word")) for name in (part.value, part.detail) if name]
            found += [] if part.event.startswith("=") else [(part.event, Cell("where"))]
        case TreatmentRows():
            found += [(part.treatment, Cell("where"))] + [(n, Cell("word")) for n in (part.dose, part.dose_unit) if n]
    return found


def codes_of(file: SourceFile) -> dict[str, frozenset[str]]:
    """The codes that conditions and events name, by column."""
    out: dict[str, set[str]] = {}
    for part in file.parts:
        conditions = [*part.where, *(event.only_if for event in getattr(part, "events", []) if event.only_if)]
        for condition in conditions:
            out.setdefault(condition.column, set()).update(condition.is_in)
        if isinstance(part, EventRows):
            out.setdefault(part.event, set()).update(part.values)
    return {name: frozenset(codes) for name, codes in out.items()}


def _result(code: str, values: dict[str, str]) -> Cell:
    kind = dictionary().outcomes[code].kind
    return Cell("value") if kind == "number" else Cell("finding", (), tuple(values.items()))


def _times(part: AnyPart) -> list[TimeColumns]:
    match part:
        case LongMeasurements():
            return [part.time, *([part.result_time] if part.result_time else [])]
        case WideMeasurements():
            return [part.time]
        case PatientRows():
            return [event.time for event in part.events]
        case EventRows():
            return [part.time, *([part.end_time] if part.end_time else [])]
        case TreatmentRows():
            return [part.start, *([part.stop] if part.stop else [])]
    return []


def touched_fields(file: SourceFile, table: str, item: str, touched: frozenset[str]) -> set[str]:
    """Fields of a record that its touched cells speak for; {'*'}: whether there is a record at all."""
    out: set[str] = set()
    for part in file.parts:
        if touched & {condition.column for condition in part.where}:
            return {"*"}
        for field, columns in _fields(part, item).items():
            if columns & touched:
                out.add(field)
    return out


def _fields(part: AnyPart, item: str) -> dict[str, set[str]]:
    """Columns behind each field of the records that a part reads under this item."""
    named: dict[str, Any] = {"patient_id": {part.subject}}
    match part:
        case LongMeasurements():
            read = {part.value, part.analyte, *([part.unit] if part.unit else [])}
            named |= {"reading": read, "time": set(part.time.columns)}
            named |= {name: {getattr(part, name)} for name in ("specimen", "assay", "status") if getattr(part, name)}
            named["remarks"] = {name for name in (part.comment, part.status) if name}
            named["anchored"] = {part.subject} if part.time.relative_to else set()
            named["remarks"] |= set(part.result_time.columns) if part.result_time else set()
        case WideMeasurements() if item in part.columns:
            column = part.columns[item]
            unit = {column.unit_column} if column.unit_column else set()
            named |= {"reading": {item} | unit, "time": set(part.time.columns)}
        case PatientRows() if item in part.columns:
            named["reading"] = {item}
        case PatientRows():
            for event in part.events:
                if item in (f"{event.time.columns[0]}>{event.event}", event.time.columns[0]):
                    named["time"] = set(event.time.columns)
                    named["*"] = {event.only_if.column} if event.only_if else set()
        case EventRows() if item == part.event:
            named |= {"time": set(part.time.columns), "*": {part.event}}
            named |= {name: {getattr(part, name)} for name in ("value", "detail") if getattr(part, name)}
        case TreatmentRows() if item == "":
            named |= {"start": set(part.start.columns), "*": {part.treatment}}
            named |= {"stop": set(part.stop.columns)} if part.stop else {}
            named |= {name: {getattr(part, name)} for name in ("dose", "dose_unit") if getattr(part, name)}
        case _:
            return {}
    return named
