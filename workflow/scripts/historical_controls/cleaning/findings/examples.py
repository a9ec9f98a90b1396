"""Three lines of a file, as sent, that show what a finding is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from historical_controls.cleaning.findings.finding import Evidence, Finding
from historical_controls.cleaning.ledger.tallies import TIMES_SAID
from historical_controls.cleaning.records.columns import CELL
from historical_controls.config.sources.parts import AnyPart, LongMeasurements, TreatmentRows
from historical_controls.config.sources.sources import SourceFile

N_EXAMPLES = 3
# Looked at to find examples that differ: neighbouring lines are often of one sample.
N_CANDIDATES = 100
LONGEST_TEXT = 60

Places = list[tuple[int, str]]


def example_places(findings: Sequence[Finding], tables: Mapping[str, Path]) -> list[Places]:
    """Return for each finding the first lines and items that it is about, read in one pass of each table."""
    places: list[dict[int, str]] = [{} for _ in findings]
    for name, path in tables.items():
        pending = [(n, where) for n, one in enumerate(findings) for where in one.evidence if where.table == name]
        _search(path, pending, places)
    return [sorted(own.items())[:N_CANDIDATES] for own in places]


def _search(path: Path, pending: list[tuple[int, Evidence]], places: list[dict[int, str]]) -> None:
    """Add lines of one table to those of each finding, until each has enough."""
    needed = sorted({"line", "item"}.union(*(where.columns for _, where in pending)))
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            # Row groups are read only as long as some finding lacks candidates.
            pending = [(n, where) for n, where in pending if len(places[n]) < N_CANDIDATES]
            if not pending:
                return
            rows = file.read_row_group(group, needed)
            for n, where in pending:
                hit = np.flatnonzero(_meets(rows, where))[: N_CANDIDATES - len(places[n])]
                own = rows.select(["line", "item"]).take(pa.array(hit)).to_pydict()
                places[n].update(zip(own["line"], own["item"], strict=True))


def _meets(rows: pa.Table, where: Evidence) -> np.ndarray:
    held = np.ones(len(rows), dtype=bool)
    for name, text in where.columns.items():
        held &= pc.fill_null(pc.equal(rows[name], pa.scalar(text)), False).to_numpy()
    return held


def as_sent(places: Places, shows: str, file: SourceFile, intake: Path) -> str:
    """Return the cells of the first places that differ, as sent: "line 5: po2_mmhg '8,9'; line 6: po2_mmhg '9,1'"."""
    columns = {line: _shown_columns(item, shows, file) for line, item in places}
    there = set(pq.read_schema(intake).names)
    needed = sorted({CELL + name for names in columns.values() for name in names} & there)
    rows = pq.read_table(intake, columns=["line", *needed, "text"], filters=[("line", "in", list(columns))])
    said: dict[str, int] = {}
    for row in rows.sort_by("line").to_pylist():
        names = [name for name in columns[row["line"]] if CELL + name in row]
        cells = ", ".join(f"{name} '{_short(row[CELL + name])}'" for name in names if row[CELL + name] is not None)
        # The same cells once: three examples that differ show more.
        said.setdefault(cells or _short(row["text"]), row["line"])
    return "; ".join(f"line {line}: {cells}" for cells, line in list(said.items())[:N_EXAMPLES])


def _shown_columns(item: str, shows: str, file: SourceFile) -> list[str]:
    """Return the columns of a record: its own where rows hold several, else those of the part that holds one a row."""
    if shows == "arm" and file.arm_column is not None:
        return [file.parts[0].subject, file.arm_column.column]
    # 'column#2' is a second record of a column, 'column>death' an event whose date it has.
    own = item.split("#")[0].split(">")[0]
    parts = [part for part in file.parts if own in ("", *_columns_of(part))] or list(file.parts)
    part = parts[0]
    if shows == "time":
        # All times of the record: any of them may be the one that cannot be read, or the two that disagree.
        specs = [getattr(part, name, None) for names in TIMES_SAID.values() for name in names]
        specs += [event.time for event in getattr(part, "events", []) if own in event.time.columns]
        named = getattr(part, "columns", {}).get(own)
        specs += [getattr(named, name, None) for name in ("born", "as_of")]
        return list(dict.fromkeys(name for spec in specs if spec for name in spec.columns)) or [own]
    if isinstance(part, LongMeasurements):
        return [name for name in (part.analyte, part.value, part.unit) if name]
    return [own] if own else [part.treatment] if isinstance(part, TreatmentRows) else []


def _columns_of(part: AnyPart) -> list[str]:
    """Return the columns that records of a part may be named after."""
    events = [column for event in getattr(part, "events", []) for column in event.time.columns]
    named = getattr(part, "event", None)
    return [*getattr(part, "columns", {}), *events, *([named] if named else [])]


def _short(text: str | None) -> str:
    plain = " ".join((text or "").split())
    return plain if len(plain) <= LONGEST_TEXT else f"{plain[:LONGEST_TEXT]}..."
