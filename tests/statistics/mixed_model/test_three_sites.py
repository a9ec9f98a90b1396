"""Cross-products of each patient are enough for the engine: the fit to them is the fit to all rows (docs/scale.md)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_cross_products_of_three_sites_give_the_pooled_fit(script: Callable[[str], ModuleType]) -> None:
    sites = script("benchmarks/sites/three_sites.py")
    pooled, far, _ = sites.compare(90)
    assert pooled.converged and max(far.values()) < 1e-8, far
    # What is fitted is no patient's rows.
    rows = sites.simulate(90)
    made = sites.rows_like(sites.send(rows))
    assert len(made) == len(rows) and not np.isin(made["y"].abs().round(6), rows["y"].abs().round(6)).any()
