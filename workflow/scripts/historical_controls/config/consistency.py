"""What the parts of a config say of each other and of the dictionary, beyond the names that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from historical_controls.config.analysis.estimands import followed
from historical_controls.config.cohort.rules import CharacteristicRule, Rule
from historical_controls.config.sources.parts import PatientRows, WideMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError


def inconsistencies(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """Everything in a config of good shape and known names that contradicts itself; places without the file's name."""
    yield from _hierarchy(config, dictionary)
    yield from _strategies(config)
    yield from _slopes(config)
    yield from _characteristics("cohort.rules", config.cohort.rules, dictionary)
    for name, option in config.cohort.options():
        changed = config.cohort.readings[name].options[option].rules
        rules = {key: rule for key, rule in config.cohort.as_read({name: option}).rules.items() if key in changed}
        yield from _characteristics(f"cohort.readings.{name}.options.{option}.rules", rules, dictionary)
    for name, source in config.sources.items():
        for key, file in source.files.items():
            yield from _headings(f"sources.{name}.files.{key}", file, dictionary)


def _hierarchy(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """A step of the win ratio needs values and a good direction."""
    for number, code in enumerate(config.primary.hierarchy):
        if code == "death":
            continue
        outcome, place = dictionary.outcomes[code], f"primary.hierarchy.{number}"
        if outcome.benefit == "none":
            hint = "Name 'death', or an outcome of which more, or less, is better."
            yield UserError(f"outcomes.csv gives {code} no direction that is better", place, hint)
        elif outcome.daily_summary == "none" and code not in config.cohort.summaries:
            declared = ", ".join(config.cohort.summaries) or "nothing"
            yield UserError(f"cohort.summaries does not declare {code}", place, f"It declares {declared}.")


def _strategies(config: Config) -> Iterator[UserError]:
    """An estimand may only claim what its analysis does about each intercurrent event."""
    for name, question in (config.estimands.questions if config.estimands else {}).items():
        for event, strategy in question.strategies.items():
            allowed = followed(question.analysis, event, config.analysis.discharged)
            if strategy != allowed:
                what = f"'{strategy}' is not what the analysis '{question.analysis}' does about '{event}'"
                place = f"estimands.questions.{name}.strategies.{event}"
                yield UserError(what, place, f"Type '{allowed}'.")


def _slopes(config: Config) -> Iterator[UserError]:
    lines = config.analysis.straight_lines
    for name, question in (config.estimands.questions if config.estimands else {}).items():
        if "slope" in question.measures and not set(question.outcomes or [""]) <= set(lines):
            what = "a slope is asked of outcomes that do not change along a straight line"
            hint = f"Declare them in analysis.straight_lines, which lists {', '.join(lines) or 'nothing'}."
            yield UserError(what, f"estimands.questions.{name}.outcomes", hint)


def _characteristics(place: str, rules: Mapping[str, Rule], dictionary: Dictionary) -> Iterator[UserError]:
    """A number is compared with a number, a flag or category with one of its results."""
    for name, rule in rules.items():
        if not isinstance(rule, CharacteristicRule):
            continue
        outcome = dictionary.outcomes[rule.characteristic]
        if outcome.kind == "number" and (isinstance(rule.value, str) or rule.op == "is"):
            hint = "Type a number as value, and one of <, <=, >, >= as op."
            yield UserError(f"{rule.characteristic} is a number", f"{place}.{name}", hint)
        if outcome.kind != "number" and not (isinstance(rule.value, str) and rule.op == "is"):
            hint = f"Type op: is, and as value one of {', '.join(outcome.categories)}."
            yield UserError(f"{rule.characteristic} is a {outcome.kind}, not a number", f"{place}.{name}", hint)


def _headings(place: str, file: SourceFile, dictionary: Dictionary) -> Iterator[UserError]:
    """Columns such as 'PCR (mg/L)' that are declared in another unit."""
    for number, part in enumerate(file.parts):
        columns: list[tuple[str, str, str | None]] = []
        if isinstance(part, WideMeasurements):
            columns = [(name, one.outcome, one.unit) for name, one in part.columns.items()]
        if isinstance(part, PatientRows):
            columns = [(name, own.characteristic, own.unit) for name, own in part.columns.items()]
        for name, code, unit in columns:
            stated = dictionary.unit_in(name, code)
            if unit and stated and dictionary.conversion(code, unit) != dictionary.conversion(code, stated):
                what = f"the heading of the column says {stated}, its declaration {unit}"
                yield UserError(what, f"{place}.parts.{number}.columns.{name}.unit", "Correct the one that is wrong.")
