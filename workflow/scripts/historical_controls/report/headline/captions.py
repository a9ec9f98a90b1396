"""What a figure shows, in a sentence made of its results: its caption, and what it says to who cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.headline.sentence import stated
from historical_controls.report.printing.printer import Printer

# The sentences of a family of figures; `part`: the outcome of a figure of its own, '' for a family of one figure.
Sentences = Callable[[Printer, str], Iterator[Markup]]


def figure_caption(printer: Printer, family: str, part: str = "") -> Markup:
    """The finding of a figure in words, every number carrying its result id; empty where no results say one."""
    sentences = FAMILIES.get(family)
    return Markup("") if sentences is None else Markup(" ").join(sentences(printer, part))


def _trajectory(printer: Printer, part: str) -> Iterator[Markup]:
    """The contrast on the primary day, with the patients measured near it."""
    day = printer.config.primary.day
    if printer.config.single_arm or part not in printer.dictionary.outcomes:
        return
    yield stated(printer, part, day)
    counts = {
        arm: printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.N_MEASURED, outcome=part, arm=arm, day=float(day))
        for arm in ARMS
    }
    if all(counts.values()):
        numbers = {arm: printer.number(row) for arm, row in counts.items()}
        yield printer.word("caption.measured", day=printer.fact(day), **numbers)


def _residuals(printer: Printer, part: str) -> Iterator[Markup]:
    """For each outcome of the figure how far its residuals are from normal ones."""
    primary = printer.config.primary
    for code in (primary.outcome, *primary.key_secondary):
        rows = {
            name: printer.results.one(AnalysisKey.RESIDUALS, name, outcome=code, output_id=OutputId.RESIDUALS)
            for name in (Statistic.N_OUTSIDE, Statistic.N_CHECKED, Statistic.LARGEST, Statistic.N_FAR)
        }
        outside = rows[Statistic.N_OUTSIDE]
        if outside is None:
            continue
        numbers = {str(name): printer.number(row) for name, row in rows.items()}
        key = "caption.residuals_outside" if outside.value else "caption.residuals_within"
        yield printer.word(key, outcome=printer.label(code), **numbers)


def _null(printer: Printer, part: str) -> Iterator[Markup]:
    """Of each outcome of the fixed sequence, how many labellings are as far from no difference as the observed one."""
    primary = printer.config.primary
    for code in (primary.outcome, *primary.key_secondary):
        at = {"outcome": code, "day": float(primary.day), "contrast": CONTRAST}
        rows = [
            printer.results.one(AnalysisKey.PERMUTATION, name, **at)  # type: ignore[arg-type]
            for name in (Statistic.P_VALUE, Statistic.N_LABELLINGS)
        ]
        if all(row is not None and row.value is not None for row in rows):
            p, n = (printer.number(row) for row in rows)
            yield printer.word("caption.permuted", outcome=printer.label(code), p=p, n=n, day=printer.fact(primary.day))


def _specification(printer: Printer, part: str) -> Iterator[Markup]:
    """Of each method, how many combinations have an answer."""
    for total in printer.results.all(AnalysisKey.SPECIFICATION, Statistic.N_SPECIFICATIONS):
        at = {"outcome": total.outcome, "level": total.level, "day": total.day}
        answered = printer.results.one(AnalysisKey.SPECIFICATION, Statistic.N_ESTIMATED, **at)  # type: ignore[arg-type]
        numbers = {"n_specifications": printer.number(total), "n_estimated": printer.number(answered)}
        yield printer.word("caption.specification", method=printer.word(f"level.{total.level}"), **numbers)


FAMILIES: Mapping[str, Sentences] = {
    "trajectory": _trajectory,
    "residuals": _residuals,
    "null": _null,
    "specification": _specification,
}
