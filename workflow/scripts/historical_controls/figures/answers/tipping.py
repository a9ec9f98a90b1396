"""How the primary contrast would read had the unobserved been other than the model expects: a cell a pair."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Keys, Result
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import INK, QUIET, new_figure, place, tick_text
from historical_controls.text.formatting import format_number

LEFT, TOP, BOTTOM, CELL, WIDTH = 0.75, 1.0, 0.6, 0.3, 4.15
# Told apart by shade and by the frame: an interval on either side of no difference is framed.
SHADES = {"holds": "#f2f4f7", "above": "#a9b7c8", "below": "#e9c9b1"}
Step = tuple[float, float]


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Rows: the historical; columns: the treated; printed: the contrast at the primary day."""
    primary = inputs.config.primary
    keys: Keys = {"outcome": primary.outcome, "contrast": CONTRAST, "output_id": OutputId.TIPPING_FIGURE}
    cells = {
        _steps(row.level): row for row in inputs.results.all(AnalysisKey.TIPPING_POINT, Statistic.ESTIMATE, **keys)
    }
    said = {
        _steps(row.level): row.text for row in inputs.results.all(AnalysisKey.TIPPING_POINT, Statistic.VERDICT, **keys)
    }
    if not cells:
        return {}
    # Downwards from the largest shift, as on an axis.
    across, down = sorted({step[0] for step in cells}), sorted({step[1] for step in cells}, reverse=True)
    figure = new_figure(TOP + CELL * len(down) + BOTTOM)
    axes = place(figure, LEFT, BOTTOM, WIDTH, CELL * len(down))
    for step, row in cells.items():
        _cell(axes, across.index(step[0]), down.index(step[1]), row, said.get(step) or "holds")
    _frame(axes, across, down, inputs)
    # Only verdicts that occur have an entry in the key.
    _key(figure, inputs, sorted(set(said.values()) & set(SHADES)))  # type: ignore[arg-type]
    return {"": figure}


def _steps(level: str) -> Step:
    """'treated=-1|historical=0.5' as two numbers."""
    parts = dict(part.split("=", 1) for part in level.split("|"))
    return float(parts["treated"]), float(parts["historical"])


def _cell(axes: Axes, x: int, y: int, row: Result, verdict: str) -> None:
    framed = verdict != "holds"
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fc=SHADES[verdict], ec="white", lw=1.0))
    axes.text(x, y, format_number(row.value, row.format), ha="center", va="center", size=7.4, color=INK,
              weight="bold" if framed else "normal")  # fmt: skip


def _frame(axes: Axes, across: list[float], down: list[float], inputs: FigureInputs) -> None:
    axes.set_xlim(-0.5, len(across) - 0.5)
    axes.set_ylim(len(down) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(across)), [tick_text(step) for step in across])
    axes.set_yticks(range(len(down)), [tick_text(step) for step in down])
    axes.tick_params(length=0, labelsize=8)
    axes.set_xlabel(inputs.words("figure.tipping_treated"), size=8.5)
    # Level above the rows: along the axis it would be longer than a grid of a few steps, and run into the key.
    axes.set_ylabel(inputs.words("figure.tipping_historical"), size=8.5, rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(-LEFT / WIDTH + 0.01, 1 + 0.06 / (CELL * len(down)))


def _key(figure: Figure, inputs: FigureInputs, verdicts: list[str]) -> None:
    full = float(figure.get_size_inches()[1])
    axes = place(figure, 0, full - 0.22 * 3 - 0.04, 5.0, 0.66)
    axes.set_axis_off()
    axes.set_xlim(0, 5.0)
    axes.set_ylim(3, 0)
    for line, verdict in enumerate(verdicts):
        axes.add_patch(Rectangle((0.05, line + 0.15), 0.22, 0.7, fc=SHADES[verdict], ec=QUIET, lw=0.5))
        axes.text(0.35, line + 0.5, inputs.words(f"verdict.{verdict}"), va="center", size=8.5)
