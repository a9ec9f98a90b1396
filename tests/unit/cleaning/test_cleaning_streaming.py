"""Files in blocks of lines, sources in ranges of people: wherever the edges fall, the tables are the same."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, clean, dictionary, intake, source, study
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.people.joining import assemble_files
from historical_controls.cleaning.records import stored_columns
from historical_controls.cleaning.records.outputs import FILE_TABLES, SOURCE_TABLES, CleanedFile, write_cleaned_file
from historical_controls.cleaning.records.stored_columns import stored_rows
from historical_controls.cleaning.rows.files import FileInputs, LostRecordError, clean_blocks, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.tables import parquet as table_io
from historical_controls.tables.coded import plain
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import INTAKE

DAY = {"columns": ["d"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}
FILLED = {**LONG, "fill_down_subject": True}
RELATIVE = {**FILLED, "time": {"columns": ["hour"], "relative_to": "admission", "relative_unit": "HH:MM"}}
PERSON = {
    "kind": "patients",
    "subject": "id",
    "columns": {"sex": {"characteristic": "SEX"}, "age": {"characteristic": "AGE", "unit": "years"}},
    "events": [{"event": "death", "time": DAY}],
}
DIRT = [
    {"result": "x"},
    {"unit": ""},
    {"test": "nobody knows"},
    {"when": "2020-13-01", "hour": "x"},
    {"result": "", "id": ""},
    {"result": "<5"},
    {"status": "corregido", "result": "14"},
]


def rows_of(people: list[str], per_person: int) -> list[dict[str, str]]:
    """Every person's samples; ids on the first row of each only, with repeats, contradictions and dirt in between."""
    rows = []
    for n, name in enumerate(people):
        for k in range(per_person):
            change: dict[str, str] = DIRT[(n + k) % len(DIRT)] if (n * 7 + k) % 4 == 0 else {}
            when = f"2020-05-{4 + k // 2:02d} 08:00"
            result = str(12 + (k % 2) * (n % 3))
            rows.append(
                {**LAB, "id": "" if k else name, "when": when, "hour": f"{k // 2}:00", "result": result, **change}
            )
    return rows


PEOPLE = ["0012", "7", "30", "12", "8", "9", "10", "11", "0009"]


@cache
def files(relative: bool) -> dict[str, pd.DataFrame]:
    lab = intake(rows_of(PEOPLE, 9), [(1040, "FILE_LAYOUT", "1;2"), (1041, "BLANK_LINE", "")])
    lab["line"] = lab["line"].mask(lab["line"].between(40, 999), lab["line"] + 2) % 1000
    dates = ["2020-05-06 08:00" if n % 2 else "" for n in range(len(PEOPLE))]
    people = [{"id": name, "sex": "male", "age": "61", "d": d} for name, d in zip(PEOPLE, dates, strict=True)]
    people += [{"id": "8", "sex": "female", "age": "61", "d": ""}, {"id": "99", "sex": "male", "age": "61", "d": ""}]
    if relative:
        people = [{**person, "d": ""} for person in people]
    return {"lab": table_io.conform(lab, INTAKE), "people": intake(people), "again": intake(rows_of(["7"], 4))}


@cache
def declared(relative: bool) -> Source:
    part = RELATIVE if relative else FILLED
    parts = {"lab": part, "people": PERSON, "again": part}
    epoch: dict[str, Any] = {"relative_epoch": "2020-03-01"} if relative else {}
    return source({name: {"parts": [part]} for name, part in parts.items()}, timezone="America/Mexico_City", **epoch)


@cache
def whole(relative: bool) -> tuple[dict[str, CleanedFile], pd.DataFrame, dict[str, pd.DataFrame]]:
    cleaned = {
        name: clean_file(raw, FileInputs("s", name, declared(relative), study(), dictionary()))
        for name, raw in files(relative).items()
    }
    people = link_people({"s": pd.concat([part.ledger for part in cleaned.values()])}, {"s": declared(relative)})
    joined = assemble_source(list(cleaned.values()), people, SourceInputs("s", declared(relative), dictionary()))
    return cleaned, people, {name: getattr(joined, name) for name in SOURCE_TABLES}


def same(path: Path, table: table_io.Table, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(read_table(path, table), table_io.conform(expected, table))


def test_the_study_of_these_tests_meets_every_kind_of_fate() -> None:
    _, people, joined = whole(relative=False)
    reasons = set(joined["ledger"]["reason"])
    assert reasons >= {"DUP_IDENTICAL", "DUP_CONFLICT", "DUP_SUPERSEDED", "AFTER_DEATH", "ID_CONFLICT", "ID_MISSING"}
    assert reasons >= {"NUM_UNREADABLE", "UNIT_MISSING", "NAME_UNKNOWN", "DATE_INVALID", "FILE_LAYOUT", "BLANK_LINE"}
    assert people["patient_id"].nunique() < len(people)
    assert (whole(relative=True)[2]["events"]["item"] == "relative_epoch").sum() > 5


@settings(max_examples=3, deadline=None)
@given(st.lists(st.integers(0, 90), max_size=5), st.booleans())
def test_blocks_of_lines_give_the_tables_of_the_whole_file(edges: list[int], relative: bool) -> None:
    raw = files(relative)["lab"]
    cuts = [0, *sorted(edges), len(raw)]
    blocks = [raw.iloc[first:last].reset_index(drop=True) for first, last in pairwise(cuts)]
    with TemporaryDirectory() as folder:
        pieces = clean_blocks(blocks, FileInputs("s", "lab", declared(relative), study(), dictionary()))
        write_cleaned_file(pieces, Path(folder))
        for name, table in FILE_TABLES.items():
            same(Path(folder) / f"{name}.parquet", table, getattr(whole(relative)[0]["lab"], name))


@settings(max_examples=3, deadline=None)
@given(st.integers(1, 120), st.integers(1, 50), st.booleans())
def test_ranges_of_people_give_the_tables_of_the_whole_source(rows: int, group: int, relative: bool) -> None:
    cleaned, people, expected = whole(relative)
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_io, "ROW_GROUP", group)
        folder = Path(place)
        for name, part in cleaned.items():
            write_cleaned_file([part], folder / "by_file" / name)
        folders = [folder / "by_file" / name for name in cleaned]
        # Records that a killed run had sorted.
        (folder / ".batches-killed/events").mkdir(parents=True)
        assemble_files(folders, people, SourceInputs("s", declared(relative), dictionary()), folder, rows)
        for name, table in SOURCE_TABLES.items():
            same(folder / f"{name}.parquet", table, expected[name])
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            ["by_file", *(f"{n}.parquet" for n in SOURCE_TABLES)]
        )


