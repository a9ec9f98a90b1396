"""How one mapping of a config is laid on top of another."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any


def merged(base: Mapping[str, Any], over: Mapping[Any, Any]) -> dict[str, Any]:
    """`base` with `over` laid on top: mappings merge key by key, anything else is replaced.

    A mapping that changes its `kind` replaces the one below it whole, since the keys of another kind would not fit.
    """
    # Deep, so that no scenario can change the config that it was made from.
    out = copy.deepcopy(dict(base))
    for key, value in over.items():
        below = out.get(key)
        same_kind = (
            isinstance(below, dict)
            and isinstance(value, Mapping)
            # A change that names no kind keeps the one below it.
            and value.get("kind", below.get("kind")) == below.get("kind")
        )
        out[key] = merged(below, value) if same_kind and below is not None else copy.deepcopy(value)
    return out


def changed_rules(rules: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that an option of a reading changes, as they are then; a rule of another kind is replaced whole.

    A rule keeps its label and its arms where the change brings none. Changes that are no mappings are left out.
    """
    kept = ("label", "applies_to")
    out = {}
    for name, change in changes.items():
        if isinstance(change, Mapping):
            before = rules.get(name)
            base = before if isinstance(before, Mapping) else {}
            # One level down, so that `merged` sees a rule beside a rule and compares their kinds.
            out[name] = merged({name: base}, {name: {key: base[key] for key in kept if key in base} | dict(change)})[
                name
            ]
    return out


def value_at(raw: object, *keys: str) -> Any:
    """The value of a raw config under these keys; None where it has none."""
    for key in keys:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw


def rules_of_options(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(reading, option, what it changes in the rules) of every option of a raw config that has the shape of one."""
    readings = value_at(raw, "cohort", "readings")
    for reading in readings if isinstance(readings, Mapping) else ():
        options = value_at(readings, reading, "options")
        for option in options if isinstance(options, Mapping) else ():
            rules = value_at(options, option, "rules")
            if isinstance(rules, Mapping):
                yield reading, option, rules


def overridden(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(scenario, the raw config as it reads it) of every scenario written by hand that has the shape of one."""
    scenarios = value_at(raw, "scenarios")
    for name in scenarios if isinstance(scenarios, Mapping) else ():
        overrides = value_at(scenarios, name, "overrides")
        if isinstance(overrides, Mapping):
            # Without its scenarios, or each scenario would contain all others again.
            yield name, {**merged(raw, overrides), "scenarios": {}}
