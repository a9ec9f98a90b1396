"""Is a promise kept, as far as so many studies can tell?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from statsmodels.stats.proportion import proportion_confint

COVERAGE, REJECTION = 0.94, 0.07  # what intervals must cover at least, and tests may reject at most (declared)
DOUBT = 0.01  # a rate is off where its exact 99% interval says so
SMALL = 0.15  # of the estimates' spread: a bias that nobody would notice in a study of this size


def violations(row: Mapping[str, Any]) -> list[str]:
    """What is wrong with the answers of one line, by the declared standard."""
    found = []
    if row["answers"] == 0:
        return ["no answer"]
    # 2.6 standard errors: about 1% two-sided, as `DOUBT`.
    if abs(row["bias"]) > max(2.6 * row["bias_mc"], SMALL * row["spread"]):
        found.append("biased")
    if row["intervals"] and _exact(row["covered"], row["intervals"])[1] < COVERAGE:
        found.append("covers too rarely")
    # Where the truth is not 0, rejections are power and no error.
    if row["truth"] == 0 and row["tests"] and _exact(row["rejected"], row["tests"])[0] > REJECTION:
        found.append("rejects too often")
    return found


def verdict(row: Mapping[str, Any]) -> str:
    """The promise of a line against its answers, in words."""
    if row["promise"] == "refuses":
        return "kept: not estimable" if row["answers"] == 0 else "MISSED: gives answers"
    faults = violations(row)
    if row["promise"] == "recovers":
        return "MISSED: " + ", ".join(faults) if faults else "kept"
    if row["promise"] == "misleads":
        return "fails: " + ", ".join(faults) if faults else "does no harm here"
    return ", ".join(faults) or "nothing amiss"


def _exact(count: int, of: int) -> tuple[float, float]:
    low, high = proportion_confint(count, of, alpha=DOUBT, method="beta")
    return float(np.nan_to_num(low)), float(np.nan_to_num(high, nan=1.0))
