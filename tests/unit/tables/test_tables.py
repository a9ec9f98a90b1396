"""The contract between stages: what does not fit a declared table never leaves a stage."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.ard.rows import Cell, ard_frame, row_id
from historical_controls.errors import UserError, UserErrors, did_you_mean, raise_all, reported
from historical_controls.tables import parquet as table_io
from historical_controls.tables.parquet import (
    TableWriter,
    read_between,
    read_pieces,
    read_table,
    read_tables,
    write_table,
)
from historical_controls.tables.registry import ARD, INTAKE, PEOPLE, TABLES
from historical_controls.tables.schema import Column, Table, TableError, conform

TABLE = Table(
    "t",
    "t.parquet",
    "",
    ("name", "line"),
    (
        Column("name", "text", ""),
        Column("line", "integer", ""),
        Column("value", "number", "", nullable=True),
        Column("seen", "flag", "", nullable=True),
        Column("at", "time", "", nullable=True),
    ),
)
ROWS = {"line": [2, 1], "name": ["b", "b"], "value": [1.5, None], "seen": [None, True], "at": [None, None]}


def frame(**changes: object) -> pd.DataFrame:
    return pd.DataFrame({**ROWS, **changes})


def test_a_table_is_typed_ordered_and_sorted() -> None:
    out = conform(frame(), TABLE)
    assert list(out) == ["name", "line", "value", "seen", "at"]
    assert [str(kind) for kind in out.dtypes] == ["str", "int64", "float64", "boolean", "datetime64[us, UTC]"]
    assert out["line"].tolist() == [1, 2]


BROKEN = [
    ({"name": ["b", None]}, "column name holds 1 nulls"),
    ({"line": [1.5, 2.0]}, "column line is not integer"),
    ({"line": ["x", "y"]}, "column line is not integer"),
    ({"line": [1, 1]}, "1 rows repeat a key"),
    ({"value": ["x", "y"]}, "column value is not number"),
    ({"other": [1, 2]}, "undeclared columns ['other']"),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN, ids=[b[1] for b in BROKEN])
def test_what_breaks_the_contract_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(TableError) as caught:
        conform(frame(**changes), TABLE)
    assert said in str(caught.value)
    assert str(caught.value).startswith("table t:")


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(TableError, match=r"missing columns \['value'\]"):
        conform(frame().drop(columns="value"), TABLE)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_conform(rows: int) -> None:
    assert len(conform(frame().iloc[:rows], TABLE)) == rows


def test_keys_that_are_all_the_same_still_repeat() -> None:
    with pytest.raises(TableError, match="repeat a key"):
        conform(frame(line=[7, 7]), TABLE)
    with pytest.raises(TableError, match="repeat a key"):
        conform(pd.concat([frame()] * 2), TABLE)


def test_nulls_in_a_key_come_first_and_count() -> None:
    key = Table("t", "", "", ("day",), (Column("day", "number", "", nullable=True),))
    assert np.isnan(conform(pd.DataFrame({"day": [7.0, None]}), key)["day"].iloc[0])
    with pytest.raises(TableError):
        conform(pd.DataFrame({"day": [None, np.nan]}), key)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_table_is_written_and_read_even_empty(tmp_path: Path, table: Table) -> None:
    path = tmp_path / "deep" / "x.parquet"
    write_table(table.empty(), path, table)
    pd.testing.assert_frame_equal(read_table(path, table), table.empty(), check_index_type=False)
    assert set(table.key) <= set(table.names)
    assert all(column.description for column in table.columns)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    write_table(frame(), tmp_path / "a", TABLE)
    write_table(frame().iloc[::-1], tmp_path / "b", TABLE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    pd.testing.assert_frame_equal(read_table(tmp_path / "a", TABLE), conform(frame(), TABLE))


def test_open_columns_come_back_as_they_went(tmp_path: Path) -> None:
    rows = pd.DataFrame({"line": [2], "sha256": ["0"], "problem": [None], "text": [None], "cell:a": [" x"]})
    write_table(rows, tmp_path / "a", INTAKE)
    assert read_table(tmp_path / "a", INTAKE)["cell:a"].tolist() == [" x"]
    assert read_tables([], INTAKE).empty
    assert len(read_tables([tmp_path / "a"] * 2, INTAKE)) == 2


def test_ids_of_results_are_stable() -> None:
    cell = Cell("mixed_model", "primary", "reml", "HR", day=7, contrast="treated - historical", output="14.2.3")
    row = cell.number("estimate", 1.0)
    # A page that cites this id must find the same number in every later version.
    assert row["id"] == "5e9caee95b64" == row_id(row)
    assert cell.number("estimate", 2.0)["id"] == row["id"]
    assert cell.at(day=7.0).number("estimate", 1.0)["id"] == row["id"]
    changes = [{"day": None}, {"outcome": "RR"}, {"scenario": "x"}, {"arm": "treated"}, {"level": "a"}]
    ids = {cell.at(**change).number("estimate", 1.0)["id"] for change in changes}
    assert len(ids | {row["id"], cell.number("lower", 1.0)["id"]}) == len(changes) + 2


def test_results_of_nothing_and_results_twice() -> None:
    assert list(ard_frame([])) == list(ARD.names)
    row = Cell("disposition", "primary").text("state", "reason")
    assert ard_frame([row])["text"].tolist() == ["reason"]
    with pytest.raises(TableError, match="repeat a key"):
        ard_frame([row, row])


def test_errors_say_where_and_what_to_do() -> None:
    assert str(UserError("what", "where", "hint")) == "where: what\n  hint"
    assert str(UserError("what")) == "what"
    assert did_you_mean("delimitr", ["delimiter", "decimal"]) == "Did you mean 'delimiter'?"
    assert did_you_mean("zzz", ["b", "a"]) == "Allowed: a, b."
    raise_all([])
    with pytest.raises(UserErrors) as caught:
        raise_all([UserError("one"), UserError("two")])
    assert str(caught.value) == "one\ntwo"


def test_an_error_reaches_the_log_and_the_terminal_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, reported(tmp_path / "log") as logger:
        logger.info("started")
        raise UserError("what", "where", "hint")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "where: what\n  hint\n"
    assert (tmp_path / "log").read_text() == "INFO started\nwhere: what\n  hint\n"


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), reported(tmp_path / "log"):
        _ = 1 / 0
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()


# -- tables written and read in pieces --------------------------------------------------------------------------------


def many(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [f"p{i // 7:05d}" for i in range(n)],
            "line": range(n),
            "value": np.arange(n) / 3,
            "seen": None,
            "at": None,
        }
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=4), st.integers(1, 300))
def test_the_bytes_do_not_depend_on_the_pieces(cuts: list[int], group: int) -> None:
    whole = many(300)
    edges = [0, *sorted(cuts), 300]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_io, "ROW_GROUP", group)
        one, other = Path(folder) / "one.parquet", Path(folder) / "other.parquet"
        write_table(whole, one, TABLE)
        with TableWriter(other, TABLE) as writer:
            for start, end in pairwise(edges):
                writer.write(whole.iloc[start:end])
        assert one.read_bytes() == other.read_bytes()
        assert pq.ParquetFile(one).num_row_groups == -(-300 // group)


@pytest.mark.parametrize(
    ("first", "last"), [("p00003", "p00005"), ("a", "z"), ("p00042", "p00042"), ("q", "r"), ("a", "b")]
)
def test_a_range_is_read_without_the_rest(
    first: str, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_io, "ROW_GROUP", 40)
    whole = many(500)
    write_table(whole, tmp_path / "t.parquet", TABLE)
    read: list[int] = []
    real = pq.ParquetFile.read_row_groups
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_groups", lambda self, groups, *a: read.extend(groups) or real(self, groups, *a)
    )
    found = read_between(tmp_path / "t.parquet", TABLE, "name", first, last, ["name", "line"])
    inside = whole["name"].between(first, last)
    assert found["line"].tolist() == whole.loc[inside, "line"].tolist()
    assert len(read) <= inside.sum() // 40 + 2


def test_pieces_come_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_io, "ROW_GROUP", 64)
    write_table(many(200), tmp_path / "t.parquet", TABLE)
    pieces = list(read_pieces(tmp_path / "t.parquet", TABLE))
    assert [len(piece) for piece in pieces] == [64, 64, 64, 8]
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), read_table(tmp_path / "t.parquet", TABLE))


def test_a_piece_out_of_order_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    def write() -> None:
        with TableWriter(tmp_path / "t.parquet", TABLE) as writer:
            writer.write(many(20).iloc[10:])
            writer.write(many(20).iloc[:11])

    with pytest.raises(TableError, match="does not follow"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_no_piece_gives_an_empty_table(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "t.parquet", TABLE):
        pass
    assert read_table(tmp_path / "t.parquet", TABLE).empty
    assert read_between(tmp_path / "t.parquet", TABLE, "name", "a", "z").empty


def test_the_log_of_a_job_says_what_became_of_the_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = Table("fates", "", "", ("line",), (Column("line", "integer", ""), Column("fate", "text", "")))
    frame = pd.DataFrame({"line": range(1200), "fate": ["clean"] * 1190 + ["quarantined"] * 10})
    with caplog.at_level("INFO", logger="historical_controls"):
        write_table(frame, tmp_path / "fates.parquet", table)
    assert caplog.messages == [f"{tmp_path / 'fates.parquet'}: 1,200 rows (clean 1,190, quarantined 10)"]


def people_file(folder: Path) -> Path:
    frame = pd.DataFrame(
        {"source": ["a"] * 3, "subject": ["1", "2", "3"], "patient_id": ["a/1", "a/2", "a/3"], "hold": ""}
    )
    write_table(frame, folder / "people.parquet", PEOPLE)
    return folder / "people.parquet"


@pytest.mark.parametrize("kept", [0, 3, 100, -9, -1])
def test_a_file_cut_off_is_named_with_what_to_do(tmp_path: Path, kept: int) -> None:
    path = people_file(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    for read in (lambda: read_table(path, PEOPLE), lambda: list(read_pieces(path, PEOPLE))):
        with pytest.raises(UserError, match="damaged or is no parquet") as caught:
            read()
        assert str(caught.value).startswith(str(path)) and "Delete the file" in str(caught.value)


def test_a_page_that_does_not_unpack_is_damage(tmp_path: Path) -> None:
    path = people_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(255 - byte for byte in whole[4:60]) + whole[60:])
    with pytest.raises(UserError, match="damaged"):
        read_table(path, PEOPLE)


def test_a_foreign_table_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pd.DataFrame({"subject": ["1"], "other": [2.0]}).to_parquet(path)
    with pytest.raises(UserError, match="no table 'people': it lacks source, patient_id, hold"):
        read_table(path, PEOPLE)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "may not read or write")],
)
def test_faults_of_the_machine_end_in_plain_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, words: str
) -> None:
    with pytest.raises(SystemExit), reported(tmp_path / "log"):
        raise OSError(number, os.strerror(number), "results/ard.parquet")
    printed = capsys.readouterr().err
    assert "results/ard.parquet: " in printed and words in printed and "Traceback" not in printed
    assert (tmp_path / "log").read_text(encoding="utf-8") == printed


def test_a_disk_that_fills_up_ends_in_plain_lines_though_the_log_is_on_it_too(tmp_path: Path) -> None:
    """A limit on the size of files stops a write in its middle, as a full disk does; so does a log's own last line."""
    script = f"""
import resource, sys
from pathlib import Path
from historical_controls.errors import reported
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with reported(Path({str(tmp_path)!r}) / "log") as logger:
    logger.info("x" * 5000)
    if "ends" in sys.argv:
        Path({str(tmp_path)!r}, "table").write_bytes(b"x" * 5000)
"""
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(Path(table_io.__file__).parents[2])}
    done, cut = (
        subprocess.run([*command, *more], env=environment, capture_output=True, text=True, check=False)
        for more in (["ends"], [])
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    # A write in the middle of a file names none: the disk's folder is named.
    assert done.stderr.startswith(f"{tmp_path.parts[0]}: the file is larger than this disk or your limits allow\n  Ask")
    # A log that is cut off is no fault of the job.
    assert (cut.returncode, cut.stderr) == (0, "")
