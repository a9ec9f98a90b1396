"""Spoilt files by seed, run and checked; the smallest that fails is written where it can be looked at."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from .cells import condition_cell, finding_cell, id_cell, moment_cell, name_cell, number_cell, unit_cell, word_cell
from .checks import faults
from .damage import ARCHIVE_BYTES, TEXT_BYTES
from .human import Meaning
from .layouts import LAYOUTS, Layout
from .pipeline import Found, run
from .record_checks import Case
from .roles import Cell, cells_of, codes_of
from .sheet import Line, clean_sheet, content, is_workbook
from .spoiling import COLUMNS, LINES, huge_cell

FILES, CELLS = "files", "cells"
SHRINKING = 40


@dataclass
class Report:
    """What a run of the harness did."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@cache
def base_run(layout: Layout, folder: Path) -> Found:
    found = run(layout, content(clean_sheet(layout)), folder)
    assert isinstance(found, Found), f"{layout.name}: {found.text}"
    return found


def spoilt_file(layout: Layout, seed: str, folder: Path) -> tuple[Case, list[str]]:
    """A file with one to three faults; the same seed gives the same file."""
    rng = random.Random(seed)
    sheet, said = clean_sheet(layout), []
    to_rows = [rng.choice(LINES if rng.random() < 0.7 else COLUMNS) for _ in range(rng.choice([0, 1, 1, 2]))]
    if rng.random() < 0.01:
        to_rows = [huge_cell]
    kinds = ARCHIVE_BYTES if is_workbook(layout) else TEXT_BYTES
    to_bytes = [rng.choice(kinds) for _ in range(rng.choice([0, 1]) if to_rows else 1)]
    for spoil in to_rows:
        sheet = spoil(sheet, random.Random(rng.random()))
        said.append(spoil.__name__)
    raw = content(sheet)
    for damage in to_bytes:
        raw = damage(raw, layout, random.Random(rng.random()))
        said.append(damage.__name__)
    return Case(sheet, raw, base_run(layout, folder)), said


def spoilt_cells(layout: Layout, seed: str, folder: Path) -> tuple[Case, int]:
    """A file with one changed cell in most of its rows, each with a known meaning."""
    rng = random.Random(seed)
    base = base_run(layout, folder)
    roles, sheet = cells_of(layout.file()), clean_sheet(layout)
    lines, meanings = [], {}
    for line in sheet.lines:
        changed = _changed(line, layout, roles, rng, base) if line.row is not None and rng.random() < 0.85 else None
        lines.append(changed[0] if changed else line)
        if changed and line.row is not None:
            meanings[(line.row, changed[1])] = changed[2]
    spoilt = replace(sheet, lines=tuple(lines), meanings=meanings)
    return Case(spoilt, content(spoilt), base, readable=True), len(meanings)


def _changed(
    line: Line, layout: Layout, roles: dict[str, Cell], rng: random.Random, base: Found
) -> tuple[Line, str, Meaning] | None:
    """The line with one read cell rewritten, which, and what it means; None where the text would break the line."""
    codes = codes_of(layout.file())
    filled = [
        n
        for n, name in enumerate(layout.columns)
        if name in roles and line.cells[n] and (roles[name].role != "where" or line.cells[n] in codes.get(name, ()))
    ]
    if not filled or line.row is None:
        return None
    # Ids and times link rows to each other: few, so that the rest stays clean.
    weights = [
        {"subject": 0.3, "where": 0.5, "time": 1.0, "value": 4.0}.get(roles[layout.columns[n]].role, 1.0)
        for n in filled
    ]
    at = rng.choices(filled, weights)[0]
    name = layout.columns[at]
    text, meaning = _rewritten(name, line.cells[at], _code(line.row, base, layout), layout, rng)
    encoding = str(layout.declared.get("encoding", "utf-8"))
    if text.encode(encoding, "ignore").decode(encoding).removeprefix("\ufeff") != text:
        return None
    delimiter = str(layout.declared.get("delimiter", ","))
    if any(mark in text for mark in ('"', "\n", "\r", "\x00", delimiter, "\ufeff")) and (
        not layout.quoted or "\x00" in text
    ):
        return None
    if text == line.cells[at] or (is_workbook(layout) and _typed_by_spreadsheet(text)):
        return None
    cells = (*line.cells[:at], text, *line.cells[at + 1 :])
    return replace(line, cells=cells, touched=frozenset({name})), name, meaning


