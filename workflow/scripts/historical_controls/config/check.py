"""Checks a whole config: its shape, its names, and what its parts say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from historical_controls.config.analysis.estimands import followed
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.rules import CharacteristicRule, Rule
from historical_controls.config.names import name_faults
from historical_controls.config.sources.parts import PatientRows, WideMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.study_config import Config, scenario_config, shape_faults
from historical_controls.config.vocabulary import Vocabulary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.endings import ENDINGS
from historical_controls.dictionary.vocabulary import ARRIVALS
from historical_controls.errors import UserError, raise_all
from historical_controls.text.words import load_words


def vocabulary(raw: Mapping[str, Any], dictionary: Dictionary, locales: str | Path) -> Vocabulary:
    """What the names of a raw config are compared with. locales: folder of the words, which name reasons and flags."""
    entries = load_words(locales, "en").entries
    # Words with a placeholder need a number or a name, which a config cannot supply.
    reasons = [
        key.removeprefix("reason.") for key, text in entries.items() if key.startswith("reason.") and "{" not in text
    ]
    flags = [key.removeprefix("ledger_reason.") for key in entries if key.startswith("ledger_reason.")]
    return Vocabulary(raw, dictionary, reasons, flags)


# What a test of kind 'result' says (EV-6).
TEST_RESULTS = ("positive", "negative")


def checked_config(known: Vocabulary, name: str = "config.yaml") -> Config:
    """The config, if everything in it is as it should be. Raises UserError(s) for all faults at once.

    Each names the key, the value, what is allowed, and the nearest that is. What the parts say of each other is looked
    at only where shape and names are right.
    """
    if not isinstance(known.raw, Mapping):
        raise UserError("the file holds no mapping of keys to values", name)
    names = name_faults(Config, known, name)
    # A name of another shape is refused twice; the message about names says more.
    named = {fault.where for fault in names}
    shape = [fault for fault in shape_faults(known.raw, name) if fault.where not in named]
    # Contradictions are looked for only in what has the right shape: otherwise one fault would be reported as many.
    raise_all([*shape, *names])
    config = Config.model_validate(dict(known.raw))
    raise_all(_contradictions(config, known, name))
    return config


def _contradictions(config: Config, known: Vocabulary, name: str) -> Iterator[UserError]:
    own = list(inconsistencies(config, known.dictionary))
    yield from (UserError(fault.what, f"{name}: {fault.where}", fault.hint) for fault in own)
    # Scenarios repeat the faults of the config that they change; only what they add is reported.
    said = {(fault.where, fault.what) for fault in own}
    for scenario in config.scenarios:
        for fault in inconsistencies(scenario_config(config, scenario), known.dictionary):
            if (fault.where, fault.what) not in said:
                yield UserError(fault.what, f"{name}, scenario '{scenario}': {fault.where}", fault.hint)


def inconsistencies(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """Everything in a config of good shape and known names that contradicts itself; places without the file's name."""
    yield from _hierarchy(config, dictionary)
    yield from _other_results(config, dictionary)
    yield from _endings_asked(config, dictionary)
    if config.estimands and "death" not in config.estimands.events and config.recorded_ends in ("both", "death"):
        hint = "Deaths are recorded: say what they are under 'death', which every analysis handles in its own way."
        yield UserError("'death' is not among the intercurrent events", "estimands.events", hint)
    if config.study.design is not None and (config.study.design == "single_arm") != config.single_arm:
        found = "no source has historical patients" if config.single_arm else "a source has historical patients"
        hint = f"Type '{'single_arm' if config.single_arm else 'external_controls'}', or leave the key out."
        yield UserError(f"'{config.study.design}' does not fit: {found}", "study.design", hint)
    yield from _baseline(config.cohort)
    yield from _strategies(config)
    yield from _slopes(config)
    if config.sensitivity.eras and config.study.calendar_reference is None:
        hint = "Declare it under study, e.g. calendar_reference: 2020-06-16."
        yield UserError("eras need study.calendar_reference, the date that separates them", "sensitivity.eras", hint)
    yield from _characteristics("cohort.rules", config.cohort.rules, dictionary)
    for name, option in config.cohort.options():
        changed = config.cohort.readings[name].options[option].rules
        # Rules that the option leaves alone have been looked at already.
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


