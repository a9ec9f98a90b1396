"""The scales on which answers are judged against their truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic

# The answer of the worst ranks again, as the log of its odds.
LOG_WIN_ODDS = "log_win_odds"


@dataclass(frozen=True)
class Scale:
    """null: the value of no difference; estimated: the statistic that holds the estimate; decimals: of a printed bias.

    estimate, limit: from the printed numbers to this scale; ranks print a probability, with limits of its odds.
    """

    null: float
    estimated: Statistic
    decimals: int
    estimate: Callable[[float], float]
    limit: Callable[[float], float]


def _log(ratio: float) -> float:
    return float(np.log(ratio)) if ratio > 0 else -np.inf


def _probability(odds: float) -> float:
    """The probability with these odds, which may be infinite; nan of nan."""
    return 1.0 if np.isposinf(odds) else odds / (1 + odds)


DIFFERENCE = Scale(0.0, Statistic.ESTIMATE, 2, float, float)
RATIO = Scale(0.0, Statistic.ESTIMATE, 2, _log, _log)
# Its estimate has no bias. The log of its odds has no mean: it is infinite where every pair is won (IN-3).
PROBABILITY = Scale(0.5, Statistic.PROBABILITY, 3, float, _probability)
LOG_ODDS = Scale(0.0, Statistic.PROBABILITY, 2, lambda probability: float(logit(probability)), _log)

OF_RANKS: Mapping[str, Scale] = {AnalysisKey.WORST_RANK: PROBABILITY, LOG_WIN_ODDS: LOG_ODDS}


def scale_of(analysis: str, log: bool = False) -> Scale:
    """The scale on which an analysis is judged; log: its outcome is compared by ratios."""
    return OF_RANKS.get(analysis, RATIO if log else DIFFERENCE)
