"""How long each patient was followed and how it ended: one bar a patient, the treated on top and by name."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from historical_controls.ard.keys.arms import ARMS
from historical_controls.figures.courses.single_patients import patient_group
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    INK,
    day_ticks,
    end_marker,
    marker_key,
    marker_of,
    new_figure,
    place,
    plain_axes,
)
from historical_controls.text.display_order import by_display_id
from historical_controls.text.words import Words

LEFT, BOTTOM, PLOT, TOP = 0.95, 0.5, 3.85, 0.34
ROWS = {"treated": 0.17, "historical": 0.066}
SPACE = 0.2
NOTE = 0.18
MOST = 80


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Longest stay first within each arm; of more than `MOST` historical patients the first, as a note says."""
    arms = {arm: _stays(inputs, arm) for arm in ARMS}
    if all(stays.empty for stays in arms.values()):
        return {}
    height = sum(ROWS[arm] * len(stays) + SPACE for arm, stays in arms.items())
    total = int((inputs.individuals.endings["arm"] == "historical").sum())
    below = BOTTOM + (NOTE if total > MOST else 0.0)
    figure = new_figure(below + height + TOP)
    axes = place(figure, LEFT, below, PLOT, height)
    axes.set_ylim(0, height)
    top = height
    for arm, stays in arms.items():
        top = _arm(axes, arm, stays, top, inputs) - SPACE
    _frame(axes, inputs.words, inputs.config.cohort.horizon_days)
    ended = {event for stays in arms.values() for event in stays["item"]}
    ends = inputs.individuals.ends
    marks = [(marker_of(event, ends), inputs.ending(event)) for event in ends if event in ended]
    marker_key(axes, marks, 1 + 0.06 / height, -LEFT / PLOT)
    if total > MOST:
        note = inputs.words("figure.bars_drawn", n=MOST, total=total)
        axes.text(0, -BOTTOM / height, note, transform=axes.transAxes, style="italic", size=8.5, va="top")
    return {"": figure}


def _stays(inputs: FigureInputs, arm: str) -> pd.DataFrame:
    """One row a patient: display_id, item (what ended follow-up), day; sorted by how long it lasted."""
    rows = inputs.individuals.endings
    # Display ids are in random order: the first are a fair sample, which the longest stays would not be.
    own = rows[rows["arm"] == arm].sort_values("display_id", key=by_display_id)
    # Nobody treated is left out: the figure names them one by one.
    own = own if arm == "treated" else own.head(MOST)
    return own.sort_values(["day", "display_id"], ascending=[False, True], key=by_display_id)


def _arm(axes: Axes, arm: str, stays: pd.DataFrame, top: float, inputs: FigureInputs) -> float:
    """The bars of one arm from `top` downwards; the lower edge."""
    style, row, horizon = ARM_STYLES[arm], ROWS[arm], inputs.config.cohort.horizon_days
    beside: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "ha": "right",
        "va": "center",
    }
    named = arm == "treated"
    for number, (name, item, day) in enumerate(stays[["display_id", "item", "day"]].itertuples(index=False)):
        y = top - row * (number + 0.5)
        # Follow-up ends at the horizon, where patients still in hospital are marked by an arrow.
        end = min(float(day), float(horizon))
        (bar,) = axes.plot([0, end], [y, y], color=style.colour if named else style.individual,
                           lw=4.5 if named else 2.6, solid_capstyle="butt", zorder=style.order)  # fmt: skip
        if named:
            bar.set_gid(patient_group(name, "bar"))
        if item in inputs.individuals.ends:
            end_marker(axes, ([end], [y]), marker_of(item, inputs.individuals.ends), style, 6.0 if named else 4.2)
        elif item == "in_hospital":
            axes.plot([end], [y], ls="none", marker=">", ms=4.5 if named else 2.8, mew=0, color=style.colour,
                      zorder=style.order, clip_on=False)  # fmt: skip
        if named:
            axes.text(-0.02, y, name, size=8.5, gid=patient_group(name, "name"), **beside)
    if not named:
        # Historical patients are too many to be named.
        axes.text(-0.02, top - row * len(stays) / 2, inputs.words(f"arm.{arm}"), size=8.5, **beside)
    return top - row * len(stays)


def _frame(axes: Axes, words: Words, horizon: int) -> None:
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlim(0, horizon * 1.02)
    axes.set_xticks(day_ticks(horizon))
    axes.grid(axis="x", color="#e8ecf0", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(words("figure.days"), labelpad=2)
    axes.axvline(0, color=INK, lw=0.8)
