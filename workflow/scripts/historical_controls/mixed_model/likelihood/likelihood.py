"""The profiled log-likelihood of theta with its gradient and Hessian (MM-2, MM-3, MM-7, MM-9, MM-15).

Everything is evaluated at V* = V / sigma^2 and the standardised residual e = (y - X beta) / sigma, sigma^2
being profiled out in closed form. An engine of several problems takes theta (..., k) and gives everything with the
same leading axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.likelihood.second_order import SecondOrder


class Parameters(Protocol):
    """A map from unconstrained theta to the covariance coordinates nu of V*."""

    @property
    def size(self) -> int: ...
    def start(self, spread: float = 1.0) -> Array: ...
    def canonical(self, theta: Array) -> Array: ...
    def natural(self, theta: Array) -> Array: ...
    def jacobian(self, theta: Array) -> Array: ...
    def curvature(self, theta: Array, score: Array) -> Array: ...
    def scale_direction(self, nu: Array) -> Array: ...
    def tangent(self, theta: Array) -> Array: ...


class Engine(Protocol):
    """Solves with V for all subjects at given coordinates."""

    @property
    def problem(self) -> Problem: ...
    def solve(self, nu: Array) -> Any: ...
    def totals(self, solved: Any) -> tuple[Any, Array]: ...
    def score(self, nu: Array, solved: Any, Phi: Array, beta: Array, sigma: Any) -> Array: ...
    def second_order(self, nu: Array, solved: Any, Phi: Array, beta: Array, sigma: Any) -> tuple[SecondOrder, ...]: ...


@dataclass(frozen=True)
class Point:
    """One theta with all that follows from it; what is costly is computed when first asked for."""

    engine: Engine
    parameters: Parameters
    theta: Array
    nu: Array
    solved: Any
    loglik: Any
    sigma2: Any
    beta: Array
    Phi: Array

    def one(self, number: int) -> Point:
        """The point of one of several problems, of an engine that solves them together."""
        engine = self.engine.one(number)  # type: ignore[attr-defined]
        own = (getattr(self, name)[number] for name in ("loglik", "sigma2", "beta", "Phi"))
        solved = tuple(part.one(number) for part in self.solved)
        return Point(engine, self.parameters, self.theta[number], self.nu[number], solved, *own)

    @property
    def sigma(self) -> Any:
        return np.sqrt(self.sigma2)

    @property
    def restricted(self) -> Array:
        """Phi where the restricted likelihood has it, zero for ML."""
        return self.Phi if self.engine.problem.reml else np.zeros_like(self.Phi)

    @cached_property
    def score(self) -> Array:
        return self.engine.score(self.nu, self.solved, self.restricted, self.beta, self.sigma)

    @cached_property
    def jacobian(self) -> Array:
        return self.parameters.jacobian(self.theta)

    @cached_property
    def gradient(self) -> Array:
        """Of the profiled log-likelihood in theta (..., size)."""
        return np.asarray(self.jacobian.mT @ self.score[..., None])[..., 0]

    @cached_property
    def second_order(self) -> tuple[SecondOrder, ...]:
        return self.engine.second_order(self.nu, self.solved, self.restricted, self.beta, self.sigma)

    @cached_property
    def full_information(self) -> Array:
        """Observed information about (theta, log sigma^2) (..., size + 1, size + 1) (MM-15)."""
        v = self.parameters.scale_direction(self.nu)
        # J (coordinates, size + 1): derivatives in theta and, last, in log sigma^2, which scales every variance alike.
        J = np.concatenate([self.jacobian, v[..., None]], axis=-1)
        info = J.mT @ observed(self) @ J
        k = self.theta.shape[-1]
        # At a boundary optimum J vanishes but the score in nu does not: this term alone certifies the maximum (MM-5).
        info[..., :k, :k] -= self.parameters.curvature(self.theta, self.score)
        # Second derivative in theta and log sigma^2: nu is proportional to sigma^2, and so is its derivative in theta.
        mixed = (self.parameters.scale_direction(self.jacobian.mT) @ self.score[..., None])[..., 0]
        info[..., :k, k] -= mixed
        info[..., k, :k] -= mixed
        return (info + info.mT) / 2

    @cached_property
    def information(self) -> Array:
        """Observed information about theta with sigma^2 profiled out (..., size, size) (MM-15)."""
        info = self.full_information
        along = info[..., :-1, -1]
        return info[..., :-1, :-1] - along[..., :, None] * along[..., None, :] / info[..., -1:, -1:]


def evaluate(engine: Engine, parameters: Parameters, theta: Array) -> Point | None:
    """The point at theta, or None where V is not numerically positive definite."""
    # A trial step may go too far, to exp(1000) or a covariance that is not positive definite. That is no fault of the
    # data: the optimiser shortens its step where there is no point.
    theta = parameters.canonical(theta)
    with np.errstate(all="ignore"):
        nu = parameters.natural(theta)
    if not np.isfinite(nu).all():
        return None
    try:
        # An invalid number must not travel on as NaN. Underflow is harmless: rho^gap of a long gap is 0.
        with np.errstate(all="raise", under="ignore"):
            solved = engine.solve(nu)
            return _profile(engine, parameters, theta, nu, solved)
    except (np.linalg.LinAlgError, FloatingPointError):
        return None


def _profile(engine: Engine, parameters: Parameters, theta: Array, nu: Array, solved: Any) -> Point:
    """beta by generalised least squares (MM-3), sigma^2 in closed form (MM-7)."""
    problem = engine.problem
    logdet, totals = engine.totals(solved)
    # totals = [X y]'V^-1[X y]: X'V^-1X in the upper left, X'V^-1y in the last column, y'V^-1y in the corner.
    L = np.linalg.cholesky(totals[..., :-1, :-1])
    half = np.linalg.inv(L)
    Phi = half.mT @ half
    beta = np.asarray(Phi @ totals[..., :-1, -1:])[..., 0]
    # The weighted residual sum of squares, without forming residuals: y'V^-1y - beta'X'V^-1y.
    sigma2 = (totals[..., -1, -1] - (beta * totals[..., :-1, -1]).sum(axis=-1)) / problem.freedom
    logdet_X = 2 * np.log(np.diagonal(L, axis1=-2, axis2=-1)).sum(axis=-1) if problem.reml else 0.0
    # At the profiled sigma^2 the quadratic form equals the degrees of freedom: hence the + 1.
    loglik = -0.5 * (problem.freedom * (np.log(2 * np.pi * sigma2) + 1) + logdet + logdet_X)
    return Point(engine, parameters, theta, nu, solved, loglik + problem.constant, sigma2, beta, Phi)


def observed(point: Point) -> Array:
    """Observed information in the coordinates nu, their curvature included (MM-15)."""
    P = np.concatenate([part.P for part in point.second_order], axis=-3)
    Phi, restricted = point.Phi, point.restricted
    Pe = P[..., :-1, -1]
    # P of all groups meets here, because they share beta; T and Q are block diagonal, because a direction of one
    # group's covariance moves no subject of another.
    info = -0.5 * _coupled(P[..., :-1, :-1], restricted) - P[..., -1, :-1] @ Phi @ Pe.mT
    start = 0
    for part in point.second_order:
        own = slice(start, start + part.T.shape[-1])
        info[..., own, own] += part.residual() - 0.5 * part.T + part.traced(restricted) - part.bends
        start = own.stop
    return info


def expected(point: Point) -> Array:
    """Expected REML information in the coordinates nu (MM-17)."""
    P = np.concatenate([part.P for part in point.second_order], axis=-3)
    # Blocks as in `observed`; the quadratic forms in e are replaced by their expectations.
    info = 0.5 * _coupled(P[..., :-1, :-1], point.Phi)
    start = 0
    for part in point.second_order:
        own = slice(start, start + part.T.shape[-1])
        info[..., own, own] += 0.5 * part.T - part.traced(point.Phi)
        start = own.stop
    return info


def _coupled(P: Array, Phi: Array) -> Array:
    """tr(Phi P_r Phi P_s) (..., R, R)."""
    # tr(AB) is the sum of the entries of A times those of B': one product of (R, p^2) matrices for all pairs.
    Phi = Phi[..., None, :, :]
    left, right = Phi @ P @ Phi, P.mT
    shape = (*P.shape[:-2], P.shape[-1] ** 2)
    return np.asarray(left.reshape(shape) @ right.reshape(shape).mT)
