"""Exact intervals of a share against statsmodels and against numbers that textbooks print."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from historical_controls.inference import exact_interval


@pytest.mark.parametrize("n", [1, 5, 38])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_agrees_with_statsmodels(n: int, level: float) -> None:
    for count in range(n + 1):
        expected = proportion_confint(count, n, alpha=1 - level, method="beta")
        assert exact_interval(count, n, level) == pytest.approx(expected, abs=1e-12)


def test_none_of_five_leaves_one_in_two_open() -> None:
    """1 - 0.025^(1/5): the upper bound for 0 of 5 is 52%."""
    assert exact_interval(0, 5) == pytest.approx((0.0, 1 - 0.025**0.2), abs=1e-12)