def test_a_failing_block_leaves_no_tables(tmp_path: Path) -> None:
    def pieces() -> Any:
        yield whole(relative=False)[0]["lab"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_cleaned_file(pieces(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_record_lost_on_the_way_stops_the_run_and_leaves_no_tables(tmp_path: Path) -> None:
    cleaned, people, _ = whole(relative=False)
    part = cleaned["lab"]
    short = CleanedFile(**{**vars(part), "measurements": part.measurements.iloc[1:]})
    write_cleaned_file([short], tmp_path / "lab")
    with pytest.raises(LostRecordError, match="clean records in the ledger"):
        assemble_files([tmp_path / "lab"], people, SourceInputs("s", declared(False), dictionary()), tmp_path, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_records_that_say_the_same_share_only_what_their_cells_say() -> None:
    """One record of each content is cleaned; a fault of patient or time stays with the record that has it."""
    sent = [
        {**LAB, **change, "result": result}
        for result in ("12", "<5", "pendiente", "12 H", "hemolizada")
        for change in ({}, {"id": ""}, {"when": "2020-13-01"}, {"id": "2"}, {"when": "2020-05-05", "id": "NULL"})
    ]
    whole = clean(sent, LONG)
    alone = [clean([row], LONG) for row in sent]
    for name in ("fate", "reason", "hint", "subject", "analyte"):
        assert list(whole.ledger[name].fillna("")) == [text for one in alone for text in one.ledger[name].fillna("")]
    for name in ("value", "upper", "unit", "specimen", "flags", "status"):
        apart = pd.concat([one.measurements[name] for one in alone], ignore_index=True)
        pd.testing.assert_series_equal(whole.measurements[name], apart)


def test_stored_cells_are_read_as_categories_and_cleaned_alike(tmp_path: Path) -> None:
    """Marks nobody sees, nulls and repeats: from texts and from categories the same tables."""
    rows = [
        {"id": "\u200b1", "hour": "1:00", "test": " PCR ", "result": "&lt;5", "unit": "mg/L"},
        {"id": "1", "hour": "2:00", "test": "PCR", "result": '="12"', "unit": "mg/L"},
        {"id": "1 ", "hour": "3:00", "test": "PCR", "result": "12", "unit": " mg/L"},
    ]
    raw = intake([{**LAB, **row} for row in rows], [(9, "FILE_LAYOUT", "broken")])
    declared = source({"f": {"parts": [RELATIVE]}})
    write_table(raw, tmp_path / "intake.parquet", INTAKE)
    coded = list(stored_rows(tmp_path / "intake.parquet", declared.files["f"]))
    assert {str(coded[0][name].dtype) for name in coded[0] if name.startswith("cell:")} == {"category"}
    inputs = [FileInputs("s", "f", declared, study(), dictionary()) for _ in range(2)]
    (one,), (other,) = clean_blocks([raw], inputs[0]), clean_blocks(coded, inputs[1])
    for name in FILE_TABLES:
        pd.testing.assert_frame_equal(plain(getattr(one, name)), plain(getattr(other, name)))
    assert one.measurements["raw_value"].tolist() == ["<5", "12", "12"]


def test_lines_of_many_values_are_cleaned_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each measured cell of a line is a record: what is in memory at once is bounded by records, not by lines."""
    monkeypatch.setattr(stored_columns, "ROW_GROUP", 2)
    wide = {
        "kind": "measurements_wide",
        "subject": "id",
        "time": DAY,
        "columns": {name: {"outcome": code, "unit": "/min"} for name, code in (("hr", "HR"), ("rr", "RR"))},
    }
    rows = [{"id": "1", "d": f"2020-05-{n:02d}", "hr": str(60 + n), "rr": "20"} for n in range(1, 16)]
    raw = intake(rows)
    write_table(raw, tmp_path / "intake.parquet", INTAKE)
    for parts, lines in (([wide], 6), ([wide, wide], 3), ([PERSON], 12)):
        assert stored_columns.lines_at_once(source({"f": {"parts": parts}}).files["f"]) == lines
    declared = source({"f": {"parts": [wide]}})
    pieces = list(stored_rows(tmp_path / "intake.parquet", declared.files["f"]))
    assert [len(piece) for piece in pieces] == [6, 6, 3]
    whole, cut = ({name: [] for name in FILE_TABLES} for _ in range(2))
    for blocks, found in (([raw], whole), (pieces, cut)):
        for cleaned in clean_blocks(blocks, FileInputs("s", "f", declared, study(), dictionary())):
            for name in FILE_TABLES:
                found[name].append(plain(getattr(cleaned, name)))
    for name in FILE_TABLES:
        one, other = (pd.concat(found[name], ignore_index=True) for found in (whole, cut))
        pd.testing.assert_frame_equal(one, other)
