"""The primary contrast under every combination of declared choices, sorted, with the choices marked beneath."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import (
    FAINT,
    INK,
    QUIET,
    new_figure,
    place,
    plain_axes,
    row_label,
    tick_text,
    wrapped,
)
from historical_controls.text.choices import choices_of
from historical_controls.text.formatting import format_number

LEFT, PLOT, HEIGHT, TOP, BOTTOM, ROW, GAP = 2.5, 2.4, 1.7, 0.32, 0.1, 0.165, 0.12
# Characters of a label that fit beside the plot.
LONGEST = 41
Choices = dict[str, list[str]]


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One figure a unit (differences, win odds): one column a combination that has an estimate of its own."""
    rows = inputs.results.distinct_choices(Statistic.ESTIMATE)
    units = list(dict.fromkeys(row.unit for row in rows))
    return {
        # The first unit has the plain file name; win odds and differences cannot share an axis.
        str(number) if number > 1 else "": _curve([row for row in rows if row.unit == unit], inputs)
        for number, unit in enumerate(units, start=1)
    }


def _curve(rows: list[Result], inputs: FigureInputs) -> Figure:
    # The level breaks ties, so that equal estimates have the same order in every run.
    ordered = sorted(rows, key=lambda row: (row.value or 0.0, row.level))
    choices = _choices(ordered)
    lines = sum(len(options) + 1 for options in choices.values())
    figure = new_figure(TOP + HEIGHT + GAP + ROW * lines + BOTTOM)
    _estimates(place(figure, LEFT, BOTTOM + ROW * lines + GAP, PLOT, HEIGHT), ordered, inputs)
    _marks(place(figure, LEFT, BOTTOM, PLOT, ROW * lines), ordered, choices, inputs)
    return figure


def _choices(rows: list[Result]) -> Choices:
    """Options by choice, in order of first use by name."""
    found: Choices = {}
    for row in sorted(rows, key=lambda row: row.level):
        for name, option in choices_of(row.level).items():
            if option not in found.setdefault(name, []):
                found[name].append(option)
    return found


def _estimates(axes: Axes, rows: list[Result], inputs: FigureInputs) -> None:
    bounds = {
        name: {
            row.level: row.value
            for row in inputs.results.all(AnalysisKey.SPECIFICATION, name, output_id=OutputId.SPECIFICATION_FIGURE)
        }
        for name in (Statistic.LOWER, Statistic.UPPER)
    }
    for number, row in enumerate(rows):
        low, high = bounds[Statistic.LOWER].get(row.level), bounds[Statistic.UPPER].get(row.level)
        if low is not None and high is not None:
            axes.plot([number] * 2, [low, high], color="#aab1b9", lw=1.1, zorder=2)
        axes.plot([number], [row.value or 0.0], ls="none", marker="s", ms=2.8, mew=0, color=INK, zorder=3)
    # Odds and ratios are symmetric on the log scale and have the null value 1.
    odds = rows[0].unit in {"odds", "ratio"}
    if odds:
        axes.set_yscale("log")
    axes.axhline(1.0 if odds else 0.0, color=INK, lw=0.8, zorder=1)
    plain_axes(axes)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.set_xlim(-1, len(rows))
    if not odds:
        axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    label = inputs.dictionary.outcomes[rows[0].outcome].label(inputs.words.language)
    axes.set_ylabel(wrapped(f"{label}, {inputs.words.difference_unit(rows[0].unit)}", 24), size=8.5)
    said = inputs.words("figure.combinations", n=format_number(float(len(rows)), "0"))
    axes.text(1, 1.03, said, transform=axes.transAxes, ha="right", va="bottom", size=8.5, color=QUIET)


def _marks(axes: Axes, rows: list[Result], choices: Choices, inputs: FigureInputs) -> None:
    """A tick where a combination takes the option of that line."""
    line = 0
    for name, options in choices.items():
        _name(axes, line, _choice(name, inputs), bold=True)
        for option in options:
            line += 1
            taken = [number for number, row in enumerate(rows) if choices_of(row.level).get(name) == option]
            axes.axhline(line, color=FAINT, lw=0.5, zorder=0)
            axes.plot(taken, [line] * len(taken), ls="none", marker="|", ms=5, mew=1.2, color=INK)
            _name(axes, line, _option(name, option, inputs), bold=False)
        line += 1
    axes.set_ylim(line - 0.5, -0.5)
    axes.set_xlim(-1, len(rows))
    axes.set_axis_off()


def _name(axes: Axes, line: int, text: str, bold: bool) -> None:
    shown, size = row_label(text, LONGEST, 7.2)
    axes.text(-0.015, line, shown, transform=axes.get_yaxis_transform(), ha="right", va="center", size=size,
              linespacing=0.95, weight="bold" if bold else "normal", color=INK if bold else QUIET)  # fmt: skip


def _choice(name: str, inputs: FigureInputs) -> str:
    # Readings are named by the study, weightings and estimands by the program.
    reading = inputs.config.cohort.readings.get(name)
    return inputs.words(f"figure.choice_{name}") if reading is None else inputs.words.among(reading.label)


def _option(name: str, option: str, inputs: FigureInputs) -> str:
    reading = inputs.config.cohort.readings.get(name)
    if reading is not None:
        return inputs.words.among(reading.options[option].label)
    word: Callable[[str, str], str] = inputs.words.entry
    return word("weighting", option) if name == "weighting" else word("analysis", option)
