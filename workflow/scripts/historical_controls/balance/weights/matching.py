"""Optimal 1:k matching without replacement (Rosenbaum, Design of Observational Studies, 2nd ed. 2020, ch. 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.balance.covariates import Floats
from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.weights.weighting import Infeasible, Weighting
from historical_controls.inference.spread import no_spread

Integers = npt.NDArray[np.int_]
Distance = Literal["mahalanobis", "rank_mahalanobis"]
# Of the largest variance of standardised columns: what collinear columns leave.
SINGULAR = 1e-10
# Standard deviations apart that no measurement tells from a tie.
TIED = 1e-9


@dataclass(frozen=True)
class Matched(Weighting):
    """A weighting by matched sets. set (n,): number of the set from 1, 0 for unmatched; distance (n,) to its treated.

    ratio: controls in every set; wanted: as declared.
    """

    set: Integers = field(default_factory=lambda: np.zeros(0, dtype=int))
    distance: Floats = field(default_factory=lambda: np.zeros(0))
    ratio: int = 0
    wanted: int = 0


def match(key: KeyCovariates, D: Floats, wanted: int) -> Matched | Infeasible:
    """Sets of one treated and k controls of smallest total distance; D (n1, n0), infinite where a pair is not allowed.

    As many treated as possible are matched; k is the largest number up to `wanted` that all of those can have (BA-11).
    """
    n0 = D.shape[1]
    pairs, ratio = assign(D, 1), 1
    if not len(pairs):
        return Infeasible("nobody_matched")
    served = np.unique(pairs[:, 0])
    # From the largest ratio down; k = 1 is known to serve all of them.
    for k in range(min(wanted, n0 // len(served)), 1, -1):
        more = assign(D[served], k)
        if len(more) == k * len(served):
            pairs, ratio = np.column_stack([served[more[:, 0]], more[:, 1]]), k
            break
    return _matched(key, D, pairs, ratio, wanted)


def _matched(key: KeyCovariates, D: Floats, pairs: Integers, ratio: int, wanted: int) -> Matched:
    n = len(key.treated)
    at_treated, at_control = np.flatnonzero(key.treated), np.flatnonzero(~key.treated)
    served = np.unique(pairs[:, 0])
    # Sets are numbered in the order of the treated patients, who are sorted.
    number = {int(i): s for s, i in enumerate(served, start=1)}
    sets, distance, weights = np.zeros(n, dtype=int), np.zeros(n), np.zeros(n)
    sets[at_treated[served]] = range(1, len(served) + 1)
    sets[at_control[pairs[:, 1]]] = [number[int(i)] for i in pairs[:, 0]]
    distance[at_control[pairs[:, 1]]] = D[pairs[:, 0], pairs[:, 1]]
    weights[at_treated[served]] = 1.0
    # The controls of a set weigh one treated patient together.
    weights[at_control[pairs[:, 1]]] = 1.0 / ratio
    facts = {
        Statistic.RATIO: ratio,
        Statistic.TOTAL_DISTANCE: float(distance.sum()),
        Statistic.N_UNMATCHED: int(key.treated.sum()) - len(served),
    }
    return Matched(weights, "ATT", facts, sets, distance, ratio, wanted)


def assign(D: Floats, k: int) -> Integers:
    """Pairs (treated row, control column): as many as possible, up to k a row, and of these the least total distance.

    Each row stands k times; a pair that is not allowed costs more than all distances together, and is dropped.
    """
    near = _worth_trying(D, k)
    allowed = np.isfinite(D[:, near])
    if not allowed.any():
        return np.zeros((0, 2), dtype=int)
    # One forbidden pair costs more than all allowed ones can, so that as many as possible are allowed.
    forbidden = 1.0 + float(D[:, near][allowed].max()) * k * len(D)
    cost = np.repeat(np.where(allowed, D[:, near], forbidden), k, axis=0)
    rows, columns = linear_sum_assignment(cost)
    kept = cost[rows, columns] < forbidden
    # Row r of the treated stands at r k to r k + k - 1.
    return np.column_stack([rows[kept] // k, near[columns[kept]]])


def _worth_trying(D: Floats, k: int) -> Integers:
    """The k n1 nearest controls of each treated: the others are never needed, since these cannot all be taken."""
    most = k * len(D)
    if D.shape[1] <= most:
        return np.arange(D.shape[1])
    # At most k n1 controls are taken in all: if one beyond these were used, a nearer one would be free.
    return np.unique(np.argpartition(D, most - 1, axis=1)[:, :most])


def distances(key: KeyCovariates, kind: Distance) -> Floats:
    """(n1, n0): Mahalanobis distances under the covariance pooled within arms, or of ranks (BA-10).

    Columns are in units of their own spread first, so that the unit of a covariate decides no match; those that do
    not vary say nothing and are left out.
    """
    varying = key.spread > 0
    X = key.standardised[:, varying]
    X = _ranks(X) if kind == "rank_mahalanobis" else X
    covariance = _rank_covariance(X) if kind == "rank_mahalanobis" else _within(X, key.treated)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > SINGULAR * max(values.max(initial=0.0), 1e-300)
    # Whitened: squared Euclidean distances in Y are Mahalanobis distances in X.
    Y = X @ (vectors[:, kept] / np.sqrt(values[kept]))
    a, b = Y[key.treated], Y[~key.treated]
    # One (n1, n0) matrix per column; (n1, n0, p) at once would not fit with 100,000 controls.
    return np.sqrt(sum(((a[:, [c]] - b[:, c]) ** 2 for c in range(Y.shape[1])), np.zeros((len(a), len(b)))))


def _within(X: Floats, treated: npt.NDArray[np.bool_]) -> Floats:
    centred = X - np.where(treated[:, None], X[treated].mean(axis=0), X[~treated].mean(axis=0))
    # n - 2: one mean per arm was estimated.
    return centred.T @ centred / max(len(X) - 2, 1)


def _ranks(Z: Floats) -> Floats:
    """Mid-ranks of standardised columns; values that differ by no more than rounding are tied."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(np.apply_along_axis(_tied, 0, Z), axis=0), dtype=np.float64).reshape(Z.shape)


