"""All outcomes in one figure: standardised differences, and beside each the answer that counts deaths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

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
ROW, TOP, BOTTOM = 0.4, 0.5, 0.84
LABELS, PLOT, GAP, RANKS, NUMBERS = 1.2, 1.25, 0.17, 0.9, 1.4
# Axis of the win odds: hardly any difference is larger, and longer whiskers end in arrows.
MOST_ODDS = 16.0
WIN_ODDS = (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)


@dataclass(frozen=True)
class Panels:
    """Differences by day on the left, win odds of the primary day on the right; half widths of their axes."""

    differences: Axes
    ranks: Axes
    reach: float


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One row an outcome that has an estimate, in the order of the config; the page says why the others have none."""
    results, words, config, dictionary = inputs.results, inputs.words, inputs.config, inputs.dictionary
    known = {row.outcome for row in results.all(AnalysisKey.FOREST, Statistic.ESTIMATE)}
    codes = [code for code in config.outcomes if code in known]
    if not codes:
        return {}
    count = len(codes)
    figure = new_figure(TOP + ROW * count + BOTTOM)
    sides = (place(figure, LABELS, BOTTOM, PLOT, ROW * count),
             place(figure, LABELS + PLOT + GAP, BOTTOM, RANKS, ROW * count))  # fmt: skip
    for axes in sides:
        # Downwards, so that row 0 is on top.
        axes.set_ylim(count - 0.5, -0.5)
        axes.axvline(0, color=INK, lw=0.8, zorder=1)
    panels = Panels(*sides, _reach(codes, results, config))
    for row, code in enumerate(codes):
        _row(panels, row, code, inputs)
        label = wrapped(dictionary.outcomes[code].label(words.language), 17)
        sides[0].text(-LABELS / PLOT + 0.02, row, label, transform=sides[0].get_yaxis_transform(), va="center")
    _frame(panels.differences, panels.reach, words("figure.forest_axis"))
    _frame_ranks(panels.ranks, words("figure.win_odds_axis"))
    _heads(panels, ROW * count, words, config)
    if not config.deaths_compared:
        panels.ranks.set_axis_off()
        for line in panels.ranks.lines:
            line.set_visible(False)
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


def _row(panels: Panels, row: int, code: str, inputs: FigureInputs) -> None:
    """The intervals of one outcome in both panels, and those of the primary day as numbers beside them."""
    words, config = inputs.words, inputs.config
    intervals = _intervals(code, inputs.results, config)
    days = sorted(intervals)
    for day, parts in intervals.items():
        main = day == config.primary.day
        # The other days stand beneath the primary one, in their order.
        height = row if main else row + 0.16 * (1 + sum(other < day and other != config.primary.day for other in days))
        _whisker(panels.differences, height, _values(parts), panels.reach, main)
    ranked = _win_odds(code, inputs.results, config)
    if ranked is not None:
        # Zero has no logarithm; anything below the axis ends in its arrow.
        odds = tuple(math.log(max(value, 0.5 / MOST_ODDS)) for value in _values(ranked))
        _whisker(panels.ranks, row, odds, math.log(MOST_ODDS), True, "D")  # type: ignore[arg-type]
    said = [_numbers(intervals.get(config.primary.day), "figure.interval", words)]
    if config.deaths_compared:
        said += [_numbers(ranked, "figure.interval", words)] if ranked is not None else [words("figure.not_ranked")]
    edge = (RANKS + NUMBERS) / RANKS - 0.02
    for text, offset, colour in zip(said, (-0.2, 0.2), (INK, QUIET), strict=False):
        panels.ranks.text(
            edge, row + offset, text, color=colour, transform=panels.ranks.get_yaxis_transform(), va="center",
            ha="right", size=8,
        )  # fmt: skip


def _numbers(parts: tuple[Result, Result, Result] | None, key: str, words: Words) -> str:
    if parts is None:
        return words("figure.no_estimate")
    estimate, lower, upper = (format_number(part.value, part.format) for part in parts)
    return words(key, estimate=estimate, lower=lower, upper=upper)


def _values(parts: tuple[Result, Result, Result]) -> tuple[float, float, float]:
    estimate, lower, upper = (part.value or 0.0 for part in parts)
    return estimate, lower, upper


def _win_odds(code: str, results: Results, config: Config) -> tuple[Result, Result, Result] | None:
    """Win odds of the primary day with death as the worst rank, and their limits; None where they were refused."""
    keys = {"outcome": code, "day": float(config.primary.day), "contrast": CONTRAST}
    parts = [results.one(AnalysisKey.WORST_RANK, name, **keys) for name in WIN_ODDS]  # type: ignore[arg-type]
    if any(part is None or part.value is None for part in parts):
        return None
    return parts[0], parts[1], parts[2]  # type: ignore[return-value]


def _whisker(
    axes: Axes, y: float, interval: tuple[float, float, float], reach: float, main: bool, shape: str = "s"
) -> None:
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
        style: dict[str, Any] = {"marker": shape, "ms": 5} if main else {"marker": "o", "ms": 3}
        fill = colour if main and shape == "s" else "white"
        axes.plot([estimate], [y], color=colour, mfc=fill, mew=0.9, zorder=3, ls="none", **style)


def _frame(axes: Axes, reach: float, label: str) -> None:
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.grid(axis="x", color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(wrapped(label, 22), labelpad=20, size=8.5)


def _frame_ranks(axes: Axes, label: str) -> None:
    """The axis of the win odds: logarithms, ticks in odds."""
    _frame(axes, math.log(MOST_ODDS), label)
    axes.xaxis.set_major_locator(FixedLocator([math.log(odds) for odds in (0.1, 1, 10)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(round(math.exp(value), 6))))


def _heads(panels: Panels, height: float, words: Words, config: Config) -> None:
    """What each panel and the column of numbers show, and which side favours whom."""
    left, right = panels.differences, panels.ranks
    small: dict[str, Any] = {"va": "center", "size": 8}
    beneath = -0.32 / height
    left.text(0.47, beneath, words("figure.lower"), ha="right", color=QUIET, transform=left.transAxes, **small)
    left.text(0.53, beneath, words("figure.higher"), ha="left", color=QUIET, transform=left.transAxes, **small)
    counted = config.deaths_compared
    right.text(
        0.53,
        beneath,
        words("figure.better") if counted else "",
        ha="left",
        color=QUIET,
        transform=right.transAxes,
        **small,
    )
    title = words(
        "figure.forest_numbers", day=config.primary.day, level=format_number(config.analysis.level, "percent")
    )
    edge = (RANKS + NUMBERS) / RANKS - 0.02
    for text, offset, colour in ((title, 0.29, INK), (words("figure.win_odds_head") if counted else "", 0.12, QUIET)):
        right.text(edge, 1 + offset / height, text, ha="right", color=colour, transform=right.transAxes, **small)
