"""Who was measured when: one row an outcome, one column a day, the two groups beneath one another."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    INK,
    QUIET,
    Array,
    day_ticks,
    new_figure,
    place,
    plain_axes,
    row_label,
)
from historical_controls.tables.days import told_days, told_step
from historical_controls.text.formatting import format_number

# Inches.
LEFT, RIGHT, TOP, BOTTOM, GAP, ROW = 1.78, 0.06, 0.62, 0.46, 0.42, 0.155
NOBODY = -1
# Five shades of one hue: they keep their order in grey print.
STEPS = ("#ffffff", "#d3dae2", "#a9b7c8", "#7288a6", "#3d5675")


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """The darker a cell, the larger the part of those in hospital and alive who had a value that day."""
    known = {row.outcome for row in inputs.results.all(AnalysisKey.AT_RISK, Statistic.N_MEASURED)}
    codes = [code for code in inputs.config.outcomes if code in known]
    if not codes:
        return {}
    panel = ROW * len(codes)
    figure = new_figure(TOP + 2 * panel + GAP + BOTTOM)
    full = float(figure.get_size_inches()[1])
    width = 5.0 - LEFT - RIGHT
    for number, arm in enumerate(ARMS):
        axes = place(figure, LEFT, full - TOP - panel - number * (panel + GAP), width, panel)
        _panel(axes, arm, codes, inputs)
        axes.tick_params(labelbottom=number == 1)
    axes.set_xlabel(inputs.words("figure.days"), labelpad=2)
    _key(figure, full, inputs)
    return {"": figure}


def _panel(axes: Axes, arm: str, codes: list[str], inputs: FigureInputs) -> None:
    horizon = inputs.config.cohort.horizon_days
    days, width = told_days(horizon)[1:], told_step(horizon)
    # One artist a shade, not one a cell: an artist takes longer to make than its points.
    cells: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, code in enumerate(codes):
        for day in days:
            share = _share(inputs, arm, code, day)
            cells[NOBODY if share is None else _step(share)].append((day, row))
        label = inputs.dictionary.outcomes[code].label(inputs.words.language)
        shown, size = row_label(label, 27, 7.4)
        axes.text(-0.01, row, shown, transform=axes.get_yaxis_transform(), ha="right", va="center", size=size,
                  linespacing=0.95)  # fmt: skip
    # A stroke, not a white cell: nobody was there to be measured, which is not the same as nobody measured.
    reach = 0.3 * width
    if NOBODY in cells:
        strokes = _around(cells.pop(NOBODY), [(-reach, 0.3), (reach, -0.3), (np.nan, np.nan)])
        axes.plot(*strokes.reshape(-1, 2).T, color="#c9ced4", lw=0.6)
    # A cell ends on its day; of daily ones the day is the middle.
    left, right = 0.5 - width, 0.5
    for step, places in sorted(cells.items()):
        corners = _around(places, [(left, -0.5), (right, -0.5), (right, 0.5), (left, 0.5)])
        path = Path.make_compound_path_from_polys(corners)
        axes.add_patch(PathPatch(path, fc=STEPS[step], ec="#e8ecf0", lw=0.4 if width == 1 else 0))
    plain_axes(axes)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlim(0.5, horizon + 0.5)
    axes.set_ylim(len(codes) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks([1, *day_ticks(horizon)[1:]])
    style = ARM_STYLES[arm]
    axes.text(0, 1 + 0.06 / (ROW * len(codes)), inputs.words(f"arm.{arm}"), transform=axes.transAxes, va="bottom",
              color=style.text, weight="bold", size=9)  # fmt: skip


def _around(places: list[tuple[int, int]], corners: list[tuple[float, float]]) -> Array:
    """Corners (places, corners, 2) around each place (day, row)."""
    return np.array(places, dtype=float).reshape(-1, 1, 2) + np.array(corners)


def _share(inputs: FigureInputs, arm: str, code: str, day: int) -> float | None:
    """Part of those at risk who had a value; None where nobody was at risk any more."""
    at_risk, measured = (
        inputs.results.one(AnalysisKey.AT_RISK, name, outcome=code, arm=arm, day=float(day))
        for name in (Statistic.N_AT_RISK, Statistic.N_MEASURED)
    )
    if at_risk is None or measured is None or not at_risk.value or measured.value is None:
        return None
    return measured.value / at_risk.value


def _step(share: float) -> int:
    """0: nobody; 1 to 4: up to a quarter, half, three quarters, all."""
    # ceil: white is for none at all, however small the share.
    return 0 if share <= 0 else int(min(np.ceil(share * 4), 4))


def _key(figure: Figure, full: float, inputs: FigureInputs) -> None:
    """The five shades above the panels, in words."""
    axes = place(figure, 0, full - 0.3, 5.0, 0.22)
    axes.set_axis_off()
    axes.set_xlim(0, 5.0)
    axes.set_ylim(0, 0.22)
    step = told_step(inputs.config.cohort.horizon_days)
    head = inputs.words("figure.measured") if step == 1 else inputs.words("figure.measured_span", days=step)
    axes.text(0.04, 0.11, head, va="center", size=8.5, color=INK)
    # A narrow no-break space holds the sign and the number together.
    labels = [format_number(0.0, "percent"), *(f"≤\u202f{format_number(part / 4, 'percent')}" for part in range(1, 5))]
    for number, label in enumerate(labels):
        left = LEFT + number * 0.64
        axes.add_patch(Rectangle((left, 0.04), 0.14, 0.14, fc=STEPS[number], ec=QUIET, lw=0.5))
        axes.text(left + 0.18, 0.11, label, va="center", size=8)
