"""Three-valued logic, comparison of bounded numbers, medians of groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.cohort.records.intervals import compare, group_median, ragged
from historical_controls.cohort.records.kleene import kleene_and, kleene_or

INF = np.inf


def arrays(*values: int) -> list[np.ndarray]:
    return [np.array([value], dtype=np.int8) for value in values]


@pytest.mark.parametrize(("a", "b"), list(itertools.product((-1, 0, 1), repeat=2)))
def test_kleene_tables(a: int, b: int) -> None:
    false, unknown, true = -1, 0, 1
    expected_and = false if false in (a, b) else true if (a, b) == (true, true) else unknown
    expected_or = true if true in (a, b) else false if (a, b) == (false, false) else unknown
    assert kleene_and(arrays(a, b))[0] == expected_and
    assert kleene_or(arrays(a, b))[0] == expected_or


@pytest.mark.parametrize(
    ("lower", "upper", "op", "limit", "state"),
    [
        (150, 150, "<", 150, -1),
        (150, 150, "<=", 150, 1),
        (149.9, 149.9, "<", 150, 1),
        (1000, INF, ">", 1000, 1),  # '>1000' is above 1000
        (1000, INF, ">", 1200, 0),
        (1000, INF, "<", 1000, -1),
        (1000, INF, "<=", 1000, -1),
        (0, 0.02, "<", 0.02, 1),  # '<0.02' is below 0.02
        (0, 0.02, ">=", 0.02, -1),
        (0, 0.02, "<", 0.01, 0),
        (1000, 1000, ">", 1000, -1),
        (-INF, INF, ">", 5, 0),
    ],
)
def test_bounded_numbers_compare(lower: float, upper: float, op: str, limit: float, state: int) -> None:
    assert compare(np.array([lower]), np.array([upper]), op, limit)[0] == state  # type: ignore[arg-type]


def test_closed_bounds_may_be_reached() -> None:
    lower, upper = np.array([4.0]), np.array([11.0])
    assert compare(lower, upper, "<", 11, closed=True)[0] == 0
    assert compare(lower, upper, "<=", 11, closed=True)[0] == 1


def test_ragged_ranges() -> None:
    place, group = ragged(np.array([3, 5, 0]), np.array([5, 5, 1]))
    assert place.tolist() == [3, 4, 0]
    assert group.tolist() == [0, 0, 2]


@given(st.lists(st.lists(st.floats(0.01, 1e6), min_size=0, max_size=6), min_size=1, max_size=6))
def test_group_median_is_numpys(groups: list[list[float]]) -> None:
    values = np.array([value for group in groups for value in group])
    index = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    found = group_median(values, index, len(groups))
    expected = [np.median(group) if group else np.nan for group in groups]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    logged = group_median(values, index, len(groups), log=True)
    np.testing.assert_allclose(
        np.log(logged), [np.median(np.log(group)) if group else np.nan for group in groups], rtol=1e-9, atol=1e-12
    )


def test_median_of_unbounded_values() -> None:
    values, group = np.array([5.0, INF, 0.0, INF, -INF, 3.0]), np.array([0, 0, 1, 1, 2, 2])
    assert group_median(values, group, 3).tolist() == [INF, INF, -INF]
    assert group_median(values[:4], group[:4], 2, log=True).tolist() == [INF, INF]
