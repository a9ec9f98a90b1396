"""Counts of what no file records are no results."""

from __future__ import annotations

import pandas as pd

from historical_controls.ard.unrecorded import without_unrecorded

ROWS = [
    ("disposition", "death"), ("disposition", "discharge_alive"), ("disposition", "in_hospital"),
    ("cumulative_incidence", "death"), ("worst_rank", ""), ("deaths", "death"), ("mixed_model", ""),
    ("specification", "ards=berlin|none|worst_rank"), ("specification", "ards=berlin|none|mixed_model"),
    ("calibration", "worst_rank"),
]  # fmt: skip


def test_only_what_a_file_can_record_is_counted() -> None:
    ard = pd.DataFrame(ROWS, columns=["analysis", "level"])
    whole = ["death", "discharge_alive", "transfer_out"]
    assert len(without_unrecorded(ard, whole)) == len(ROWS)
    silent = without_unrecorded(ard, [])
    assert list(silent.itertuples(index=False, name=None)) == [
        ("disposition", "in_hospital"), ("mixed_model", ""), ("specification", "ards=berlin|none|mixed_model")
    ]  # fmt: skip
    of_deaths = without_unrecorded(ard, ["death"])
    assert ("disposition", "discharge_alive") not in set(of_deaths.itertuples(index=False, name=None))
    assert len(of_deaths) == len(ROWS) - 1
