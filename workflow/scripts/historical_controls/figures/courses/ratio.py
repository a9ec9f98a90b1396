"""Every outcome that is analysed as a ratio, as multiples of each patient's own baseline: small panels, one scale
(RP-2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from historical_controls.figures.courses.single_patients import patient_group
from historical_controls.figures.inputs import MOST_LINES, FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    FAINT,
    INK,
    day_ticks,
    draw_lines,
    new_figure,
    place,
    plain_axes,
    tick_text,
    wrapped,
)

LEFT, WIDTH, HEIGHT, ACROSS, DOWN, TOP, BOTTOM = 0.48, 1.93, 1.05, 0.62, 0.5, 0.5, 0.5
NOTE = 0.18
COLUMNS = 2
TICKS = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100)
WIDEST = 100.0


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Panels in the order of the config; an outcome of which nobody has a baseline and a later value is left out."""
    shown = {
        code: {arm: _ratios(inputs, code, arm) for arm in ARM_STYLES}
        for code in inputs.config.outcomes
        # Multiples of baseline are how outcomes on the log scale are analysed; of the others differences are.
        if inputs.dictionary.outcomes[code].scale == "log"
    }
    shown = {code: arms for code, arms in shown.items() if any(len(rows) for rows in arms.values())}
    if not shown:
        return {}
    # Rounded up.
    count = -(-len(shown) // COLUMNS)
    # Of many historical patients not everybody is drawn, which is said.
    thinned = any(inputs.individuals.n_with_values(code, "historical") > MOST_LINES for code in shown)
    figure = new_figure(TOP + HEIGHT * count + DOWN * (count - 1) + BOTTOM + (NOTE if thinned else 0.0))
    full = float(figure.get_size_inches()[1])
    reach = _reach([rows for arms in shown.values() for rows in arms.values()])
    for number, (code, arms) in enumerate(shown.items()):
        down, across = divmod(number, COLUMNS)
        bottom = full - TOP - HEIGHT - down * (HEIGHT + DOWN)
        axes = place(figure, LEFT + across * (WIDTH + ACROSS), bottom, WIDTH, HEIGHT)
        _panel(axes, arms, reach, (code, inputs.config.cohort.horizon_days))
        label = wrapped(inputs.dictionary.outcomes[code].label(inputs.words.language), 30)
        axes.text(-0.08, 1.05, label, transform=axes.transAxes, va="bottom", size=8.5, weight="bold")
    figure.text(0.5, (0.1 + (NOTE if thinned else 0.0)) / full, inputs.words("figure.days"), ha="center")
    if thinned:
        note = inputs.words("figure.some_ratios_drawn", n=MOST_LINES)
        figure.text(0.02, 0.06 / full, note, style="italic", size=8.5)
    return {"": figure}


def _ratios(inputs: FigureInputs, code: str, arm: str) -> pd.DataFrame:
    rows = inputs.individuals.of_arm(code, arm)
    return rows[rows["ratio"].notna() & (rows["ratio"] > 0)]


def _reach(parts: list[pd.DataFrame]) -> float:
    """Half the height of every panel, as a factor: holds all ratios, at most `WIDEST`."""
    logs = np.concatenate([np.abs(np.log(rows["ratio"].to_numpy(dtype=float))) for rows in parts if len(rows)])
    # One scale for all panels, symmetric around 1: doubling and halving are equally far from it.
    return float(min(max(np.exp(logs.max()), 2.0) * 1.1, WIDEST))


def _panel(axes: Axes, arms: dict[str, pd.DataFrame], reach: float, panel: tuple[str, int]) -> None:
    """The lines of both arms. `panel`: outcome and last day."""
    code, horizon = panel
    axes.set_yscale("log")
    for arm, style in ARM_STYLES.items():
        rows, named = arms[arm], arm == "treated"
        for patient, own in rows.groupby("display_id", sort=False) if named else [("", rows)]:
            draw_lines(axes, own, "ratio", color=style.individual, lw=style.individual_width,
                       marker=style.marker if named else "", ms=1.8, mew=0, zorder=style.order,
                       gid=patient_group(str(patient), code) if named else None)  # fmt: skip
    plain_axes(axes)
    axes.axhline(1, color=INK, lw=0.7, zorder=2)
    axes.axvline(0, color=FAINT, lw=0.8, zorder=0)
    axes.set_ylim(1 / reach, reach)
    # Ticks in pairs of reciprocals.
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in TICKS if 1 / reach <= tick <= reach]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{tick_text(value)}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.set_xlim(-0.4, horizon + 0.4)
    axes.set_xticks(day_ticks(horizon))
    axes.tick_params(labelsize=8)
