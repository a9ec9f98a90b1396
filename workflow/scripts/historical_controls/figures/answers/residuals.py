"""Whether the models of the primary and the key secondary outcomes fit: residuals, their quantiles, and the means."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, FAINT, INK, QUIET, new_figure, place, plain_axes, tick_text

LEFT, TOP, BOTTOM, HEIGHT, GAP, WIDTH, SPACE = 0.3, 0.62, 0.55, 1.12, 0.62, 1.28, 0.3
POINTS = {
    "by_fitted": (Statistic.N_VALUES, Statistic.EXPECTED, Statistic.Q1, Statistic.MEDIAN, Statistic.Q3),
    "normal_quantiles": (Statistic.EXPECTED, Statistic.OBSERVED, Statistic.LOWER, Statistic.UPPER),
    "means": (Statistic.N_MEASURED, Statistic.EXPECTED, Statistic.MEAN),
}
HEADS = ("figure.residual", "figure.residual_quantile", "figure.observed_mean")
AXIS = ("figure.fitted_value", "figure.normal_quantile", "figure.fitted_mean")


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """A row an outcome; columns: residuals along the fitted values, normal quantiles, means observed and fitted.

    Nothing here is one patient's value but the outermost of few residuals. Where small cells are suppressed, groups,
    means and tails of fewer values than the smallest cell are not drawn.
    """
    primary = inputs.config.primary
    shown = {code: _points(inputs, code) for code in (primary.outcome, *primary.key_secondary)}
    shown = {code: points for code, points in shown.items() if not points["normal_quantiles"].empty}
    if not shown:
        return {}
    full = TOP + HEIGHT * len(shown) + GAP * (len(shown) - 1) + BOTTOM
    figure = new_figure(full)
    for down, (code, points) in enumerate(shown.items()):
        bottom = full - TOP - HEIGHT - down * (HEIGHT + GAP)
        panels = [place(figure, LEFT + n * (WIDTH + SPACE), bottom, WIDTH, HEIGHT) for n in range(3)]
        _by_fitted(panels[0], points["by_fitted"])
        _quantiles(panels[1], points["normal_quantiles"])
        _means(panels[2], points["means"])
        label = inputs.dictionary.outcomes[code].label(inputs.words.language)
        if down == 0:
            for axes, name in zip(panels, HEADS, strict=True):
                said = inputs.words(name)
                axes.text(0, 1.27, said, transform=axes.transAxes, va="bottom", size=8, color=QUIET)
        panels[0].text(0, 1.08, label, transform=panels[0].transAxes, va="bottom", weight="bold", clip_on=False)
        if down == len(shown) - 1:
            for axes, name in zip(panels, AXIS, strict=True):
                axes.set_xlabel(inputs.words(name), size=8, labelpad=2)
    return {"": figure}


def _points(inputs: FigureInputs, code: str) -> dict[str, pd.DataFrame]:
    """The rows of each panel, a column a statistic, in the order of the results table."""
    fewest = inputs.config.report.min_cell or 0
    points = {name: _table(inputs, code, name, statistics) for name, statistics in POINTS.items()}
    for name, count in (("by_fitted", Statistic.N_VALUES), ("means", Statistic.N_MEASURED)):
        if not points[name].empty:
            points[name] = points[name][points[name][count].fillna(0) >= fewest]
    total = inputs.results.one(AnalysisKey.RESIDUALS, Statistic.N_VALUES, outcome=code, output_id=OutputId.RESIDUALS)
    quantiles = points["normal_quantiles"]
    if fewest and total is not None and total.value and not quantiles.empty:
        share = quantiles["level"].astype(float)
        beyond = total.value * share.where(share < 0.5, 1 - share)
        points["normal_quantiles"] = quantiles[beyond >= fewest]
    return points


def _table(inputs: FigureInputs, code: str, method: str, statistics: Sequence[Statistic]) -> pd.DataFrame:
    rows = [
        (row.level, row.arm, row.day, str(name), row.value)
        for name in statistics
        for row in inputs.results.all(
            AnalysisKey.RESIDUALS, name, outcome=code, method=method, output_id=OutputId.RESIDUAL_FIGURE
        )
    ]
    long = pd.DataFrame(rows, columns=["level", "arm", "day", "statistic", "value"])
    keys = ["level", "arm", "day"]
    # The day is empty for two of the panels; a pivot drops empty keys unless they hold a number.
    wide = long.fillna({"day": -1.0}).pivot_table(index=keys, columns="statistic", values="value", dropna=False)
    return wide.dropna(how="all").reset_index()


def _by_fitted(axes: Axes, rows: pd.DataFrame) -> None:
    """Quartiles of the scaled residuals, beside those of the standard normal law."""
    axes.axhspan(-0.674, 0.674, color=FAINT, alpha=0.6, lw=0, zorder=0)
    axes.axhline(0, color=QUIET, lw=0.8, zorder=1)
    if not rows.empty:
        axes.vlines(rows["expected_value"], rows["q1"], rows["q3"], color=INK, lw=1.0, zorder=2)
        axes.plot(rows["expected_value"], rows["median"], ls="none", marker="o", ms=3, color=INK, zorder=3)
    _finish(axes)
    axes.set_ylim(min(-1.6, *axes.get_ylim()), max(1.6, *axes.get_ylim()))


def _quantiles(axes: Axes, rows: pd.DataFrame) -> None:
    axes.fill_between(rows["expected_value"], rows["lower"], rows["upper"], color=FAINT, lw=0, zorder=0)
    ends = [rows["expected_value"].min(), rows["expected_value"].max()]
    axes.plot(ends, ends, color=QUIET, lw=0.8, zorder=1)
    axes.plot(rows["expected_value"], rows["observed"], ls="none", marker="o", ms=2.2, mew=0, color=INK, zorder=3)
    _finish(axes)


def _means(axes: Axes, rows: pd.DataFrame) -> None:
    for arm in reversed(ARMS):
        own, style = rows[rows["arm"] == arm], ARM_STYLES[arm]
        axes.plot(
            own["expected_value"], own["mean"], ls="none", marker=style.marker, ms=4, color=style.colour, zorder=3
        )
    both = [*axes.get_xlim(), *axes.get_ylim()]
    axes.plot([min(both), max(both)], [min(both), max(both)], color=QUIET, lw=0.8, zorder=1)
    _finish(axes)


def _finish(axes: Axes) -> None:
    plain_axes(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.tick_params(labelsize=7.5, pad=1.5)