def _typed_by_spreadsheet(text: str) -> bool:
    """Whether the sheet would not show the text as it was typed."""
    try:
        return datetime.fromisoformat(text).isoformat(sep=" ") != text
    except ValueError:
        return not text.isprintable()


def _code(row: int, base: Found, layout: Layout) -> str:
    first = int(layout.declared.get("header_line", 1)) + 1
    lines = sorted(n for n in set(base.intake["line"]) if n >= first)
    found = base.ledger.loc[base.ledger["line"] == lines[row], "analyte"]
    return str(found.iloc[0]) if len(found) else ""


def _rewritten(name: str, before: str, code: str, layout: Layout, rng: random.Random) -> tuple[str, Meaning]:
    file = layout.file()
    cell = cells_of(file)[name]
    match cell.role:
        case "value" if code == "PCR":
            return finding_cell(rng, {"Positivo": "positive", "NEGATIVO": "negative", "no detectado": "negative"})
        case "value":
            return number_cell(rng, before, file)
        case "finding":
            return finding_cell(rng, dict(cell.words) or {"Sí": "yes", "NO": "no", "si": "yes"})
        case "time" if cell.forms:
            return moment_cell(rng, before, list(cell.forms), layout.timezone)
        case "subject":
            column = layout.columns.index(layout.declared["parts"][0]["subject"])
            others = sorted({row[column] for row in layout.rows} - {""})
            filled = any(part.get("fill_down_subject") for part in layout.declared["parts"])
            return id_cell(rng, before, others, not filled)
        case "where":
            return condition_cell(rng, before, sorted(codes_of(file).get(name, frozenset()) - {before}))
        case "unit":
            return unit_cell(rng, code)
        case "name":
            return name_cell(rng, code)
    return word_cell(rng, before)


def check_files(seeds: Iterable[str], folder: Path, failing: Path) -> Report:
    """One spoilt file per seed."""
    report = Report()
    for seed in seeds:
        layout = _layout(seed, None)
        case, said = spoilt_file(layout, seed, folder)
        found = run(layout, case.content, folder)
        report.counts[FILES] += 1
        report.counts[type(found).__name__] += 1
        wrong = faults(case, found)
        if wrong:
            report.failures.append(_written(seed, said, layout, wrong, folder, failing))
    return report


def check_cells(seeds: Iterable[str], folder: Path, failing: Path, rows: int = 120) -> Report:
    """Many changed cells per file."""
    report = Report()
    for seed in seeds:
        layout = _layout(seed, rows)
        case, changed = spoilt_cells(layout, seed, folder)
        found = run(layout, case.content, folder)
        report.counts[FILES] += 1
        report.counts[CELLS] += changed
        wrong = faults(case, found)
        if wrong:
            path = failing / f"{seed}.bin"
            path.write_bytes(case.content)
            report.failures.append(f"seed {seed}, {layout.name}, {path}\n  " + "\n  ".join(wrong[:8]))
    return report


def _layout(seed: str, rows: int | None) -> Layout:
    make = random.Random(f"layout {seed}").choice(LAYOUTS)
    return make(rows) if rows else make()  # type: ignore[call-arg]


def _written(seed: str, said: list[str], layout: Layout, wrong: list[str], folder: Path, failing: Path) -> str:
    """Fewer rows as long as the same seed still fails, then the file itself."""
    rows = layout.rows
    for _ in range(SHRINKING):
        fewer = _still_failing(seed, layout, rows, folder)
        if fewer is None:
            break
        rows = fewer
    small = layout.of_rows(rows)
    case, _ = spoilt_file(small, seed, folder)
    now = faults(case, run(small, case.content, folder)) or wrong
    path = failing / f"{seed}.bin"
    path.write_bytes(case.content)
    return f"seed {seed}, {layout.name} of {len(rows)} rows, {said}, {path}\n  " + "\n  ".join(now[:6])


def _still_failing(
    seed: str, layout: Layout, rows: tuple[tuple[str, ...], ...], folder: Path
) -> tuple[tuple[str, ...], ...] | None:
    """A part of the rows that fails as well."""
    half = len(rows) // 2
    for fewer in (rows[:half], rows[half:], rows[: half + half // 2], rows[1:], rows[:-1]):
        small = layout.of_rows(fewer)
        if fewer and len(fewer) < len(rows):
            case, _ = spoilt_file(small, seed, folder)
            if faults(case, run(small, case.content, folder)):
                return fewer
    return None
