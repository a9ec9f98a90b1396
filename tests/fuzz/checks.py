"""What must hold of every run on a spoilt file, worked out from the raw bytes and the clean file's run."""

from __future__ import annotations

import csv
import re
from functools import cache

import pandas as pd
import yaml

from .layouts import SECRET, Layout
from .pipeline import ROOT, Crashed, Found, Refused
from .record_checks import SET_ASIDE, Case, record_faults
from .sheet import Known, is_workbook, known_lines, text_lines

FATES = {"clean", "duplicate", "ignored", "quarantined"}
LONGEST_MESSAGE = 4000


def faults(case: Case, found: Found | Refused | Crashed) -> list[str]:
    """Everything that is wrong with a run; empty where nothing is."""
    if isinstance(found, Crashed):
        return [f"crashed:\n{found.text}"]
    if isinstance(found, Refused):
        return _refusal_faults(case, found.text)
    layout = case.sheet.layout
    return [
        *_line_faults(layout, case.content, found),
        *_ledger_faults(found),
        *record_faults(case, found),
        *_private_faults(case, found),
    ]


def _refusal_faults(case: Case, text: str) -> list[str]:
    """Plain lines that name the file, and a line of it that exists."""
    out = []
    if case.readable:
        out.append(f"refused, though nothing is wrong with its columns: {text[:300]}")
    if "Traceback" in text or len(text) > LONGEST_MESSAGE:
        out.append(f"the message is no plain text ({len(text)} characters): {text[:300]}")
    if str(case.sheet.layout.declared["path"]) not in text:
        out.append(f"the message names no file: {text[:300]}")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        out.append(f"control characters in the message: {text[:300]!r}")
    if SECRET in text and not case.sheet.moved:
        out.append(f"a private cell in the message: {text[:300]}")
    # A byte of any encoding may be a line end.
    most = max(case.content.count(b"\n"), case.content.count(b"\r")) + len(case.sheet.above) + 2
    named = [] if is_workbook(case.sheet.layout) or "header" in text else re.findall(r"line (\d+)", text)
    far = [number for number in named if not 1 <= int(number) <= most]
    return out + [f"the message names line {number}: {text[:300]}" for number in far]


def _line_faults(layout: Layout, content: bytes, found: Found) -> list[str]:
    """Every line of the file stands in the ledger, once or as part of a record over several lines."""
    lines = text_lines(layout, content) if not is_workbook(layout) else None
    if lines is None:
        return [] if is_workbook(layout) else ["read although its bytes are not of the declared encoding"]
    intake = found.intake.set_index("line")["problem"]
    there, width = set(intake.index), sum(name.startswith("cell:") for name in found.intake)
    width += len(layout.declared.get("private_columns", []))
    top = int(layout.declared.get("header_line", 1))
    out = []
    starts = sorted(there | {top})
    if starts and (starts[0] != 1 or starts[-1] > len(lines)):
        out.append(f"lines {starts[0]} to {starts[-1]} of 1 to {len(lines)}")
    for first, after in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        span = [line + "\n" for line in lines[first - 1 : after - 1]]
        if len(span) > 1:
            rows = list(csv.reader(span, delimiter=str(layout.declared.get("delimiter", ","))))
            if len(rows) != 1 or len(rows[0]) != width:
                out.append(f"lines {first + 1} to {after - 1} have no fate")
    return out


def _ledger_faults(found: Found) -> list[str]:
    ledger, first = found.ledger, found.first
    out = []
    if set(ledger["line"]) != set(found.intake["line"]):
        out.append("lines of intake and ledger differ")
    if ledger.duplicated(["file", "line", "item"]).any():
        out.append("a record stands twice in the ledger")
    keys = [set(zip(frame["line"], frame["item"], strict=True)) for frame in (ledger, first)]
    if len(ledger) != len(first) or keys[0] != keys[1]:
        out.append("joining lost or made records")
    if not set(ledger["fate"]) <= FATES:
        out.append(f"unknown fates {set(ledger['fate'])}")
    silent = ledger[(ledger["fate"] != "clean") & (ledger["reason"] == "")]
    if len(silent):
        out.append(f"no reason on line {silent['line'].iloc[0]}")
    wordless = set(ledger["reason"]) - reasons() - {""}
    if wordless:
        out.append(f"reasons without words: {wordless}")
    for name in ("measurements", "events", "treatments"):
        clean = int(((ledger["table"] == name) & (ledger["fate"] == "clean")).sum())
        if clean != len(found.tables[name]):
            out.append(f"{name}: {clean} clean in the ledger, {len(found.tables[name])} rows")
    return out


@cache
def reasons() -> frozenset[str]:
    return frozenset(yaml.safe_load((ROOT / "workflow/locales/en.yaml").read_text(encoding="utf-8"))["ledger_reason"])


def _private_faults(case: Case, found: Found) -> list[str]:
    if case.sheet.moved or not case.sheet.layout.declared.get("private_columns"):
        return []
    known = known_lines(case.sheet, case.content)
    ledger = found.ledger[~found.ledger["line"].isin([n for n in found.ledger["line"] if n not in known])]
    shown = [name for frame in (ledger, *found.tables.values()) for name in _with_secret(frame, known)]
    broken = found.intake[found.intake["problem"].notna() & ~found.intake["problem"].isin({*SET_ASIDE, "HEADER_AGAIN"})]
    return [f"a private cell in {name}" for name in shown] + (
        ["the text of a broken line is kept"] if broken["text"].notna().any() else []
    )


def _with_secret(frame: pd.DataFrame, known: dict[int, Known]) -> list[str]:
    here = frame[frame["line"].isin(list(known))] if "line" in frame else frame.iloc[:0]
    return [name for name in here if here[name].astype(str).str.contains(SECRET).any()]
