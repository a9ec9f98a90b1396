"""Tails and quantiles of t, normal and F, from scipy.special: importing scipy.stats takes longer than a fit does."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit


def t_quantile(p: float, df: float) -> float:
    """Quantile of Student's t; of the normal law where `df` is infinite."""
    return float(ndtri(p) if np.isinf(df) else stdtrit(df, p))


def two_sided(statistic: float, df: float) -> float:
    """Probability of a t at least so far from zero, on either side; normal where `df` is infinite."""
    return 2 * float(ndtr(-abs(statistic)) if np.isinf(df) else stdtr(df, -abs(statistic)))


def f_tail(F: float, ndf: int, ddf: float) -> float:
    """Probability of an F at least so large; chi-squared over `ndf` where `ddf` is infinite."""
    return float(chdtrc(ndf, F * ndf) if np.isinf(ddf) else fdtrc(ndf, ddf, F))
