"""The figures of a study, and how a figure becomes a file. Heavy imports wait until something is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from historical_controls.config.study_config import Config, Report
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.figures.names import BY_NAME, FAMILIES, OF_PATIENTS, figure_name
from historical_controls.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from historical_controls.figures.inputs import FigureInputs


class Drawn(NamedTuple):
    """Figures by file name: what may leave the hospital, and what stays in it."""

    shared: dict[str, Figure]
    internal: dict[str, Figure]


def draw_figures(
    ard: pd.DataFrame, display: pd.DataFrame, words: Words, config: Config, dictionary: Dictionary
) -> Drawn:
    """Every figure whose rows are there; a figure without rows is not drawn.

    `ard`: table `ard`, all scenarios; `display`: table `display` of the scenario 'primary'. Where small cells are
    suppressed the shared figures show no single patient, since whoever can count lines knows the cell.
    """
    from historical_controls.ard.queries import results_of
    from historical_controls.figures.inputs import FigureInputs, Individuals

    individuals = Individuals.of(display, config.cohort.ends_with)
    everyone = FigureInputs(results_of(ard), individuals, words, config, dictionary)
    # No rows rather than another class: figures without rows are not drawn, and mixed ones lose their single patients.
    nobody = replace(everyone, individuals=Individuals.of(display.head(0)))
    hidden = kept_inside(config.report)
    shown = nobody if config.report.min_cell else everyone
    return Drawn(
        dict(_drawn((family for family in FAMILIES if family not in BY_NAME or not hidden), shown)),
        dict(_drawn(hidden, everyone)),
    )


def kept_inside(report: Report) -> tuple[str, ...]:
    """Families drawn for the hospital alone."""
    if report.min_cell:
        return OF_PATIENTS
    return BY_NAME if report.public else ()


def _drawn(families: Iterator[str] | tuple[str, ...], inputs: FigureInputs) -> Iterator[tuple[str, Figure]]:
    for family in families:
        for part, figure in draw_family(family, inputs).items():
            yield figure_name(family, part), figure


def draw_family(family: str, inputs: FigureInputs) -> dict[str, Figure]:
    """Figures of one family by part ('' where there is one alone). Raises ValueError for what is no family."""
    from matplotlib import rc_context

    from historical_controls.figures.answers import forest, null, power, residuals, specification, tipping
    from historical_controls.figures.cohort import availability, calendar, flow, love, overlap
    from historical_controls.figures.courses import incidence, profile, ratio, swimmer, trajectory
    from historical_controls.figures.style import RC

    # For its error: an unknown family would end in a StopIteration of the search below.
    figure_name(family)
    rooms = [flow, calendar, love, overlap, trajectory, ratio, forest, incidence, swimmer, null, tipping, profile]
    rooms += [availability, specification, residuals, power]
    module = next(room for room in rooms if room.__name__.endswith(f".{family}"))
    with rc_context(RC):
        return module.draw(inputs)


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write a figure as SVG: the same figure gives the same bytes, text stays text, no date, no program name."""
    # Style settings are read when text is laid out, that is on saving as well as on drawing.
    from matplotlib import rc_context

    from historical_controls.figures.style import RC

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with rc_context(RC):
        # Matplotlib writes the date and its own version into the file unless these entries are None.
        figure.savefig(path, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))


def png_of(figure: Figure, dots_per_inch: int = 200) -> bytes:
    """A figure as PNG, for documents that cannot hold an SVG."""
    from io import BytesIO

    from matplotlib import rc_context

    from historical_controls.figures.style import RC

    stream = BytesIO()
    with rc_context(RC):
        figure.savefig(stream, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return stream.getvalue()
