"""How large standardised differences get by chance: arms of the same sizes whose labels are exchangeable (BA-3)."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from historical_controls.balance.covariates import Floats

Integers = npt.NDArray[np.int_]
BLOCK = 4_000_000


def labellings(n: int, n_treated: int, draws: int, seed: int) -> Integers:
    """(B, n_treated): who could have been the treated; all ways where there are at most `draws`, else that many."""
    if comb(n, n_treated) <= draws:
        return np.array(list(combinations(range(n), n_treated)), dtype=int).reshape(-1, n_treated)
    rng = np.random.default_rng(seed)
    if n_treated**2 < n:
        return _without_repeats(rng, n, n_treated, draws)
    blocks = _blocks(draws, max(1, BLOCK // n))
    return np.vstack([np.argpartition(rng.random((b, n)), n_treated - 1, axis=1)[:, :n_treated] for b in blocks])


def _blocks(total: int, size: int) -> list[int]:
    return [*[size] * (total // size), *([total % size] if total % size else [])]


def _without_repeats(rng: np.random.Generator, n: int, k: int, draws: int) -> Integers:
    """Few of many: draw with replacement, keep the draws without repeats; time and memory do not grow with n."""
    kept: list[Integers] = []
    while sum(map(len, kept)) < draws:
        tried = np.sort(rng.integers(0, n, (draws, k)), axis=1)
        kept.append(tried[(np.diff(tried, axis=1) > 0).all(axis=1)])
    return np.vstack(kept)[:draws]


def share_by_chance(hits: int, n: int, n_treated: int, level: float) -> float:
    """The same for a share that everybody is known to have or not: exactly, by the hypergeometric distribution."""
    from scipy.stats import hypergeom

    treated = np.arange(max(0, n_treated - (n - hits)), min(n_treated, hits) + 1)
    p1, p0 = treated / n_treated, (hits - treated) / (n - n_treated)
    spread = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2)
    size = np.abs(p1 - p0) / np.where(spread > 0, spread, 1.0)
    size = np.where((spread == 0) & (p1 != p0), np.inf, size)
    order = np.argsort(size)
    within = np.cumsum(hypergeom.pmf(treated[order], n, hits, n_treated))
    bound = float(size[order][np.argmax(within >= level - 1e-12)])
    return bound if np.isfinite(bound) else np.nan


def smd_by_chance(values: Floats, share: bool, chosen: Integers, level: float) -> float:
    """Size that |SMD| stays within for `level` of the labellings `chosen` (B, k); values (n,), nan where missing.

    share: values are 0 or 1, and the variance of a share is p (1 - p). nan where it has no bound.
    """
    known = ~np.isnan(values)
    if share and known.all():
        return share_by_chance(int(values.sum()), len(values), chosen.shape[1], level)
    x = np.where(known, values - (values[known].mean() if known.any() else 0.0), 0.0)
    sums = [array.astype(np.float64) for array in (known, x, x**2)]
    treated = [array[chosen].sum(axis=1) for array in sums]
    others = [array.sum() - inside for array, inside in zip(sums, treated, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        (mean1, var1), (mean0, var0) = (
            _mean_and_variance(n, total, squares, share) for n, total, squares in (treated, others)
        )
        both = np.where(np.isnan(var1), var0, np.where(np.isnan(var0), var1, (var1 + var0) / 2))
        spread = np.sqrt(both)
        size = np.abs(mean1 - mean0) / spread
    size = np.where(np.abs(mean1 - mean0) < 1e-12, 0.0, size)
    size = size[~np.isnan(size)]
    bound = float(np.quantile(size, level, method="inverted_cdf")) if len(size) else np.nan
    return bound if np.isfinite(bound) else np.nan


def _mean_and_variance(n: Floats, total: Floats, squares: Floats, share: bool) -> tuple[Floats, Floats]:
    mean = total / n
    spread = np.maximum(squares / n - mean**2, 0.0)
    return mean, spread if share else np.where(n > 1, spread * n / np.where(n > 1, n - 1, 1), np.nan)
