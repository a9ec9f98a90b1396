"""Standardised mean differences, treated minus historical (BA-1 to BA-4).

Numbers: (mean_1 - mean_0) / sqrt((s_1^2 + s_0^2) / 2); shares: (p_1 - p_0) / sqrt((p_1 (1 - p_1) + p_0 (1 - p_0)) / 2)
(Austin, Commun Stat Simul Comput 2009;38:1228-1234). The denominator is that of the unweighted arms before and after
weighting, so that a difference can only shrink because the means come closer (Stuart, Stat Sci 2010;25:1-21).
Outcomes on the log (logit) scale are compared on that scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.balance.covariates import Floats, NumberCovariate
from historical_controls.dictionary.scales import transformed
from historical_controls.inference.spread import no_spread


@dataclass(frozen=True)
class Moments:
    """Number of values that weigh anything, mean and standard deviation (nan for fewer than 1 and 2 values).

    share: the values are 0 and 1.
    """

    n: int
    mean: float
    sd: float
    share: bool = False


def moments_of(values: Floats, weights: Floats | None = None) -> Moments:
    """Weighted mean and standard deviation: sum w (x - m)^2 / (sum w - sum w^2 / sum w); unweighted the usual ones.

    A standard deviation that is no more than rounding is 0 (`no_spread`).
    """
    w = np.ones(len(values)) if weights is None else weights
    n, total = int((w > 0).sum()), float(w.sum())
    if not n:
        return Moments(0, np.nan, np.nan)
    mean = float(w @ values / total)
    # The divisor becomes n - 1 where all weights are equal, whatever their size (BA-2).
    divisor = total - float(w @ w) / total
    # One patient, or one who carries all the weight but for rounding, has no spread to estimate.
    if n < 2 or no_spread(divisor, total):
        return Moments(n, mean, np.nan)
    sd = float(np.sqrt(w @ (values - mean) ** 2 / divisor))
    return Moments(n, mean, 0.0 if no_spread(sd, np.abs(values).max()) else sd)


def share_moments(hits: float, total: float, n: int | None = None) -> Moments:
    """Moments of a share of `total` weight: its standard deviation is sqrt(p (1 - p))."""
    # Sums of weights may end a rounding error beyond 0 or 1, where p (1 - p) would have no root.
    share = min(max(hits / total, 0.0), 1.0) if total else np.nan
    sd = float(np.sqrt(share * (1 - share))) if total else np.nan
    return Moments(int(total) if n is None else n, share, sd, share=True)


def pooled_sd(treated: Moments, historical: Moments) -> float:
    """Root of the mean of both variances; of one arm alone where the other has no spread to estimate (one patient).

    Where neither arm varies but their means differ, the standard deviation of both arms together, as the R package
    cobalt does (compute_s.d.denom): 5 of 5 against 0 of 25 are apart, and have a difference.
    """
    known = [sd for sd in (treated.sd, historical.sd) if not np.isnan(sd)]
    if not known:
        return np.nan
    pooled = float(np.sqrt(np.mean(np.square(known))))
    return pooled if pooled > 0 else _sd_between(treated, historical)


def _sd_between(treated: Moments, historical: Moments) -> float:
    """Standard deviation of both arms together where all patients of an arm are alike."""
    n1, n0, difference = treated.n, historical.n, difference_of(treated, historical)
    if not n1 or not n0 or difference == 0:
        return 0.0
    # All of the total sum of squares is between the arms: a share divides it by n, as p (1 - p) does, a mean by n - 1.
    squares = n1 * n0 / (n1 + n0) * difference**2
    return float(np.sqrt(squares / (n1 + n0 - (0 if treated.share else 1))))


def difference_of(treated: Moments, historical: Moments) -> float:
    """Treated minus historical mean; 0 where the means differ by no more than rounding."""
    difference = treated.mean - historical.mean
    size = max(abs(treated.mean), abs(historical.mean))
    return 0.0 if no_spread(abs(difference), size) else float(difference)


def smd(treated: Moments, historical: Moments, spread: float | None = None) -> float:
    """Standardised mean difference; 0 where all patients are alike, nan where an arm has nobody.

    spread: the denominator, that of the unweighted arms; left out, these are the unweighted arms.
    """
    difference = difference_of(treated, historical)
    pooled = pooled_sd(treated, historical) if spread is None else spread
    if np.isnan(difference) or np.isnan(pooled):
        return np.nan
    if pooled == 0:
        return 0.0 if difference == 0 else np.nan
    return difference / pooled


def variance_ratio(treated: Moments, historical: Moments) -> float:
    """Variance of the treated over that of the historical patients; nan where either is unknown or zero."""
    if not (treated.sd > 0 and historical.sd > 0):
        return np.nan
    return float(treated.sd**2 / historical.sd**2)


def on_scale(covariate: NumberCovariate) -> Floats:
    """Values on the scale of the outcome; a censored one counts as its limit, the nearest value it can have.

    Values that the scale cannot hold become nan.
    """
    values = transformed(at_limit(covariate.lower, covariate.upper), covariate.scale)
    # log 0 and logit 100% are infinite and would make every mean so.
    return np.where(np.isfinite(values), values, np.nan)


def at_limit(lower: Floats, upper: Floats) -> Floats:
    """Exact values as they are, '<' at the upper limit, '>' at the lower one, intervals at their middle."""
    # Censored values of log outcomes have the lower bound 0, those of other outcomes -inf; both mean "below the limit".
    below, above = (lower <= 0) | np.isinf(lower), np.isinf(upper)
    with np.errstate(invalid="ignore"):
        middle = (lower + upper) / 2
    return np.select([lower == upper, above, below], [lower, lower, upper], middle)
