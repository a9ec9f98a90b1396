"""The scale that an outcome is modelled on, and how what is found there is printed (SC-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from historical_controls.dictionary.dictionary import Outcome, Scale

Floats = NDArray[np.float64]


def transformed(values: Floats, scale: Scale) -> Floats:
    """Values on the scale: natural logarithm, logit of a percentage, or as they are.

    Infinite at the edge of the scale (0, or 100%), nan beyond it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            return np.log(values)
        return np.log(values / (100 - values)) if scale == "logit" else values


def untransformed(values: Floats, scale: Scale) -> Floats:
    """Values that `transformed` put on the scale."""
    if scale == "log":
        return np.asarray(np.exp(values))
    return np.asarray(100 / (1 + np.exp(-values))) if scale == "logit" else values


def mean_of(value: float, scale: Scale) -> float:
    """A mean found on the scale, as printed: a geometric mean for logs, a percentage for logits."""
    return float(untransformed(np.asarray(value), scale))


def effect_of(value: float, scale: Scale) -> float:
    """A difference found on the scale, as printed: a ratio for logs, an odds ratio for logits."""
    # A difference of logits is the logarithm of an odds ratio, not of a ratio of percentages.
    return float(np.exp(value)) if scale in ("log", "logit") else float(value)


def no_effect(scale: Scale) -> float:
    """What `effect_of` gives where nothing differs."""
    return effect_of(0.0, scale)


def effect_unit(outcome: Outcome) -> tuple[str, str]:
    """Unit and printed format of a difference."""
    if outcome.scale == "log":
        return "ratio", "0.00"
    return ("odds ratio", "0.00") if outcome.scale == "logit" else (outcome.unit, mean_format(outcome))


def error_unit(outcome: Outcome) -> str:
    """Unit of a standard error, which stays on the scale."""
    # A standard error has no counterpart as a ratio: exp of it means nothing.
    return outcome.scale if outcome.scale in ("log", "logit") else outcome.unit


def mean_format(outcome: Outcome) -> str:
    """How a mean of this outcome is printed."""
    return f"{0:.{outcome.decimals}f}"
