"""What a figure shows, in a sentence made of its results: its caption, and what it says to who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.headline.captions_of_patients import (
    availability,
    calendar,
    flow,
    follow_up,
    love,
    overlap,
)
from historical_controls.report.headline.course_fit import richer_course_fits
from historical_controls.report.headline.sentence import contrast, includes_none, is_ratio, permuted_none, stated
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer

# The sentences of a family of figures; `part`: the outcome of a figure of its own, '' for a family of one figure.
Sentences = Callable[[Printer, str], Iterator[Markup]]


def figure_caption(printer: Printer, family: str, part: str = "") -> Markup:
    """The finding of a figure in words, every number carrying its result id; empty where no results say one."""
    return listed(FAMILIES[family](printer, part), " ")


def caption_of(printer: Printer, name: str) -> Markup:
    """The finding of a figure by its file, 'number-family-part.svg'."""
    _, family, part = figure_parts(name)
    return figure_caption(printer, family, part)


def figure_parts(name: str) -> tuple[str, str, str]:
    """Output number, family and part of a figure's file: '15.5-trajectory-PF.svg' has a part, '15.1-flow' has none."""
    number, family, part = (*name.removesuffix(".svg").split("-", 2), "", "")[:3]
    return number, family, part


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
    for row in printer.results.all(AnalysisKey.MIXED_MODEL, Statistic.NOT_ESTIMABLE, outcome=part, level=""):
        if row.day is not None and row.day != day:
            reason = printer.reason(row, part)
            yield printer.word("caption.refused_day", day=printer.fact(f"{row.day:g}"), reason=reason)


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


OF_COMBINATIONS = (Statistic.N_ESTIMATED, Statistic.N_HOLDS, Statistic.N_ABOVE, Statistic.N_BELOW)


def _specification(printer: Printer, part: str) -> Iterator[Markup]:
    """Of each method, how many combinations have an answer, and on which side of no difference their intervals are."""
    for total in printer.results.all(AnalysisKey.SPECIFICATION, Statistic.N_SPECIFICATIONS):
        at = {"outcome": total.outcome, "level": total.level, "day": total.day}
        rows = {name: printer.results.one(AnalysisKey.SPECIFICATION, name, **at) for name in OF_COMBINATIONS}  # type: ignore[arg-type]
        numbers = {str(name): printer.number(row) for name, row in rows.items()}
        method = printer.word(f"level.{total.level}")
        yield printer.word("caption.specification", method=method, n_specifications=printer.number(total), **numbers)


def _ratio(printer: Printer, part: str) -> Iterator[Markup]:
    """The outcomes analysed as ratios whose interval on the primary day excludes 1."""
    codes = [code for code in printer.config.outcomes if printer.outcome(code).scale == "log"]
    yield from _excluding(printer, codes)


def _forest(printer: Printer, part: str) -> Iterator[Markup]:
    """The outcomes whose interval excludes no difference on the primary day, without and with deaths counted."""
    yield from _excluding(printer, printer.config.outcomes)
    day = float(printer.config.primary.day)
    odds = {
        name: {row.outcome: row.value for row in printer.results.all(AnalysisKey.WORST_RANK, name, day=day, level="")}
        for name in (Statistic.LOWER, Statistic.UPPER)
    }
    limits = {code: (low, odds[Statistic.UPPER].get(code)) for code, low in odds[Statistic.LOWER].items()}
    known = {code: (low, high) for code, (low, high) in limits.items() if low is not None and high is not None}
    # Win odds of 1 are no difference.
    away = [code for code in printer.config.outcomes if code in known and not known[code][0] <= 1.0 <= known[code][1]]
    if away:
        yield printer.word("caption.ranks_exclude", outcomes=listed(map(printer.label, away)))
    elif known:
        yield printer.word("caption.ranks_include")


def _excluding(printer: Printer, codes: Iterable[str]) -> Iterator[Markup]:
    """Names of the outcomes whose contrast on the primary day excludes no difference, with its limits."""
    day = printer.config.primary.day
    known = {code: parts for code in codes if (parts := contrast(printer, code, day)) is not None}
    away = [_excluded(printer, code, parts) for code, parts in known.items() if not includes_none(parts)]
    at = {"day": printer.fact(day), "level": printer.level}
    if away:
        yield printer.word("caption.intervals_exclude", outcomes=listed(away, "; "), **at)
        permuted = {code: limits for code in known if (limits := permuted_none(printer, code, day)) is not None}
        if permuted:
            said = [_excluded(printer, code, limits) for code, limits in permuted.items()]
            yield printer.word("caption.permutation_includes", outcomes=listed(said, "; "))
    elif known:
        yield printer.word("caption.intervals_include", **at)
    doubted = [printer.label(code) for code in known if richer_course_fits(printer, code)]
    if doubted:
        yield printer.word("caption.courses_doubted", outcomes=listed(doubted))


def _excluded(printer: Printer, code: str, parts: tuple[Result, Result, Result]) -> Markup:
    """An outcome with its difference and limits in its unit, or as a ratio."""
    estimate, lower, upper = map(printer.number, parts)
    said = {"outcome": printer.label(code), "estimate": estimate, "lower": lower, "upper": upper}
    if is_ratio(parts):
        return printer.word("caption.excluded_ratio", **said)
    return printer.word("caption.excluded", unit=printer.difference_unit(parts[0].unit), **said)


def _tipping(printer: Printer, part: str) -> Iterator[Markup]:
    """By how much the unobserved patients of an arm would have to differ for the conclusion to change."""
    said = False
    for arm in ARMS:
        for name in (Statistic.TO_ABOVE, Statistic.TO_BELOW, Statistic.TO_HOLDS):
            row = printer.primary_one(AnalysisKey.TIPPING_POINT, name, arm=arm)
            if row is not None and row.value is not None:
                said = True
                yield printer.word(f"caption.{name}_{arm}", shift=printer.number(row))
    if not said and printer.primary_all(AnalysisKey.TIPPING_POINT, Statistic.VERDICT):
        yield printer.word("caption.no_tipping")


def _power(printer: Printer, part: str) -> Iterator[Markup]:
    """How often each analysis finds the largest difference that was simulated."""
    found: dict[tuple[str, str], tuple[float, Result]] = {}
    for row in printer.results.all(AnalysisKey.CALIBRATION, Statistic.SHARE, output_id=OutputId.POWER_FIGURE):
        analysis, effect = row.level.split("|")
        if float(effect) >= found.get((row.outcome, analysis), (-math.inf, row))[0]:
            found[row.outcome, analysis] = (float(effect), row)
    for (code, analysis), (largest, row) in found.items():
        yield printer.word(
            "caption.power", outcome=printer.label(code), analysis=printer.word(f"analysis.{analysis}"),
            effect=printer.fact(f"{largest:g}"), share=printer.number(row),
        )  # fmt: skip


FAMILIES: Mapping[str, Sentences] = {
    "flow": flow,
    "calendar": calendar,
    "love": love,
    "overlap": overlap,
    "trajectory": _trajectory,
    "ratio": _ratio,
    "forest": _forest,
    "incidence": follow_up,
    "swimmer": follow_up,
    "null": _null,
    "tipping": _tipping,
    "profile": follow_up,
    "availability": availability,
    "specification": _specification,
    "residuals": _residuals,
    "power": _power,
}
