"""Records of a spoilt file against those of the clean one, and changed cells against what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from .human import Meaning
from .layouts import Layout
from .pipeline import Found, Key, dictionary
from .roles import touched_fields
from .sheet import LINE_END, Known, Sheet, is_workbook, known_lines, text_lines

# Reasons that come from other rows: an untouched record may be held for them.
FROM_NEIGHBOURS = {"JUMP", "COPY_FWD", "ABG_VENOUS"}
FROM_ELSEWHERE = {"DUP_IDENTICAL", "DUP_SUPERSEDED", "DUP_CONFLICT", "ID_CONFLICT", "AFTER_DEATH", "TIME_NO_ANCHOR"}
# An id that is none is filled down as well: the rows below it name nobody.
FROM_ELSEWHERE |= {"ID_MISSING", "ID_INVALID", "FILE_LAYOUT"}
ANYBODY = "*"
SET_ASIDE = {"FOOTER", "BLANK_LINE", "ABOVE_HEADER", "UNITS_LINE"}
READING = {
    "outcome",
    "value",
    "lower",
    "upper",
    "result",
    "unit",
    "raw_value",
    "raw_unit",
    "flags",
    "status",
    "characteristic",
}
# By outcome: what its name alone settles.
WITH_NAME = {"assay", "specimen"}


@dataclass(frozen=True)
class Case:
    """A spoilt file: what it was made from, its bytes, and whether refusing it would be a fault."""

    sheet: Sheet
    content: bytes
    base: Found
    readable: bool = False


def record_faults(case: Case, found: Found) -> list[str]:
    """Records of lines that say what they said are what they were, or held; changed cells give what they say."""
    layout = case.sheet.layout
    known = known_lines(case.sheet, case.content)
    offset = int(layout.declared.get("header_line", 1)) + 1
    by_line: dict[int, dict[Key, dict[str, Any]]] = {}
    for key, record in found.records.items():
        by_line.setdefault(key[0], {})[key] = record
    before = _by_row(case.base, layout, offset)
    context = _Context(case, layout, _carried_ids(case, known, found), _anchors_hold(case, known))
    out = []
    for line, promise in known.items():
        if line not in by_line:
            if not is_workbook(layout):
                out.append(f"line {line} was swallowed")
            continue
        out += _one_line(context, line, promise, before.get(promise.row, {}), by_line[line])
    return out


@dataclass(frozen=True)
class _Context:
    case: Case
    layout: Layout
    ids: dict[int, str | None]
    anchored: bool


def _by_row(base: Found, layout: Layout, offset: int) -> dict[int, dict[Key, dict[str, Any]]]:
    """Records of the clean run by row; rows over several lines begin where the ledger says."""
    lines = sorted(n for n in set(base.intake["line"]) if n >= offset)
    place = {line: row for row, line in enumerate(lines)}
    out: dict[int, dict[Key, dict[str, Any]]] = {}
    for key, record in base.records.items():
        if key[0] in place:
            out.setdefault(place[key[0]], {})[key] = record
    return out


def _carried_ids(case: Case, known: dict[int, Known], found: Found) -> dict[int, str | None]:
    """Whose row each known line is: its own id, or the one above where ids are filled down; None where unclear."""
    part = case.sheet.layout.declared["parts"][-1]
    if not part.get("fill_down_subject"):
        return {}
    column = case.sheet.layout.columns.index(part["subject"])
    texts = {(line.row, line.touched): line.cells for line in case.sheet.lines}
    present = case.sheet.origin.index(column) if column in case.sheet.origin else None
    problem = found.intake.set_index("line")["problem"]
    out: dict[int, str | None] = {}
    carried: str | None = ""
    for line in sorted(set(found.intake["line"]) | set(known)):
        if line in known and present is not None:
            own = texts[(known[line].row, known[line].touched)][present]
            # A mark that nobody sees leaves a cell as blank as none.
            carried = own.strip() if any(c.isprintable() and not c.isspace() for c in own) else carried
            out[line] = carried
        elif problem.get(line) not in SET_ASIDE:
            # A broken line may have named the next person; a changed one that can be read named whomever it says.
            carried = None if isinstance(problem.get(line), str) else ANYBODY
    return out


def _anchors_hold(case: Case, known: dict[int, Known]) -> bool:
    """Whether every admission that relative times count from stands untouched, and nothing else may be one."""
    parts = case.sheet.layout.declared["parts"]
    if not any("relative_to" in part.get("time", {}) for part in parts):
        return True
    rows = case.sheet.layout.rows
    admissions = {n for n, row in enumerate(rows) if "ADM" in row}
    if any(k.row in admissions and k.touched for k in known.values()) or case.sheet.moved:
        return False
    lines = text_lines(case.sheet.layout, case.content) or []
    return admissions <= {k.row for k in known.values()} and not any(
        "ADM" in text for n, text in enumerate(lines, start=1) if n not in known
    )


def _one_line(
    context: _Context, line: int, promise: Known, before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]]
) -> list[str]:
    out = []
    now = {key[1:]: record for key, record in after.items()}
    whole = now.get(("", ""))
    for key, record in before.items():
        fields = touched_fields(context.layout.file(), key[1], key[2], promise.touched) if promise.touched else set()
        if "*" in fields:
            fault = _condition_fault(context.case.sheet, promise, record, now.get(key[1:]))
            out += [f"line {line} (row {promise.row}) {key[1]} {key[2]}: {fault}"] if fault else []
            continue
        found = now.get(key[1:], whole)
        where = f"line {line} (row {promise.row}) {key[1]} {key[2]}"
        if found is None:
            out += [] if "reading" in fields or "time" in fields else [f"{where}: the record is gone"]
        elif found["fate"] == "clean":
            out += [f"{where}: {fault}" for fault in _clean_faults(context, line, promise, record, found, fields)]
        elif not fields and record["fate"] == "clean" and found["reason"] not in FROM_ELSEWHERE:
            out.append(f"{where}: held for {found['reason']} though nothing of it changed")
    if not promise.touched:
        out += [
            f"line {line}: a record {key} came from nowhere"
            for key in now
            if key not in {k[1:] for k in before} and key != ("", "")
        ]
    return out


def _condition_fault(sheet: Sheet, promise: Known, before: dict[str, Any], after: dict[str, Any] | None) -> str:
    """A code in another spelling is still the code, and with another sign it is none."""
    meaning = _meaning(sheet, promise, promise.touched)
    if meaning is None or len(promise.touched) > 1 or meaning.names or before["fate"] != "clean":
        return ""
    clean = after is not None and after["fate"] == "clean"
    if meaning.words:
        held = after["reason"] if after is not None else "gone"
        return "" if clean or held in FROM_ELSEWHERE else f"its code is spelled otherwise, and it is {held}"
    return "it stays, though its code is another text" if clean else ""


def _clean_faults(
    context: _Context, line: int, promise: Known, before: dict[str, Any], after: dict[str, Any], fields: set[str]
) -> list[str]:
    if "fields" not in after:
        return ["clean in the ledger, but in no table"]
    new, old = after["fields"], before.get("fields")
    out = []
    free = {"line", "file", "source", "item"} | fields
    if fields & {"reading", "remarks"}:
        free |= {"flags"}
    if promise.touched:
        free |= {"result_time"}
    if "reading" in fields:
        free |= READING | WITH_NAME
        out += _reading_faults(context.case.sheet, promise, before, new)
    for name in fields & {"time", "start", "stop"}:
        out += _moment_faults(context.case.sheet, promise, name, new)
    out += _person_faults(context, line, promise, new, fields)
    if not context.anchored and "relative_to" in str(context.layout.declared):
        free |= {"time", "latest"}
    if "time" in fields:
        free |= {"end_time", "flags", "latest"}
    # A day alone has a last moment, a time with a clock none.
    free |= {f"{name}_latest" for name in fields & {"start", "stop"}}
    if "anchored" in fields:
        free |= {"time"}
    if old is None:
        return (
            out
            if before["reason"] in FROM_ELSEWHERE or fields
            else [*out, f"clean, but the clean file held it for {before['reason']}"]
        )
    free |= {"patient_id", "subject"}
    same = (name for name in old if name not in free)
    return out + [
        f"{name} is {new.get(name)!r}, was {old[name]!r}"
        for name in same
        if not _equal(_own(name, old[name]), _own(name, new.get(name)))
    ]


def _own(name: str, value: Any) -> Any:
    """A field without the flags that a record has from its neighbours, which may have changed."""
    if name != "flags" or not isinstance(value, str):
        return value
    return ";".join(flag for flag in value.split(";") if flag not in FROM_NEIGHBOURS)


def _equal(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    if isinstance(one, str) and isinstance(other, str):
        return LINE_END.split(one) == LINE_END.split(other)
    return bool(one == other)


def _meaning(sheet: Sheet, promise: Known, names: frozenset[str]) -> Meaning | None:
    return next((sheet.meanings[(promise.row, n)] for n in names if (promise.row, n) in sheet.meanings), None)


def _person_faults(context: _Context, line: int, promise: Known, new: dict[str, Any], fields: set[str]) -> list[str]:
    """The record belongs to the id of its row, zeros in front aside."""
    sheet = context.case.sheet
    part = sheet.layout.declared["parts"][0]
    column = sheet.layout.columns.index(part["subject"])
    person = str(new["patient_id"]).removeprefix("s/").lstrip("0")
    own: str | None = sheet.layout.rows[promise.row][column]
    if "patient_id" in fields:
        meaning = _meaning(sheet, promise, frozenset({part["subject"]}))
        return (
            []
            if meaning is None or seen(person) in {seen(n) for n in meaning.names}
            else [f"person {person!r}, row says {meaning.names}"]
        )
    if context.ids:
        own = context.ids.get(line)
        if own == ANYBODY:
            return []
        if own is None:
            return [f"person {person!r}, though the line that names the person is broken"]
    return [] if own is not None and seen(person) == seen(own) else [f"person {person!r}, row says {own!r}"]


def _reading_faults(sheet: Sheet, promise: Known, before: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """A clean reading of a changed cell is one that a person would make."""
    meaning = _meaning(sheet, promise, promise.touched)
    if meaning is None or len(promise.touched) > 1:
        return []
    value, lower, upper = (new.get(name, math.nan) for name in ("value", "lower", "upper"))
    result = new.get("result")
    if all(_null(x) for x in (value, lower, upper, result)):
        return (
            []
            if meaning.silent or (new.get("status") == "not_done" and not meaning.numbers)
            else [f"nothing, row says {meaning}"]
        )
    if not _null(result):
        return [] if result in meaning.words or _renamed(meaning, before, new) else [f"{result!r}, row says {meaning}"]
    for operator, number, unit in _spoken(sheet, promise, meaning, before, new):
        if _agrees(operator, _canonical(new, number, unit), value, lower, upper):
            return []
    return [f"value {value}, bounds {lower} to {upper} {new.get('unit')}, row says {meaning}"]


def _null(x: Any) -> bool:
    return x is None or bool(pd.isna(x))


def _renamed(meaning: Meaning, before: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(meaning.names) and new.get("outcome") in meaning.names


def _spoken(
    sheet: Sheet, promise: Known, meaning: Meaning, before: dict[str, Any], new: dict[str, Any]
) -> list[tuple[str, float, str]]:
    """Numbers as the changed row says them: with its own unit unless the cell or the unit column says another."""
    raw = str(new.get("raw_unit", before.get("fields", {}).get("raw_unit", "")))
    if meaning.numbers:
        return [(operator, number, unit or raw) for operator, number, unit in meaning.numbers]
    if not meaning.names or "fields" not in before:
        return []
    # Name or unit changed: the number itself is the clean row's, in the unit that the row now names.
    old = before["fields"]
    code, unit = str(old["outcome"]), str(old["raw_unit"])
    conversion = dictionary().conversion(code, unit)
    if conversion is None or new.get("outcome") not in (meaning.names | {code}):
        return []
    number = old["value"] if not _null(old["value"]) else old["upper"] if not _null(old["upper"]) else old["lower"]
    operator = "" if not _null(old["value"]) else "<" if not _null(old["upper"]) else ">"
    plain = (number - conversion.offset) / conversion.factor
    said = [name for name in meaning.names if name != code and name not in dictionary().outcomes]
    return [(operator, plain, unit_said) for unit_said in (said or [raw])]


def seen(text: str) -> str:
    """What a person sees of an id: a sheet shows control characters as '?', and others not at all."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    bare = "".join(c for c in spaced if c.isprintable()).replace("?", "").strip()
    return bare.removeprefix("'").removeprefix('="').removesuffix('"').lstrip("0")


