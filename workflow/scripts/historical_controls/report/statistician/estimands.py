"""What the analyses estimate, attribute by attribute (ICH E9(R1)), and what each of them found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.config.analysis.estimands import OTHER_END, Estimand, Estimands, other_ends
from historical_controls.report.headline.sentence import headline
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer
from historical_controls.tables.endings import DEATH

# By analysis: the statistic that answers, and the level and method of its rows ('' where it has none of its own).
ANSWERS = {
    "mixed_model": (Statistic.ESTIMATE, "", ""),
    "while_alive": (Statistic.ESTIMATE, "mean", "adjusted"),
    "worst_rank": (Statistic.WIN_ODDS, "", ""),
    "win_ratio": (Statistic.WIN_RATIO, "win_ratio", ""),
}
SLOPE = "slope"
# Answers without a unit are named.
NAMED = {"worst_rank": "odds", "win_ratio": "ratio"}


@dataclass(frozen=True)
class Card:
    """One question: its attributes in the order of ICH E9(R1), the analysis, the result, and the table that has it."""

    title: Markup
    attributes: tuple[tuple[Markup, Markup], ...]
    result: Markup
    output_id: str


def estimand_cards(printer: Printer) -> list[Card]:
    """One card a question, in the order of the config; none where it declares no estimands."""
    declared = printer.config.estimands
    return [] if declared is None else [_card(printer, declared, one) for one in declared.questions.values()]


def _card(printer: Printer, declared: Estimands, one: Estimand) -> Card:
    result, output_id = _result(printer, one)
    return Card(_own(printer, one.label), estimand_attributes(printer, declared, one), result, output_id)


def estimand_attributes(printer: Printer, declared: Estimands, one: Estimand) -> tuple[tuple[Markup, Markup], ...]:
    """Return the attributes of one question in the order of ICH E9(R1), and the analysis that answers it."""
    events = (
        printer.word(
            "stat.estimands_event",
            event=intercurrent_event(printer, declared, event),
            strategy=_strategy(printer, one, event),
        )
        for event in declared.events
    )
    treatment = printer.word(
        "stat.estimands_treatment",
        treatment=_own(printer, declared.treatment), comparator=_own(printer, declared.comparator),
    )  # fmt: skip
    said = {
        "treatment": treatment,
        "population": _own(printer, declared.population),
        "variable": printer.word(
            "stat.estimands_variable",
            variable=_own(printer, one.variable),
            # Pairs are decided by the hierarchy, whatever the outcome beside which they are printed.
            outcomes=_hierarchy(printer) if one.analysis == AnalysisKey.WIN_RATIO else _outcomes(printer, one),
        ),
        "events": listed(events, "; "),
        "measure": _measures(printer, one),
    }
    attributes = [(printer.word(f"estimand.{name}"), text) for name, text in said.items()]
    return (*attributes, (printer.word("stat.estimands_analysis"), printer.word(f"analysis.{one.analysis}")))


def intercurrent_event(printer: Printer, declared: Estimands, event: str) -> Markup:
    """The words of an intercurrent event; the ends of follow-up without words of their own are named in them."""
    said = _own(printer, declared.events[event])
    ends = other_ends(printer.config.cohort.ends_with, declared.events) if event == OTHER_END else []
    return printer.word("stat.estimands_ends", event=said, ends=listed(map(printer.event, ends))) if ends else said


def _result(printer: Printer, one: Estimand) -> tuple[Markup, str]:
    """The answer for the primary outcome, or for the first that the question is asked of, and its output."""
    outcome = printer.config.primary.outcome
    outcome = outcome if not one.outcomes or outcome in one.outcomes else one.outcomes[0]
    rows = _rows(printer, one, outcome)
    if rows is not None and one.analysis == AnalysisKey.MIXED_MODEL and outcome == printer.config.primary.outcome:
        # The headline of the page, which may be an average over draws.
        rows = rows if SLOPE in one.measures else headline(printer) or rows
    about = {"outcome": printer.label(outcome), "level": printer.level}
    if rows is None:
        refused = _refusal(printer, one, outcome)
        said = printer.word("not_estimable", reason=printer.reason(refused, outcome))
        return printer.word("stat.estimands_refused", said=said, **about), "" if refused is None else refused.output_id
    day = printer.fact(printer.config.primary.day)
    numbers = dict(zip(("estimate", "lower", "upper"), map(printer.number, rows), strict=True))
    if SLOPE in one.measures:
        key, numbers = "stat.estimands_slope", numbers | {"estimate": printer.amount(rows[0])}
    elif one.analysis in NAMED:
        about |= {"hierarchy": _hierarchy(printer)} if one.analysis == AnalysisKey.WIN_RATIO else {"day": day}
        key = f"stat.estimands_{NAMED[one.analysis]}"
    else:
        key, about = "stat.estimands_result", about | {"day": day}
        numbers |= {"estimate": printer.amount(rows[0])}
    return printer.word(key, **numbers, **about), rows[0].output_id


def _hierarchy(printer: Printer) -> Markup:
    """What decides a pair, in its order: deaths of the whole follow-up, other outcomes up to the primary day."""
    primary, horizon = printer.config.primary, printer.fact(printer.config.cohort.horizon_days)
    steps = (
        printer.word("stat.hierarchy_death", day=horizon)
        if item == DEATH
        else printer.word("stat.hierarchy_value", outcome=printer.label(item), day=printer.fact(primary.day))
        for item in primary.hierarchy
    )
    return listed(steps, "; ")


def _refusal(printer: Printer, one: Estimand, outcome: str) -> Result | None:
    """Why the question has no answer: the outcome has none, or none on the primary day, or no slope."""
    if SLOPE not in one.measures:
        return printer.results.not_estimable(outcome, float(printer.config.primary.day))
    rows = printer.results.all(AnalysisKey(one.analysis), Statistic.NOT_ESTIMABLE, outcome=outcome)
    of_slope = next((row for row in rows if row.level.startswith(SLOPE)), None)
    return printer.results.not_estimable(outcome) or of_slope


def _rows(printer: Printer, one: Estimand, outcome: str) -> tuple[Result, Result, Result] | None:
    """The answer's rows: centre, lower and upper limit; None unless all have a value."""
    centre, level, method = ANSWERS[one.analysis]
    slope = SLOPE in one.measures
    found = []
    for name in (centre, *INTERVAL[1:]):
        rows = printer.results.all(AnalysisKey(one.analysis), name, outcome=outcome, contrast=CONTRAST)
        found += [
            next((row for row in rows if _asked(row, slope, level, method, printer.config.primary.day)), None)
        ]  # fmt: skip
    if any(row is None or row.value is None for row in found):
        return None
    return found[0], found[1], found[2]  # type: ignore[return-value]


def _asked(row: Result, slope: bool, level: str, method: str, day: int) -> bool:
    if slope:
        return row.level.startswith(SLOPE)
    return row.level == level and row.day == float(day) and (not method or row.method == method)


def _own(printer: Printer, texts: Mapping[Any, str]) -> Markup:
    return printer.fact(printer.words.among(texts))


def _strategy(printer: Printer, one: Estimand, event: str) -> Markup:
    return printer.word(f"strategy.{one.strategies[event]}")


def _outcomes(printer: Printer, one: Estimand) -> Markup:
    if not one.outcomes:
        return printer.word("stat.estimands_all")
    return listed([printer.label(code) for code in one.outcomes])


def _measures(printer: Printer, one: Estimand) -> Markup:
    # Without adjustment for the baseline the means begin at day 1, and are no change from anything.
    own = {} if printer.adjusted_for_baseline else {"mean_change": "mean_over"}
    return listed([printer.word(f"summary_measure.{own.get(name, name)}") for name in one.measures], "; ")
