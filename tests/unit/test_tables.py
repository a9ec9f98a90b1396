"""The contract between stages: what does not fit a declared table never leaves a stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.ard import Cell, ard_frame, row_id
from historical_controls.errors import UserError, UserErrors, did_you_mean, raise_all, reported
from historical_controls.table_io import Column, Table, TableError, conform, read_table, read_tables, write_table
from historical_controls.tables import ARD, INTAKE, TABLES

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
    cell = Cell("14.2.3", "primary", "mixed_model", "reml", "HR", day=7, contrast="treated - historical")
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
    row = Cell("1", "primary", "x").text("word", "reason")
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
