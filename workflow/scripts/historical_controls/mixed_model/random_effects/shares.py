"""Factors of G that groups have relative to their r, in the form "two_scales" (MM-6)."""

from __future__ import annotations

import numpy as np

from historical_controls.mixed_model.design.arrays import Array


def share(angles: Array, g: int, n_groups: int) -> tuple[Array, Array, Array]:
    """One group's factor (...,) with gradient (..., k) and Hessian (..., k, k) in the angles (..., k).

    The factors are n_groups times squared coordinates of a point on the sphere, so that each may vanish.
    """
    *lead, k = angles.shape
    if k == 0:
        return np.ones(lead), angles, np.zeros((*lead, 0, 0))
    # squared coordinate g is the product of sin^2 of the angles before g and cos^2 of its own
    sign = np.where(np.arange(k) < g, 1.0, np.where(np.arange(k) == g, -1.0, 0.0))
    value = np.where(sign > 0, np.sin(angles) ** 2, np.where(sign < 0, np.cos(angles) ** 2, 1.0))
    slope, bend = sign * np.sin(2 * angles), 2 * sign * np.cos(2 * angles)
    # Two groups, the most frequent case, have one angle.
    if k == 1:
        return n_groups * value[..., 0], n_groups * slope, n_groups * bend[..., None]
    # Products without the factor that is derived: dividing the product by it would fail where a factor is zero.
    others = np.stack([_product(value, [i]) for i in range(k)], axis=-1)
    pairs = np.stack([np.stack([_product(value, [i, j]) for j in range(k)], axis=-1) for i in range(k)], axis=-1)
    hessian = pairs * slope[..., :, None] * slope[..., None, :]
    hessian[..., range(k), range(k)] = bend * others
    return n_groups * np.prod(value, axis=-1), n_groups * slope * others, n_groups * hessian


def _product(value: Array, without: list[int]) -> Array:
    return np.asarray(np.prod(np.delete(value, without, axis=-1), axis=-1))
