"""Whether values vary at all: one tolerance for every test, interval and standardised difference (IN-18)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# No instrument resolves a ten-billionth of what it reads; sums of thousands of values leave far less by rounding.
TOLERANCE = 1e-10

# Differences of sums of squares keep about three digits fewer than the numbers themselves.
SQUARES = 1e-13


def no_spread(spread: ArrayLike, size: ArrayLike) -> Any:
    """Whether a standard deviation, or a standard error, is what rounding leaves of zero beside values of this size.

    spread, size: non-negative numbers or arrays of one shape, in the same unit; a spread that is not a number is one.
    """
    return np.asarray(spread) <= TOLERANCE * np.asarray(size)


def cancelled(left: ArrayLike, total: ArrayLike) -> Any:
    """Whether a sum of squares is what rounding leaves after a larger sum of squares `total` was taken off."""
    return np.asarray(left) <= SQUARES * np.asarray(total)


def varies(values: ArrayLike) -> bool:
    """Whether numbers (n,) differ by more than rounding; nothing varies in none or one."""
    numbers = np.asarray(values, dtype=np.float64)
    return len(numbers) > 1 and not bool(no_spread(np.ptp(numbers), np.abs(numbers).max()))
