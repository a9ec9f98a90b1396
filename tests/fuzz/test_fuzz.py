"""Spoilt files never yield a traceback, a lost row, or another value in a cell that nobody touched.

`HC_FUZZ_FILES` and `HC_FUZZ_CELLS` set how many files with damage to lines, columns or bytes, and how many files of
changed cells are made; `HC_FUZZ_SEED` gives other ones. A failure names its seed and the smallest file that shows it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from .checks import faults
from .harness import CELLS, FILES, Report, base_run, check_cells, check_files
from .layouts import LAYOUTS, Layout, hospital_laboratory, merged_ids
from .pipeline import Crashed, Found, Refused, run
from .record_checks import Case
from .sheet import clean_sheet, content

SEED = os.environ.get("HC_FUZZ_SEED", "1")


def seeds(kind: str, many: int) -> list[str]:
    return [f"{kind}-{SEED}-{n}" for n in range(many)]


def failing_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "failing"
    folder.mkdir()
    return folder


def nothing_wrong(report: Report) -> None:
    print(dict(report.counts))
    assert not report.failures, f"{len(report.failures)} failures\n" + "\n".join(report.failures[:10])


@pytest.mark.parametrize("make", LAYOUTS)
def test_clean_files_are_clean(make: type[Layout], tmp_path: Path) -> None:
    layout = make()
    found = base_run(layout, tmp_path)
    assert faults(Case(clean_sheet(layout), content(clean_sheet(layout)), found), found) == []
    assert (found.ledger["fate"] == "clean").mean() > 0.8


def test_damaged_files(tmp_path: Path) -> None:
    report = check_files(seeds("f", 24), tmp_path, failing_folder(tmp_path))
    nothing_wrong(report)
    assert report.counts["Found"] > 6 and report.counts["Refused"] > 2


def test_changed_cells(tmp_path: Path) -> None:
    report = check_cells(seeds("c", 4), tmp_path, failing_folder(tmp_path))
    nothing_wrong(report)
    assert report.counts[CELLS] > 300


@pytest.mark.slow
def test_many_damaged_files_and_changed_cells(tmp_path: Path) -> None:
    failing = failing_folder(tmp_path)
    files = check_files(seeds("F", int(os.environ.get("HC_FUZZ_FILES", "2500"))), tmp_path, failing)
    cells = check_cells(seeds("C", int(os.environ.get("HC_FUZZ_CELLS", "220"))), tmp_path, failing)
    nothing_wrong(Report(files.counts + cells.counts, files.failures + cells.failures))
    assert files.counts[FILES] + cells.counts[CELLS] >= 20_000


# The checks themselves must see what they are there for.


def altered(found: Found, table: str, column: str, value: object) -> Found:
    """The run with one value of a table another, in the middle of the file."""
    key = next(k for k in sorted(found.records) if k[1] == table and k[0] > 10 and "fields" in found.records[k])
    record = found.records[key]
    other = record | {"fields": record["fields"] | {column: value}}
    return replace(found, records=found.records | {key: other})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("value", 99.0),
        ("upper", 1.0),
        ("unit", "mg/dL"),
        ("patient_id", "s/0004141"),
        ("outcome", "PCT"),
        ("time", pd.Timestamp("2020-05-09 12:00", tz="UTC")),
        ("assay", "other"),
        ("specimen", "urine"),
    ],
)
def test_another_value_is_seen(column: str, value: object, tmp_path: Path) -> None:
    layout = hospital_laboratory()
    found = base_run(layout, tmp_path)
    case = Case(clean_sheet(layout), content(clean_sheet(layout)), found)
    assert len(faults(case, altered(found, "measurements", column, value))) == 1


def test_a_lost_line_is_seen(tmp_path: Path) -> None:
    layout = hospital_laboratory()
    found = base_run(layout, tmp_path)
    case = Case(clean_sheet(layout), content(clean_sheet(layout)), found)
    fewer = replace(
        found, intake=found.intake[found.intake["line"] != 12], ledger=found.ledger[found.ledger["line"] != 12]
    )
    fewer = replace(fewer, records={key: record for key, record in found.records.items() if key[0] != 12})
    assert any("no fate" in fault for fault in faults(case, fewer))
    assert any("swallowed" in fault for fault in faults(case, fewer))


def test_a_crash_and_an_obscure_refusal_are_seen(tmp_path: Path) -> None:
    layout = hospital_laboratory()
    case = Case(clean_sheet(layout), content(clean_sheet(layout)), base_run(layout, tmp_path))
    assert faults(case, Crashed("Traceback ..."))
    assert faults(case, Refused("Traceback of f.csv"))
    assert faults(case, Refused("something is wrong"))
    assert faults(case, Refused("f.csv, line 900: something is wrong"))
    assert not faults(case, Refused("f.csv, line 9: something is wrong"))


@pytest.mark.parametrize("header_again", [False, True])
def test_ids_are_not_filled_down_over_a_broken_line_or_a_header(header_again: bool, tmp_path: Path) -> None:
    """It may have named the next patient, or opened another table: nobody can tell whose the rows below it are."""
    layout = merged_ids(12)
    lines = content(clean_sheet(layout)).decode().split("\n")
    broken = "\n".join([*lines[:5], lines[0] if header_again else lines[5] + "|", *lines[6:]]).encode()
    found = run(layout, broken, tmp_path)
    assert isinstance(found, Found)
    held = found.ledger.set_index("line")["reason"]
    assert list(held[[7, 8, 9]]) == ["ID_MISSING"] * 3
    assert list(held[[10, 11, 12, 13]]) == [""] * 4
