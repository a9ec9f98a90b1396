"""Each treated patient among the historical ones, one panel a key covariate."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Results
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, QUIET, new_figure, place, plain_axes, spread, tick_text
from historical_controls.text.words import Words

LEFT, WIDTH, HEIGHT, GAP, TOP = 0.5, 4.3, 0.72, 0.92, 0.66
LABEL_GAP = 0.055
BARS = "#c9d3e0"


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Panels in the order of the declared key covariates that are numbers."""
    results, words, config, dictionary = inputs.results, inputs.words, inputs.config, inputs.dictionary
    codes = [
        code
        for code in config.balance.key_covariates
        if results.all(AnalysisKey.OVERLAP, Statistic.COUNT, outcome=code)
    ]
    if not codes:
        return {}
    count = len(codes)
    figure = new_figure(TOP + HEIGHT * count + GAP * (count - 1) + 0.45)
    full = float(figure.get_size_inches()[1])
    for number, code in enumerate(codes):
        axes = place(figure, LEFT, full - TOP - HEIGHT - number * (HEIGHT + GAP), WIDTH, HEIGHT)
        _panel(axes, code, results, words, dictionary)
        if number == 0:
            over = 1 + 0.42 / HEIGHT
            axes.text(
                -LEFT / WIDTH + 0.01, over, words("figure.patients"), transform=axes.transAxes, size=8, color=QUIET
            )
    return {"": figure}


def _panel(axes: Axes, code: str, results: Results, words: Words, dictionary: Dictionary) -> None:
    rows = {
        name: results.all(AnalysisKey.OVERLAP, name, outcome=code, arm="historical")
        for name in (Statistic.LOWER, Statistic.UPPER, Statistic.COUNT)
    }
    bins = {name: {row.level: row.value or 0.0 for row in own} for name, own in rows.items()}
    for level, high in bins[Statistic.COUNT].items():
        left, right = bins[Statistic.LOWER][level], bins[Statistic.UPPER][level]
        # A bar of no width would not be drawn.
        axes.bar(left, high, max(right - left, 1e-9), align="edge", color=BARS, ec="white", lw=0.6, zorder=1)
    marks = results.all(AnalysisKey.OVERLAP, Statistic.VALUE, outcome=code, arm="treated")
    # Treated patients outside the controls' range are the point of the figure: the axis reaches to them.
    ends = [*bins[Statistic.LOWER].values(), *bins[Statistic.UPPER].values(), *(row.value or 0.0 for row in marks)]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends) - room, max(ends) + room)
    tallest = max(bins[Statistic.COUNT].values())
    axes.set_ylim(0, tallest * 1.05)
    _marks(axes, [(row.value or 0.0, row.level) for row in marks])
    _frame(axes, code, rows[Statistic.LOWER][0].unit, words, dictionary)


def _marks(axes: Axes, marks: list[tuple[float, str]]) -> None:
    """A tick through the panel for every treated patient, the name above it, names kept apart."""
    style = ARM_STYLES["treated"]
    low, high = axes.get_xlim()
    ordered = sorted(marks)
    places = spread([(value - low) / (high - low) for value, _ in ordered], LABEL_GAP)
    # Labels moved apart may run past the right edge; all are then shifted back by as much.
    over = max(0.0, (places[-1] if places else 0.0) - 1.0)
    for (value, name), where in zip(ordered, places, strict=True):
        at = (value - low) / (high - low)
        axes.plot([at, at], [0, 1.0], transform=axes.transAxes, color=style.colour, lw=1.6, zorder=5, clip_on=False)
        axes.plot(
            [at, where - over],
            [1.0, 1.14],
            transform=axes.transAxes,
            color=style.colour,
            lw=0.7,
            zorder=5,
            clip_on=False,
        )
        axes.text(
            where - over, 1.17, name, transform=axes.transAxes, color=style.text, ha="center", va="bottom", size=8.5
        )


def _frame(axes: Axes, code: str, unit: str, words: Words, dictionary: Dictionary) -> None:
    plain_axes(axes)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    name = words.covariate(code, dictionary)
    named = unit and code in dictionary.outcomes  # the names of times say their unit
    axes.set_xlabel(f"{name}, {words.unit(unit)}" if named else name, labelpad=2)
