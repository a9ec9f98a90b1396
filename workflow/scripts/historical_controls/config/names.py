"""Whether every name in a config is one that the dictionary or the config itself knows.

The types say where names are written (name_types.py), `vocabulary.KINDS` what they may be. No list says it again.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from historical_controls.config.base import Section
from historical_controls.config.faults import shown
from historical_controls.config.merging import changed_rules, overridden, rules_of_options, value_at
from historical_controls.config.name_types import Declares, EveryLanguage
from historical_controls.config.reading.completed import completed
from historical_controls.config.reading.derived import with_derived
from historical_controls.config.vocabulary import (
    CHARACTERISTICS,
    KINDS,
    OUTCOMES,
    Allowed,
    Kind,
    Vocabulary,
    declared_names,
)
from historical_controls.config.walk import Leaf, Path, walk
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.errors import UserError, nearest

# More names than these are not listed in a message; it says where they are found.
MOST_LISTED = 12
LARGEST = 1e15


def name_faults(model: type[Section], known: Vocabulary, file: str) -> list[UserError]:
    """Every name of the raw config that is not known, every number that none can be, every name listed twice.

    model: the type of the whole config. The options of readings and the scenarios are read as they change the config.
    """
    leaves = list(leaves_of(model, known.raw))
    # What a config does not write may declare names as well, such as the rungs of the default ladder.
    whole = completed(model, with_derived(known.raw))
    known = replace(known, declared=declared_names(leaves if whole == known.raw else leaves_of(model, whole)))
    faults = list(_faults(leaves, known, file))
    return [*faults, *_of_scenarios(model, known, file, faults)]


def leaves_of(model: type[Section], raw: Mapping[str, Any]) -> Iterator[Leaf]:
    """Every leaf of a raw config, those in the options of readings read on top of the rules that they change."""
    yield from walk(model, raw)
    rules = value_at(raw, "cohort", "rules")
    for reading, option, changes in rules_of_options(raw):
        changed = changed_rules(rules if isinstance(rules, Mapping) else {}, changes)
        path = ("cohort", "readings", reading, "options", option)
        # A rule declared by an option is known only within it.
        topics = {"reading": reading, "option": option}
        for leaf in walk(model, {"cohort": {"rules": changed}}):
            here = (*path, *leaf.path[1:])
            if _is_written(raw, here):
                # Declared where the option itself is walked; declared twice, a name would seem listed twice.
                marks = tuple(mark for mark in leaf.marks if not isinstance(mark, Declares))
                yield replace(leaf, path=here, context={**leaf.context, **topics}, marks=marks)


def _faults(leaves: Iterable[Leaf], known: Vocabulary, file: str) -> Iterator[UserError]:
    leaves = list(leaves)
    languages = known.declared.get(("language",), [])
    for leaf in leaves:
        # One fault for a place: the first that applies.
        # A default written out may name an outcome that a study's own dictionary lacks: it then changes nothing.
        unknown = None if leaf.is_default else _name_fault(leaf, known)
        what = _number_fault(leaf) or unknown or _language_fault(leaf, languages)
        if what is not None:
            yield UserError(what[0], f"{file}: {dotted(leaf.path)}", what[1])
    yield from _listed_twice(leaves, file)


Said = tuple[str, str]


def _number_fault(leaf: Leaf) -> Said | None:
    """Numbers that none can be: true and false, and those beyond any quantity."""
    if leaf.type not in (int, float):
        return None
    # YAML reads yes and no as booleans, which Python and pydantic take for 1 and 0.
    if isinstance(leaf.value, bool):
        return f"{shown(leaf.value)} is not a number", "Type a number."
    if isinstance(leaf.value, int | float) and abs(leaf.value) > LARGEST:
        return f"{shown(leaf.value)} is too large", "Type a number of at most 1e15."
    return None


def _language_fault(leaf: Leaf, languages: Iterable[object]) -> Said | None:
    """A text that lacks one of the languages of the reports."""
    if not isinstance(leaf.value, Mapping) or not any(isinstance(mark, EveryLanguage) for mark in leaf.marks):
        return None
    lacking = [language for language in languages if language not in leaf.value]
    if not lacking:
        return None
    hint = f"Type one under '{lacking[0]}', or take the language out of 'languages'."
    return f"there is no text in the language '{lacking[0]}'", hint


def _name_fault(leaf: Leaf, known: Vocabulary) -> Said | None:
    named = leaf.named
    return None if named is None else _unknown(leaf, KINDS[named.kind], known)


def _unknown(leaf: Leaf, kind: Kind, known: Vocabulary) -> Said | None:
    """What is wrong with a name and what to type, if anything is."""
    allowed, name = kind.allowed(known, leaf.context), leaf.name
    # What is no name by its type is reported by its shape.
    if allowed is None or not isinstance(name, str | int) or isinstance(name, bool):
        return None
    if (kind.fold(name) if isinstance(name, str) else name) in allowed:
        return None
    outcome = known.dictionary.outcomes.get(name) if isinstance(name, str) else None
    # The code exists but is of another kind: saying so helps more than a near match.
    if outcome is not None and kind.home in (OUTCOMES, CHARACTERISTICS):
        is_a = "a characteristic of patients" if outcome.family == "characteristic" else "an outcome"
        if outcome.known == "end":
            is_a = "known only when follow-up ends"
        an = "an" if kind.noun[0] in "aeiou" else "a"
        return f"{name} is {is_a} (kind: {outcome.kind}); {an} {kind.noun} is needed here", _hint(name, allowed, kind)
    owner = leaf.context.get(kind.owner)
    what = f"{shown(name)} is not a known {kind.noun}{f' of {owner}' if owner is not None else ''}"
    return what, f"{_hint(name, allowed, kind)}{_new_row(name, kind, known.outcome(leaf.context))}"


def _new_row(name: str | int, kind: Kind, outcome: Outcome | None) -> str:
    """Which row of which file would make a name known, for names that a study may bring."""
    if kind is KINDS["unit"] and outcome is not None:
        if not outcome.unit:
            return f" {outcome.code} has no unit yet: write '{name}' into its row of dictionary/outcomes.csv (unit)."
        row = f"'{outcome.code},{name},<factor>'"
        return f" A new unit is a row of dictionary/units.csv (outcome,unit,factor): {row} converts to {outcome.unit}."
    if kind.home == OUTCOMES and kind is not KINDS["result"]:
        return f" A new one is a row of dictionary/outcomes.csv (code,label_en,unit): '{name},<label>,<unit>'."
    if kind is KINDS["event"]:
        return f" A new one is a row of dictionary/events.csv (code,label_en): '{name},<label>'."
    return ""


def _hint(name: str | int, allowed: Allowed, kind: Kind) -> str:
    if isinstance(allowed, range):
        said = f"Allowed: {allowed.start} to {allowed.stop - 1} ({kind.home})."
        of_baseline = " Day 1 is part of the baseline (cohort.baseline_hours_after: 24)."
        return said if allowed.start == 1 else said + of_baseline
    texts = list(map(str, allowed))
    near = nearest(name, texts) if isinstance(name, str) else None
    if near:
        # Of a spelling the name that it is of: 'arterial' for what is nearest to 'artériel'.
        meant = allowed.get(near) if isinstance(allowed, dict) else near
        return f"Did you mean '{meant if isinstance(meant, str) else near}'?"
    if not texts:
        return f"'{kind.home}' lists none."
    if len(texts) > MOST_LISTED:
        return f"Allowed: what '{kind.home}' lists."
    return f"Allowed: {', '.join(texts)} ({kind.home})."


def _listed_twice(leaves: Iterable[Leaf], file: str) -> Iterator[UserError]:
    first: dict[tuple[Path, Hashable], Path] = {}
    for leaf in leaves:
        # A path that ends in a number is an item of a list; keys of mappings cannot repeat.
        listed = leaf.path and isinstance(leaf.path[-1], int) and not leaf.is_key
        if not (listed and leaf.marks and isinstance(leaf.value, str | int)):
            continue
        key = (leaf.path[:-1], leaf.value)
        if key in first:
            hint = f"Remove one of them; the first is {dotted(first[key])}."
            yield UserError(f"{shown(leaf.value)} is listed twice", f"{file}: {dotted(leaf.path)}", hint)
        first.setdefault(key, leaf.path)


def dotted(path: Iterable[str | int]) -> str:
    """A path as messages write it: 'cohort.rules.I5.outcome'."""
    return ".".join(map(str, path))


def _is_written(raw: Any, path: Path) -> bool:
    """Whether the config has this path itself, and not from what it changes."""
    for step in path:
        inside = isinstance(raw, Mapping) and step in raw
        listed = isinstance(raw, list) and isinstance(step, int) and step < len(raw)
        if not (inside or listed):
            return False
        raw = raw[step]
    return True


def _of_scenarios(
    model: type[Section], known: Vocabulary, file: str, before: Collection[UserError]
) -> Iterator[UserError]:
    """Names that a scenario brings, and names that its changes leave without a meaning."""
    # Places are compared without the file's name, which scenarios extend by their own.
    faults = {(str(fault.where).removeprefix(file), fault.what) for fault in before}
    for scenario, raw in overridden(known.raw):
        own = f"{file}, scenario '{scenario}'"
        for fault in name_faults(model, replace(known, raw=raw), own):
            if (str(fault.where).removeprefix(own), fault.what) not in faults:
                yield fault
