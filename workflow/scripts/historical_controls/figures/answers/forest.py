"""All outcomes in one figure: standardised differences with intervals, the primary day strongest."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result, Results
from historical_controls.config.study_config import Config
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import FAINT, INK, QUIET, new_figure, place, plain_axes, tick_text, wrapped
from historical_controls.text.formatting import format_number
from historical_controls.text.words import Words

# Inches.
ROW, TOP, BOTTOM = 0.4, 0.3, 0.78
LABELS, PLOT, NUMBERS = 1.3, 1.95, 1.65


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One row an outcome that has an estimate, in the order of the config; the page says why the others have none."""
    results, words, config, dictionary = inputs.results, inputs.words, inputs.config, inputs.dictionary
    known = {row.outcome for row in results.all(AnalysisKey.FOREST, Statistic.ESTIMATE)}
    codes = [code for code in config.outcomes if code in known]
    if not codes:
        return {}
    count = len(codes)
    figure = new_figure(TOP + ROW * count + BOTTOM)
    axes = place(figure, LABELS, BOTTOM, PLOT, ROW * count)
    # Downwards, so that row 0 is on top.
    axes.set_ylim(count - 0.5, -0.5)
    axes.axvline(0, color=INK, lw=0.8, zorder=1)
    reach = _reach(codes, results, config)
    for row, code in enumerate(codes):
        _row(axes, row, code, reach, inputs)
        label = wrapped(dictionary.outcomes[code].label(words.language), 17)
        axes.text(-LABELS / PLOT + 0.02, row, label, transform=axes.get_yaxis_transform(), va="center")
    _frame(axes, reach, ROW * count, words, config)
    return {"": figure}


def _intervals(code: str, results: Results, config: Config) -> dict[int, tuple[Result, Result, Result]]:
    """Estimate, lower and upper limit by day, where all three are there."""
    found = {}
    for day in config.analysis.days:
        parts = [
            results.one(AnalysisKey.FOREST, name, outcome=code, day=float(day), contrast=CONTRAST) for name in INTERVAL
        ]
        if all(part is not None and part.value is not None for part in parts):
            found[day] = (parts[0], parts[1], parts[2])
    return found  # type: ignore[return-value]


def _reach(codes: list[str], results: Results, config: Config) -> float:
    """Half width of the axis in SDs: holds every estimate with room, at most 6; longer whiskers end in arrows."""
    intervals = [parts for code in codes for parts in _intervals(code, results, config).values()]
    ends = [abs(part.value or 0.0) for parts in intervals for part in parts]
    # One interval of a hardly measured outcome would otherwise press all others into a point.
    return min(max([1.0, *ends]) * 1.08, 6.0)


def _row(axes: Axes, row: int, code: str, reach: float, inputs: FigureInputs) -> None:
    words, config = inputs.words, inputs.config
    intervals = _intervals(code, inputs.results, config)
    right: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right", "size": 8.5}
    edge = (PLOT + NUMBERS) / PLOT - 0.02
    if config.primary.day not in intervals:
        axes.text(edge, row, words("figure.no_estimate"), color=QUIET, style="italic", **right)
    for day, (estimate, lower, upper) in intervals.items():
        main = day == config.primary.day
        days = sorted(intervals)
        # The other days stand beneath the primary one, in their order.
        height = row if main else row + 0.16 * (1 + sum(other < day and other != config.primary.day for other in days))
        _whisker(axes, height, (estimate.value or 0.0, lower.value or 0.0, upper.value or 0.0), reach, main)
        if main:
            low, high = (format_number(part.value, part.format) for part in (lower, upper))
            text = words(
                "figure.interval", estimate=format_number(estimate.value, estimate.format), lower=low, upper=high
            )
            axes.text(edge, row, text, **right)


def _whisker(axes: Axes, y: float, interval: tuple[float, float, float], reach: float, main: bool) -> None:
    """Whisker and marker; an end beyond the axis is an arrow at its edge."""
    estimate, lower, upper = interval
    colour = INK if main else "#8b949e"
    low, high = max(lower, -reach), min(upper, reach)
    axes.plot([low, high], [y, y], color=colour, lw=1.4 if main else 0.8, solid_capstyle="butt", zorder=2)
    for end, edge, marker in ((lower, -reach, "<"), (upper, reach, ">")):
        if abs(end) > reach:
            axes.plot([edge], [y], marker=marker, ms=4 if main else 3, mew=0, color=colour, clip_on=False, zorder=2)
    # An estimate beyond the axis is shown by the arrow alone.
    if abs(estimate) <= reach:
        style: dict[str, Any] = {"marker": "s", "ms": 5} if main else {"marker": "o", "ms": 3}
        axes.plot([estimate], [y], color=colour, mfc=colour if main else "white", mew=0.9, zorder=3, ls="none", **style)


def _frame(axes: Axes, reach: float, height: float, words: Words, config: Config) -> None:
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.grid(axis="x", color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(words("figure.forest_axis"), labelpad=20)
    beside: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "size": 8.5}
    beneath = -0.32 / height
    axes.text(0.47, beneath, words("figure.lower_in_treated"), ha="right", color=QUIET, **beside)
    axes.text(0.53, beneath, words("figure.higher_in_treated"), ha="left", color=QUIET, **beside)
    title = words(
        "figure.forest_numbers", day=config.primary.day, level=format_number(config.analysis.level, "percent")
    )
    axes.text((PLOT + NUMBERS) / PLOT - 0.02, 1 + 0.13 / height, title, ha="right", **beside)
