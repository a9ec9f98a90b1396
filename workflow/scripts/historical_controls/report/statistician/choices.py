"""The explorer of choices: every combination of readings and weighting, and the answer of every method under it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import RATIOS, Printer
from historical_controls.text.choices import ESTIMAND, choices_of

OF_FIGURE = {"output_id": OutputId.SPECIFICATION_FIGURE}
Parts = tuple[Result, Result, Result]


@dataclass(frozen=True)
class Answer:
    """What one method says under one combination: `said` in print; `drawn`: CSS that draws it, '' where refused."""

    said: Markup
    drawn: str = ""


@dataclass(frozen=True)
class Combination:
    """One row: the options taken, in the order of the choices, and an answer a method."""

    options: tuple[Markup, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Choice:
    """One declared choice: its name, and the options that any combination takes."""

    name: Markup
    options: tuple[Markup, ...]


@dataclass(frozen=True)
class Explorer:
    choices: tuple[Choice, ...]
    methods: tuple[Markup, ...]
    rows: tuple[Combination, ...]


def explorer(printer: Printer) -> Explorer | None:
    """All combinations in the order of their names; None where none was analysed."""
    levels = sorted({row.level for rows in (_estimates(printer), _refusals(printer)) for row in rows})
    if not levels:
        return None
    taken = {level: choices_of(level) for level in levels}
    names = [name for name in dict.fromkeys(key for own in taken.values() for key in own) if name != ESTIMAND]
    methods = list(dict.fromkeys(own[ESTIMAND] for own in taken.values()))
    combinations: dict[tuple[str, ...], dict[str, str]] = {}
    for level, own in taken.items():
        combinations.setdefault(tuple(own.get(name, "") for name in names), {})[own[ESTIMAND]] = level
    columns = {method: _answers(printer, [level for level in levels if taken[level][ESTIMAND] == method])
               for method in methods}  # fmt: skip
    rows = tuple(
        Combination(
            tuple(_option(printer, name, option) for name, option in zip(names, options, strict=True)),
            tuple(columns[method].get(own.get(method, ""), Answer(printer.number(None))) for method in methods),
        )
        for options, own in combinations.items()
    )
    choices = tuple(
        Choice(_choice(printer, name), tuple(dict.fromkeys(row.options[place] for row in rows)))
        for place, name in enumerate(names)
    )
    return Explorer(choices, tuple(printer.fact(printer.words.entry("level", one)) for one in methods), rows)


def _estimates(printer: Printer) -> list[Result]:
    return printer.results.all(AnalysisKey.SPECIFICATION, Statistic.ESTIMATE, output_id=OutputId.SPECIFICATION_FIGURE)


def _refusals(printer: Printer) -> list[Result]:
    return printer.results.all(
        AnalysisKey.SPECIFICATION, Statistic.NOT_ESTIMABLE, output_id=OutputId.SPECIFICATION_FIGURE
    )


def _answers(printer: Printer, levels: list[str]) -> dict[str, Answer]:
    """Answers of one method by the name of the combination, drawn on one scale."""
    rows = {
        name: {row.level: row for row in printer.results.all(AnalysisKey.SPECIFICATION, name, **OF_FIGURE)}  # type: ignore[arg-type]
        for name in INTERVAL
    }
    found: dict[str, Parts] = {
        level: (rows[INTERVAL[0]][level], rows[INTERVAL[1]][level], rows[INTERVAL[2]][level])
        for level in levels
        if all(level in rows[name] for name in INTERVAL)
    }
    refused = {row.level: row for row in _refusals(printer)}
    scale = [_position(row) for parts in found.values() for row in parts] + [0.0]
    ends = (min(scale), max(scale))
    same = {row.level: row for row in printer.results.all(AnalysisKey.SPECIFICATION, Statistic.NOT_APPLICABLE)}
    answers = {
        level: Answer(_marked(printer, _interval(printer, parts), same.get(level)), _bar(parts, ends))
        for level, parts in found.items()
    }
    return answers | {level: Answer(_refused(printer, refused[level])) for level in levels if level in refused}


def _interval(printer: Printer, parts: Parts) -> Markup:
    estimate, lower, upper = map(printer.number, parts)
    return printer.word("certainty.interval", estimate=estimate, lower=lower, upper=upper)


def _marked(printer: Printer, said: Markup, same: Result | None) -> Markup:
    """An answer, with the remark that another combination compares the same patients, if one does."""
    return said if same is None else Markup("{} {}").format(said, _refused(printer, same))


def _refused(printer: Printer, row: Result) -> Markup:
    key = f"refusal.{row.text}"
    said = printer.marked(row, printer.word(key if printer.words.has(key) else "refusal.other"))
    return Markup('<span class="quiet">{}</span>').format(said)


def _position(row: Result) -> float:
    """Distance from no difference; ratios on the log scale, where 0 has no place."""
    value = row.value or 0.0
    return math.log(max(value, 1e-3)) if row.unit in RATIOS else value


def _bar(parts: Parts, ends: tuple[float, float]) -> str:
    """CSS variables for the places of no difference, the estimate and both limits, in percent of the cell."""
    low, high = ends
    width = (high - low) or 1.0
    places = [100 * (value - low) / width for value in (0.0, *map(_position, parts))]
    return ";".join(f"--{name}:{place:.1f}" for name, place in zip("nelu", places, strict=True))


def _choice(printer: Printer, name: str) -> Markup:
    reading = printer.config.cohort.readings.get(name)
    # Readings are named by the study, the weighting by the program.
    own = printer.words(f"figure.choice_{name}") if reading is None else printer.words.among(reading.label)
    return printer.fact(own)


def _option(printer: Printer, name: str, option: str) -> Markup:
    reading = printer.config.cohort.readings.get(name)
    if reading is not None and option in reading.options:
        return printer.fact(printer.words.among(reading.options[option].label))
    return printer.fact(printer.words.entry("weighting", option)) if option else printer.number(None)
