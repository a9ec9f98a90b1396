"""Censored responses in well-scaled numbers, in blocks of subjects that share their covariance parameters (CE-1).

The rows are those of `reduction`: weights absorbed, X orthonormal, Z and y of unit size; the bounds follow y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import DataError, NotEstimable, SpecificationError
from historical_controls.mixed_model.design.messages import Code, Value
from historical_controls.mixed_model.likelihood.reduction import Problem, reduce


@dataclass(frozen=True)
class Block:
    """N rows of n subjects of one group; a row is in one of exact, below, above, between.

    X (N, p), Z (N, q), lower and upper (N,); first (n,): first row of each subject; owner (N,): its number.
    """

    group: int
    X: Array
    Z: Array
    lower: Array
    upper: Array
    first: Codes
    owner: Codes
    exact: Codes
    below: Codes
    above: Codes
    between: Codes


@dataclass(frozen=True)
class CensoredProblem:
    """All blocks; constant: what to add to the reduced log-likelihood; reduced: the scales to go back by."""

    blocks: tuple[Block, ...]
    reduced: Problem
    constant: float
    censored: Codes

    @property
    def p(self) -> int:
        return self.reduced.p

    @property
    def q(self) -> int:
        return self.reduced.q


def censored_problem(design: Design, nodes: int, cells: int = 400_000) -> CensoredProblem:
    """Reduce a design with bounds; no block holds more than about `cells` rows times quadrature nodes.

    Raises SpecificationError, DataError or NotEstimable with what to do about it.
    """
    _carried(design)
    lower, upper = checked_bounds(design)
    reduced = reduce(design)
    root = np.ones(len(lower)) if design.weight is None else np.sqrt(design.weight)
    fitted = design.X @ reduced.offset
    low, high = ((bound - fitted) * root / reduced.y_scale for bound in (lower, upper))
    exact = lower == upper
    # Before the fit: infinite estimates look like slow convergence to an optimiser.
    bounded(reduced.M[reduced.q : -1].T, low, high, exact)
    pieces = _pieces(design, max(cells // nodes, 1))
    return CensoredProblem(
        blocks=tuple(_block(reduced, low, high, *piece) for piece in pieces),
        reduced=reduced,
        # Only densities change with the scale of y; probabilities between bounds do not.
        constant=float(np.log(root[exact]).sum() - exact.sum() * np.log(reduced.y_scale)),
        censored=~exact,
    )


def _carried(design: Design) -> None:
    spec = design.spec
    if not spec.censored:
        raise SpecificationError(Code.CENSORED_WITHOUT_BOUNDS)
    # Quadrature needs rows that are independent given b, and the likelihood of (CE-1) is the full one.
    if spec.reml or spec.residual != "iid":
        raise SpecificationError(Code.CENSORED_FORM)
    # 15 nodes per random effect: three would need 3,375 per subject.
    if design.Z.shape[1] > 2:
        raise SpecificationError(Code.CENSORED_RANDOM_COLUMNS, random=str(spec.random), columns=design.Z.shape[1])


def checked_bounds(design: Design) -> tuple[Array, Array]:
    """Lower and upper bound of every row, checked against the response. Raises DataError, NotEstimable."""
    assert design.lower is not None and design.upper is not None
    lower, upper, y = design.lower, design.upper, design.y
    exact = lower == upper
    faults = [
        (lower > upper, Code.BOUNDS_CROSSED),
        (np.isinf(lower) & np.isinf(upper), Code.BOUNDS_BOTH_OPEN),
        # A transformed response (log y) with untransformed bounds would be fitted without complaint.
        (exact & ~np.isclose(lower, y, rtol=1e-9, atol=1e-12), Code.BOUNDS_MISS_RESPONSE),
    ]
    for bad, code in faults:
        if bad.any():
            names: dict[str, Value] = {"lower": str(design.spec.lower), "upper": str(design.spec.upper)}
            named = {} if code is Code.BOUNDS_BOTH_OPEN else names
            raise DataError(code, rows=int(bad.sum()), row=int(design.row[bad].min()), **named)
    if not exact.any():
        raise NotEstimable(Code.ALL_CENSORED)
    return lower, upper


def bounded(X: Array, low: Array, high: Array, exact: Codes) -> None:
    """Refuse data under which some coefficients run to infinity (separation by censored rows alone) (CE-9).

    Such a direction d has X d = 0 where the response is bounded on both sides, X d <= 0 where only from above,
    and X d >= 0 where only from below, not all zero.
    """
    below, above = np.isinf(low), np.isinf(high)
    closed = X[~below & ~above]
    values, vectors = np.linalg.eigh(closed.T @ closed)
    # Directions of beta that rows bounded on both sides leave open.
    free = vectors[:, values < 1e-9 * max(values[-1], 1e-300)]
    if free.shape[1] == 0:
        return
    # Only outcomes with values beyond limits come here, and importing it takes longer than a fit.
    from scipy.optimize import linprog

    push = np.vstack([X[below], -X[above]]) @ free
    # Any multiple of a direction is one: the box keeps the programme bounded, and its minimum is 0 or far from it.
    best = linprog(push.sum(axis=0), A_ub=push, b_ub=np.zeros(len(push)), bounds=[(-1, 1)] * free.shape[1])
    if best.status == 0 and float(best.fun or 0.0) < -1e-7:
        raise NotEstimable(Code.SEPARATED)


def _pieces(design: Design, rows: int) -> list[tuple[int, int, int]]:
    """(group, first subject, past the last) of every block."""
    before = np.cumsum(design.counts) - design.counts
    start = np.concatenate([np.flatnonzero(np.diff(design.group, prepend=-1))])
    part = np.zeros(len(before), dtype=np.intp)
    for first in start:
        own = design.group == design.group[first]
        # Whole subjects go to the piece in which their first row falls.
        part[own] = (before[own] - before[first]) // rows
    edges = np.flatnonzero(np.diff(part, prepend=-1) | np.diff(design.group, prepend=-1))
    ends = np.append(edges[1:], len(before))
    return [(int(design.group[a]), int(a), int(b)) for a, b in zip(edges, ends, strict=True)]


def _block(reduced: Problem, low: Array, high: Array, group: int, a: int, b: int) -> Block:
    first = np.append(reduced.first, reduced.n_rows)[a : b + 1]
    rows = slice(int(first[0]), int(first[-1]))
    lower, upper = low[rows], high[rows]
    exact = lower == upper
    open_below, open_above = np.isinf(lower), np.isinf(upper)
    return Block(
        group=group,
        X=np.ascontiguousarray(reduced.M[reduced.q : -1, rows].T),
        Z=np.ascontiguousarray(reduced.M[: reduced.q, rows].T),
        lower=lower,
        upper=upper,
        first=first[:-1] - first[0],
        owner=np.repeat(np.arange(b - a), np.diff(first)),
        exact=np.flatnonzero(exact),
        below=np.flatnonzero(open_below),
        above=np.flatnonzero(open_above),
        between=np.flatnonzero(~exact & ~open_below & ~open_above),
    )
