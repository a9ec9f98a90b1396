"""The one look of every figure. Colours are Okabe and Ito's where they mean something; sizes suit a phone and A4 alike.

A figure is five inches wide (360 SVG units), so that its text stays legible when a 360-pixel screen shows it at about
its natural size.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from historical_controls.tables.days import tick_days
from historical_controls.text.formatting import format_number

Array = NDArray[np.float64]
INK = "#1f2328"
QUIET = "#57606a"
FAINT = "#d8dee4"
WIDTH = 5.0

RC: dict[str, Any] = {
    # Without a fixed salt matplotlib's ids, and with them the bytes of the file, differ in every run.
    "svg.hashsalt": "historical-controls",
    # Text stays text: it can be searched, read aloud and translated.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "axes.labelcolor": INK,
    "axes.unicode_minus": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "path.simplify": True,
}


@dataclass(frozen=True)
class ArmStyle:
    """How one arm is drawn: told apart by colour, and in grey print by line style, weight and marker.

    `text` is a darker shade of `colour`: words need more contrast than lines (WCAG 2.2, 1.4.3).
    """

    colour: str
    text: str
    individual: str
    individual_width: float
    mean_width: float
    dashes: Any
    marker: str
    order: int


ARM_STYLES = {
    # The treated arm has the higher drawing order and is never covered.
    "historical": ArmStyle("#4C6A92", "#3d5675", "#8093b0", 0.45, 1.8, (0, (5, 2)), "s", 3),
    "treated": ArmStyle("#D55E00", "#b34700", "#D55E00", 0.9, 2.6, "solid", "o", 6),
}


def new_figure(height: float) -> Figure:
    """An empty figure, `height` in inches, that belongs to no global state."""
    # Not pyplot, which keeps every figure in memory until it is closed.
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasSVG(figure)
    return figure


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner."""
    full_width, full_height = figure.get_size_inches()
    return figure.add_axes(
        (left / full_width, bottom / full_height, width / full_width, height / full_height), facecolor="none"
    )


def plain_axes(axes: Axes) -> None:
    """Only the two spines that carry ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, width=0.7)


END_MARKERS = {"death": "X", "discharge_alive": "o", "transfer_out": "D"}
# Of the ends that a study declares, in its order; more of them share the last.
OWN_MARKERS = ("s", "^", "v", "p", "h")


def marker_of(event: str, ends: Sequence[str]) -> str:
    """The symbol of one of `ends`, the declared ones after those of `END_MARKERS`."""
    own = [end for end in ends if end not in END_MARKERS]
    return END_MARKERS.get(event) or OWN_MARKERS[min(own.index(event), len(OWN_MARKERS) - 1)]


def draw_lines(axes: Axes, rows: pd.DataFrame, height: str, **look: Any) -> None:
    """Draw a line a patient, all with one look.

    rows: display_id, day and the column `height`, those of a patient in the order of the line.
    """
    if rows.empty:
        return
    # All in one artist, with gaps between patients: each artist takes longer to make than its points.
    codes = pd.factorize(rows["display_id"])[0]
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    days, heights = (np.insert(rows[name].to_numpy(dtype=float)[order], ends, np.nan) for name in ("day", height))
    axes.plot(days, heights, **look)


def end_marker(
    axes: Axes, places: tuple[Any, Any], marker: str, style: ArmStyle, size: float, order: int = 7
) -> Line2D:
    """Mark how follow-up ended, at `places` (x, y), by the symbol of `marker_of`: filled for death, else open."""
    death = marker == END_MARKERS["death"]
    (mark,) = axes.plot(
        *places,
        ls="none",
        marker=marker,
        ms=size if death else size * 0.76,
        mew=0.5 if death else 0.9,
        # Filled against open is what remains in grey print.
        mfc=style.colour if death else "white",
        mec="white" if death else style.colour,
        zorder=order,
        clip_on=False,
    )
    return mark


def marker_key(axes: Axes, marks: Sequence[tuple[str, str]], height: float, left: float) -> None:
    """The marks (symbol, what it means) in one line above the plot."""
    plain = ArmStyle(INK, INK, INK, 1.0, 1.0, "solid", "o", 5)
    handles = [Line2D([], [], ls="none") for _ in marks]
    for handle, (marker, _) in zip(handles, marks, strict=True):
        death = marker == END_MARKERS["death"]
        handle.set(marker=marker, markersize=6 if death else 4.6, markeredgewidth=0.5 if death else 0.9,
                   markerfacecolor=plain.colour if death else "white",
                   markeredgecolor="white" if death else plain.colour)  # fmt: skip
    axes.legend(
        handles, [meaning for _, meaning in marks], loc="lower left", bbox_to_anchor=(left, height),
        ncols=3, frameon=False, fontsize=8.5, borderpad=0, handletextpad=0.2, columnspacing=1.0,
    )  # fmt: skip


def day_ticks(horizon: int) -> list[int]:
    """The ticks of every time axis: day 0 and whole weeks, of long follow-up fewer."""
    return tick_days(horizon)


def tick_text(value: float) -> str:
    """A tick with as many decimals as it needs."""
    # Ticks such as 0.30000000000000004 are meant as 0.3.
    value = round(value, 6)
    places = 0 if value == round(value) else 1 if value == round(value, 1) else 2
    return format_number(value, "0" if not places else f"0.{'0' * places}")


def wrapped(text: str, width: int) -> str:
    """`text` broken into lines of at most `width` characters; a dollar sign stays one (no mathematics)."""
    # Matplotlib sets text between two dollar signs as mathematics.
    return "\n".join(textwrap.wrap(text, width) or [""]).replace("$", r"\$")


def row_label(text: str, width: int, size: float) -> tuple[str, float]:
    """A row's name and its font size: on one line, or where it is longer than `width` on two smaller ones.

    Three quarters of the size fit two lines in a row, and a third more characters in each.
    """
    lines = textwrap.wrap(text, width if len(text) <= width else width * 4 // 3, max_lines=2, placeholder="…")
    return "\n".join(lines or [""]).replace("$", r"\$"), size if len(lines) <= 1 else 0.75 * size


def spread(wanted: Iterable[float], gap: float) -> list[float]:
    """Places for labels, as wanted but at least `gap` apart, keeping their order."""
    order = sorted(enumerate(wanted), key=lambda item: item[1])
    placed: dict[int, float] = {}
    last = float("-inf")
    for number, value in order:
        # From the lowest upwards: a label moves up only as far as the one below it asks.
        last = max(value, last + gap)
        placed[number] = last
    return [placed[number] for number in range(len(placed))]
