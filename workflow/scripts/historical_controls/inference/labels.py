"""Which subjects could have been the treated ones: all ways, or a seeded draw of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 200_000
DRAWS = 100_000


@dataclass(frozen=True)
class Labels:
    """matrix (B, n): row b marks the subjects labelled treated; row 0 is what was observed. exact: all C(n, k) ways."""

    matrix: NDArray[np.bool_]
    exact: bool


def draw_labels(treated: NDArray[np.bool_], seed: int, exact_up_to: int = EXACT_UP_TO, draws: int = DRAWS) -> Labels:
    """All relabellings of `treated` (n,) where there are at most `exact_up_to`, else `draws` of them, observed first.

    A drawn set counts the observed labelling as one of its draws, so that a p-value is never zero (Phipson & Smyth
    2010, Stat Appl Genet Mol Biol 9:39).
    """
    n, k = len(treated), int(treated.sum())
    if comb(n, k) <= exact_up_to:
        observed = tuple(np.flatnonzero(treated))
        others = [chosen for chosen in combinations(range(n), k) if chosen != observed]
        return Labels(_marked(np.array([observed, *others], dtype=int).reshape(-1, k), n), True)
    rng = np.random.default_rng(seed)
    # The k smallest of n uniform numbers: every subset is equally likely, and no loop over draws is needed.
    chosen = np.argpartition(rng.random((draws - 1, n)), k, axis=1)[:, :k]
    return Labels(_marked(np.vstack([np.flatnonzero(treated), chosen]), n), False)


def _marked(chosen: NDArray[np.int_], n: int) -> NDArray[np.bool_]:
    matrix = np.zeros((len(chosen), n), dtype=bool)
    np.put_along_axis(matrix, chosen, True, axis=1)
    return matrix
