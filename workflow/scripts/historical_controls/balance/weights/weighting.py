"""What every way of making the arms alike gives: a weight per patient, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.balance.covariates import Floats
from historical_controls.balance.key_covariates import Flags

Target = Literal["ATT", "ATO"]


@dataclass(frozen=True)
class Weighting:
    """weights (n,), >= 0, summing in each arm to the number of (matched) treated; target: whom the answer is about.

    facts: numbers that the results table states about it, by statistic.
    """

    weights: Floats
    target: Target
    facts: Mapping[Statistic, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Infeasible:
    """No weights: the reason (a locale key) and the covariates that it is about."""

    reason: str
    covariates: tuple[str, ...] = ()


def effective_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2 (Kish 1965, Survey Sampling); 0 without weight (BA-5)."""
    squares = float(weights @ weights)
    return float(weights.sum() ** 2 / squares) if squares else 0.0


def largest_share(weights: Floats) -> float:
    """Share of the heaviest patient; 0 without weight."""
    total = float(weights.sum())
    return float(weights.max() / total) if total else 0.0


def unweighted(treated: Flags) -> Weighting:
    """Every control weighs the same."""
    # Controls sum to the number of treated patients, as under every other method.
    n1, n0 = int(treated.sum()), int((~treated).sum())
    return Weighting(np.where(treated, 1.0, n1 / max(n0, 1)), "ATT")
