"""What every figure keeps to: nothing leaves the sheet or covers words, and what is not data is thin and behind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from historical_controls.figures.draw import draw_figures
from historical_controls.figures.style import ARM_STYLES, INK

from .study import small_study

# Pixels that a box of letters may be larger than its letters.
MARGIN = 1.0


@cache
def figures(language: str) -> dict[str, tuple[Figure, FigureCanvasAgg]]:
    """Every figure of the small study, laid out as it is printed."""
    study = small_study()
    both = draw_figures(study.ard, study.display, study.words(language), study.config, study.dictionary)
    drawn = {}
    for name, figure in {**both.shared, **both.internal}.items():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn[name] = (figure, canvas)
    return drawn


def every_axes() -> Iterator[tuple[str, Axes]]:
    for name, (figure, _) in figures("en").items():
        for axes in figure.axes:
            yield name, axes


def written(figure: Figure, canvas: FigureCanvasAgg) -> list[tuple[str, Bbox]]:
    """Words and their boxes. Numbers of ticks are matplotlib's own to place."""
    ticks = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()}
    ticks |= {
        label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_minorticklabels()
    }
    return [
        (text.get_text(), text.get_window_extent(canvas.get_renderer()))
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and text not in ticks
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_all_words_are_on_the_sheet_and_cover_no_others(language: str) -> None:
    for name, (figure, canvas) in figures(language).items():
        sheet, words = figure.bbox.padded(MARGIN), written(figure, canvas)
        for text, box in words:
            assert sheet.x0 <= box.x0 and box.x1 <= sheet.x1, (name, text, box)
            assert sheet.y0 <= box.y0 and box.y1 <= sheet.y1, (name, text, box)
        for (text, box), (other, covered) in combinations(words, 2):
            assert not box.padded(-MARGIN).overlaps(covered.padded(-MARGIN)), (name, text, other)


def test_all_data_are_within_their_axes() -> None:
    for name, axes in every_axes():
        (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
        for line in axes.lines:
            if line.get_transform() == axes.transData and len(line.get_xdata()):
                x, y = (np.asarray(values, dtype=float) for values in line.get_data())
                assert left <= np.nanmin(x) and np.nanmax(x) <= right, (name, line.get_color())
                assert bottom <= np.nanmin(y) and np.nanmax(y) <= top, (name, line.get_color())


def test_what_is_not_data_is_thin() -> None:
    """Lines across the whole of the axes, and the edges of cells and boxes: at most 1 pt; a mean has 1.8 or more."""
    assert min(style.mean_width for style in ARM_STYLES.values()) > 1
    # A line across the axes in the colour of a group is a patient's baseline value.
    colours = {style.colour for style in ARM_STYLES.values()}
    for name, axes in every_axes():
        for line in axes.lines:
            across = line.get_transform() != axes.transData and line.get_linestyle() != "None"
            if across and line.get_color() not in colours:
                assert line.get_linewidth() <= 1, (name, line.get_color(), line.get_linewidth())
        for patch in axes.patches:
            assert patch.get_linewidth() <= 1, (name, patch)


def test_a_mark_is_more_than_its_edge() -> None:
    """Filled and open marks tell death from discharge, and one weighting from another, only if the edge is thin."""
    for name, axes in every_axes():
        legend = axes.get_legend()
        for line in [*axes.lines, *(legend.get_lines() if legend else [])]:
            if line.get_marker() not in ("None", None, "") and line.get_markersize() > 0:
                assert line.get_markeredgewidth() <= line.get_markersize() / 3, (name, line.get_marker())


def test_the_outline_of_an_open_mark_is_at_least_as_wide_as_the_line_that_it_ends() -> None:
    """The outline is all that is drawn of a discharge."""
    colours = {style.colour: style.individual_width for style in ARM_STYLES.values()} | {INK: 0.0}
    seen = 0
    for name, axes in every_axes():
        for line in axes.lines:
            if line.get_marker() == "o" and line.get_markerfacecolor() == "white" and line.get_markersize() > 3:
                assert line.get_markeredgewidth() >= colours[line.get_markeredgecolor()], name
                seen += 1
    assert seen > 4
