"""Entropy balancing on first moments (Hainmueller, Polit Anal 2012;20:25-46)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.balance.covariates import Floats
from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.weights.hull import distance_from_hull, may_weigh
from historical_controls.balance.weights.weighting import Infeasible, Weighting

# 2^-40 of a Newton step is below what the dual can resolve.
HALVINGS = 40


@dataclass(frozen=True)
class Solution:
    """Weights (m,) summing to 1, Newton steps taken, largest absolute mean left."""

    weights: Floats
    iterations: int
    left: float


def entropy_balancing(key: KeyCovariates, tolerance: float, max_iterations: int) -> Weighting | Infeasible:
    """Controls' weights nearest to equal ones (in entropy) with the means of the treated, or why there are none."""
    Z = key.standardised[~key.treated]
    rows = np.ones(len(Z), dtype=bool)
    found = solve(Z, tolerance, max_iterations)
    # The linear programs cost more than the Newton steps and are needed only to say why those failed.
    if found.left > tolerance:
        outside = distance_from_hull(Z)
        if outside.any():
            names = dict.fromkeys(code for code, d in zip(key.covariate, outside, strict=True) if d)
            return Infeasible("outside_hull", tuple(names))
        # 0 is on a face of the hull: off it weights tend to 0 and lambda to infinity, so Newton runs on the face alone.
        rows = may_weigh(Z)
        found = solve(Z[rows], tolerance, max_iterations)
        if found.left > tolerance:
            return Infeasible("weights_not_converged")
    weights = np.ones(len(key.treated))
    controls = np.zeros(len(Z))
    # Each arm's weights sum to the number of treated patients, as under every method.
    controls[rows] = found.weights * key.treated.sum()
    weights[~key.treated] = controls
    return Weighting(weights, "ATT", {Statistic.N_ITERATIONS: found.iterations, Statistic.DIFFERENCE_LEFT: found.left})


def solve(Z: Floats, tolerance: float, max_iterations: int) -> Solution:
    """Weights proportional to exp(Z lambda) with Z'w = 0: Newton on the convex dual log sum exp(Z lambda) (BA-6)."""
    dual, iterations = np.zeros(Z.shape[1]), 0
    value, w = _dual(Z, dual)
    while iterations < max_iterations and np.abs(Z.T @ w).max(initial=0.0) > tolerance:
        step = _downhill(Z, dual, value, w)
        if step is None:
            break
        dual, iterations = dual + step, iterations + 1
        value, w = _dual(Z, dual)
    return Solution(w, iterations, float(np.abs(Z.T @ w).max(initial=0.0)))


def _downhill(Z: Floats, dual: Floats, value: float, w: Floats) -> Floats | None:
    """The Newton step, halved until it lowers the dual enough; None where no length of it does."""
    gradient = Z.T @ w
    step = _newton_step(Z, w, gradient)
    for _ in range(HALVINGS):
        # Armijo's condition: full steps of a convex problem can overshoot where a few controls carry the weight.
        if _dual(Z, dual + step)[0] <= value + 1e-4 * float(gradient @ step):
            return step
        step = step / 2
    return None


def _dual(Z: Floats, dual: Floats) -> tuple[float, Floats]:
    # The largest exponent is taken out, so that exp cannot overflow.
    eta = Z @ dual
    top = eta.max(initial=-np.inf)
    e = np.exp(eta - top)
    return float(top + np.log(e.sum())), e / e.sum()


def _newton_step(Z: Floats, w: Floats, gradient: Floats) -> Floats:
    """In the directions in which the weighted rows vary at all: collinear columns share one."""
    # Second derivative of the dual: the covariance of Z under the weights.
    H = (Z.T * w) @ Z - np.outer(gradient, gradient)
    values, vectors = np.linalg.eigh(H)
    # The second number keeps the comparison false where nothing varies at all (all values 0).
    kept = values > 1e-13 * max(values.max(initial=0.0), 1e-300)
    U = vectors[:, kept]
    return np.asarray(-U @ ((U.T @ gradient) / values[kept]))
