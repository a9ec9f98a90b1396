"""Figures: what does it look like? Draws rows of the results table and of table `display`, and computes nothing."""

from .draw import draw_family, save_svg
from .names import FAMILIES, figure_names

__all__ = ["FAMILIES", "draw_family", "figure_names", "save_svg"]
