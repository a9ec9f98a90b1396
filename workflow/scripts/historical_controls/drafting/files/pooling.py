"""Files or sheets of one shape, such as one for each year of a registry: drafted together, declared one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from historical_controls.drafting.files.sheets import Sheet, decimal_marks
from historical_controls.drafting.headings import is_birth
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import dates

# What each file says of itself; all else is said of all of them.
OWN = ("path", "sheet", "encoding")
MARKS = ("decimal", "thousands")
YEAR = re.compile(r"(?<!\d)(?:19[5-9]\d|20\d\d)(?!\d)")
# The column of a pool whose files are told apart by the year in their names alone.
YEARS = "months since enrolment"
Shape = tuple[Any, ...]


def pooled(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets, those that differ in the numbers of their names alone as one sheet with all rows (`members`)."""
    groups: dict[Shape, list[Sheet]] = {}
    for sheet in sheets:
        groups.setdefault(_shape(sheet), []).append(sheet)
    return [one for group in groups.values() for one in _pool(group)]


def name_of(sheet: Sheet) -> str:
    """What a file and its sheet are called."""
    return f"{sheet.path.stem} {plain(sheet.written.get('sheet', ''))}".strip()


def declared_of(pool: Sheet, member: Sheet) -> dict[str, Any]:
    """How one file of a pool is written: its own place, and what the pool says."""
    own = {key: member.written[key] for key in OWN if key in member.written}
    return own | {key: value for key, value in pool.written.items() if key not in OWN}


def parts_of(parts: Any, pool: Sheet, member: Sheet) -> Any:
    """The parts of one file of a pool, whose time is that of its year where no column has one."""
    if YEARS not in pool.columns:
        return parts
    month = 12 * (_year(member) - min(map(_year, pool.members)))
    return _with_time(parts, month)


def _with_time(node: Any, month: int) -> Any:
    if isinstance(node, Guess):
        return Guess(_with_time(node.value, month), node.why)
    if isinstance(node, list):
        return [_with_time(one, month) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("columns") == [YEARS]:
        rest = {key: value for key, value in node.items() if key != "columns"}
        return {"at": Guess(month, "no column of times: the year of the file's name, counted from the first"), **rest}
    return {key: _with_time(value, month) for key, value in node.items()}


def _shape(sheet: Sheet) -> Shape:
    written = {key: plain(value) for key, value in sheet.written.items() if key not in (*OWN, *MARKS)}
    name = re.sub(r"\d+", "#", f"{sheet.path.parent}/{name_of(sheet)}")
    return (name, tuple(sheet.columns), str(sorted(written.items())), str(sheet.labels), str(sheet.units))


def _pool(group: list[Sheet]) -> Iterator[Sheet]:
    first = group[0]
    marks = _marks(group)
    if len(group) < 2 or marks is None:
        yield from group
        return
    columns = {name: [text for sheet in group for text in sheet.columns[name]] for name in first.columns}
    years = {_year(sheet) for sheet in group}
    dated = any(dates(texts) for name, texts in columns.items() if not is_birth(name))
    if len(years) == len(group) and 0 not in years and not dated:
        columns |= {YEARS: [str(12 * (_year(sheet) - min(years))) for sheet in group for _ in range(sheet.n_rows)]}
    written = {key: value for key, value in first.written.items() if key not in MARKS} | marks
    yield replace(first, written=written, columns=columns, members=tuple(group))


def _marks(group: list[Sheet]) -> dict[str, Any] | None:
    """The decimal marks of all files; None where they differ."""
    if plain(group[0].written.get("format", "csv")) == "csv":
        found = decimal_marks([text for sheet in group for texts in sheet.columns.values() for text in texts])
        return None if isinstance(found.get("decimal"), Guess) else found
    # A workbook's numbers have no mark: only its texts say one.
    declared = [{key: sheet.written[key] for key in MARKS if key in sheet.written} for sheet in group]
    several = {str(plain(one)) for one in declared if one}
    return next(filter(None, declared), {}) if len(several) < 2 else None


def _year(sheet: Sheet) -> int:
    """The year in the name of a file or its sheet; 0 where there is none."""
    found = YEAR.findall(name_of(sheet))
    return int(found[-1]) if found else 0
