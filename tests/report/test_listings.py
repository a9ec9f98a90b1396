"""Listings of the largest tables: read piece by piece, they say what they said of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.report.exports.listings import MAKERS, converted_values, listed_observations
from historical_controls.tables import parquet
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import MEASUREMENTS, OBSERVATIONS
from historical_controls.tables.schema import Table, conform


@pytest.fixture(autouse=True)
def small_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)


def written(frame: pd.DataFrame, table: Table, folder: Path) -> Path:
    """A table of which only these columns say anything."""
    texts = {name: "" for name in table.texts if name not in frame}
    whole = frame.assign(**texts).reindex(columns=list(table.names))
    write_table(conform(whole, table), folder / "table.parquet", table)
    return folder / "table.parquet"


def measured(rows: int) -> pd.DataFrame:
    """Values of two outcomes in other units, in the order of their patients, which is not that of their lines."""
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "source": "s",
            "patient_id": [f"s/{n:03d}" for n in number],
            "outcome": np.where(number % 2, "PLT", "CRP"),
            "time": pd.Timestamp("2020-01-01", tz="UTC"),
            "value": np.where(number == 5, np.nan, number * 1.0),
            "unit": "10^9/L",
            "raw_value": [f"sent {n}" for n in number],
            # One CRP came in the canonical unit.
            "raw_unit": np.where(number == 4, "10^9/L", "10^3/uL"),
            "file": "f",
            "line": rows - number,
        }
    )


def test_conversions_are_counted_and_shown_by_their_first_lines(tmp_path: Path) -> None:
    kept = converted_values([written(measured(20), MEASUREMENTS, tmp_path)])
    listed = MAKERS[OutputId.CONVERSIONS]({"measurements": kept}).set_index("outcome")
    # Of ten each: a CRP in the canonical unit and a PLT without a value are none.
    assert listed["n"].to_dict() == {"CRP": 9, "PLT": 9}
    assert listed["example_converted"].to_dict() == {"CRP": 18.0, "PLT": 19.0}
    assert listed["example_as_sent"].to_dict() == {"CRP": "sent 18", "PLT": "sent 19"}


def test_of_many_conversions_few_are_kept(tmp_path: Path) -> None:
    # Row groups of three rows, of two outcomes each.
    assert len(converted_values([written(measured(300), MEASUREMENTS, tmp_path)])) <= 200


def test_only_observations_that_are_listed_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "patient_id": [f"s/{n}" for n in range(8)],
            "arm": ["treated" if n == 6 else "historical" for n in range(8)],
            "outcome": "CRP",
            "hours": 1.0,
            "flags": ["", "", "ABG_VENOUS", *[""] * 5],
            "line": 1,
        }
    )
    listed = listed_observations(written(frame, OBSERVATIONS, tmp_path))
    assert listed["patient_id"].tolist() == ["s/2", "s/6"]
