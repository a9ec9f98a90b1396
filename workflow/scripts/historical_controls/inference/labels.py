"""Which subjects could have been the treated ones: all ways, or a seeded draw of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, product
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

# 5 treated of 30 patients can be chosen in 142,506 ways, 5 of 35 in 324,632.
EXACT_UP_TO = 200_000
DRAWS = 100_000

# Sums over members pay where they are so few of all subjects; else a product with the 0/1 labels is faster.
FEW = 1 / 8
# Uniform numbers that are sorted together: they stay in the processor's cache.
BLOCK = 100_000

Integers = NDArray[np.int_]
Positions = NDArray[np.int32]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """Relabellings of `size` subjects. members (B, k): positions of those labelled treated, as observed in row 0;
    `size` in place of a position where a labelling has fewer. exact: all ways that there are.

    Positions, since 100,000 labellings of 25,000 subjects as 0 and 1 take 2.5 GB.
    """

    members: Positions
    size: int
    exact: bool

    @property
    def matrix(self) -> NDArray[np.bool_]:
        """Who is labelled treated (B, size)."""
        marks = np.zeros((len(self.members), self.size + 1), dtype=bool)
        np.put_along_axis(marks, self.members, True, axis=1)
        return marks[:, :-1]

    @cached_property
    def _indicators(self) -> Array:
        # Of every column of the scores the same.
        return self.matrix.astype(np.float64)

    @property
    def counts(self) -> Array:
        """How many are labelled treated (B,)."""
        return (self.members < self.size).sum(axis=1, dtype=np.float64)

    @property
    def few(self) -> bool:
        """Whether the subjects labelled treated are few of all."""
        return 0 < self.members.shape[1] <= FEW * self.size

    def sums(self, values: Array) -> Array:
        """Sums of values (size, c) over the subjects labelled treated (B, c)."""
        if not self.few:
            return np.asarray(self._indicators @ values)
        padded = np.vstack([values, np.zeros(values.shape[1])])
        out = np.zeros((len(self.members), values.shape[1]))
        for column in self.members.T:
            out += padded[column]
        return out

    def take(self, subjects: Integers) -> Labels:
        """The labels of the subjects at these positions, in this order."""
        new = np.full(self.size + 1, len(subjects), dtype=np.int32)
        new[subjects] = np.arange(len(subjects))
        return Labels(new[self.members], len(subjects), self.exact)


def draw_labels(
    treated: NDArray[np.bool_],
    seed: int,
    exact_up_to: int = EXACT_UP_TO,
    draws: int = DRAWS,
    strata: NDArray[np.int_] | None = None,
) -> Labels:
    """All relabellings of `treated` (n,) where there are at most `exact_up_to`, else `draws` of them, observed first.

    strata (n,): labels are exchanged within matched sets or strata only. A drawn set counts the observed labelling as
    one of its draws, so that a p-value is never zero (Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39).
    """
    groups = [np.arange(len(treated))] if strata is None else [np.flatnonzero(strata == s) for s in np.unique(strata)]
    counts = [int(treated[group].sum()) for group in groups]
    # Strata are labelled independently: the numbers of ways multiply.
    if prod(comb(len(group), k) for group, k in zip(groups, counts, strict=True)) <= exact_up_to:
        return Labels(_every(treated, groups, counts).astype(np.int32), len(treated), True)
    sizes = tuple((len(group), k) for group, k in zip(groups, counts, strict=True))
    own = _drawn(seed, sizes, draws - 1)
    drawn = np.hstack([group[positions] for group, positions in zip(groups, own, strict=True)])
    observed = np.hstack([group[treated[group]] for group in groups])
    return Labels(np.vstack([observed, drawn]).astype(np.int32), len(treated), False)


def _every(treated: NDArray[np.bool_], groups: list[Integers], counts: list[int]) -> Integers:
    """Every choice of as many of each group as were treated, the observed one first."""
    observed = tuple(int(i) for group in groups for i in group[treated[group]])
    choices = [list(combinations(group.tolist(), k)) for group, k in zip(groups, counts, strict=True)]
    others = (tuple(i for part in parts for i in part) for parts in product(*choices))
    return np.array([observed, *_without(others, observed)], dtype=int).reshape(-1, len(observed))


def _without(choices: Iterator[tuple[int, ...]], observed: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return (choice for choice in choices if choice != observed)


# One study asks for the same sizes at many days and of many outcomes.
@lru_cache(maxsize=8)
def _drawn(seed: int, sizes: tuple[tuple[int, int], ...], draws: int) -> tuple[Integers, ...]:
    """`draws` subsets of k of n positions for each (n, k), drawn one after the other."""
    rng = np.random.default_rng(seed)
    return tuple(_subsets(rng, n, k, draws) for n, k in sizes)


def _subsets(rng: np.random.Generator, n: int, k: int, draws: int) -> Integers:
    """`draws` subsets of k of n, every subset equally likely (draws, k)."""
    if k in (0, n):
        return np.tile(np.arange(k), (draws, 1))
    # Comparing every member with those before it, or sorting n numbers: what is less work.
    if k * k <= 4 * n:
        return _floyd(rng, n, k, draws)
    rows = max(BLOCK // n, 1)
    blocks = (rng.random((min(rows, draws - start), n)) for start in range(0, draws, rows))
    return np.vstack([np.argpartition(uniform, k, axis=1)[:, :k] for uniform in blocks])


def _floyd(rng: np.random.Generator, n: int, k: int, draws: int) -> Integers:
    """Floyd's algorithm: one number a member, whatever n (Bentley & Floyd 1987, Commun ACM 30:754, algorithm F2)."""
    out = np.empty((draws, k), dtype=np.int_)
    for place, last in enumerate(range(n - k, n)):
        drawn = rng.integers(0, last + 1, draws)
        # `last` cannot be a member yet.
        again = (out[:, :place] == drawn[:, None]).any(axis=1)
        out[:, place] = np.where(again, last, drawn)
    return out
