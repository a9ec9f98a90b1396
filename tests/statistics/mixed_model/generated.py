"""Small studies with stated truths: two groups, days with gaps, random intercept and slope, AR(1)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def study(
    seed: int,
    sizes: tuple[int, int] = (5, 12),
    days: int = 7,
    intercept: float = 1.0,
    slope: float = 0.1,
    rho: float = 0.4,
    ratio: float = 1.0,
) -> pd.DataFrame:
    """Columns id, arm (A, B), day, visit, x, weight, y; 15% of rows missing; arm A has `ratio` times the spread."""
    rng = np.random.default_rng(seed)
    n, t = sum(sizes), np.arange(days)
    arm = np.repeat(["A", "B"], sizes)
    spread = np.where(arm == "A", ratio, 1.0)[:, None]
    e = rng.normal(size=(n, days))
    for j in range(1, days):
        e[:, j] = rho * e[:, j - 1] + np.sqrt(1 - rho**2) * e[:, j]
    b = intercept * rng.normal(size=(n, 1)) + slope * rng.normal(size=(n, 1)) * t
    x = rng.normal(size=n)
    y = 10 + 0.3 * x[:, None] + spread * (b + e)
    i, j = np.nonzero(rng.random((n, days)) > 0.15)
    return pd.DataFrame(
        {
            "id": i,
            "arm": arm[i],
            "day": j.astype(float),
            "visit": j,
            "x": x[i],
            "weight": rng.uniform(0.5, 2, len(i)),
            "y": y[i, j],
        }
    )
