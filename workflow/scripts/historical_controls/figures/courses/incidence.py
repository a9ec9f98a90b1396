"""Cumulative incidence of death and of discharge alive, which compete: steps with intervals, numbers at risk."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy.typing import NDArray

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, FAINT, QUIET, day_ticks, new_figure, place, plain_axes, spread
from historical_controls.text.formatting import DASH, format_number

LEFT, PLOT, HEIGHT, TOP, GAP, BOTTOM = 0.58, 3.35, 1.35, 0.34, 0.62, 1.12
EVENTS = ("death", "discharge_alive")


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One panel an event, both groups in each."""
    events = [event for event in EVENTS if _steps(inputs, event, "treated") or _steps(inputs, event, "historical")]
    if not events:
        return {}
    figure = new_figure(TOP + HEIGHT * len(events) + GAP * (len(events) - 1) + BOTTOM)
    full = float(figure.get_size_inches()[1])
    for number, event in enumerate(events):
        axes = place(figure, LEFT, full - TOP - HEIGHT - number * (HEIGHT + GAP), PLOT, HEIGHT)
        _panel(axes, event, inputs)
    axes.set_xlabel(inputs.words("figure.days"), labelpad=2)
    _at_risk(axes, events[0], inputs)
    return {"": figure}


def _steps(inputs: FigureInputs, event: str, arm: str) -> dict[float, dict[str, Result]]:
    """Estimate and limits by day."""
    found: dict[float, dict[str, Result]] = {}
    for name in (Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER, Statistic.N_AT_RISK):
        for row in inputs.results.all(
            AnalysisKey.CUMULATIVE_INCIDENCE, name, output_id=OutputId.INCIDENCE_FIGURE, arm=arm, level=event
        ):
            found.setdefault(float(row.day or 0.0), {})[name] = row
    return dict(sorted(found.items()))


def _panel(axes: Axes, event: str, inputs: FigureInputs) -> None:
    ends: dict[str, float] = {}
    for arm, style in ARM_STYLES.items():
        steps = _steps(inputs, event, arm)
        if not steps:
            continue
        estimate, lower, upper = (_values(steps, name) for name in INTERVAL)
        # step="post": a share holds from its day until the next one.
        axes.fill_between(list(steps), lower, upper, step="post", color=style.colour, alpha=0.15, lw=0,
                          zorder=style.order)  # fmt: skip
        axes.step(list(steps), estimate, where="post", color=style.colour, lw=style.mean_width, ls=style.dashes,
                  zorder=style.order)  # fmt: skip
        # A suppressed small count leaves the curve without an end to label.
        if np.isfinite(estimate[-1]):
            ends[arm] = float(estimate[-1])
    # 13% of the axis is a line of text.
    for (arm, _), height in zip(ends.items(), spread(ends.values(), 0.13), strict=True):
        style = ARM_STYLES[arm]
        axes.text(1.02, height, inputs.words(f"arm.{arm}"), transform=axes.get_yaxis_transform(), va="center",
                  color=style.text, weight="bold" if arm == "treated" else "normal")  # fmt: skip
    _frame(axes, event, inputs)


def _values(steps: dict[float, dict[str, Result]], name: str) -> NDArray[np.float64]:
    """One statistic by day; nan where it has no value."""
    rows = [parts.get(name) for parts in steps.values()]
    return np.array([np.nan if row is None or row.value is None else row.value for row in rows])


def _frame(axes: Axes, event: str, inputs: FigureInputs) -> None:
    plain_axes(axes)
    horizon = inputs.config.cohort.horizon_days
    # Both panels have the whole axis: a cut one would make rare events look frequent.
    axes.set_ylim(0, 1)
    axes.set_xlim(-0.4, horizon + 0.4)
    axes.set_xticks(day_ticks(horizon))
    axes.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value, "percent")))
    axes.grid(axis="y", color=FAINT, lw=0.5)
    axes.set_axisbelow(True)
    left = 0.03 - LEFT / PLOT
    axes.text(left, 1.06, inputs.words(f"event.{event}"), transform=axes.transAxes, weight="bold", va="bottom")


def _at_risk(axes: Axes, event: str, inputs: FigureInputs) -> None:
    """Alive and in hospital at each whole week, beneath the last panel."""
    below: dict[str, Any] = {"va": "center", "size": 8.5, "clip_on": False}
    at_data = axes.get_xaxis_transform()
    axes.text(-0.4, -0.46, inputs.words("figure.still_there"), color=QUIET, ha="left", transform=at_data, **below)
    for line, arm in enumerate(reversed(list(ARM_STYLES))):
        height, colour, steps = -0.6 - 0.13 * line, ARM_STYLES[arm].text, _steps(inputs, event, arm)
        name = inputs.words(f"arm.{arm}")
        axes.text(1.02, height, name, color=colour, ha="left", transform=axes.transAxes, **below)
        for day in day_ticks(inputs.config.cohort.horizon_days):
            row = steps.get(float(day), {}).get(Statistic.N_AT_RISK)
            shown = DASH if row is None else format_number(row.value, row.format)
            axes.text(day, height, shown, color=colour, ha="center", transform=at_data, **below)
