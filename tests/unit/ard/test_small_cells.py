"""Counts too small to be shared lose their value, and what would give them away."""

from __future__ import annotations

import pandas as pd

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.small_cells import without_small_cells
from historical_controls.text.formatting import format_number


def table() -> pd.DataFrame:
    died = Cell("disposition", "primary", arm="treated", level="death", day=21)
    home = died.at(level="discharge_alive")
    rows = [
        died.number("count", 1), died.number("share", 0.2, format="percent"), died.number("lower", 0.01),
        home.number("count", 0), home.number("share", 0.0, format="percent"),
        died.at(level="").number("n_subjects", 5), died.at(level="").number("mean", 3.0),
    ]  # fmt: skip
    return ard_frame(rows)


def test_small_counts_and_their_shares_are_gone_and_nothing_else() -> None:
    found = without_small_cells(table(), 5)
    printed = {
        (row.level, row.statistic): format_number(row.value, row.format) for row in found.itertuples(index=False)
    }
    assert printed == {
        ("death", "count"): "<5", ("death", "share"): "–", ("death", "lower"): "–",
        ("discharge_alive", "count"): "0", ("discharge_alive", "share"): "0%",
        ("", "n_subjects"): "5", ("", "mean"): "3",
    }  # fmt: skip
    assert list(found["id"]) == list(table()["id"])


def test_without_a_smallest_cell_nothing_changes() -> None:
    pd.testing.assert_frame_equal(without_small_cells(table(), None), table())
