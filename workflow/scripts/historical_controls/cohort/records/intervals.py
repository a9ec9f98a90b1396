"""Numbers known only between two bounds: how they compare with a limit, and what their summaries are bounded by."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from historical_controls.cohort.records.kleene import States, states

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Operator = Literal["<", "<=", ">", ">="]


def compare(lower: Floats, upper: Floats, op: Operator, limit: float, closed: bool = False) -> States:
    """Whether numbers within [lower, upper] meet `op limit`: true, false, or unknown where the bounds straddle it.

    Bounds that differ come from assay limits ('>1000', '<0.02') and are not reached themselves, so that '>1000' is
    above 1000; `closed`: the bounds may be reached.
    """
    if op in ("<", "<="):
        # Turned around zero, so that one direction has to be right.
        return compare(-upper, -lower, ">" if op == "<" else ">=", -limit, closed)
    reached = (lower == upper) | closed
    above = np.where(reached & (op == ">"), lower > limit, lower >= limit)
    below = np.where(reached & (op == ">="), upper < limit, upper <= limit)
    return states(above, below)


def ragged(start: Integers, stop: Integers) -> tuple[Integers, Integers]:
    """Indices of all half-open ranges one after another, and the range that each belongs to."""
    # Each range becomes start, start + 1, ...: a running index less where its range begins in the output.
    lengths = np.maximum(stop - start, 0)
    group = np.repeat(np.arange(len(start)), lengths)
    ends = np.cumsum(lengths)
    return np.arange(len(group)) + np.repeat(start - (ends - lengths), lengths), group


def group_median(values: Floats, group: Integers, count: int, log: bool = False) -> Floats:
    """Median of each group (0..count-1), nan for an empty one; bounds may be infinite.

    `log`: two middle values are averaged on the log scale, so that the median of logs is the log of the median.
    """
    # Sorted by group, then value: the middle of each group is found by position.
    order = np.lexsort((values, group))
    sizes = np.bincount(group, minlength=count)
    first = np.cumsum(sizes) - sizes
    out = np.full(count, np.nan)
    some = sizes > 0
    left = values[order][(first + (sizes - 1) // 2)[some]]
    right = values[order][(first + sizes // 2)[some]]
    out[some] = midpoint(left, right, log)
    return out


def midpoint(left: Floats, right: Floats, log: bool = False) -> Floats:
    """Middle of left <= right; infinite where either is, exact where both are equal."""
    with np.errstate(invalid="ignore"):
        middle = np.sqrt(left * right) if log else (left + right) / 2
    # 0 * inf and -inf + inf: the side that is unbounded leaves the middle unbounded too.
    middle = np.where(np.isnan(middle) & np.isinf(right), right, middle)
    return np.where(left == right, left, middle)
