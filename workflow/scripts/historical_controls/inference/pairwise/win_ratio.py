"""Wins over losses of the treated, with an interval for few subjects (IN-16, IN-17)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from historical_controls.inference.pairwise.pairs import Flags, Pairs
from historical_controls.inference.reasons import Reason
from historical_controls.inference.spread import no_spread


@dataclass(frozen=True)
class WinRatio:
    """win_ratio: wins over losses (inf without losses); lower, upper: its interval, nan without wins or losses, or
    where nothing varies, and no_interval says which; counts are of pairs of a treated and a control."""

    win_ratio: float
    lower: float
    upper: float
    df: float
    n_wins: int
    n_losses: int
    n_ties: int
    no_interval: Reason = Reason.NONE


def win_ratio(pairs: Pairs, treated: Flags, level: float = 0.95) -> WinRatio:
    """Win ratio of the comparison `pairs` (n, n) (see pairs.py), ties left out.

    Interval: t on the logarithm, whose variance is that of a ratio of two-sample U-statistics (Bebu & Lachin 2016,
    Biostatistics 17:178-187), with Satterthwaite's degrees of freedom.
    """
    between = pairs[treated][:, ~treated]
    wins, losses = between > 0, between < 0
    n_wins, n_losses = int(wins.sum()), int(losses.sum())
    ratio = n_wins / n_losses if n_losses else (float("inf") if n_wins else float("nan"))
    lower, upper, df = _interval(wins, losses, level)
    n_ties = int(between.size - n_wins - n_losses)
    # Reason.NONE is the empty text, hence false.
    reason = _no_interval(n_wins, n_losses, n_ties) or (Reason.NO_SPREAD if np.isnan(lower) else Reason.NONE)
    return WinRatio(ratio, lower, upper, df, n_wins, n_losses, n_ties, reason)


def _no_interval(n_wins: int, n_losses: int, n_ties: int) -> Reason:
    if n_wins and n_losses:
        return Reason.NONE
    if not n_wins and not n_losses:
        return Reason.TIES_ONLY
    if not n_ties:
        return Reason.COMPLETE_SEPARATION
    return Reason.NO_LOSSES if n_wins else Reason.NO_WINS


def _interval(wins: NDArray[np.bool_], losses: NDArray[np.bool_], level: float) -> tuple[float, float, float]:
    nan = float("nan")
    if not wins.any() or not losses.any():
        return nan, nan, nan
    # u_ij of (IN-16) (treated, controls); its mean over one axis is what each patient of the other arm adds.
    influence = wins / wins.mean() - losses / losses.mean()
    parts = [influence.mean(axis=axis).var(ddof=1) / influence.shape[1 - axis] for axis in (0, 1)]
    variance = sum(parts)
    if no_spread(np.sqrt(variance), 1.0):
        return nan, nan, nan
    df = variance**2 / sum(part**2 / (influence.shape[1 - axis] - 1) for axis, part in zip((0, 1), parts, strict=True))
    # On the logarithm, where the ratio's distribution is closer to symmetric and both limits are positive.
    half = float(stdtrit(df, 0.5 + level / 2)) * np.sqrt(variance)
    centre = np.log(wins.sum() / losses.sum())
    return float(np.exp(centre - half)), float(np.exp(centre + half)), float(df)
