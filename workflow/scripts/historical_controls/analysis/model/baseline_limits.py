"""What a baseline beyond an assay's limit enters a model as: what is expected of a value there (EM-6)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

# Two values determine a mean and a variance exactly, whatever lies beyond the limit.
FEWEST = 3
ROUNDS, CLOSE = 1000, 1e-7


def at_limit(values: pd.DataFrame) -> pd.Series:
    """The value, or the limit where only that is known; columns value, lower, upper on the model scale."""
    # '<' at its upper limit, '>' at its lower one.
    value, lower, upper = (values[name].to_numpy(dtype=float) for name in ("value", "lower", "upper"))
    limit = np.where(np.isfinite(upper), upper, np.where(np.isfinite(lower), lower, np.nan))
    return pd.Series(np.where(np.isnan(value), limit, value), values.index, name="value")


def expected_beyond(values: pd.DataFrame, arm: pd.Series) -> pd.Series:
    """The value, or its expectation between its bounds under the normal law of its arm's values (EM-6).

    In a linear model the expectation of a covariate, given what is known of it and of the arm, leaves the difference
    between the arms unbiased; its limit does not (Little 1992, J Am Stat Assoc 87:1227-1237, sec. 4). The law has a
    mean for each arm and one variance, by maximum likelihood (Tobin 1958, Econometrica 26:24-36), found by EM. Where an
    arm has fewer than three measured values both share one mean; where both together have, or without spread, the
    limit serves.

    values: columns value, lower, upper on the model scale, one row a patient; open bounds are infinite or missing.
    arm: by the same index.
    """
    entered = at_limit(values)
    measured = np.isfinite(values["value"])
    beyond = values["value"].isna() & entered.notna()
    if not beyond.any() or measured.sum() < FEWEST or not values.loc[measured, "value"].std() > 0:
        return entered
    known = entered.notna()
    group = _groups(arm[known], measured[known])
    law = _likeliest(values[known], beyond[known].to_numpy(), group)
    return entered.mask(beyond, pd.Series(law[beyond[known].to_numpy()], index=values.index[beyond]))


def _groups(arm: pd.Series, measured: pd.Series) -> NDArray[np.int64]:
    """Position of each patient's arm, or 0 for all where one of the arms has too few measured values."""
    places = pd.factorize(arm, sort=True)[0]
    enough = np.bincount(places, weights=measured.to_numpy(dtype=float)).min() >= FEWEST
    return places if enough else np.zeros_like(places)


def _likeliest(values: pd.DataFrame, beyond: NDArray[np.bool_], group: NDArray[np.int64]) -> Array:
    """Values completed by their expectations under the likeliest means by group and common variance."""
    x = values["value"].to_numpy(dtype=float, copy=True)
    lower = values["lower"].fillna(-np.inf).to_numpy(dtype=float)[beyond]
    upper = values["upper"].fillna(np.inf).to_numpy(dtype=float)[beyond]
    counts = np.bincount(group)
    mean = np.bincount(group[~beyond], weights=x[~beyond], minlength=len(counts)) / np.bincount(group[~beyond])
    sd = float(np.std(x[~beyond] - mean[group[~beyond]])) or float(np.std(x[~beyond]))
    for _ in range(ROUNDS):
        x[beyond], variance = _moments(lower, upper, mean[group[beyond]], sd)
        moved = np.bincount(group, weights=x) / counts
        spread = float(np.sqrt((np.sum((x - moved[group]) ** 2) + variance.sum()) / len(x)))
        close = max(float(np.abs(moved - mean).max()), abs(spread - sd)) < CLOSE * sd
        mean, sd = moved, spread
        if close:
            break
    x[beyond], _ = _moments(lower, upper, mean[group[beyond]], sd)
    return x


def _moments(lower: Array, upper: Array, mean: Array, sd: float) -> tuple[Array, Array]:
    """Mean and variance of a normal value between its bounds."""
    low, high = (lower - mean) / sd, (upper - mean) / sd
    flip = low > 0  # the lower tail is computed without loss, the upper one is not
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    mass = np.maximum(ndtr(b) - ndtr(a), 1e-300)
    at_a, at_b = (np.exp(-0.5 * bound**2) / np.sqrt(2 * np.pi) for bound in (a, b))
    shift = (at_a - at_b) / mass
    edges = [np.where(np.isfinite(bound), bound, 0.0) * density for bound, density in ((a, at_a), (b, at_b))]
    variance = 1 + (edges[0] - edges[1]) / mass - shift**2
    inside = mean + sd * np.where(flip, -shift, shift)
    return np.clip(inside, lower, upper), sd**2 * np.clip(variance, 0.0, 1.0)
