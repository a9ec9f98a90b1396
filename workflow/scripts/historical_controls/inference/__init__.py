"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

from .labels import Labels, draw_labels
from .relative_effect import RelativeEffect, relative_effect

__all__ = ["Labels", "RelativeEffect", "draw_labels", "relative_effect"]
