"""From unconstrained numbers to the covariance parameters of every group, for censored responses (CE-4).

Theta holds the entries of a lower triangle Lambda (G = Lambda Lambda') and tau = log sigma, once or per group,
then log-ratios of the groups' scales to the first group's. A variance of zero is an ordinary point of theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from historical_controls.mixed_model.design.arrays import Array, Codes
from historical_controls.mixed_model.design.specification import GroupForm


@dataclass(frozen=True)
class CensoredParameters:
    """q random columns, correlated or not, for n_groups groups in a given form."""

    q: int
    correlated: bool
    n_groups: int
    form: GroupForm

    @property
    def cells(self) -> tuple[Codes, Codes]:
        """Row and column of every free entry of Lambda."""
        if self.correlated:
            rows, columns = np.tril_indices(self.q)
            return rows, columns
        return np.arange(self.q), np.arange(self.q)

    @property
    def width(self) -> int:
        """Natural coordinates of one group: the cells of Lambda and tau."""
        return len(self.cells[0]) + 1

    @property
    def free(self) -> bool:
        return self.form == "free"

    @property
    def ratios(self) -> int:
        """Log-ratios to the first group: one per further group, or one for Lambda and one for sigma."""
        return 0 if self.free else (self.n_groups - 1) * (2 if self.form == "two_scales" and self.q else 1)

    @property
    def size(self) -> int:
        return self.width * (self.n_groups if self.free else 1) + self.ratios

    def start(self, spread: float) -> Array:
        """Equal groups, residual variance 1 / (1 + spread) and random-effect variances `spread` times that."""
        rows, columns = self.cells
        # The reduced response has variance 1, split between residual and random effects.
        tau = -0.5 * np.log(1 + spread)
        shape = np.append(np.where(rows == columns, np.sqrt(spread) * np.exp(tau), 0.0), tau)
        return np.concatenate([np.tile(shape, self.n_groups if self.free else 1), np.zeros(self.ratios)])

    def natural(self, theta: Array, group: int) -> Array:
        """Cells of Lambda and tau of one group (width,)."""
        if self.free:
            return theta[group * self.width : (group + 1) * self.width]
        for_Lambda, for_sigma = self._ratio_places(group)
        out = theta[: self.width].copy()
        # The first group sets the reference: its ratios are 1.
        if group:
            out[:-1] *= np.exp(theta[for_Lambda])
            out[-1] += theta[for_sigma]
        return out

    def jacobian(self, theta: Array, group: int) -> Array:
        """Derivatives of `natural` (width, size)."""
        J = np.zeros((self.width, self.size))
        if self.free:
            J[:, group * self.width : (group + 1) * self.width] = np.eye(self.width)
            return J
        J[:, : self.width] = np.eye(self.width)
        if group:
            for_Lambda, for_sigma = self._ratio_places(group)
            factor = np.exp(theta[for_Lambda])
            J[np.arange(self.width - 1), np.arange(self.width - 1)] = factor
            J[:-1, for_Lambda] += theta[: self.width - 1] * factor
            J[-1, for_sigma] += 1.0
        return J

    def curvature(self, theta: Array, group: int, score: Array) -> Array:
        """Sum of the second derivatives of `natural`, weighted by a score (size, size)."""
        out = np.zeros((self.size, self.size))
        if self.free or group == 0:
            return out
        for_Lambda, _ = self._ratio_places(group)
        cells = np.arange(self.width - 1)
        pull = score[:-1] * np.exp(theta[for_Lambda])
        out[cells, for_Lambda] = pull
        out[for_Lambda, cells] = pull
        out[for_Lambda, for_Lambda] = pull @ theta[: self.width - 1]
        return out

    def Lambda(self, natural: Array) -> Array:  # noqa: N802
        """The triangle of one group (q, q)."""
        out = np.zeros((self.q, self.q))
        out[self.cells] = natural[:-1]
        return out

    def _ratio_places(self, group: int) -> tuple[int, int]:
        """Where in theta the log-ratios of Lambda and of sigma stand (the same place when they are one)."""
        place = self.width + group - 1
        return place, place + (self.n_groups - 1 if self.ratios > self.n_groups - 1 else 0)
