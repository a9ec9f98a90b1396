"""Differences at baseline before and after weighting, on what arms of this size show by chance."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Results
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import FAINT, INK, QUIET, new_figure, place, plain_axes, tick_text, wrapped
from historical_controls.text.words import Words

ROW, TOP, BOTTOM = 0.235, 0.62, 0.5
LABELS, PLOT = 1.95, 2.9
# Standard deviations; differences beyond are drawn as arrows at the edge.
MOST = 2.5
MARKS: dict[str, dict[str, Any]] = {
    "unweighted": {"marker": "o", "mfc": "white", "ms": 5.5, "mew": 1.2},
    "entropy": {"marker": "s", "mfc": INK, "ms": 3.6, "mew": 0.8},
    "matching": {"marker": "^", "mfc": QUIET, "ms": 4.6, "mew": 0.8},
    "overlap": {"marker": "D", "mfc": "#aab1b9", "ms": 3.8, "mew": 0.8},
}
# Side by side within a row, so that equal differences do not cover each other.
OFFSETS = {"unweighted": 0.0, "entropy": -0.24, "matching": 0.0, "overlap": 0.24}
Key = tuple[str, str]


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One row a covariate or category, the largest unweighted difference at the top."""
    results, words, config, dictionary = inputs.results, inputs.words, inputs.config, inputs.dictionary
    found = _differences(results)
    # The key breaks ties.
    order = sorted(found.get("unweighted", {}), key=lambda key: (-abs(found["unweighted"][key]), key))
    shown = _without_mirrors(order)
    if not shown:
        return {}
    figure = new_figure(TOP + ROW * len(shown) + BOTTOM)
    axes = place(figure, LABELS, BOTTOM, PLOT, ROW * len(shown))
    axes.set_ylim(len(shown) - 0.5, -0.5)
    reach = _reach(found, results, shown)
    for row, key in enumerate(shown):
        _row(axes, (row, key), found, results, reach)
        _label(axes, row, key, words, config, dictionary)
    _frame(axes, reach, words)
    _legend(axes, [name for name in MARKS if name in found], len(shown), words)
    return {"": figure}


def _differences(results: Results) -> dict[str, dict[Key, float]]:
    """SMD by method and (covariate, category)."""
    found: dict[str, dict[Key, float]] = {}
    for row in results.all(AnalysisKey.LOVE, Statistic.SMD, contrast=CONTRAST):
        found.setdefault(row.method, {})[row.outcome, row.level] = row.value or 0.0
    return found


def _without_mirrors(order: list[Key]) -> list[Key]:
    """Of two categories only the first: the other one shows the same difference with the opposite sign."""
    counts: dict[str, list[str]] = {}
    for code, level in order:
        counts.setdefault(code, []).append(level)
    return [(code, level) for code, level in order if len(counts[code]) != 2 or level == min(counts[code])]


def _reach(differences: dict[str, dict[Key, float]], results: Results, shown: list[Key]) -> float:
    values = [abs(own[key]) for own in differences.values() for key in shown if key in own]
    bounds = [row.value or 0.0 for row in results.all(AnalysisKey.LOVE, Statistic.SMD_BY_CHANCE)]
    # One SD at least, so that small differences do not look large.
    return min(max([1.0, *values, *bounds]) * 1.1, MOST)


def _row(
    axes: Axes, line: tuple[int, Key], differences: dict[str, dict[Key, float]], results: Results, reach: float
) -> None:
    """One covariate or category: `line` is its place and its key."""
    row, key = line
    bound = results.one(
        AnalysisKey.LOVE, Statistic.SMD_BY_CHANCE, method="unweighted", outcome=key[0], level=key[1], contrast=CONTRAST
    )
    if bound is not None and bound.value is not None:
        half = min(bound.value, reach)
        axes.fill_between([-half, half], row - 0.5, row + 0.5, color="#e8ecf0", lw=0, zorder=0)
    for method in [name for name in MARKS if key in differences.get(name, {})]:
        value = differences[method][key]
        inside = min(max(value, -reach), reach)
        # An arrow at the edge says that the value is beyond it.
        style = MARKS[method] if inside == value else {**MARKS[method], "marker": ">" if value > 0 else "<"}
        order = 3 if method == "unweighted" else 4
        axes.plot(
            [inside], [row + OFFSETS[method]], ls="none", color=INK, mec=INK, zorder=order, clip_on=False, **style
        )


def _label(axes: Axes, row: int, key: Key, words: Words, config: Config, dictionary: Dictionary) -> None:
    """The covariate's name, bold where weights balance it."""
    code, level = key
    name = words.covariate(code, dictionary)
    if level:
        name = f"{name}: {words.entry('category', level)}"
    bold = code in config.balance.key_covariates
    axes.text(
        -LABELS / PLOT + 0.01,
        row,
        wrapped(name, 30),
        transform=axes.get_yaxis_transform(),
        va="center",
        size=8.5 if len(name) <= 30 else 7.2,
        linespacing=0.95,
        weight="bold" if bold else "normal",
    )


def _frame(axes: Axes, reach: float, words: Words) -> None:
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlim(-reach, reach)
    axes.axvline(0, color=INK, lw=0.8, zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.grid(axis="x", color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(words("figure.love_axis"))


def _legend(axes: Axes, methods: list[str], count: int, words: Words) -> None:
    """Marks and their names above the plot, two to a line, the band last."""
    handles = [Line2D([], [], ls="none", color=INK, mec=INK, **MARKS[method]) for method in methods]
    names = [words(f"weighting.{method}") for method in methods]
    handles.append(Line2D([], [], color="#d5dbe1", lw=7, solid_capstyle="butt"))
    names.append(words("figure.by_chance"))
    axes.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(-LABELS / PLOT, 1 + 0.04 / (ROW * max(count, 1))),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        borderpad=0,
        handletextpad=0.4,
        columnspacing=1.2,
    )
