"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

from .counts import CountTest, Share, bounded_difference, bounded_share, chance_of_none, exact_rate, permuted_count
from .incidence import cumulative_incidence
from .labels import Labels, draw_labels
from .multiplicity import fixed_sequence, step_down_max_t
from .pairs import by_bounds, by_survival, by_value, first_decided
from .permutation import Permuted, permutation_test, restricted, statistics
from .relative_effect import RelativeEffect, effect_of_pairs, relative_effect
from .scores import Scores, scores_of_values
from .shares import exact_interval
from .turnbull import NotConvergedError, Turnbull, turnbull
from .win_ratio import WinRatio, win_ratio

__all__ = [
    "CountTest",
    "Labels",
    "NotConvergedError",
    "Permuted",
    "RelativeEffect",
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
    "permutation_test",
    "permuted_count",
    "relative_effect",
    "restricted",
    "scores_of_values",
    "statistics",
    "step_down_max_t",
    "turnbull",
    "win_ratio",
]
