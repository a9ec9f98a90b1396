"""Profile-likelihood intervals for one linear combination of the coefficients (CE-10, CE-11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from historical_controls.mixed_model.censored.likelihood import CensoredPoint
from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.design.errors import NotEstimable
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.likelihood.optimiser import Control, newton

Objective = Callable[[Array], CensoredPoint | None]
# log-likelihood still to gain on the path: a millionth moves a bound by less than that many standard errors
TOLERANCE = Control(converged=1e-5, polished=1e-6, noise=1e-9)


@dataclass(frozen=True)
class Profile:
    """The maximum of the likelihood among all psi with a'psi = c, for any c (CE-10).

    objective: log-likelihood at psi; best: its maximum; row a (size of psi,); path: how psi moves with c near it.
    """

    objective: Objective
    best: CensoredPoint
    row: Array
    path: Array
    complement: Array

    @property
    def center(self) -> float:
        return float(self.row @ self.best.theta)

    @property
    def spread(self) -> float:
        """Standard error of a'psi by the observed information."""
        return float(np.sqrt(self.row @ self.path * self._scale))

    @property
    def _scale(self) -> float:
        return float(1.0 / (self.path @ self.best.information @ self.path))

    def at(self, c: float, near: CensoredPoint) -> CensoredPoint:
        """The restricted maximum at c, sought from another restricted maximum. Raises NotEstimable."""
        away = float(self.row @ near.theta) - self.center
        # The secant through the last restricted maximum follows the curve of the path, its tangent at the top does not.
        # Either has a'slope = 1, so that the start fulfils the restriction.
        slope = (near.theta - self.best.theta) / away if abs(away) > 1e-8 * self.spread else self.path
        start = self.best.theta + slope * (c - self.center)

        def restricted(omega: Array) -> CensoredPoint | None:
            point = self.objective(start + self.complement @ omega)
            return None if point is None else self._restrict(point, omega)

        # The complement (size, size - 1) spans the moves that leave a'psi as it is: an ordinary maximisation.
        end, attempt = newton(restricted, np.zeros(self.complement.shape[1]), "path", TOLERANCE)
        if end is None or not attempt.converged:
            raise NotEstimable(Code.PROFILE_LOST)
        point = self.objective(start + self.complement @ end.theta)
        assert point is not None
        return point

    def root(self, point: CensoredPoint) -> float:
        """Signed root of the deviance of a restricted maximum (CE-11)."""
        # Both maxima are good to a tolerance: the restricted one may exceed the full one by that much.
        drop = max(self.best.loglik - point.loglik, 0.0)
        return float(np.sign(self.row @ point.theta - self.center) * np.sqrt(2 * drop))

    def slope(self, point: CensoredPoint) -> float:
        """Derivative of the profiled log-likelihood in c: the multiplier of the restriction."""
        # At the restricted maximum the gradient is a multiple of the row.
        return float(point.gradient @ self.row / (self.row @ self.row))

    def _restrict(self, point: CensoredPoint, omega: Array) -> CensoredPoint:
        B = self.complement
        return replace(point, theta=omega, gradient=B.T @ point.gradient, information=B.T @ point.information @ B)


def profile(objective: Objective, best: CensoredPoint, covariance: Array, row: Array) -> Profile:
    """Profile of a'psi around the maximum, whose covariance gives the first-order path (CE-10)."""
    path = covariance @ row / (row @ covariance @ row)
    return Profile(objective, best, row, path, linalg.null_space(row[None, :]))


def bound(curve: Profile, quantile: float, steps: int = 30) -> float:
    """The c at which the signed root reaches a quantile (its sign gives the side); infinite where it never does.

    Raises NotEstimable where it is not reached within `steps`.
    """
    c, point = curve.center + quantile * curve.spread, curve.best
    for _ in range(steps):
        point = curve.at(c, point)
        root, slope = curve.root(point), curve.slope(point)
        if abs(root - quantile) < 1e-5 * abs(quantile):
            return c
        # A profile that does not fall away from its centre, or not within a thousand quantiles, has no bound here.
        if root == 0 or slope * root >= 0 or abs(c - curve.center) > 1e3 * abs(quantile) * curve.spread:
            return float(np.sign(quantile) * np.inf)
        # the root is nearly linear in c, so Newton's step on it rarely needs a third
        c += (root - quantile) * root / slope
    # The last c is no bound: its confidence is unknown.
    raise NotEstimable(Code.PROFILE_LOST)
