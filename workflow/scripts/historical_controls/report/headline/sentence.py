"""A contrast in one sentence that names its direction, and the primary one with the draws of waits."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL
from historical_controls.ard.queries import Result
from historical_controls.report.headline.draws import Parts, averaged, is_averaged, most_draws_refused, number_of_draws
from historical_controls.report.headline.events import is_event, stated_event
from historical_controls.report.printing.printer import Printer


def contrast(
    printer: Printer, outcome: str, day: int, scenario: str = "primary"
) -> tuple[Result, Result, Result] | None:
    """Estimate and limits of the mixed model's contrast; None where it has no number."""
    return _parts(printer, AnalysisKey.MIXED_MODEL, outcome, day, scenario)


def permuted_none(printer: Printer, outcome: str, day: int) -> tuple[Result, Result, Result] | None:
    """The permutation's contrast where it includes no difference and the mixed model's does not; else None."""
    model, permuted = contrast(printer, outcome, day), _parts(printer, AnalysisKey.PERMUTATION, outcome, day)
    if model is None or permuted is None or includes_none(model) or not includes_none(permuted):
        return None
    return permuted


def _parts(
    printer: Printer, analysis: AnalysisKey, outcome: str, day: int, scenario: str = "primary"
) -> tuple[Result, Result, Result] | None:
    parts = [
        printer.results.one(analysis, name, scenario, outcome=outcome, day=float(day), contrast=CONTRAST)
        for name in INTERVAL
    ]
    # Small cells may have been emptied: an estimate without its limits is never printed.
    if any(part is None or part.value is None for part in parts):
        return None
    return parts[0], parts[1], parts[2]  # type: ignore[return-value]


def is_ratio(parts: tuple[Result, Result, Result]) -> bool:
    return parts[0].unit in ("ratio", "odds ratio")


def includes_none(parts: tuple[Result, Result, Result]) -> bool:
    """Whether the interval includes the null value: 1 for a ratio, 0 for a difference."""
    null = 1.0 if is_ratio(parts) else 0.0
    # A missing limit counts as open, that is, as including the null value.
    lower, upper = (part.value if part.value is not None else null for part in parts[1:])
    return lower <= null <= upper


def stated(printer: Printer, outcome: str, day: int) -> Markup:
    """The mixed model's contrast in one sentence that names its direction, or why there is none."""
    # An event has counts and no adjusted mean.
    if is_event(printer, outcome):
        return stated_event(printer, outcome, day)
    parts = contrast(printer, outcome, day)
    if parts is None:
        return _refused(printer, outcome, day, printer.results.not_estimable(outcome, float(day)))
    return _stated_parts(printer, outcome, day, parts)


def _refused(printer: Printer, outcome: str, day: int, why: Result | None) -> Markup:
    common = {"outcome": printer.label(outcome), "day": printer.fact(day)}
    return printer.word("answer.not_estimable", reason=printer.reason(why, outcome), **common)


def _stated_parts(printer: Printer, outcome: str, day: int, parts: Parts) -> Markup:
    common = {"outcome": printer.label(outcome), "day": printer.fact(day)}
    lower, upper = (printer.number(part) for part in parts[1:])
    limits = {"lower": lower, "upper": upper, "level": printer.level}
    if is_ratio(parts):
        return printer.word("answer.times", estimate=printer.number(parts[0]), **limits, **common)
    # The direction is said in words, and the number printed without its sign.
    key = "answer.higher" if (parts[0].value or 0.0) >= 0 else "answer.lower"
    unit = printer.difference_unit(parts[0].unit)
    return printer.word(key, estimate=printer.magnitude(parts[0]), unit=unit, **limits, **common)


def headline(printer: Printer) -> Parts | None:
    """The primary answer: averaged over the draws of waits where they were drawn, else the mixed model's; or None.

    Whether the declared draw alone has an answer depends on its seed; whether most of the draws have one does not.
    """
    primary = printer.config.primary
    if most_draws_refused(printer) is not None:
        return None
    return averaged(printer) or contrast(printer, primary.outcome, primary.day)


def headline_sentence(printer: Printer) -> Markup:
    """The primary answer in words."""
    primary = printer.config.primary
    if is_event(printer, primary.outcome):
        return stated(printer, primary.outcome, primary.day)
    refused, parts = most_draws_refused(printer), averaged(printer)
    # Where the declared draw is refused as well, its own reason says more.
    if refused is not None and contrast(printer, primary.outcome, primary.day) is not None:
        return _refused(printer, primary.outcome, primary.day, refused)
    if parts is None:
        return stated(printer, primary.outcome, primary.day)
    return _stated_parts(printer, primary.outcome, primary.day, parts)


def draws_sentences(printer: Printer) -> Markup:
    """That the answer is an average, and what the draw that tables and figures show says; nothing without draws."""
    primary = printer.config.primary
    if is_event(printer, primary.outcome) or not is_averaged(printer):
        return Markup("")
    said = [printer.word("answer.averaged", n=printer.number(number_of_draws(printer)))]
    one = contrast(printer, primary.outcome, primary.day)
    numbers = {} if one is None else dict(zip(map(str, INTERVAL), map(printer.number, one), strict=True))
    said.append(printer.word("answer.one_draw" if numbers else "answer.one_draw_refused", **numbers))
    return Markup(" ").join(said)