def _tied(z: Floats) -> Integers:
    # Neighbours in order whose gaps are all below TIED form one group, numbered from 0.
    order = np.argsort(z, kind="stable")
    group = np.concatenate([[0], np.cumsum(np.diff(z[order]) > TIED)])
    out = np.empty(len(z), dtype=int)
    out[order] = group
    return out


def _rank_covariance(R: Floats) -> Floats:
    """Covariance of the ranks, rescaled to the variance of untied ranks, so that ties do not blow up a rare category
    (Rosenbaum 2020, section 9.3)."""
    covariance = np.atleast_2d(np.cov(R, rowvar=False))
    sd = np.sqrt(np.diag(covariance))
    untied = np.sqrt(np.var(np.arange(1, len(R) + 1), ddof=1))
    # A column whose ranks are all tied has no spread and weighs nothing.
    factor = np.divide(untied, sd, out=np.zeros_like(sd), where=sd > 0)
    return covariance * np.outer(factor, factor)


def forbid(D: Floats, key: KeyCovariates, exact: list[npt.NDArray[np.object_]], calipers: dict[str, float]) -> Floats:
    """D with infinity where a category differs (unknown equals only unknown) or a caliper is exceeded.

    Under a caliper a covariate in which the controls do not vary (a control alone does not) matches its own value only.
    """
    out = D.copy()
    for category in exact:
        # repr makes None equal to None and nan to nan; compared as objects, a missing value would match nobody.
        left = np.array([repr(value) for value in category[key.treated]])
        right = np.array([repr(value) for value in category[~key.treated]])
        out[left[:, None] != right] = np.inf
    for column, code in enumerate(key.covariate):
        if code in calipers:
            x, sd = key.X[:, column], key.control_sd[column]
            apart = np.abs(x[key.treated][:, None] - x[~key.treated])
            # A caliper is in standard deviations of the controls: where they are all alike it reaches nobody else.
            within = apart <= calipers[code] * sd if sd > 0 else no_spread(apart, np.abs(x).max())
            out[~within] = np.inf
    return out
