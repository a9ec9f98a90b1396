"""The figures of a study, and how a figure becomes a file. Heavy imports wait until something is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Config
from ..dictionary import Dictionary
from ..words import Words
from .names import FAMILIES, figure_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from .material import Material


def draw_figures(
    ard: pd.DataFrame, display: pd.DataFrame, words: Words, config: Config, dictionary: Dictionary
) -> dict[str, Figure]:
    """Every figure whose rows are there, by file name; a figure without rows is not drawn.

    `ard`: table `ard`, all scenarios; `display`: table `display` of the scenario 'primary'.
    """
    from ..results import results_of
    from .material import Individuals, Material

    material = Material(results_of(ard), Individuals.of(display), words, config, dictionary)
    return {
        figure_name(family, part): figure
        for family in FAMILIES
        for part, figure in draw_family(family, material).items()
    }


def draw_family(family: str, material: Material) -> dict[str, Figure]:
    """Figures of one family by part ('' where there is one alone). Raises ValueError for what is no family."""
    from matplotlib import rc_context

    from . import calendar, flow, forest, love, overlap, trajectory
    from .style import RC

    figure_name(family)
    rooms = (flow, calendar, love, overlap, trajectory, forest)
    module = next(room for room in rooms if room.__name__.endswith(f".{family}"))
    with rc_context(RC):
        return module.draw(material)


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write a figure as SVG: the same figure gives the same bytes, text stays text, no date, no program name."""
    from matplotlib import rc_context

    from .style import RC

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with rc_context(RC):
        figure.savefig(path, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
