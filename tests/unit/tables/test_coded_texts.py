"""Texts as categories: written, sorted, replaced and stacked as the texts that they stand for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.tables.coded import coded, constant, mapped, plain, ranks, stacked, texts_replaced
from historical_controls.tables.parquet import TableWriter, read_pieces, read_table, write_table
from historical_controls.tables.schema import Column, Table, TableError, conform

TABLE = Table(
    "t",
    "t.parquet",
    "d",
    ("file", "line"),
    (Column("file", "text", ""), Column("line", "integer", ""), Column("said", "text", "", True)),
)
# In this order the codes do not sort as the texts do; the null has no code; 'zz' is in no row.
FILES = pd.Categorical(["b", "ä", "b", "B", None], categories=["ä", "zz", "b", "B"])
SAID = pd.Series(["x", None, "", "x", "y"], dtype="str")


def frame() -> pd.DataFrame:
    return pd.DataFrame({"file": FILES, "line": [2, 1, 1, 9, 3], "said": coded(SAID)}).iloc[:4]


def test_a_table_written_from_categories_is_that_of_the_texts(tmp_path: Path) -> None:
    write_table(frame(), tmp_path / "coded.parquet", TABLE)
    write_table(plain(frame()), tmp_path / "plain.parquet", TABLE)
    one, other = (read_table(tmp_path / f"{name}.parquet", TABLE) for name in ("coded", "plain"))
    pd.testing.assert_frame_equal(one, other)
    assert one["file"].tolist() == ["B", "b", "b", "ä"] and str(one["file"].dtype) == "str"
    (piece,) = read_pieces(tmp_path / "coded.parquet", TABLE, coded=TABLE.texts)
    pd.testing.assert_frame_equal(plain(piece), one)


def test_bytes_of_categories_do_not_depend_on_how_they_are_cut(tmp_path: Path) -> None:
    whole = conform(frame(), TABLE, coded=True)
    for name, ends in (("one", (0, 4)), ("two", (0, 1, 4)), ("four", (0, 1, 2, 3, 4))):
        with TableWriter(tmp_path / name, TABLE) as writer:
            for start, stop in pairwise(ends):
                writer.write(whole.iloc[start:stop])
    assert len({(tmp_path / name).read_bytes() for name in ("one", "two", "four")}) == 1


@pytest.mark.parametrize("column", ["file", "line"])
def test_categories_keep_the_contract_of_a_table(column: str) -> None:
    assert conform(frame(), TABLE)["file"].dtype == "str"
    broken = pd.concat([frame(), frame().iloc[:1]]) if column == "line" else frame().assign(file=FILES[[4, 0, 1, 2]])
    with pytest.raises(TableError, match=r"repeat a key" if column == "line" else r"column file holds 1 nulls"):
        conform(broken, TABLE, coded=True)


def test_ranks_sort_as_the_texts() -> None:
    texts = pd.Series(FILES)
    own = ranks(texts)[0]
    assert own[4] == -1
    assert [texts[n] for n in np.argsort(own, kind="stable")[1:]] == sorted(["b", "ä", "b", "B"])


@pytest.mark.parametrize("said", ["new", "b", None, pd.Series(["p", None], dtype="str")])
def test_texts_are_replaced_alike(said: str | pd.Series | None) -> None:
    rows = np.array([0, 4])
    texts = pd.Series(FILES)
    one, other = texts_replaced(texts, rows, said), texts_replaced(texts.astype("str"), rows, said)
    pd.testing.assert_series_equal(one.astype("str"), other)


def test_mapped_texts_that_become_the_same_are_one_category() -> None:
    trimmed = mapped(coded(pd.Series(["a ", "a", None, " b"], dtype="str")), lambda texts: texts.str.strip())
    assert trimmed.astype("str").fillna("-").tolist() == ["a", "a", "-", "b"]
    assert sorted(trimmed.cat.categories) == ["a", "b"]
    assert mapped(coded(pd.Series([], dtype="str")), lambda texts: texts).empty


def test_frames_are_stacked_whatever_has_categories() -> None:
    first = frame()[["file", "line"]]
    second = pd.DataFrame({"file": ["q", None], "line": [5, 6]})
    both = stacked([first, second, first.assign(file=constant("k", first.index))])
    assert plain(both)["file"].fillna("-").tolist() == ["b", "ä", "b", "B", "q", "-", *"kkkk"]
    assert both["line"].tolist() == [2, 1, 1, 9, 5, 6, 2, 1, 1, 9]
