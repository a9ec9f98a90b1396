"""Maximising the profiled log-likelihood: Newton steps in a trust region, other starts and optimisers only after it.

The exact Hessian makes boundary optima (zero variances, correlations of +-1) ordinary maxima of theta: there
the curvature is that of the natural gradient (MM-5), so they are reached and certified like interior ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.design.errors import NotConverged
from historical_controls.mixed_model.design.messages import Code, Message, message
from historical_controls.mixed_model.likelihood.likelihood import Engine, Parameters, Point, evaluate


class Ascent(Protocol):
    """What Newton needs to know of a point: where it is, how high, and the two derivatives there."""

    @property
    def theta(self) -> Array: ...
    @property
    def loglik(self) -> Any: ...
    @property
    def gradient(self) -> Array: ...
    @property
    def information(self) -> Array: ...


Place = TypeVar("Place", bound=Ascent)

SPREADS = (1.0, 0.1, 5.0)  # of the declared starts
# Log-likelihoods this close are one height: runs from far starts that go on without end there are on one ridge.
ONE_HEIGHT = 0.01


@dataclass(frozen=True)
class Control:
    """Tuning of the optimisation; decrement is g'I^-1 g, twice the log-likelihood still to gain.

    chord: below this the Hessian is reused.
    certified: whether a maximum needs second derivatives of its own; without them it is one of the last gradients.
    one_step: whether several problems end after one accepted step each, whatever is left to gain.
    nearly, patience: with less than `nearly` to gain a maximum is at most `patience` steps away; a ridge never ends.
    confirmed: as many steps suffice where another start has shown the ridge.
    noise: error of the log-likelihood relative to its own size.
    """

    # The decrement is a squared distance from the maximum in standard errors: 1e-9 is 3e-5 of one, 1e-17 is 3e-9.
    steps: int = 100
    chord: float = 1e-6
    converged: float = 1e-9
    polished: float = 1e-17
    radius: float = 1.0
    nearly: float = 1e-3
    patience: int = 30
    confirmed: int = 10
    certified: bool = True
    one_step: bool = False
    noise: float = 1e-13


@dataclass(frozen=True)
class Attempt:
    """One try: which optimiser, from where, how it ended."""

    optimiser: str
    start: str
    converged: bool
    steps: int
    loglik: float
    decrement: float
    message: Message


@dataclass(frozen=True)
class Near:
    """Where the maximum of a similar problem is (k,), and the information there (k, k), None where it is not known."""

    theta: Array
    information: Array | None = None


@dataclass(frozen=True)
class Step:
    """A proposed move with its predicted gain, the decrement and the smallest relative eigenvalue.

    Leading axes stand for several problems.
    """

    move: Array
    gain: Any
    decrement: Any
    lowest: Any


def maximise(
    engine: Engine, parameters: Parameters, control: Control, near: Near | None = None
) -> tuple[Point | None, tuple[Attempt, ...]]:
    """The best point and every attempt made; the point is None unless one attempt converged.

    near: the maximum of a similar problem, tried before the declared starts.
    """
    attempts: list[Attempt] = []
    tries = _protocol(engine, parameters, control, near)
    # Other starts only after a failure: trying them every time would make each fit several times as slow.
    for point, attempt in tries:
        attempts.append(attempt)
        if attempt.converged:
            return point, tuple(attempts)
    return None, tuple(attempts)


def highest(
    engine: Engine, parameters: Parameters, control: Control, near: Near
) -> tuple[Point | None, tuple[Attempt, ...]]:
    """The highest maximum that Newton finds from `near` and the declared starts, and every attempt.

    Likelihoods of few subjects may have several: for a fit whose maximum cannot be the highest.
    """
    tries = list(islice(_protocol(engine, parameters, control, near), 1 + len(SPREADS)))
    ended = [point for point, attempt in tries if point is not None and attempt.converged]
    return max(ended, key=lambda point: point.loglik, default=None), tuple(attempt for _, attempt in tries)


def not_converged(attempts: tuple[Attempt, ...]) -> NotConverged:
    """The refusal of a fit none of whose attempts converged."""
    gaps = [attempt.decrement for attempt in attempts if np.isfinite(attempt.decrement)]
    return NotConverged(Code.NOT_CONVERGED, attempts=len(attempts), decrement=float(min(gaps, default=np.nan)))


def _protocol(
    engine: Engine, parameters: Parameters, control: Control, near: Near | None
) -> Iterator[tuple[Point | None, Attempt]]:
    """Declared order of attempts (docs/methods.md, "Convergence")."""

    def objective(theta: Array) -> Point | None:
        return evaluate(engine, parameters, theta)

    starts = {f"spread {spread:g}": parameters.start(spread) for spread in SPREADS}
    # That of a covariance over other visits has other parameters.
    if near is not None and len(near.theta) == parameters.size:
        # Tried first: a mapping keeps its order.
        starts = {"given": near.theta} | starts
    ended: list[Attempt] = []
    patience = control.patience
    for label, theta in starts.items():
        borrowed = near.information if near is not None and label == "given" else None
        point, attempt = newton(objective, theta, label, replace(control, patience=patience), borrowed)
        ended.append(attempt)
        yield point, attempt
        if _on_a_ridge(ended, control, patience):
            patience = control.confirmed
    if _on_a_ridge(ended, control, patience):
        return
    for method in ("L-BFGS-B", "BFGS"):
        for label, theta in starts.items():
            rough = quasi_newton(objective, theta, method)
            point, attempt = newton(objective, rough, label, control)
            ended.append(attempt)
            yield point, replace(attempt, optimiser=f"{method} + {attempt.optimiser}")
            # Up and up from every start, and from where another optimiser has led as well: there is no maximum.
            if all(attempt.steps == control.steps for attempt in ended):
                return


def _on_a_ridge(attempts: list[Attempt], control: Control, patience: int) -> bool:
    """Whether Newton ran on without end at one height from every start: the ridge has no top for another method."""
    heights = [attempt.loglik for attempt in attempts]
    ran_on = all(attempt.steps > patience and attempt.decrement < control.nearly for attempt in attempts)
    return ran_on and max(heights) - min(heights) < ONE_HEIGHT


def newton(
    objective: Callable[[Array], Place | None],
    theta: Array,
    label: str,
    control: Control,
    borrowed: Array | None = None,
) -> tuple[Place | None, Attempt]:
    """Trust-region Newton; the last steps reuse the Hessian, which costs nothing in accuracy.

    borrowed: the information at the maximum of a similar problem. Updated by gradients (BFGS) it serves on the way,
    which spares most second derivatives; the maximum is certified by its own.
    """
    point, radius, information = objective(theta), control.radius, borrowed
    if point is None:
        return None, Attempt("newton", label, False, 0, np.nan, np.nan, message(Code.START_IMPOSSIBLE))
    step, near = None, 0
    for k in range(control.steps):
        chord = step is not None and step.decrement < control.chord and step.lowest > 0
        if borrowed is not None and (chord or k == control.patience):
            borrowed, chord = None, False
        if borrowed is None and not chord:
            information = point.information
        assert information is not None
        step = propose(point.gradient, information, radius)
        near = near + 1 if step.decrement < control.nearly else 0
        if near > control.patience:
            return point, _ended(point, label, k, step, control)
        # A relative eigenvalue this close to zero is rounding: a boundary optimum may have flat directions.
        if borrowed is None and step.decrement < control.polished and step.lowest > -1e-7:
            return point, _ended(point, label, k, step, control)
        trial = objective(point.theta + step.move)
        gain = -np.inf if trial is None else trial.loglik - point.loglik
        # Near the maximum both gains are smaller than the rounding error of the log-likelihood.
        noise = control.noise * abs(point.loglik) + 1e-12
        if trial is not None and gain > 0.05 * step.gain - noise:
            # Steps that gain nothing and come no nearer only move within rounding: they would only use up the steps.
            negligible = borrowed is None and step.decrement < control.converged and gain < noise
            if negligible and decrement(trial, information) >= step.decrement:
                return point, _ended(point, label, k, step, control)
            radius = min(2 * radius, 10.0) if gain > 0.7 * step.gain else radius
            if borrowed is not None:
                information = updated(
                    information, trial.theta - point.theta, point.gradient - trial.gradient, np.array(True)
                )
            point = trial
        # The step was refused although nothing is left to gain: this is the maximum to working precision.
        elif borrowed is None and step.decrement < control.converged and step.lowest > -1e-7:
            return point, _ended(point, label, k, step, control)
        else:
            # The refused move may have been shorter than the radius, which alone would propose it again.
            radius = 0.3 * min(radius, float(np.linalg.norm(step.move)))
    return point, _ended(point, label, control.steps, step, control)


def updated(information: Array, moved: Array, turned: Array, which: NDArray[np.bool_]) -> Array:
    """BFGS: the information that explains how far the gradient turned, where the curvature was positive."""
    pulled = np.asarray(information @ moved[..., None])[..., 0]
    product, before = (turned * moved).sum(axis=-1), (moved * pulled).sum(axis=-1)
    # An update along negative curvature would make the information indefinite, and later steps would go downhill.
    good = which & (product > 0) & (before > 0)
    gained = turned / np.sqrt(np.where(good, product, 1.0))[..., None]
    lost = pulled / np.sqrt(np.where(good, before, 1.0))[..., None]
    change = gained[..., :, None] * gained[..., None, :] - lost[..., :, None] * lost[..., None, :]
    return information + np.where(good[..., None, None], change, 0.0)


def propose(gradient: Array, information: Array, radius: Any) -> Step:
    """Newton steps with the eigenvalues' absolute values, each shortened to its radius (Dauphin et al. 2014).

    gradient (..., k), information (..., k, k), radius (...): for several problems at once.
    """
    values, vectors = np.linalg.eigh(information)
    lead = gradient.shape[:-1]
    # Independent residuals in one group have no covariance parameter but sigma^2, which is profiled out.
    if values.shape[-1] == 0:
        return Step(gradient, np.zeros(lead), np.zeros(lead), np.ones(lead))
    size = np.abs(values)
    top = np.maximum(size.max(axis=-1), 1e-300)
    # With absolute values a step leaves a saddle instead of approaching it; the floor keeps steps along flat
    # directions finite.
    size = np.maximum(size, 1e-11 * top[..., None])
    along = (vectors.mT @ gradient[..., None])[..., 0]
    decrement, lowest = (along * along / size).sum(axis=-1), values[..., 0] / top
    saddle = (decrement < 1e-9) & (lowest < -1e-7)
    if saddle.any():
        # a saddle has no gradient to follow: leave it along its steepest curvature
        along = along + np.where(saddle[..., None] & (values == values[..., :1]), size * 0.1, 0.0)
    move = along / size
    damping = np.zeros(lead)
    # Levenberg's damping shortens the flat directions first, where the quadratic model is least to be trusted.
    while (far := np.linalg.norm(move, axis=-1) > radius).any():
        floor = np.maximum(1e-3 * size.min(axis=-1), 1e-6 * top)
        damping = np.where(far, np.maximum(2 * damping, floor), damping)
        move = along / (size + damping[..., None])
    full = (vectors @ move[..., None])[..., 0]
    curved = (information @ full[..., None])[..., 0]
    return Step(full, (full * (gradient - 0.5 * curved)).sum(axis=-1), decrement, lowest)


def decrement(point: Ascent, information: Array) -> Any:
    """What a full Newton step from here, with this information, has still to gain (twice)."""
    return propose(point.gradient, information, np.inf).decrement


def _ended(point: Ascent, label: str, k: int, step: Step | None, control: Control) -> Attempt:
    decrement = step.decrement if step is not None else np.inf
    lowest = step.lowest if step is not None else -1.0
    done = decrement < control.converged and lowest > -1e-7
    end = message(Code.CONVERGED) if done else message(Code.STOPPED, steps=k, decrement=float(decrement))
    return Attempt("newton", label, done, k, point.loglik, decrement, end)


def quasi_newton(objective: Callable[[Array], Place | None], theta: Array, method: str) -> Array:
    """A quasi-Newton run from scipy, to bring Newton near another maximum."""
    # Hardly any fit comes here, and importing it takes longer than most of them.
    from scipy import optimize

    def value(at: Array) -> tuple[float, Array]:
        point = objective(at)
        # A wall of finite height where there is no point: the line searches of scipy back away from it.
        return (1e10, np.zeros_like(at)) if point is None else (-point.loglik, -point.gradient)

    minimise: Any = optimize.minimize
    return np.asarray(minimise(value, theta, jac=True, method=method, options={"maxiter": 300}).x)
