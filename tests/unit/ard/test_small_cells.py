"""Counts too small to be shared lose their value, and so does what would give them away."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.ard.keys.undeclared import UndeclaredKeyError
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.small_cells import without_small_cells
from historical_controls.text.formatting import format_number

MIN_CELL = 5
COUNTED = [one for one in Statistic if one.kind in (Kind.PATIENTS, Kind.EVENTS)]
GIVING_AWAY = [one for one in Statistic if one.kind in (Kind.SHARE, Kind.BOUND, Kind.ESTIMATE, Kind.RATE)]
CELL = Cell(AnalysisKey.DISPOSITION, "primary", arm="treated", level="death", day=21)


def printed(ard: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {(row.level, row.statistic): format_number(row.value, row.format) for row in ard.itertuples(index=False)}


def table() -> pd.DataFrame:
    home = CELL.at(level="discharge_alive")
    rows = [
        CELL.number("count", 1), CELL.number("share", 0.2), CELL.number("lower", 0.01),
        home.number("count", 0), home.number("share", 0.0),
        CELL.at(level="").number("n_subjects", 5), CELL.at(level="").number("mean", 3.0),
    ]  # fmt: skip
    return ard_frame(rows)


def test_small_counts_and_their_shares_are_gone_and_nothing_else() -> None:
    found = without_small_cells(table(), MIN_CELL)
    assert printed(found) == {
        ("death", "count"): "<5", ("death", "share"): "–", ("death", "lower"): "–",
        ("discharge_alive", "count"): "0", ("discharge_alive", "share"): "0%",
        ("", "n_subjects"): "5", ("", "mean"): "3",
    }  # fmt: skip
    assert list(found["id"]) == list(table()["id"])


def test_without_a_smallest_cell_nothing_changes() -> None:
    pd.testing.assert_frame_equal(without_small_cells(table(), None), table())


@given(st.sampled_from(COUNTED), st.integers(2, 30), st.data())
def test_nobody_can_tell_which_small_count_it_was(statistic: Statistic, min_cell: int, data: st.DataObject) -> None:
    """Whatever is shared is the same for every count from 1 to below the smallest cell."""
    beside = data.draw(st.lists(st.sampled_from(GIVING_AWAY), unique=True))

    def shared(count: int) -> pd.DataFrame:
        rows = [CELL.number(statistic, count), *(CELL.number(one, count / 100) for one in beside)]
        return without_small_cells(ard_frame(rows), min_cell)

    one, other = (shared(data.draw(st.integers(1, min_cell - 1))) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert set(printed(one).values()) <= {f"<{min_cell}", "–"}


@pytest.mark.parametrize("statistic", COUNTED)
@pytest.mark.parametrize(("count", "said"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (12, "12")])
def test_the_edges_of_a_small_cell(statistic: Statistic, count: int, said: str) -> None:
    found = without_small_cells(ard_frame([CELL.number(statistic, count)]), MIN_CELL)
    assert printed(found) == {("death", statistic): said}


@pytest.mark.parametrize(
    "statistic",
    ["n_deciding", "n_unobserved", "n_unobserved_died", "n_known", "n_events", "n_at_risk", "min_subjects", "count"],
)
def test_counts_that_a_list_kept_by_hand_had_missed_are_patients_or_events(statistic: str) -> None:
    assert Statistic(statistic) in COUNTED


@pytest.mark.parametrize("statistic", ["n_labellings", "n_draws", "n_negatives", "n_per_arm", "position", "n_wins"])
def test_what_counts_no_patient_of_this_study_stays(statistic: str) -> None:
    found = without_small_cells(ard_frame([CELL.number(statistic, 3)]), MIN_CELL)
    assert printed(found) == {("death", statistic): "3"}


def test_few_records_of_few_patients_are_hidden_and_many_are_not() -> None:
    """Two values can be of two patients at most; 60 values say nothing of how many patients they are from."""
    few = [CELL.number("n_subjects", 2), CELL.number("n_values", 3), CELL.number("n_tests", 60)]
    many = [CELL.at(level="").number("n_subjects", 9), CELL.at(level="").number("n_values", 3)]
    assert printed(without_small_cells(ard_frame([*few, *many]), MIN_CELL)) == {
        ("death", "n_subjects"): "<5", ("death", "n_values"): "<5", ("death", "n_tests"): "60",
        ("", "n_subjects"): "9", ("", "n_values"): "3",
    }  # fmt: skip


def test_a_statistic_that_nobody_declared_is_not_shared() -> None:
    with pytest.raises(UndeclaredKeyError):
        without_small_cells(table().assign(statistic="n_pupils"), MIN_CELL)
