"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

from .labels import Labels, draw_labels
from .multiplicity import fixed_sequence, step_down_max_t
from .pairs import by_bounds, by_survival, by_value, first_decided
from .permutation import Permuted, permutation_test, restricted, statistics
from .relative_effect import RelativeEffect, effect_of_pairs, relative_effect
from .scores import Scores, scores_of_values
from .shares import exact_interval
from .win_ratio import WinRatio, win_ratio

__all__ = [
    "Labels",
    "Permuted",
    "RelativeEffect",
    "Scores",
    "WinRatio",
    "by_bounds",
    "by_survival",
    "by_value",
    "draw_labels",
    "effect_of_pairs",
    "exact_interval",
    "first_decided",
    "fixed_sequence",
    "permutation_test",
    "relative_effect",
    "restricted",
    "scores_of_values",
    "statistics",
    "step_down_max_t",
    "win_ratio",
]
