"""Welch's comparison of two arms' means (WA-2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.ard.keys.arms import ARMS
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.inference.contrast import Contrast, t_contrast


def welch(people: pd.DataFrame, level: float) -> Contrast | None:
    """Welch's t of y, treated minus historical (WA-2); None where neither arm varies, or df is below 2."""
    arms = [people.loc[people["arm"] == arm, "y"].to_numpy(dtype=float) for arm in ARMS]
    parts = np.array([values.var(ddof=1) / len(values) for values in arms])
    if parts.sum() == 0:
        return None
    df = parts.sum() ** 2 / (parts**2 / [len(values) - 1 for values in arms]).sum()
    try:
        return t_contrast(arms[0].mean() - arms[1].mean(), float(np.sqrt(parts.sum())), float(df), level, "welch")
    except ModelError:
        return None