def _canonical(new: dict[str, Any], number: float, unit: str) -> float:
    code = str(new.get("outcome") or new.get("characteristic"))
    conversion = dictionary().conversion(code, unit) if unit else None
    if conversion is None:
        # Declared without a unit in the row: characteristics, pure numbers.
        return number
    return number * conversion.factor + conversion.offset


def _agrees(operator: str, number: float, value: Any, lower: Any, upper: Any) -> bool:
    if operator == "":
        return not _null(value) and math.isclose(value, number, rel_tol=1e-9, abs_tol=1e-12)
    bound = upper if operator == "<" else lower
    return _null(value) and not _null(bound) and math.isclose(bound, number, rel_tol=1e-9, abs_tol=1e-12)


def _moment_faults(sheet: Sheet, promise: Known, name: str, new: dict[str, Any]) -> list[str]:
    meaning = _meaning(sheet, promise, promise.touched)
    if meaning is None or len(promise.touched) > 1:
        return []
    found = new.get(name)
    if found is None or pd.isna(found):
        return [] if not meaning.moments else [f"{name} is gone, row says {meaning.moments}"]
    moment: datetime = pd.Timestamp(found).to_pydatetime()
    return [] if moment in meaning.moments else [f"{name} is {moment}, row says {meaning.moments}"]
