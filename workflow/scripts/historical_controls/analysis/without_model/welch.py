"""Welch's comparison of two arms' means (WA-2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.ard.keys.arms import ARMS
from historical_controls.inference.spread import varies
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.inference.contrast import Contrast, t_contrast


def welch(people: pd.DataFrame, level: float) -> Contrast | None:
    """Welch's t of y, treated minus historical (WA-2); None where neither arm varies, or df is below 2."""
    arms = [people.loc[people["arm"] == arm, "y"].to_numpy(dtype=float) for arm in ARMS]
    # What rounding leaves of equal values (0.1 + 0.2 beside 0.3) is no variance.
    parts = np.array([values.var(ddof=1) / len(values) if varies(values) else 0.0 for values in arms])
    if parts.sum() == 0:
        return None
    df = parts.sum() ** 2 / (parts**2 / [len(values) - 1 for values in arms]).sum()
    try:
        return t_contrast(arms[0].mean() - arms[1].mean(), float(np.sqrt(parts.sum())), float(df), level, "welch")
    except ModelError:
        return None
