"""When follow-up began, by week: both arms on one calendar, with the declared periods of care."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Results
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, FAINT, INK, QUIET, new_figure, place, plain_axes
from historical_controls.text.words import Words

LEFT, BOTTOM, PLOT, RIGHT = 0.95, 0.55, 3.85, 0.2
STEP, SPACE, PERIOD = 0.11, 0.42, 0.24
# Marks: a week has room for two at least, and of more than 14 patients the number is printed.
LEAST, MOST = 2, 14


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """A mark per patient in the week of time zero: treated above, historical patients below, periods on top."""
    results, words, config = inputs.results, inputs.words, inputs.config
    weeks = {arm: _weeks(results, arm) for arm in ARMS}
    if not any(weeks.values()):
        return {}
    heights = {arm: min(max([LEAST, *weeks[arm].values()]), MOST) for arm in ARMS}
    periods = list(config.study.periods)
    plot = STEP * sum(heights.values()) + SPACE * 2 + PERIOD * len(periods)
    figure = new_figure(plot + BOTTOM + 0.1)
    axes = place(figure, LEFT, BOTTOM, PLOT, plot)
    axes.set_ylim(0, plot)
    low, high = _reach(results, weeks)
    base = 0.1
    for arm in ARMS[::-1]:
        _marks(axes, arm, weeks[arm], base, words)
        base += STEP * heights[arm] + SPACE
    for number, name in enumerate(periods):
        _period(axes, name, plot - PERIOD * (number + 0.6), inputs, (low, high))
    _frame(axes, low, high, words)
    return {"": figure}


def _weeks(results: Results, arm: str) -> dict[int, int]:
    """Patients per week from the reference date."""
    counts = {
        row.level: int(row.value or 0) for row in results.all(AnalysisKey.CALENDAR, Statistic.N_SUBJECTS, arm=arm)
    }
    found = {row.level: int(row.value or 0) for row in results.all(AnalysisKey.CALENDAR, Statistic.WEEK, arm=arm)}
    return {week: counts[level] for level, week in found.items()}


def _reach(results: Results, weeks: dict[str, dict[int, int]]) -> tuple[float, float]:
    # The reference date (week 0) is always within the axis.
    edges = [week for own in weeks.values() for week in own] + [0]
    # A week's marks are in its middle, at + 0.5; the last one needs its whole width.
    return min(edges) - 0.7, max(edges) + 1.7


def _marks(axes: Axes, arm: str, weeks: dict[int, int], base: float, words: Words) -> None:
    style = ARM_STYLES[arm]
    for week, count in weeks.items():
        shown = min(count, MOST)
        axes.plot(
            # Weeks are whole numbers from the reference; a mark stands in the middle of its week.
            [week + 0.5] * shown, [base + STEP * (n + 0.5) for n in range(shown)], ls="none", marker=style.marker,
            ms=4.4, color=style.colour, mec="white", mew=0.4, zorder=style.order,
        )  # fmt: skip
        if count > MOST:
            axes.text(week + 0.5, base + STEP * (MOST + 0.4), str(count), ha="center", size=7.5, color=style.text)
    axes.axhline(base, color=FAINT, lw=0.6, zorder=0)
    axes.text(
        -0.02, base + 0.02, words(f"arm.{arm}"), transform=axes.get_yaxis_transform(), ha="right", va="bottom",
        color=style.text, size=8.5,
    )  # fmt: skip


def _period(axes: Axes, name: str, y: float, inputs: FigureInputs, reach: tuple[float, float]) -> None:
    """A bar from a period's first to its last day; an open one runs off the edge."""
    first = inputs.results.one(AnalysisKey.CALENDAR_PERIOD, Statistic.FIRST, level=name, population="")
    last = inputs.results.one(AnalysisKey.CALENDAR_PERIOD, Statistic.LAST, level=name, population="")
    if first is None or first.value is None:
        return
    left = max(first.value, reach[0])
    right = reach[1] if last is None or last.value is None else min(last.value, reach[1])
    label = inputs.words.among(inputs.config.study.periods[name].label)
    if right > left:
        axes.plot([left, right], [y, y], color=QUIET, lw=2.2, solid_capstyle="butt", zorder=2)
        axes.axvline(first.value, color=QUIET, lw=0.7, ls=(0, (2, 2)), zorder=1)
    # A label that starts in the right half would run off the figure.
    near_edge = left > (reach[0] + reach[1]) / 2
    axes.text(
        min(left, reach[1]) - 0.15 if near_edge else left, y + (0 if near_edge else 0.05), label, size=7.8, color=INK,
        ha="right" if near_edge else "left", va="center" if near_edge else "bottom",
    )  # fmt: skip


def _frame(axes: Axes, low: float, high: float, words: Words) -> None:
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.set_xlabel(words("figure.calendar_axis"))
