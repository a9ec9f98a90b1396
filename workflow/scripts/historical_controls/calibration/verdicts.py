"""What an analysis answered in a simulated study, and whether its promise is kept as far as so many can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from historical_controls.inference.shares import exact_interval

COVERAGE, REJECTION = 0.94, 0.07  # what intervals must cover at least, and tests may reject at most (declared)
MONTE_CARLO = 0.95  # level of the intervals of simulated rates, whatever level the study declares
DOUBT = 0.01  # a rate is off where its exact 99% interval says so
SMALL = 0.15  # of the estimates' spread: a bias that nobody would notice in a study of this size


@dataclass(frozen=True)
class Answer:
    """estimate, lower, upper: on the scale of the analysis (`scale_of`); reason: why there is none."""

    estimate: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    p_value: float = np.nan
    reason: str = ""


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
    # Where the truth is a difference, rejections are power and no error.
    if row["truth"] == row["null"] and row["tests"] and _exact(row["rejected"], row["tests"])[0] > REJECTION:
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
    return exact_interval(count, of, 1 - DOUBT)
