"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

from .labels import Labels, draw_labels
from .multiplicity import fixed_sequence, step_down_max_t
from .permutation import Permuted, permutation_test, restricted, statistics
from .relative_effect import RelativeEffect, relative_effect
from .scores import Scores, scores_of_values
from .shares import exact_interval

__all__ = [
    "Labels",
    "Permuted",
    "RelativeEffect",
    "Scores",
    "draw_labels",
    "exact_interval",
    "fixed_sequence",
    "permutation_test",
    "relative_effect",
    "restricted",
    "scores_of_values",
    "statistics",
    "step_down_max_t",
]
