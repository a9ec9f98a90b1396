"""Cross-products of each patient are enough for the engine: the fit to them is the fit to all rows (docs/scale.md)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).parents[3] / "benchmarks/sites/three_sites.py"


def test_cross_products_of_three_sites_give_the_pooled_fit() -> None:
    found = importlib.util.spec_from_file_location("three_sites", SCRIPT)
    assert found is not None and found.loader is not None
    sites = importlib.util.module_from_spec(found)
    sys.modules[found.name] = sites
    found.loader.exec_module(sites)
    pooled, far, _ = sites.compare(90)
    assert pooled.converged and max(far.values()) < 1e-8, far
    # What is fitted is no patient's rows.
    rows = sites.simulate(90)
    made = sites.rows_like(sites.send(rows))
    assert len(made) == len(rows) and not np.isin(made["y"].abs().round(6), rows["y"].abs().round(6)).any()
