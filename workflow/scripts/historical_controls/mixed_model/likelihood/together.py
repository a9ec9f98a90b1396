"""Many problems of one shape maximised at once: completed copies, refits without one subject, simulated studies.

A step of one small problem costs as much in calls as in arithmetic; a step of forty costs little more. Problems that
do not end here (an endless ridge, an impossible start) are left to `maximise`, which tries other starts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.design.errors import NumericalFailure, typed_failures
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.optimiser import Control, Step, decrement, propose, updated

Objective = Callable[[Array], Point | None]
Flags = NDArray[np.bool_]

# Steps by gradients alone, and all of them: whoever needs more is on a ridge or far from its maximum, and goes alone.
BY_GRADIENTS, STEPS = 10, 40


def maximise_together(
    objective_of: Callable[[Codes], Objective], theta: Array, control: Control, borrowed: Array | None = None
) -> tuple[Point | None, ...]:
    """The maxima of several problems, None for those left to `maximise`.

    objective_of: the objective of some of the problems, given their numbers. theta (B, k): where each starts.
    borrowed (k, k): the information at the maximum of a similar problem, inside the parameter space; else each begins
    with its own.
    """
    found: dict[int, Point] = {}
    left, by_gradients = np.arange(len(theta)), True
    while len(left):
        try:
            with typed_failures():
                point, ended = newton_together(objective_of(left), theta, control, borrowed, by_gradients)
        except NumericalFailure:
            # The information of one of them about the means has no Cholesky factor within rounding: each goes alone.
            break
        if point is None or not ended.any():
            break
        found |= {int(left[place]): point.one(int(place)) for place in np.flatnonzero(ended)}
        theta, left, by_gradients = point.theta[~ended], left[~ended], not control.certified
    return tuple(found.get(number) for number in range(len(found) + len(left)))


def newton_together(
    objective: Objective, theta: Array, control: Control, borrowed: Array | None = None, by_gradients: bool = False
) -> tuple[Point | None, Flags]:
    """Newton's method from theta (B, k) for B problems, each in its own trust region, until half of them have ended.

    As `newton` of one problem: the same steps, acceptance and certificate of a maximum. by_gradients: the first steps
    update an information by gradients (BFGS), which spares second derivatives on the way: borrowed (k, k), or each its
    own at the start. Returns the points and which of them are maxima; None where there is no point at a start.
    """
    point, radius = objective(theta), np.full(len(theta), control.radius)
    ended, step = np.zeros(len(theta), dtype=bool), None
    for k in range(STEPS):
        if point is None:
            return None, ended
        if k == 0 and by_gradients:
            information = point.information if borrowed is None else np.tile(borrowed, (len(theta), 1, 1))
        if by_gradients and step is not None and (k == BY_GRADIENTS or (step.decrement < control.chord).all()):
            by_gradients, step = False, None
        # The last steps reuse the Hessian, which costs nothing in accuracy.
        if not by_gradients and (step is None or not (ended | _settled(step, control)).all()):
            information = point.information
        step = propose(point.gradient, information, radius)
        # A relative eigenvalue this close to zero is rounding: a boundary optimum may have flat directions.
        known = not (by_gradients and control.certified)
        close = known & (step.decrement < control.converged) & (step.lowest > -1e-7)
        ended |= close & (step.decrement < control.polished)
        # The others go on in a smaller batch, unless few steps without second derivatives are all that they need.
        few = not control.certified or (ended | _settled(step, control)).all()
        if ended.all() or (2 * ended.sum() >= len(ended) and not few):
            break
        # Those that have ended stay where they are, as do those that wait for second derivatives: of gradients that
        # differ by rounding, this close to a maximum, no information should be made.
        still = ended | (by_gradients & (step.decrement < control.chord))
        length = np.where(still, 0.0, np.linalg.norm(step.move, axis=-1))
        trial = objective(point.theta + np.where(still[:, None], 0.0, step.move))
        if trial is None:
            # One of them went too far: the longest moves are the likeliest.
            radius = np.where(length > 0.5 * length.max(), 0.3 * length, radius)
            continue
        gain, noise = trial.loglik - point.loglik, control.noise * np.abs(point.loglik) + 1e-12
        better = gain > 0.05 * step.gain - noise
        # Refused although nothing is left to gain, or a step within rounding: the maximum to working precision.
        last = close & ~still & (~better | (gain < noise))
        if (last & better).any():
            last &= ~better | (decrement(trial, information) >= step.decrement)
        ended |= last
        still |= last
        radius = np.where(better & ~still & (gain > 0.7 * step.gain), np.minimum(2 * radius, 10.0), radius)
        radius = np.where(~better & ~still, 0.3 * np.minimum(radius, length), radius)
        moves = better & ~still
        if by_gradients:
            turned = point.gradient - trial.gradient
            information = updated(information, trial.theta - point.theta, turned, moves)
        if moves.any():
            kept = ~moves & (length > 0)
            point = objective(np.where(moves[:, None], trial.theta, point.theta)) if kept.any() else trial
        ended |= moves & control.one_step
        if control.one_step and ended.all():
            break
    return point, ended


def _settled(step: Step, control: Control) -> Flags:
    return np.asarray((step.decrement < control.chord) & (step.lowest > 0))
