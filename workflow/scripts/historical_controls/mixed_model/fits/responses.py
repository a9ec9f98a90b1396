"""Many responses of one design: completed copies of censored data, simulated studies, placebo labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.fits.gaussian import MixedModelFit
from historical_controls.mixed_model.likelihood.likelihood import Engine, Parameters, Point, evaluate
from historical_controls.mixed_model.likelihood.optimiser import Control, Near, maximise
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.together import Objective, maximise_together

# Numbers of all responses that are fitted together, 160 MB: second derivatives take some times as much memory.
CELLS = 20_000_000


def fit_responses(first: MixedModelFit, y: Array) -> Iterator[MixedModelFit | None]:
    """The fits of responses y (B, N), rows in the order of the design of `first`, which has converged.

    They start beside its maximum and are found together; None where a response has no maximum.
    """
    for own, point in zip(y, maxima(first, first.design, y, first.point.theta[None]), strict=True):
        yield None if point is None else at_maximum(first, own, point)


def maxima(
    start: MixedModelFit,
    design: Design,
    y: Array,
    theta: Array,
    control: Control | None = None,
    like: Point | None = None,
) -> list[Point | None]:
    """Where the restricted likelihood of each response (B, N) has its maximum, in the units of `start`.

    theta (B, k), or (1, k) for all: where they start; like: a point whose information theirs is like, by default the
    maximum of `start`. None for those that do not converge by themselves either.
    """
    control = control or Control()
    theta = np.broadcast_to(theta, (len(y), theta.shape[-1]))

    def engine_of(numbers: Any) -> tuple[Engine, Parameters]:
        return machinery(with_responses(start.problem, design, y[numbers]), design.spec)

    def together(numbers: Codes) -> tuple[Point | None, ...]:
        def objective_of(own: Codes) -> Objective:
            return partial(evaluate, *engine_of(numbers[own]))

        return maximise_together(objective_of, theta[numbers], control, borrowed)

    # The information at a boundary is singular and leads nowhere.
    borrowed = None if start.singular else (like or start.point).information

    pieces = np.array_split(np.arange(len(y)), -(-len(y) * start.problem.cells // CELLS) or 1)
    points = [point for numbers in pieces if len(numbers) for point in together(numbers)]
    return [
        maximise(*engine_of(number), control, Near(theta[number]))[0] if point is None else point
        for number, point in enumerate(points)
    ]


def at_maximum(start: MixedModelFit, y: Array, optimum: Point) -> MixedModelFit:
    """The fit of another response (N,), given its maximum."""
    return replace(start, design=replace(start.design, y=y), problem=optimum.engine.problem, optimum=optimum)


def with_responses(problem: Problem, design: Design, y: Array) -> Problem:
    """The reduced problem with other responses (..., N), in the same reduced units (MM-4)."""
    root = np.ones(len(design.y)) if design.weight is None else np.sqrt(design.weight)
    M = np.broadcast_to(problem.M, (*y.shape[:-1], *problem.M.shape)).copy()
    # Offset and scale stay those of the first fit, so that theta, beta and constant mean the same in every copy.
    M[..., -1, :] = (y - design.X @ problem.offset) * root / problem.y_scale
    return replace(problem, M=M)
