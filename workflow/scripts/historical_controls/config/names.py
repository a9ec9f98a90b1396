"""Whether the config and the dictionary fit: codes, event names, units and meanings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from historical_controls.config.cohort.cohort import Cohort, Timing
from historical_controls.config.cohort.rules import EventRule
from historical_controls.config.sources.parts import EventRows, PatientRows, WideMeasurements
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError, did_you_mean, raise_all
from historical_controls.tables.registry import EVENT_NAMES

TIMING = get_args(Timing)


CODES_OF_DERIVATIONS = (
    "numerator",
    "denominator",
    "estimated_denominators",
    "filled_from",
    "flow",
    "saturation",
    "fraction",
    "estimated_fractions",
    "of",
    "urine",
)


def check_config_names(config: Config, dictionary: Dictionary) -> None:
    """Every outcome code, event name, unit and meaning of the config exists; UserError(s) for all that do not."""
    faults = [
        UserError(
            f"'{code}' is no code of outcomes.csv",
            f"config.yaml: {place}",
            did_you_mean(code, dictionary.outcomes),
        )
        for place, code in _codes(config)
        if code not in dictionary.outcomes
    ]
    faults += [
        UserError(f"'{event}' is no event", f"config.yaml: {place}", did_you_mean(event, EVENT_NAMES))
        for place, event in _event_names(config)
        if event not in EVENT_NAMES
    ]
    raise_all(faults)
    raise_all([*_exact_faults(config, dictionary), *_hierarchy_faults(config, dictionary)])
    raise_all(fault for name, source in config.sources.items() for fault in _source_faults(name, source, dictionary))


def _exact_faults(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    for code in config.balance.matching.exact:
        outcome = dictionary.outcomes[code]
        if outcome.family != "characteristic" or outcome.kind == "number":
            hint = "Name flags and categories of the family 'characteristic' here, and numbers under calipers."
            yield UserError(f"{code} cannot be matched exactly", "config.yaml: balance.matching.exact", hint)


def _hierarchy_faults(config: Config, dictionary: Dictionary) -> Iterator[UserError]:
    """A step of the win ratio needs values and a good direction."""
    for code in config.primary.hierarchy:
        if code == "death":
            continue
        outcome = dictionary.outcomes[code]
        if outcome.benefit == "none":
            hint = "Name 'death', or an outcome of which more, or less, is better."
            yield UserError(f"{code} has no good direction", "config.yaml: primary.hierarchy", hint)
        elif outcome.daily_summary == "none" and code not in config.cohort.summaries:
            hint = f"Declare it: {', '.join(config.cohort.summaries) or 'nothing'} is declared."
            yield UserError(f"cohort.summaries does not give {code}", "config.yaml: primary.hierarchy", hint)


def _source_faults(name: str, source: Source, dictionary: Dictionary) -> Iterator[UserError]:
    for key, file in source.files.items():
        place = f"config.yaml: sources.{name}.files.{key}"
        yield from (
            _unit_fault(f"{place}.{at}", code, unit, dictionary) for at, code, unit in _bad_units(file, dictionary)
        )
        yield from (
            UserError(
                f"the column's name says {stated}, the declaration {unit}", f"{place}.{at}", "One of them is wrong."
            )
            for at, stated, unit in _contradicting_units(file, dictionary)
        )
        for at, code, meaning in _meanings(file):
            allowed = dictionary.outcomes[code].categories
            if meaning not in allowed:
                yield UserError(f"'{meaning}' is no result of {code}", f"{place}.{at}", did_you_mean(meaning, allowed))
        for at, code in _characteristics(file):
            if dictionary.outcomes[code].family != "characteristic":
                hint = "Read it as measurements_wide, or name one of the family 'characteristic'."
                yield UserError(f"{code} is measured, no characteristic of a patient", f"{place}.{at}", hint)


def _unit_fault(place: str, code: str, unit: str, dictionary: Dictionary) -> UserError:
    own = dictionary.outcomes[code].unit
    known = {spelling for name, spelling in dictionary.conversions if name in (code, f"*{own}")}
    hint = f"units.csv knows: {', '.join(sorted(known))}." if known else f"{code} has no unit."
    return UserError(f"'{unit}' is no unit of {code}", place, hint)


def _bad_units(file: SourceFile, dictionary: Dictionary) -> Iterator[tuple[str, str, str]]:
    for at, code, unit in _units(file):
        outcome = dictionary.outcomes[code]
        if unit and outcome.kind == "number" and dictionary.conversion(code, unit) is None:
            yield at, code, unit


def _units(file: SourceFile) -> Iterator[tuple[str, str, str | None]]:
    yield from (("default_units", code, unit) for code, unit in file.default_units.items())
    yield from (("unit_factors", item.outcome, item.true_unit) for item in file.unit_factors)
    for assay, limits in file.assay_limits.items():
        yield from ((f"assay_limits.{assay}", code, limit.unit) for code, limit in limits.items())
    for number, part in enumerate(file.parts):
        if isinstance(part, WideMeasurements):
            yield from ((f"parts.{number}.columns.{name}.unit", w.outcome, w.unit) for name, w in part.columns.items())
        if isinstance(part, PatientRows):
            for name, column in part.columns.items():
                yield f"parts.{number}.columns.{name}.unit", column.characteristic, column.unit


def _contradicting_units(file: SourceFile, dictionary: Dictionary) -> Iterator[tuple[str, str, str]]:
    """Columns such as 'PCR (mg/L)' that are declared in another unit: (place, unit of the name, unit declared)."""
    for at, code, unit in _units(file):
        stated = dictionary.unit_in(at.removesuffix(".unit"), code) if at.startswith("parts.") else ""
        if unit and stated and dictionary.conversion(code, unit) != dictionary.conversion(code, stated):
            yield at, stated, unit


def _meanings(file: SourceFile) -> Iterator[tuple[str, str, str]]:
    for code, codes in file.result_codes.items():
        yield from ((f"result_codes.{code}", code, meaning) for meaning in codes.values())
    for number, part in enumerate(file.parts):
        place = f"parts.{number}.columns"
        if isinstance(part, WideMeasurements):
            for name, column in part.columns.items():
                yield from ((f"{place}.{name}.values", column.outcome, meaning) for meaning in column.values.values())
        if isinstance(part, PatientRows):
            for name, own in part.columns.items():
                yield from ((f"{place}.{name}.values", own.characteristic, meaning) for meaning in own.values.values())


def _characteristics(file: SourceFile) -> Iterator[tuple[str, str]]:
    for number, part in enumerate(file.parts):
        if isinstance(part, PatientRows):
            yield from ((f"parts.{number}.columns.{name}", c.characteristic) for name, c in part.columns.items())


def _codes(config: Config) -> Iterator[tuple[str, str]]:
    yield from (("outcomes", code) for code in config.outcomes)
    yield from (("balance.covariates", code) for code in config.balance.covariates)
    yield from (("balance.key_covariates", code) for code in config.balance.key_covariates if code not in TIMING)
    yield from (("balance.matching.exact", code) for code in config.balance.matching.exact)
    for key in ("covariates", "straight_lines", "rank_tests"):
        yield from ((f"analysis.{key}", code) for code in getattr(config.analysis, key))
    yield from (("primary.hierarchy", code) for code in config.primary.hierarchy if code != "death")
    for name, asked in (config.estimands.questions if config.estimands else {}).items():
        yield from ((f"estimands.questions.{name}.outcomes", code) for code in asked.outcomes)
    yield from _derived_codes(config.cohort)
    yield from _rule_codes("cohort.rules", config.cohort)
    for name, option in config.cohort.options():
        yield from _rule_codes(f"cohort.readings.{name}.options.{option}.rules", config.cohort.as_read({name: option}))
    for name, source in config.sources.items():
        yield from _source_codes(f"sources.{name}", source)


def _rule_codes(place: str, cohort: Cohort) -> Iterator[tuple[str, str]]:
    for name, rule in cohort.rules.items():
        for key in ("outcome", "characteristic"):
            if hasattr(rule, key):
                yield f"{place}.{name}.{key}", getattr(rule, key)


def _derived_codes(cohort: Cohort) -> Iterator[tuple[str, str]]:
    yield from (("cohort.altitude.outcomes", code) for code in cohort.altitude.outcomes)
    for section, declared in (("derivations", cohort.derivations), ("summaries", cohort.summaries)):
        for code, rule in declared.items():
            yield f"cohort.{section}.{code}", code
            for key in CODES_OF_DERIVATIONS:
                named = getattr(rule, key, None)
                for other in [named] if isinstance(named, str) else named or []:
                    yield f"cohort.{section}.{code}.{key}", other


def _source_codes(place: str, source: Source) -> Iterator[tuple[str, str]]:
    for name, file in source.files.items():
        here = f"{place}.files.{name}"
        for key in ("default_units", "default_specimens", "assays", "result_codes", "haemolysis_holds"):
            yield from ((f"{here}.{key}", code) for code in getattr(file, key))
        yield from ((f"{here}.stripped_limits", limit.outcome) for limit in file.stripped_limits)
        yield from ((f"{here}.unit_factors", item.outcome) for item in file.unit_factors)
        for assay, limits in file.assay_limits.items():
            yield from ((f"{here}.assay_limits.{assay}", code) for code in limits)
        for number, part in enumerate(file.parts):
            if isinstance(part, WideMeasurements):
                yield from ((f"{here}.parts.{number}.columns.{c}", w.outcome) for c, w in part.columns.items())
            if isinstance(part, PatientRows):
                yield from ((f"{here}.parts.{number}.columns.{c}", w.characteristic) for c, w in part.columns.items())


def _event_names(config: Config) -> Iterator[tuple[str, str]]:
    zero = config.cohort.time_zero
    yield "cohort.time_zero.treated", zero.treated
    yield "cohort.time_zero.standard_care_from", zero.standard_care_from
    if zero.historical_event:
        yield "cohort.time_zero.historical_event", zero.historical_event
    for name, rule in config.cohort.rules.items():
        if isinstance(rule, EventRule):
            yield f"cohort.rules.{name}.event", rule.event
    for key in ("adverse", "infections"):
        yield from ((f"analysis.events.{key}", event) for event in getattr(config.analysis.events, key))
    for name, source in config.sources.items():
        for key, file in source.files.items():
            for number, part in enumerate(file.parts):
                place = f"sources.{name}.files.{key}.parts.{number}"
                yield from ((f"{place}.{at}", event) for at, event in _part_events(part))


def _part_events(part: object) -> Iterator[tuple[str, str]]:
    if isinstance(part, PatientRows):
        yield from ((f"events.{number}.event", columns.event) for number, columns in enumerate(part.events))
    if isinstance(part, EventRows):
        fixed = part.event.startswith("=")
        yield from [("event", part.event[1:])] if fixed else [("values", event) for event in part.values.values()]
