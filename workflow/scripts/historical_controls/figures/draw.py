"""The figures of one family, and how a figure becomes a file. Heavy imports wait until something is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Config
from ..dictionary import Dictionary
from ..words import Words
from .names import FAMILIES, figure_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw_family(
    family: str, ard: pd.DataFrame, display: pd.DataFrame, words: Words, config: Config, dictionary: Dictionary
) -> dict[str, Figure]:
    """Figures of a family by file name.

    `ard`: table `ard`, all scenarios; `display`: table `display` of the scenario 'primary'.
    """
    from matplotlib import rc_context

    from ..results import results_of
    from . import calendar, flow, forest, love, overlap, trajectory
    from .style import RC

    results = results_of(ard)
    names = figure_names(family, config.outcomes)
    with rc_context(RC):
        if family == "trajectory":
            shown = trajectory.Individuals.of(display)
            drawn = [trajectory.draw(code, results, shown, words, config, dictionary) for code in config.outcomes]
        elif family == "forest":
            drawn = [forest.draw(results, words, config, dictionary)]
        elif family == "flow":
            drawn = [flow.draw(results, words, config)]
        elif family == "love":
            drawn = [love.draw(results, words, config, dictionary)]
        elif family == "overlap":
            drawn = [overlap.draw(results, words, config, dictionary)]
        elif family == "calendar":
            drawn = [calendar.draw(results, words, config)]
        else:
            raise ValueError(f"'{family}' is no family of figures; there are {', '.join(FAMILIES)}")
    return dict(zip(names, drawn, strict=True))


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write a figure as SVG: the same figure gives the same bytes, text stays text, no date, no program name."""
    from matplotlib import rc_context

    from .style import RC

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with rc_context(RC):
        figure.savefig(path, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
