"""Many responses of one design: completed copies of censored data, simulated studies, placebo labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import NumericalFailure, typed_failures
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.fits.gaussian import MixedModelFit
from historical_controls.mixed_model.likelihood.likelihood import Engine, Parameters, Point, evaluate
from historical_controls.mixed_model.likelihood.optimiser import Control, Near, maximise
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.together import Objective, maximise_together, newton_together

# Numbers of all responses that are fitted together, 160 MB: second derivatives take some times as much memory.
CELLS = 20_000_000


def fit_responses(first: MixedModelFit, y: Array) -> Iterator[MixedModelFit | None]:
    """The fits of responses y (B, N), rows in the order of the design of `first`, which has converged.

    They start beside its maximum and are found together; None where a response has no maximum.
    """
    responses = Responses(first, first.design, y, first.point.theta[None])
    for own, point in zip(y, maxima(responses), strict=True):
        yield None if point is None else at_maximum(first, own, point)


@dataclass(frozen=True)
class Responses:
    """Responses y (B, N) of one design, each with the theta (B, k) or (1, k) where it starts, in the units of `start`.

    like (k, k): an information that theirs is like, by default that of `start`.
    """

    start: MixedModelFit
    design: Design
    y: Array
    theta: Array
    like: Array | None = None

    def engine(self, numbers: Any) -> tuple[Engine, Parameters]:
        """What fits some of them, given their numbers, or one, given its number."""
        return machinery(with_responses(self.start.problem, self.design, self.y[numbers]), self.design.spec)

    def objective(self, numbers: Codes, some: Codes | slice = slice(None)) -> Objective:
        """The objective of these, or of some of them by their place among these."""
        return partial(evaluate, *self.engine(numbers[some]))

    @cached_property
    def starts(self) -> Array:
        return np.broadcast_to(self.theta, (len(self.y), self.theta.shape[-1]))

    @cached_property
    def information(self) -> Array | None:
        # At a boundary it is singular and leads nowhere.
        if self.start.singular:
            return None
        return self.start.point.information if self.like is None else self.like

    @property
    def pieces(self) -> Iterator[Codes]:
        """The numbers of those that memory has room for at once."""
        count = len(self.y)
        for numbers in np.array_split(np.arange(count), -(-count * self.start.problem.cells // CELLS) or 1):
            if len(numbers):
                yield numbers


def maxima(responses: Responses, control: Control | None = None) -> list[Point | None]:
    """Where the restricted likelihood of each response has its maximum.

    None for those that do not converge by themselves either.
    """
    points: list[Point | None] = []
    control = control or Control()
    for numbers in responses.pieces:
        objective_of = partial(responses.objective, numbers)
        points += maximise_together(objective_of, responses.starts[numbers], control, responses.information)
    return [
        maximise(*responses.engine(number), control, Near(responses.starts[number]))[0] if point is None else point
        for number, point in enumerate(points)
    ]


def one_step(responses: Responses, control: Control) -> tuple[Point, ...] | None:
    """Points of several, one step of each response nearer to its maximum; None where one of them finds no step."""
    found = []
    for numbers in responses.pieces:
        try:
            with typed_failures():
                point, ended = newton_together(
                    responses.objective(numbers), responses.starts[numbers], control, responses.information, True
                )
        except NumericalFailure:
            return None
        if point is None or not ended.all():
            return None
        found.append(point)
    return tuple(found)


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
