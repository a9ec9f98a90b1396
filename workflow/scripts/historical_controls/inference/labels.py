"""Which subjects could have been the treated ones: all ways, or a seeded draw of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

# 5 treated of 30 patients can be chosen in 142,506 ways, 5 of 35 in 324,632.
EXACT_UP_TO = 200_000
DRAWS = 100_000

Integers = NDArray[np.int_]


@dataclass(frozen=True)
class Labels:
    """matrix (B, n): row b marks the subjects labelled treated, row 0 as observed. exact: all ways that there are."""

    matrix: NDArray[np.bool_]
    exact: bool


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
    rng = np.random.default_rng(seed)
    drawn = np.hstack([_drawn(rng, group, k, draws - 1) for group, k in zip(groups, counts, strict=True)])
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


def _drawn(rng: np.random.Generator, group: Integers, k: int, draws: int) -> Integers:
    """`draws` subsets of k of a group: the k smallest of uniform numbers, so that every subset is equally likely."""
    # There is one such subset, and argpartition cannot split at the end of a row.
    if k in (0, len(group)):
        return np.tile(group[:k], (draws, 1))
    return group[np.argpartition(rng.random((draws, len(group))), k, axis=1)[:, :k]]


def _marked(chosen: Integers, n: int) -> NDArray[np.bool_]:
    matrix = np.zeros((len(chosen), n), dtype=bool)
    np.put_along_axis(matrix, chosen, True, axis=1)
    return matrix
