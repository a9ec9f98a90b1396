"""Who was considered and who was left, drawn from the attrition rows: one column per source, one line per step."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Results
from historical_controls.config.study_config import Config
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import ARM_STYLES, QUIET, new_figure, place
from historical_controls.text.formatting import format_number
from historical_controls.text.words import Words

LINE, GAP, BOX = 0.18, 0.1, 0.32
LABEL_WIDTH = 52
SPINE, ARROW, TEXT = 0.62, 0.86, 0.94
ARROW_STYLE = {"arrowstyle": "-|>", "lw": 0.7, "color": QUIET, "shrinkA": 0, "shrinkB": 0}


@dataclass(frozen=True)
class Step:
    """One line of the flow: why patients were excluded, and how many are left; a box where `box` names a state."""

    lines: tuple[str, ...]
    left: str
    box: str = ""

    @property
    def height(self) -> float:
        return BOX + GAP if self.box else LINE * len(self.lines) + GAP


@dataclass(frozen=True)
class Column:
    """One source: its arm, how many came and were left, and the steps between."""

    title: tuple[str, ...]
    arm: str
    first: str
    last: str
    steps: tuple[Step, ...]

    @property
    def height(self) -> float:
        # In inches, as drawn by `_draw_column`: both must agree for columns not to overlap.
        title = LINE * len(self.title) + GAP
        return title + BOX + sum(step.height for step in self.steps) + 2 * GAP + BOX + 0.2


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """The flow of every source, treated first."""
    results, words, config = inputs.results, inputs.words, inputs.config
    columns = [
        column
        for arm in ARMS
        for name, source in config.sources.items()
        if (column := _column(results, name, arm, words.among(source.label), words, config))
    ]
    if not columns:
        return {}
    figure = new_figure(sum(column.height for column in columns))
    height = float(figure.get_size_inches()[1])
    axes = place(figure, 0, 0, float(figure.get_size_inches()[0]), height)
    axes.set_axis_off()
    axes.set_xlim(0, float(figure.get_size_inches()[0]))
    axes.set_ylim(0, height)
    for column in columns:
        _draw_column(axes, column, height, words)
        height -= column.height
    return {"": figure}


def _column(results: Results, source: str, arm: str, label: str, words: Words, config: Config) -> Column | None:
    """What the attrition rows say of one source; None where no patient of that arm came from it."""
    positions = results.all(AnalysisKey.ATTRITION, Statistic.POSITION, population=source, arm=arm)
    ordered = [row.level for row in sorted(positions, key=lambda row: row.value or 0.0)]
    counts = {
        name: {row.level: row for row in results.all(AnalysisKey.ATTRITION, name, population=source, arm=arm)}
        for name in (Statistic.N_BEFORE, Statistic.N_EXCLUDED, Statistic.N_UNKNOWN, Statistic.N_AFTER)
    }
    if not ordered:
        return None
    shown = {
        name: {level: format_number(row.value, row.format) for level, row in rows.items()}
        for name, rows in counts.items()
    }
    steps: list[Step] = []
    for step in ordered[1:]:
        # Only where the wait excluded somebody: otherwise ever eligible and analysed are the same number.
        if step == "wait" and counts[Statistic.N_BEFORE][step].value != counts[Statistic.N_AFTER][step].value:
            steps.append(Step((), shown[Statistic.N_BEFORE][step], words("figure.ever_eligible")))
        # A suppressed small count has no value, which is not 0: its line is drawn.
        if counts[Statistic.N_EXCLUDED][step].value != 0:
            unknown = shown[Statistic.N_UNKNOWN].get(step, "0")
            text = _exclusion(shown[Statistic.N_EXCLUDED][step], unknown, exclusion_reason(step, config, words), words)
            steps.append(Step(tuple(textwrap.wrap(text, LABEL_WIDTH)), shown[Statistic.N_AFTER][step]))
    first, last = shown[Statistic.N_AFTER][ordered[0]], shown[Statistic.N_AFTER][ordered[-1]]
    return Column(tuple(textwrap.wrap(label, 52)), arm, first, last, tuple(steps))


def exclusion_reason(step: str, config: Config, words: Words) -> str:
    """Why a patient is excluded at a step: the criterion that is not met, or the program's own step in words."""
    if step in config.cohort.rules:
        return words("figure.not_met", label=words.among(config.cohort.rules[step].label))
    return words.entry("step_excluded", step)


def _exclusion(n: str, unknown: str, reason: str, words: Words) -> str:
    if unknown == "0":
        return words("figure.excluded", n=n, reason=reason)
    return words("figure.excluded_unknown", n=n, reason=reason, unknown=unknown)


def _draw_column(axes: Axes, column: Column, top: float, words: Words) -> None:
    style = ARM_STYLES[column.arm]
    bold = "bold" if column.arm == "treated" else "normal"
    y = top
    for line in column.title:
        axes.text(0.05, y - LINE / 2, line.replace("$", r"\$"), va="center", weight="bold", color=style.text)
        y -= LINE
    y -= GAP
    # Boxes are states of the cohort, lines what excluded patients between them.
    y = _box(axes, y, words("figure.considered"), column.first, style.colour, "normal")
    start = y
    for step in column.steps:
        if step.box:
            axes.plot([SPINE, SPINE], [y, y - GAP], color=QUIET, lw=0.7)
            y = _box(axes, y - GAP, step.box, step.left, style.colour, "normal")
            continue
        # The arrow points at the first line of the reason.
        middle = y - GAP - LINE / 2
        axes.plot([SPINE, SPINE], [y, y - step.height], color=QUIET, lw=0.7)
        axes.annotate("", (ARROW, middle), (SPINE, middle), arrowprops=ARROW_STYLE)
        for number, line in enumerate(step.lines):
            axes.text(TEXT, middle - LINE * number, line.replace("$", r"\$"), va="center")
        axes.text(SPINE - 0.07, middle, step.left, ha="right", va="center", color=QUIET, size=8.5)
        y -= step.height
    y -= 2 * GAP
    # Without any step one arrow joins both boxes.
    axes.annotate("", (SPINE, y), (SPINE, y + 2 * GAP if column.steps else start), arrowprops=ARROW_STYLE)
    _box(axes, y, words("figure.analysed"), column.last, style.colour, bold)


def _box(axes: Axes, top: float, label: str, count: str, colour: str, weight: str) -> float:
    """A box with a label and a number; its lower edge."""
    axes.add_patch(Rectangle((0.05, top - BOX), 2.9, BOX, fc="white", ec=colour, lw=1.0))
    axes.text(0.13, top - BOX / 2, label, va="center", weight=weight)
    axes.text(2.87, top - BOX / 2, count, va="center", ha="right", weight="bold")
    return top - BOX
