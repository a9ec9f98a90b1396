"""Figures: what does it look like? Draws rows of the results table and of table `display`, and computes nothing."""

from .draw import draw_figures, png_of, save_svg
from .names import FAMILIES, figure_name

__all__ = ["FAMILIES", "draw_figures", "figure_name", "png_of", "save_svg"]
