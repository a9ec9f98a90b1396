"""Where the observed contrast lies among those of exchanged labels: one panel a main outcome."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, QUIET, new_figure, place, plain_axes, tick_text
from historical_controls.text.formatting import format_number

LEFT, WIDTH, HEIGHT, GAP, TOP, BOTTOM = 0.12, 4.76, 0.85, 0.62, 0.42, 0.55
BARS = "#b8c6d9"


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Panels in the order of the fixed sequence; outcomes without a permutation answer are left out."""
    primary = inputs.config.primary
    # The fixed sequence: the primary outcome first, then the key secondary ones.
    codes = [
        code
        for code in (primary.outcome, *primary.key_secondary)
        if inputs.results.all(AnalysisKey.PERMUTATION_NULL, Statistic.N_LABELLINGS, outcome=code)
    ]
    if not codes:
        return {}
    figure = new_figure(TOP + HEIGHT * len(codes) + GAP * (len(codes) - 1) + BOTTOM)
    full = float(figure.get_size_inches()[1])
    # One axis for all: studentised differences compare, and so do their tails.
    bounds = inputs.results.all(AnalysisKey.PERMUTATION_NULL, Statistic.LOWER)
    bounds += inputs.results.all(AnalysisKey.PERMUTATION_NULL, Statistic.UPPER)
    reach = max(abs(row.value or 0.0) for row in bounds if row.outcome in codes)
    for number, code in enumerate(codes):
        axes = place(figure, LEFT, full - TOP - HEIGHT - number * (HEIGHT + GAP), WIDTH, HEIGHT)
        _panel(axes, code, inputs)
        axes.set_xlim(-reach, reach)
    axes.set_xlabel(inputs.words("figure.null_axis"), labelpad=2)
    return {"": figure}


def _panel(axes: Axes, code: str, inputs: FigureInputs) -> None:
    day = float(inputs.config.primary.day)
    bins = {
        name: {
            row.level: row.value or 0.0 for row in inputs.results.all(AnalysisKey.PERMUTATION_NULL, name, outcome=code)
        }
        for name in (Statistic.LOWER, Statistic.UPPER, Statistic.N_LABELLINGS)
    }
    counts = bins[Statistic.N_LABELLINGS]
    left, right = (np.array([bins[name][level] for level in counts]) for name in (Statistic.LOWER, Statistic.UPPER))
    axes.bar(left, list(counts.values()), right - left, align="edge", color=BARS, ec="white", lw=0.5, zorder=1)
    tallest = max(counts.values())
    # Room for the line of the observed value to stand out above the bars.
    axes.set_ylim(0, tallest * 1.18)
    observed = inputs.results.one(
        AnalysisKey.PERMUTATION_NULL, Statistic.OBSERVED, outcome=code, day=day, contrast=CONTRAST
    )
    if observed is not None and observed.value is not None:
        style = ARM_STYLES["treated"]
        axes.plot([observed.value] * 2, [0, tallest * 1.1], color=style.colour, lw=2.2, zorder=4)
        # Two-sided: labellings as far out on the other side count as well (IN-10).
        axes.plot([-observed.value] * 2, [0, tallest * 1.1], color=style.colour, lw=1.0, ls=(0, (2, 2)), zorder=4)
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    # Heights are numbers of labellings, which only compare with each other.
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    _title(axes, code, inputs)


def _title(axes: Axes, code: str, inputs: FigureInputs) -> None:
    """The outcome, and of how many labellings the bars are made."""
    label = inputs.dictionary.outcomes[code].label(inputs.words.language)
    day = float(inputs.config.primary.day)
    n = inputs.results.one(AnalysisKey.PERMUTATION, Statistic.N_LABELLINGS, outcome=code, day=day, contrast=CONTRAST)
    axes.text(0, 1.08, label, transform=axes.transAxes, va="bottom", weight="bold")
    if n is not None:
        said = inputs.words("figure.labellings", n=format_number(n.value, n.format))
        axes.text(1, 1.08, said, transform=axes.transAxes, va="bottom", ha="right", size=8.5, color=QUIET)
