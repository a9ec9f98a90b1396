"""Rejection rates of simulated studies by conditional expectation, with a fraction of the error of counting.

REML estimates of variances, the criterion, standard errors and degrees of freedom depend on error contrasts alone. In a
world of normal values the best linear unbiased estimator under its true covariance, b ~ N(effect, sd^2), is independent
of all error contrasts, and a study's estimate is b + d, d being a function of them (Kackar & Harville 1984, J Am Stat
Assoc 79:853-862). The probability of rejection given the error contrasts is therefore known; its mean over studies has
the expectation of the count (conditional Monte Carlo: Hammersley & Handscomb 1964, Monte Carlo Methods, chapter 6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from null_studies import DAYS, World, covariance
from numpy.typing import NDArray
from scipy import stats

from historical_controls.mixed_model.design.arrays import Design

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Best:
    """Best linear unbiased estimator of contrasts: weights (k, N) of the responses, sd (k,); sd nan: not normal."""

    weights: Array
    sd: Array


def best_estimator(design: Design, world: World, L: Array) -> Best:
    """That of the contrasts L (k, p) under the world's covariance; groups of the design: historical, treated."""
    whitened = np.empty_like(design.X)
    treated = design.data["treated"].to_numpy()[design.row] > 0
    days = design.data["day"].to_numpy(dtype=int)[design.row] - DAYS[0]
    for first, count in zip(design.first, design.counts, strict=True):
        own = slice(first, first + count)
        V = covariance(world, bool(treated[first]))[np.ix_(days[own], days[own])]
        whitened[own] = np.linalg.solve(V, design.X[own])
    Phi = np.linalg.inv(design.X.T @ whitened)
    sd = np.sqrt(np.einsum("kp,pq,kq->k", L, Phi, L))
    return Best(L @ Phi @ whitened.T, np.full_like(sd, np.nan) if world.heavy else sd)


def rejection(answers: pd.DataFrame, effect: float = 0.0) -> pd.Series:
    """Probability (0 or 1 where counted) that each answer rejects if treatment adds `effect` to all values.

    Columns estimate, error and critical (of the t statistic) of the answer; best, its b, and sd, nan where counted.
    """
    half, from_best = answers["critical"] * answers["error"], answers["estimate"] - answers["best"] + effect
    below = stats.norm.cdf((-half - from_best) / answers["sd"])
    above = stats.norm.cdf((from_best - half) / answers["sd"])
    return counted(answers, effect).where(answers["sd"].isna(), below + above)


def counted(answers: pd.DataFrame, effect: float = 0.0) -> pd.Series:
    """1 where the answer rejects, else 0."""
    return ((answers["estimate"] + effect).abs() > answers["critical"] * answers["error"]).astype(float)
