"""Welch's comparison of two arms' means (WA-2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.ard.keys.arms import ARMS
from historical_controls.inference.spread import varies
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.inference.contrast import Contrast, t_contrast


def welch(people: pd.DataFrame, level: float) -> Contrast | str:
    """Welch's t of y, treated minus historical (WA-2); the reason where neither arm varies, or df is below 2."""
    arms = [people.loc[people["arm"] == arm, "y"].to_numpy(dtype=float) for arm in ARMS]
    # What rounding leaves of equal values (0.1 + 0.2 beside 0.3) is no variance.
    parts = np.array([values.var(ddof=1) / len(values) if varies(values) else 0.0 for values in arms])
    if parts.sum() == 0:
        return "no_spread"
    df = parts.sum() ** 2 / (parts**2 / [len(values) - 1 for values in arms]).sum()
    try:
        return t_contrast(arms[0].mean() - arms[1].mean(), float(np.sqrt(parts.sum())), float(df), level, "welch")
    except ModelError as error:
        return why_no_interval(error)


def why_no_interval(error: ModelError) -> str:
    """Reason (a locale key) of a contrast that has none: nothing varies, or too little is known of how much."""
    constant = error.message.code in (Code.NO_SPREAD, Code.RESPONSE_CONSTANT, Code.MEAN_EXACT)
    return "no_spread" if constant else "df_too_small"