def _other_results(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """Results that are neither positive nor negative, such as a remission: as a test that clears, nobody had one."""
    for number, code in enumerate(config.outcomes):
        outcome = dictionary.outcomes[code]
        if outcome.kind != "result" or set(TEST_RESULTS) <= set(outcome.categories):
            continue
        said = " and ".join(outcome.categories) or "none"
        found = f"{code} is of kind 'result' with the results {said}, and such outcomes are tests that turn negative"
        one = (outcome.categories or ("yes",))[0]
        hint = (
            "To compare shares of patients, write kind number, unit %, hard_low 0 and hard_high 100 in its row of "
            f"dictionary/outcomes.csv, and in place of 'values' each code under 'words' of the file: {{texts: [{one}], "
            f"outcome: {code}, means: value, value: 100}}, and one with value: 0."
        )
        yield UserError(found, f"outcomes.{number}", hint)


def _endings_asked(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """A death or discharge that is the question has to be recorded of every arm: what is not recorded is not absent."""
    asked = {"outcome": config.primary.outcome}
    asked |= {f"key_secondary.{number}": code for number, code in enumerate(config.primary.key_secondary)}
    for key, code in asked.items():
        end = ENDINGS.get(code) if dictionary.outcomes[code].kind == "ending" else None
        silent = [arm for arm, able in config.endings_by_arm.items() if end is not None and end not in able]
        if silent:
            found = f"{code} is the question, and no file of the {' or '.join(silent)} patients records '{end}'"
            hint = f"Declare where a file records it, e.g. events: [{{event: {end}, ...}}], or ask for another outcome."
            yield UserError(found, f"primary.{key}", hint)


def _treatments_at_zero(cohort: Cohort) -> Iterator[tuple[str, str]]:
    """(key, event) of each time zero that is a treatment, or an event that may be one."""
    zero = cohort.time_zero
    events = {"treated": zero.treated}
    if zero.historical == "event":
        events["historical_event"] = zero.historical_event or zero.standard_care_from
    # An arrival with which the exposure begins is a treatment as well.
    return ((key, event) for key, event in events.items() if event not in ARRIVALS or event == zero.treatment)


def after_zero_allowed(cohort: Cohort) -> bool:
    """Whether hours after time zero may be baseline: not where it is a treatment, whose effect they may show."""
    return not any(_treatments_at_zero(cohort))


def _baseline(cohort: Cohort) -> Iterator[UserError]:
    """Hours after a treatment as baseline, and a baseline that leaves no day."""
    hours = cohort.baseline_hours_after
    for key, event in _treatments_at_zero(cohort) if hours else ():
        why = "which is no arrival" if event not in ARRIVALS else "with which the treatment begins"
        what = f"{hours:g} hours after time zero cannot be baseline: time_zero.{key} is '{event}', {why}"
        hint = (
            "Values after a treatment may be its effect. Type 0, or a time zero at which patients arrive: "
            f"{', '.join(ARRIVALS)}."
        )
        yield UserError(what, "cohort.baseline_hours_after", hint)
    if cohort.horizon_days < cohort.baseline.first_day:
        hint = "Type horizon_days: 2 or more, or fewer baseline_hours_after."
        yield UserError("the baseline hours are all of the follow-up", "cohort.horizon_days", hint)


def _strategies(config: Config) -> Iterator[UserError]:
    """An estimand may only claim what its analysis does about each intercurrent event."""
    for name, question in (config.estimands.questions if config.estimands else {}).items():
        for event, strategy in question.strategies.items():
            allowed = followed(question.analysis, event, config.analysis.discharged, config.cohort.ends_with)
            if strategy != allowed:
                what = f"'{strategy}' is not what the analysis '{question.analysis}' does about '{event}'"
                place = f"estimands.questions.{name}.strategies.{event}"
                yield UserError(what, place, f"Type '{allowed}'.")


def _slopes(config: Config) -> Iterator[UserError]:
    lines = config.analysis.straight_lines
    for name, question in (config.estimands.questions if config.estimands else {}).items():
        # A question without outcomes asks of all, of which some do not change along a line.
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
            # By their factors: 'mg/L' and 'ug/mL' differ as texts and are one unit.
            if unit and stated and dictionary.conversion(code, unit) != dictionary.conversion(code, stated):
                what = f"the heading of the column says {stated}, its declaration {unit}"
                yield UserError(what, f"{place}.parts.{number}.columns.{name}.unit", "Correct the one that is wrong.")
