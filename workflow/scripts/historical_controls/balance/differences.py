"""Standardised mean differences, treated minus historical.

Numbers: (mean_1 - mean_0) / sqrt((s_1^2 + s_0^2) / 2); shares: (p_1 - p_0) / sqrt((p_1 (1 - p_1) + p_0 (1 - p_0)) / 2)
(Austin, Commun Stat Simul Comput 2009;38:1228-1234). Outcomes on the log (logit) scale are compared on that scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dictionary import Scale
from .covariates import Floats, NumberCovariate


@dataclass(frozen=True)
class Moments:
    """Number of values, mean and standard deviation (nan for fewer than 1 and 2 values)."""

    n: int
    mean: float
    sd: float


def moments_of(values: Floats) -> Moments:
    n = len(values)
    mean = float(np.mean(values)) if n else np.nan
    return Moments(n, mean, float(np.std(values, ddof=1)) if n > 1 else np.nan)


def share_moments(hits: int, n: int) -> Moments:
    """Moments of a share: its standard deviation is sqrt(p (1 - p))."""
    share = hits / n if n else np.nan
    return Moments(n, share, float(np.sqrt(share * (1 - share))) if n else np.nan)


def smd(treated: Moments, historical: Moments) -> float:
    """Standardised mean difference; 0 where both arms are constant and equal, nan where it is not defined."""
    difference = treated.mean - historical.mean
    pooled = np.sqrt((treated.sd**2 + historical.sd**2) / 2)
    if np.isnan(difference) or np.isnan(pooled):
        return np.nan
    if pooled == 0:
        return 0.0 if difference == 0 else np.nan
    return float(difference / pooled)


def on_scale(covariate: NumberCovariate) -> Floats:
    """Values on the scale of the outcome; a censored one counts as its limit, the nearest value it can have."""
    return transformed(at_limit(covariate.lower, covariate.upper), covariate.scale)


def at_limit(lower: Floats, upper: Floats) -> Floats:
    """Exact values as they are, '<' at the upper limit, '>' at the lower one, intervals at their middle."""
    below, above = (lower <= 0) | np.isinf(lower), np.isinf(upper)
    with np.errstate(invalid="ignore"):
        middle = (lower + upper) / 2
    return np.select([lower == upper, above, below], [lower, lower, upper], middle)


def transformed(values: Floats, scale: Scale) -> Floats:
    """On the declared scale; percentages on the logit scale. Values that the scale cannot hold become nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            out = np.log(values)
        elif scale == "logit":
            out = np.log(values / (100 - values))
        else:
            return values
    return np.where(np.isfinite(out), out, np.nan)
