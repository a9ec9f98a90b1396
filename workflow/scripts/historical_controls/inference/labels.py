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

# Uniform numbers that are sorted together: they stay in the processor's cache.
BLOCK = 100_000
# Sums over members pay where they are so few of all subjects; else a product with the 0/1 labels is faster.
FEW = 1 / 8

Integers = NDArray[np.int_]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """matrix (B, n): row b marks the subjects labelled treated, row 0 as observed. exact: all ways that there are."""

    matrix: NDArray[np.bool_]
    exact: bool

    @cached_property
    def members(self) -> Integers:
        """Positions of the subjects labelled treated (B, most of them), n where a labelling has fewer."""
        rows, columns = np.nonzero(self.matrix)
        counts = np.bincount(rows, minlength=len(self.matrix))
        place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        out = np.full((len(counts), int(counts.max(initial=0))), self.matrix.shape[1])
        out[rows, place] = columns
        return out

    @property
    def few(self) -> bool:
        """Whether the subjects labelled treated are few of all."""
        return 0 < self.members.shape[1] <= FEW * self.matrix.shape[1]

    def sums(self, values: Array) -> Array:
        """Sums of values (n, c) over the subjects labelled treated (B, c)."""
        if not self.few:
            return np.asarray(self.matrix.astype(np.float64) @ values)
        padded = np.vstack([values, np.zeros(values.shape[1])])
        out = np.zeros((len(self.matrix), values.shape[1]))
        for column in self.members.T:
            out += padded[column]
        return out


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
        return Labels(_marked(_every(treated, groups, counts), len(treated)), True)
    sizes = tuple((len(group), k) for group, k in zip(groups, counts, strict=True))
    own = _drawn(seed, sizes, draws - 1)
    drawn = np.hstack([group[positions] for group, positions in zip(groups, own, strict=True)])
    observed = np.hstack([group[treated[group]] for group in groups])
    return Labels(_marked(np.vstack([observed, drawn]), len(treated)), False)


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
    """`draws` subsets of k of n: the k smallest of uniform numbers, so that every subset is equally likely."""
    # There is one such subset, and argpartition cannot split at the end of a row.
    if k in (0, n):
        return np.tile(np.arange(k), (draws, 1))
    rows = max(BLOCK // n, 1)
    return np.vstack([_smallest(rng.random((min(rows, draws - start), n)), k) for start in range(0, draws, rows)])


def _smallest(uniform: Array, k: int) -> Integers:
    """Positions of the k smallest of each row of uniform numbers (rows, n), in any order."""
    n = uniform.shape[1]
    # Hardly any row has fewer than k numbers below this.
    cut = (k + 4 * np.sqrt(k) + 4) / n
    if cut > FEW:
        return np.argpartition(uniform, k, axis=1)[:, :k]
    rows, columns = np.nonzero(uniform < cut)
    counts = np.bincount(rows, minlength=len(uniform))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = max(int(counts.max()), k + 1)
    values, positions = np.full((len(uniform), width), np.inf), np.zeros((len(uniform), width), dtype=np.int_)
    values[rows, place], positions[rows, place] = uniform[rows, columns], columns
    out = np.take_along_axis(positions, np.argpartition(values, k, axis=1)[:, :k], axis=1)
    short = counts < k
    out[short] = np.argpartition(uniform[short], k, axis=1)[:, :k]
    return out


def _marked(chosen: Integers, n: int) -> NDArray[np.bool_]:
    matrix = np.zeros((len(chosen), n), dtype=bool)
    np.put_along_axis(matrix, chosen, True, axis=1)
    return matrix
