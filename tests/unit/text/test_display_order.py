"""Display ids in the order of their numbers, wherever patients are listed."""

from __future__ import annotations

import pandas as pd

from historical_controls.text.display_order import by_display_id, ordered


def test_ids_go_by_their_numbers() -> None:
    assert ordered(["T10", "T2", "T1", "C1000", "C101", "T2"]) == ["C101", "C1000", "T1", "T2", "T10"]


def test_rows_are_sorted_by_id_and_then_by_other_columns() -> None:
    rows = pd.DataFrame({"display_id": ["T10", "T2", "T10", "T1"], "day": [3.0, 1.0, 2.0, 5.0]})
    made = rows.sort_values(["display_id", "day"], key=by_display_id)
    assert list(made.itertuples(index=False, name=None)) == [("T1", 5), ("T2", 1), ("T10", 2), ("T10", 3)]
    backwards = rows.sort_values(["day", "display_id"], ascending=[False, True], key=by_display_id)
    assert backwards["display_id"].tolist() == ["T1", "T10", "T10", "T2"]
