"""How large standardised differences get by chance: arms of the same sizes whose labels are exchangeable (BA-3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from historical_controls.balance.covariates import Floats
from historical_controls.inference.counts import hypergeometric
from historical_controls.inference.spread import no_spread, varies

Integers = npt.NDArray[np.int_]
# Random numbers drawn at a time: 32 MB.
BLOCK = 4_000_000


@dataclass(frozen=True)
class Chance:
    """level: share of the labellings that stay within the limit. draws: how many are drawn where there are more."""

    level: float
    draws: int
    seed: int


# Table 1 asks once per covariate, mostly with the same counts of patients who have a value.
@lru_cache(maxsize=16)
def labellings(n: int, n_treated: int, draws: int, seed: int) -> Integers:
    """(B, n_treated): who could have been the treated; all ways where there are at most `draws`, else that many."""
    if comb(n, n_treated) <= draws:
        return np.array(list(combinations(range(n), n_treated)), dtype=int).reshape(-1, n_treated)
    rng = np.random.default_rng(seed)
    # k draws from n have no repeat with a chance of about exp(-k^2 / 2n): above 60% here, so that few are drawn again.
    if n_treated**2 < n:
        return _without_repeats(rng, n, n_treated, draws)
    blocks = _blocks(draws, max(1, BLOCK // n))
    # The places of the k smallest of n uniform numbers are a random subset of size k.
    return np.vstack([np.argpartition(rng.random((b, n)), n_treated - 1, axis=1)[:, :n_treated] for b in blocks])


def _blocks(total: int, size: int) -> list[int]:
    return [*[size] * (total // size), *([total % size] if total % size else [])]


def _without_repeats(rng: np.random.Generator, n: int, k: int, draws: int) -> Integers:
    """Few of many: draw with replacement, keep the draws without repeats; time and memory do not grow with n."""
    kept: list[Integers] = []
    while sum(map(len, kept)) < draws:
        # Sorted, a repeat is a difference of 0 between neighbours.
        tried = np.sort(rng.integers(0, n, (draws, k)), axis=1)
        kept.append(tried[(np.diff(tried, axis=1) > 0).all(axis=1)])
    return np.vstack(kept)[:draws]


def smd_by_chance(values: Floats, treated: npt.NDArray[np.bool_], share: bool, chance: Chance) -> float:
    """Size that |SMD| stays within for `chance.level` of the labellings; nan where an arm has no value.

    values (n,): nan where missing; treated (n,). Only patients with a value are labelled, as many of them treated as
    treated patients have one: whom a measurement missed cannot enter a difference. share: values are 0 or 1, and the
    variance of a share is p (1 - p).
    """
    known = ~np.isnan(values)
    n_treated = int((treated & known).sum())
    if not n_treated or n_treated == known.sum():
        return np.nan
    own = values[known]
    if not varies(own):
        return 0.0
    if share:
        return share_by_chance(int(own.sum()), len(own), n_treated, chance.level)
    chosen = labellings(len(own), n_treated, chance.draws, chance.seed)
    # inverted_cdf is a size that occurs and that at least `level` of the labellings reach at most; no interpolation.
    return float(np.quantile(_sizes(own, chosen), chance.level, method="inverted_cdf"))


def share_by_chance(hits: int, n: int, n_treated: int, level: float) -> float:
    """The same for a share of n patients: exactly, by the hypergeometric distribution."""
    # How many of those with the characteristic can be among the treated: the range of the hypergeometric distribution.
    treated = np.arange(max(0, n_treated - (n - hits)), min(n_treated, hits) + 1)
    p1, p0 = treated / n_treated, (hits - treated) / (n - n_treated)
    within = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2)
    together = np.sqrt(hits / n * (1 - hits / n))
    size = np.abs(p1 - p0) / np.where(within > 0, within, together)
    order = np.argsort(size)
    reached = np.cumsum(hypergeometric(n, hits, n_treated)[treated[order]])
    # The probabilities sum to 1 up to rounding; without the allowance a level of 1 might never be reached.
    return float(size[order][np.argmax(reached >= level - 1e-12)])


def _sizes(values: Floats, chosen: Integers) -> Floats:
    """|SMD| under each labelling `chosen` (B, k) of values (n,) that vary; the denominator is that of `pooled_sd`."""
    n, k = len(values), chosen.shape[1]
    # |SMD| does not depend on location and unit; centred values lose no digits in the sums of squares.
    x = (values - values.mean()) / values.std(ddof=1)
    sums, squares = x[chosen].sum(axis=1), (x**2)[chosen].sum(axis=1)
    # x sums to 0, so that the other arm's sum is minus this one's: only (B, k) values are read, not (B, n).
    (mean1, var1), (mean0, var0) = (
        _mean_and_variance(size, total, square)
        for size, total, square in ((k, sums, squares), (n - k, -sums, (x**2).sum() - squares))
    )
    # An arm of one patient has no variance; the other arm's is taken, as in `pooled_sd`.
    both = var0 if k == 1 else var1 if n - k == 1 else (var1 + var0) / 2
    # x has the standard deviation 1: that of both arms together, where neither arm varies.
    spread = np.where(no_spread(np.sqrt(both), np.abs(x).max()), 1.0, np.sqrt(both))
    apart = np.abs(mean1 - mean0)
    return np.where(no_spread(apart, np.abs(x).max()), 0.0, apart / spread)


def _mean_and_variance(n: int, total: Floats, squares: Floats) -> tuple[Floats, Floats]:
    mean = total / n
    # The difference of squares may end slightly below 0.
    return mean, np.maximum(squares - n * mean**2, 0.0) / max(n - 1, 1)
