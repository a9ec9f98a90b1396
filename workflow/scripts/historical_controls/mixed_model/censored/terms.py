"""The log-likelihood of single responses known exactly, to one side, or within an interval (CE-2, CE-3).

All of it at a standard deviation of one: t = (y - eta) / s, a = (lower - eta) / s, b = (upper - eta) / s.
Derivatives are taken in eta (in units of s) and in tau = log s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, log_ndtr

from historical_controls.mixed_model.design.arrays import Array

# below this width an interval is a density times its width; the error is width^2 / 24
NARROW = 1e-5


class Terms(NamedTuple):
    """Log-likelihood and its derivatives in eta and tau, all of one shape."""

    value: Array
    eta: Array
    tau: Array
    eta_eta: Array
    eta_tau: Array
    tau_tau: Array


def exact_terms(t: Array) -> Terms:
    """An observed response at standardised distance t (CE-2)."""
    square = t * t
    return Terms(-0.5 * (np.log(2 * np.pi) + square), t, square - 1, np.full_like(t, -1.0), -2 * t, -2 * square)


def below_terms(b: Array) -> Terms:
    """A response known to lie below its bound, at standardised distance b (CE-3)."""
    # phi(b) / Phi(b) by the scaled error function: both underflow at b = -40, their ratio does not.
    B = np.sqrt(2 / np.pi) / erfcx(-b / np.sqrt(2))
    bB = b * B
    return Terms(log_ndtr(b), -B, -bB, _concave(-bB - B * B), B * (1 - b * b - bB), bB * (1 - b * b - bB))


def above_terms(a: Array) -> Terms:
    """A response known to lie above its bound: the mirror image of `below_terms`."""
    mirror = below_terms(-a)
    return mirror._replace(eta=-mirror.eta, eta_tau=-mirror.eta_tau)


def between_terms(a: Array, b: Array) -> Terms:
    """A response known to lie between two finite bounds (CE-3)."""
    value = log_between(a, b)
    A, B = (np.exp(-0.5 * (np.log(2 * np.pi) + x * x) - value) for x in (a, b))
    m, k, k2, k3 = (a**r * A - b**r * B for r in range(4))
    wide = Terms(value, m, k, _concave(k - m * m), k2 - m * k - m, k3 - k - k * k)
    narrow = b - a < NARROW
    if not narrow.any():
        return wide
    return Terms(*(np.where(narrow, *pair) for pair in zip(_narrow(a, b), wide, strict=True)))


def log_between(a: Array, b: Array) -> Array:
    """log(Phi(b) - Phi(a)) for finite a < b, without loss in either tail."""
    # As in draws.py: in the upper tail Phi(b) and Phi(a) are both 1 to the last digit.
    flip = a > 0
    low, high = np.where(flip, -b, a), np.where(flip, -a, b)
    log_low, log_high = log_ndtr(low), log_ndtr(high)
    # Bounds closer than rounding would give log 0; `between_terms` replaces such values by their density.
    share = -np.expm1(np.minimum(log_low - log_high, -1e-300))
    return np.asarray(log_high + np.log(share))


def _narrow(a: Array, b: Array) -> Terms:
    """The density at the midpoint times the width, whose logarithm falls by one per unit of tau."""
    middle = exact_terms((a + b) / 2)
    return middle._replace(value=middle.value + np.log(b - a))


def _concave(curvature: Array) -> Array:
    """A normal truncated to an interval has a variance between 0 and 1, which rounding may forget."""
    return np.clip(curvature, -1.0, 0.0)
