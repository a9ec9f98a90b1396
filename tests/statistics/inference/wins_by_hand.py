"""The test and interval of the win odds for one labelling, in loops and with scipy's t (methods.md, IN-1 to IN-5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import optimize, stats


def statistic_and_df(pairs: np.ndarray, chosen: Sequence[int]) -> tuple[float, float, float, float]:
    """Share of wins, dispersion, statistic and df with these subjects treated; pairs (n, n) of -1, 0, 1."""
    rest = [j for j in range(len(pairs)) if j not in chosen]
    win = np.array([[(1 + pairs[i, j]) / 2 for j in rest] for i in chosen])
    m, n = win.shape
    share = float(win.mean())
    parts = []
    for own, size, other in ((win.mean(axis=1), m, n), (win.mean(axis=0), n, m)):
        separated = share in (0.0, 1.0)
        dispersion = 1 / other if separated else np.var(own, ddof=1) / (share * (1 - share))
        parts.append(((size - 1) * dispersion + 3 * 0.5) / (size - 1 + 3) / size)
    df = sum(parts) ** 2 / sum(part**2 / (size + 2) for part, size in zip(parts, (m, n), strict=True))
    return share, sum(parts), (share - 0.5) / np.sqrt(0.25 * sum(parts)), df


def exact_test(pairs: np.ndarray, chosen: Sequence[int], size: int) -> tuple[float, float]:
    """p-value over all labellings, and the largest |T| that is not rejected at 5%."""
    _, _, observed, df = statistic_and_df(pairs, chosen)
    every = np.array([abs(statistic_and_df(pairs, one)[2]) for one in combinations(range(len(pairs)), size)])
    permuted = float(np.mean(every >= abs(observed) - 1e-9))
    kept = [one for one in every if np.mean(every >= one - 1e-9) > 0.05]
    return max(permuted, 2 * stats.t.sf(abs(observed), df)), max(*kept, stats.t.ppf(0.975, df))


def limits(share: float, dispersion: float, farthest: float) -> tuple[float, float]:
    """Win odds where the distance of the share is the farthest, found by bisection."""

    def beyond(x: float) -> float:
        return abs(share - x) - farthest * np.sqrt(x * (1 - x) * dispersion)

    ends = (optimize.brentq(beyond, 1e-12, share), optimize.brentq(beyond, share, 1 - 1e-12))
    return ends[0] / (1 - ends[0]), ends[1] / (1 - ends[1])
