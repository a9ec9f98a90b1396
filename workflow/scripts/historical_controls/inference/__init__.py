"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

from historical_controls.inference.counts import (
    CountTest,
    Share,
    bounded_difference,
    bounded_share,
    chance_of_none,
    exact_rate,
    permuted_count,
)
from historical_controls.inference.incidence import cumulative_incidence
from historical_controls.inference.labels import Labels, draw_labels
from historical_controls.inference.multiplicity import fixed_sequence, step_down_max_t
from historical_controls.inference.pairwise.pairs import by_bounds, by_survival, by_value, first_decided
from historical_controls.inference.pairwise.relative_effect import RelativeEffect, effect_of_pairs, relative_effect
from historical_controls.inference.pairwise.win_ratio import WinRatio, win_ratio
from historical_controls.inference.permutation import Permuted, permutation_test, restricted, statistics
from historical_controls.inference.reasons import Reason
from historical_controls.inference.risk_ratio import RiskRatio, risk_ratio
from historical_controls.inference.scores import Scores, scores_of_values
from historical_controls.inference.shares import exact_interval
from historical_controls.inference.spread import no_spread, varies
from historical_controls.inference.turnbull import NotConvergedError, Turnbull, turnbull

__all__ = [
    "CountTest",
    "Labels",
    "NotConvergedError",
    "Permuted",
    "Reason",
    "RelativeEffect",
    "RiskRatio",
    "Scores",
    "Share",
    "Turnbull",
    "WinRatio",
    "bounded_difference",
    "bounded_share",
    "by_bounds",
    "by_survival",
    "by_value",
    "chance_of_none",
    "cumulative_incidence",
    "draw_labels",
    "effect_of_pairs",
    "exact_interval",
    "exact_rate",
    "first_decided",
    "fixed_sequence",
    "no_spread",
    "permutation_test",
    "permuted_count",
    "relative_effect",
    "restricted",
    "risk_ratio",
    "scores_of_values",
    "statistics",
    "step_down_max_t",
    "turnbull",
    "varies",
    "win_ratio",
]
