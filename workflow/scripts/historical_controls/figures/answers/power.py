"""How often each analysis tells an effect from none in simulated studies of this shape: a panel an outcome."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Keys
from historical_controls.figures.inputs import FigureInputs
from historical_controls.figures.style import INK, QUIET, new_figure, place, plain_axes, tick_text

LEFT, WIDTH, HEIGHT, GAP, TOP, BOTTOM, LINE = 0.55, 4.3, 2.1, 0.75, 0.4, 0.6, 0.2
# Told apart by dashes and markers as well as by shade.
STYLES = {
    "mixed_model": (INK, "solid", "s"),
    "permutation": ("#4C6A92", (0, (5, 2)), "o"),
    "while_alive": ("#6b7785", (0, (1, 1.5)), "^"),
    "worst_rank": ("#8a6d3b", (0, (6, 2, 1, 2)), "D"),
}
Curve = list[tuple[float, float, float, float]]


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """Panels in the order in which outcomes were simulated; none where no study was."""
    keys: Keys = {"output_id": OutputId.POWER_FIGURE}
    rows = inputs.results.all(AnalysisKey.CALIBRATION, Statistic.SHARE, **keys)
    codes = list(dict.fromkeys(row.outcome for row in rows))
    if not codes:
        return {}
    block = TOP + HEIGHT + GAP + LINE * len(STYLES)
    figure = new_figure(block * len(codes))
    full = float(figure.get_size_inches()[1])
    for number, code in enumerate(codes):
        top = full - TOP - number * block
        axes = place(figure, LEFT, top - HEIGHT, WIDTH, HEIGHT)
        curves = {name: _curve(inputs, code, name) for name in STYLES}
        _panel(axes, {name: curve for name, curve in curves.items() if curve}, code, inputs)
        _key(place(figure, LEFT, top - HEIGHT - BOTTOM - LINE * len(STYLES), WIDTH, LINE * len(STYLES)), curves, inputs)
    return {"": figure}


def _curve(inputs: FigureInputs, code: str, analysis: str) -> Curve:
    """Effect, share and its limits, by effect."""
    found: dict[float, dict[Statistic, float]] = {}
    for name in (Statistic.SHARE, Statistic.LOWER, Statistic.UPPER):
        for row in inputs.results.all(AnalysisKey.CALIBRATION, name, outcome=code, output_id=OutputId.POWER_FIGURE):
            own, effect = row.level.split("|")
            if own == analysis:
                found.setdefault(float(effect), {})[name] = row.value or 0.0
    names = (Statistic.SHARE, Statistic.LOWER, Statistic.UPPER)
    return [(effect, *(parts[name] for name in names)) for effect, parts in sorted(found.items())]  # type: ignore[misc]


def _panel(axes: Axes, curves: dict[str, Curve], code: str, inputs: FigureInputs) -> None:
    for level in (1 - inputs.config.analysis.level, inputs.config.analysis.overturn.power):
        axes.axhline(level, color=QUIET, lw=0.6, ls=(0, (2, 2)), zorder=1)
    for name, curve in curves.items():
        colour, dashes, marker = STYLES[name]
        x, share, low, high = zip(*curve, strict=True)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, lw=0, zorder=2)
        axes.plot(x, share, color=colour, ls=dashes, lw=1.4, marker=marker, ms=3, zorder=3)
    plain_axes(axes)
    axes.set_ylim(0, 1)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0%", "20%", "40%", "60%", "80%", "100%"])
    axes.set_xlabel(inputs.words("figure.power_effect"))
    label = inputs.dictionary.outcomes[code].label(inputs.words.language)
    axes.text(0, 1.05, label, transform=axes.transAxes, va="bottom", weight="bold")
    said = inputs.words("figure.power_share")
    axes.text(1, 1.05, said, transform=axes.transAxes, va="bottom", ha="right", size=8.5, color=QUIET)


def _key(axes: Axes, curves: dict[str, Curve], inputs: FigureInputs) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    shown = [name for name, curve in curves.items() if curve]
    axes.set_ylim(len(STYLES), 0)
    for line, name in enumerate(shown):
        colour, dashes, marker = STYLES[name]
        axes.plot([0.05, 0.25, 0.45], [line + 0.5] * 3, color=colour, ls=dashes, lw=1.4, marker=marker, ms=3)
        axes.text(0.55, line + 0.5, inputs.words(f"level.{name}"), va="center", size=8.5)
