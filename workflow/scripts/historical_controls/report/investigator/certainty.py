"""How firm the main result is: the same question under other analyses, as intervals aligned at no difference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.headline.draws import is_averaged
from historical_controls.report.headline.sentence import contrast, headline, includes_none, is_ratio
from historical_controls.report.inputs import PageInputs
from historical_controls.report.investigator.answer import win_odds
from historical_controls.report.investigator.fragility import OF_CHOICES, deciding_patients
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import RATIOS, Printer

Parts = tuple[Result, Result, Result]
# The plot of one line: its width and height in SVG units, and the share of the half width that intervals may fill.
WIDTH, HEIGHT, FILLED = 240.0, 24.0, 0.94
# Lines for single patients; the text says how many decide.
MOST_PATIENTS = 3
MODEL = "mixed_model"
NOTHING = Markup("")


@dataclass(frozen=True)
class Line:
    """One analysis. `kind`: primary, other, own (a scale of its own), many (one dot an estimate) or refused.

    `result`: its numbers, or why there are none; `said`: a sentence beneath the line.
    """

    label: Markup
    kind: str
    result: Markup
    parts: Parts | None = None
    dots: tuple[float, ...] = ()
    changes: bool = False
    said: Markup = NOTHING
    plot: Markup = NOTHING


@dataclass(frozen=True)
class Certainty:
    """The lines of the figure, what left and right of no difference mean, and what the lines rest on."""

    lines: tuple[Line, ...]
    left: Markup
    right: Markup
    note: Markup


def certainty(page: PageInputs) -> Certainty | None:
    """Lines of the primary outcome at its day; None where the primary analysis gave no number."""
    printer = page.printer
    primary = printer.config.primary
    main = headline(printer)
    if main is None:
        return None
    lines = [
        Line(printer.word("certainty.model"), "primary", _numbers(printer, main), main),
        *_permutation(printer),
        *_placebos(printer),
        *_deaths(printer),
        # Refits are of the declared draw of waits, which the main answer is averaged with.
        *_without_patients(page, contrast(printer, primary.outcome, primary.day) or main),
        *_specification(printer),
    ]
    benefit = printer.outcome(primary.outcome).benefit
    sides = ("left_lower", "right_higher") if benefit == "none" else ("left_better", "right_better")
    left, right = (printer.word(f"certainty.{side}") for side in sides)
    reach = _reach(lines, is_ratio(main))
    drawn = (_with_plot(line, reach, is_ratio(main), benefit == "down") for line in lines)
    return Certainty(tuple(drawn), left, right, _note(printer))


def _note(printer: Printer) -> Markup:
    """What bars and dots are; and that one line alone is averaged over the draws of waits, where they were drawn."""
    said = printer.word("certainty.note", level=printer.level)
    return Markup("{} {}").format(said, printer.word("certainty.note_draws")) if is_averaged(printer) else said


def _numbers(printer: Printer, parts: Parts) -> Markup:
    numbers = dict(zip((Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER), map(printer.number, parts), strict=True))
    if parts[0].unit in (*RATIOS, ""):
        return printer.word("certainty.interval", **numbers)
    unit = printer.difference_unit(parts[0].unit)
    return printer.word("certainty.interval_unit", unit=unit, **numbers)


def _parts(printer: Printer, analysis: AnalysisKey, level: str = "") -> Parts | None:
    names = (Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER)
    rows = [printer.primary_one(analysis, name, level=level, contrast=CONTRAST) for name in names]
    if any(row is None or row.value is None for row in rows):
        return None
    return rows[0], rows[1], rows[2]  # type: ignore[return-value]


def _permutation(printer: Printer) -> Iterator[Line]:
    parts = _parts(printer, AnalysisKey.PERMUTATION)
    if parts is not None:
        yield Line(printer.word("certainty.permutation"), "other", _numbers(printer, parts), parts)


def _placebos(printer: Printer) -> Iterator[Line]:
    """The interval by historical patients labelled treated, or why there is none; nothing where none were asked for."""
    label, parts = printer.word("certainty.placebos"), _parts(printer, AnalysisKey.PLACEBO_COHORTS, "calibrated")
    singles = printer.primary_all(AnalysisKey.PLACEBO_COHORTS, Statistic.ESTIMATE)
    refused = printer.primary_one(AnalysisKey.PLACEBO_COHORTS, Statistic.NOT_ESTIMABLE, level="calibrated")
    if parts is not None:
        dots = tuple(row.value for row in singles if row.value is not None and row.level != "calibrated")
        yield Line(label, "other", _numbers(printer, parts), parts, dots=dots)
    elif refused is not None:
        reason = printer.reason(refused, printer.config.primary.outcome)
        yield Line(label, "refused", printer.word("not_estimable", reason=reason))


def _deaths(printer: Printer) -> Iterator[Line]:
    """The win odds, or why there are none; nothing where no file records deaths, which the page says once."""
    if not printer.records("death"):
        return
    label = printer.word("certainty.deaths")
    parts = win_odds(printer)
    refused = printer.primary_one(AnalysisKey.WORST_RANK, Statistic.NOT_RANKED)
    if parts is not None:
        yield Line(label, "own", _numbers(printer, parts), parts)
    elif refused is not None:
        reason = printer.reason(refused, printer.config.primary.outcome)
        yield Line(label, "refused", printer.word("not_estimable", reason=reason))


def _without_patients(page: PageInputs, main: Parts) -> Iterator[Line]:
    """The refits that change the conclusion; without one, the refit that lies farthest from main, that of everybody."""
    printer = page.printer
    chosen = deciding_patients(printer)
    estimates = printer.primary_all(AnalysisKey.LEAVE_ONE_OUT, Statistic.ESTIMATE)
    left_out = {row.level: row.value for row in estimates if row.level and row.value is not None}
    if not chosen and left_out:
        centre = main[0].value or 0.0
        # The id breaks ties, so that the page is the same in every run.
        chosen = [max(left_out, key=lambda one: (abs(left_out[one] - centre), one))]
    for patient in chosen[:MOST_PATIENTS]:
        parts = _parts(printer, AnalysisKey.LEAVE_ONE_OUT, patient)
        if parts is not None:
            # The mark is about the interval alone; a patient may also decide by the sign of the estimate (SN-2).
            changes = includes_none(parts) != includes_none(main)
            yield Line(_without(page, patient), "other", _numbers(printer, parts), parts, changes=changes)


def _without(page: PageInputs, patient: str) -> Markup:
    """'Without T4, who died on day 9'; of the death nothing is said where single patients are not shown."""
    printer = page.printer
    day = page.death_day(patient)
    if day is None:
        return printer.word("certainty.without", patient=page.named(patient))
    return printer.word("certainty.without_death", patient=page.named(patient), day=printer.fact(day))


def _specification(printer: Printer) -> Iterator[Line]:
    """All combinations of choices by the mixed model: how many could be estimated, and what their intervals include."""
    rows = {
        name: printer.primary_one(AnalysisKey.SPECIFICATION, name, level=MODEL)
        for name in (Statistic.N_SPECIFICATIONS, *OF_CHOICES)
    }
    ends = {str(name): rows.pop(name) for name in (Statistic.MIN, Statistic.MAX)}
    if any(row is None for row in rows.values()):
        return
    single = printer.results.distinct_choices(Statistic.ESTIMATE)
    # Levels end in the estimand: 'reading|weighting|mixed_model'.
    dots = tuple(row.value for row in single if row.value is not None and row.level.endswith(f"|{MODEL}"))
    numbers = {str(name): printer.number(row) for name, row in rows.items()}
    said = printer.word("certainty.specification_result", **numbers)
    stated = printer.results.distinct_choices(Statistic.NOT_ESTIMABLE)
    refused = {row.text: row for row in stated if row.text and row.level.endswith(f"|{MODEL}")}
    if refused:
        reasons = listed((_refusal(printer, refused[code]) for code in sorted(refused)), "; ")
        said = Markup("{} {}").format(said, printer.word("certainty.specification_refused", reasons=reasons))
    label, least = printer.word("certainty.specification"), ends["min"]
    if not dots or least is None:
        yield Line(label, "refused", said)
        return
    first, last = printer.ends(least, ends["max"])
    result = printer.word("certainty.range", min=first, max=last)
    yield Line(label, "many", result, dots=dots, said=said)


def _refusal(printer: Printer, row: Result) -> Markup:
    """A reason for refusing in a few words."""
    key = f"refusal.{row.text}"
    return printer.marked(row, printer.word(key if printer.words.has(key) else "refusal.other"))


def _position(value: float, ratio: bool) -> float:
    """Distance from no difference on the scale of the plot."""
    # Ratios are as far from 1 upwards as downwards on the log scale; 0 has no logarithm.
    return math.log(max(value, 1e-9)) if ratio else value


def _reach(lines: list[Line], ratio: bool) -> float:
    """Half width of the shared scale: holds every interval and dot but those on a scale of their own."""
    values = [part.value or 0.0 for line in lines if line.parts and line.kind != "own" for part in line.parts]
    values += [dot for line in lines for dot in line.dots]
    # The second 1.0: a reach of 0 (all estimates 0) would divide by zero.
    return max((abs(_position(value, ratio)) for value in values), default=1.0) or 1.0


def _with_plot(line: Line, reach: float, ratio: bool, mirrored: bool) -> Line:
    """The line with its drawing. `mirrored`: lower is better, so that the right side favours treated patients.

    Win odds above 1 favour treated patients whatever the outcome's direction, and are never mirrored.
    """
    if line.kind == "refused":
        return line
    if line.kind == "own" and line.parts:
        ends = [abs(_position(part.value or 1.0, True)) for part in line.parts]
        # A scale of its own fills the width by itself: only its position relative to no difference can be compared.
        return _drawn(line, [_position(part.value or 1.0, True) / max(*ends, 1e-9) for part in line.parts], [])
    sign = -1.0 if mirrored else 1.0
    shares = [sign * _position(part.value or 0.0, ratio) / reach for part in line.parts or ()]
    return _drawn(line, shares, [sign * _position(dot, ratio) / reach for dot in line.dots])


def _drawn(line: Line, shares: list[float], dots: list[float]) -> Line:
    """An SVG without text: its numbers stand beside it."""
    middle, centre = HEIGHT / 2, WIDTH / 2
    marks = [f'<path class="null" d="M{centre:g} 0V{HEIGHT:g}"/>']
    if shares:
        estimate, left, right = (centre * (1 + FILLED * max(-1.0, min(1.0, share))) for share in shares)
        marks.append(f'<path class="whisker" d="M{left:.1f} {middle:g}H{right:.1f}"/>')
        marks.append(_mark(line.kind, estimate, middle))
    # Three rows in turn, so that dots at nearly the same place do not cover each other.
    for number, share in enumerate(sorted(dots)):
        x = centre * (1 + FILLED * max(-1.0, min(1.0, share)))
        marks.append(f'<circle class="dot" cx="{x:.1f}" cy="{middle + (number % 3 - 1) * 4.5:g}" r="2.4"/>')
    classes = f"plot {line.kind}{' changes' if line.changes else ''}"
    svg = f'<svg class="{classes}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true">{"".join(marks)}</svg>'
    return replace(line, plot=Markup(svg))


def _mark(kind: str, x: float, y: float) -> str:
    """Primary: a filled square; a scale of its own: an open diamond; else a filled circle."""
    if kind == "primary":
        return f'<rect class="mark" x="{x - 5:.1f}" y="{y - 5:g}" width="10" height="10"/>'
    if kind == "own":
        return f'<path class="mark open" d="M{x:.1f} {y - 5.5:g}l5.5 5.5l-5.5 5.5l-5.5-5.5z"/>'
    return f'<circle class="mark" cx="{x:.1f}" cy="{y:g}" r="4.2"/>'
