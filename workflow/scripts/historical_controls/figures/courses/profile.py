"""The course of every treated patient: one row a patient, one column a main outcome, the others behind in grey."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    FAINT,
    QUIET,
    day_ticks,
    draw_lines,
    end_marker,
    new_figure,
    place,
    plain_axes,
    tick_text,
    wrapped,
)
from historical_controls.text.display_order import ordered

LEFT, TOP, BOTTOM, ROW, GAP, SPACE = 0.42, 0.55, 0.5, 0.95, 0.16, 0.34
FULL = 4.92
MOST_COLUMNS = 4


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Rows in the order of the display ids; columns: the primary and the key secondary outcomes."""
    primary = inputs.config.primary
    shown = {code: inputs.individuals.of_arm(code, "treated") for code in (primary.outcome, *primary.key_secondary)}
    # Narrower panels than a quarter of the page cannot be read.
    codes = [code for code, rows in shown.items() if not rows.empty][:MOST_COLUMNS]
    patients = ordered(name for code in codes for name in shown[code]["display_id"])
    if not patients:
        return {}
    figure = new_figure(TOP + ROW * len(patients) + GAP * (len(patients) - 1) + BOTTOM)
    full = float(figure.get_size_inches()[1])
    # All panels of a row share the width that is left beside the labels.
    width = (FULL - LEFT - SPACE * (len(codes) - 1)) / len(codes)
    for down, patient in enumerate(patients):
        for across, code in enumerate(codes):
            bottom = full - TOP - ROW * (down + 1) - GAP * down
            axes = place(figure, LEFT + across * (width + SPACE), bottom, width, ROW)
            _panel(axes, shown[code], patient, inputs)
            if down == 0:
                _head(axes, code, inputs)
            axes.tick_params(labelbottom=down == len(patients) - 1)
            if across == 0:
                axes.text(-LEFT / width, 1.0, patient, transform=axes.transAxes, weight="bold",
                          color=ARM_STYLES["treated"].text, va="top")  # fmt: skip
    figure.text(0.5, 0.1 / full, inputs.words("figure.days"), ha="center")
    return {"": figure}


def _panel(axes: Axes, rows: pd.DataFrame, patient: str, inputs: FigureInputs) -> None:
    """One patient's values over those of the other treated."""
    style = ARM_STYLES["treated"]
    mine = rows["display_id"] == patient
    # Other patients are context: without markers they do not compete with the one of the row.
    draw_lines(axes, rows[~mine], "value", lw=0.6, color="#c9ced4", zorder=1)
    draw_lines(axes, rows[mine], "value", lw=1.5, color=style.colour, marker="o", ms=2.4, mew=0, zorder=3)
    ends = inputs.individuals.ends_of(rows[mine])
    for marker, end in ends.groupby("marker"):
        end_marker(axes, (end["day"], end["height"]), str(marker), style, 6.0)
    plain_axes(axes)
    axes.axvline(0, color=FAINT, lw=0.8, zorder=0)
    horizon = inputs.config.cohort.horizon_days
    axes.set_xlim(-0.6, horizon + 0.8)
    axes.set_xticks(day_ticks(horizon))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.tick_params(labelsize=7.5, pad=1.5)


def _head(axes: Axes, code: str, inputs: FigureInputs) -> None:
    entry = inputs.dictionary.outcomes[code]
    unit = inputs.words.unit(entry.unit)
    name = f"{wrapped(entry.label(inputs.words.language), 15)}\n{unit}"
    axes.text(0, 1.06, name, transform=axes.transAxes, va="bottom", size=8, color=QUIET, linespacing=1.05)
