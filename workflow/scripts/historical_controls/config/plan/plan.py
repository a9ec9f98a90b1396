"""The plan that a config declares: the keys that decide an answer, as plain values, and how two plans differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from historical_controls.config.study_config import Config
from historical_controls.provenance import value_hash

# What only pages print decides no answer; nor does where files lie (their bytes are hashed beside the plan).
DECIDES_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("include", "languages", "dictionary", "report", "linked_files"), True),
    "study": {"title"},
}
ABSENT = "-"


@dataclass(frozen=True)
class Change:
    """One key of the plan ('primary.outcome') with its value before and after; '-' where there is none."""

    key: str
    before: str
    after: str


def plan_of(config: Config) -> dict[str, Any]:
    """The plan as plain values, every default written out and without labels."""
    plan = unlabelled(config.model_dump(mode="json", exclude=DECIDES_NOTHING))
    return dict(plan)


def unlabelled(value: Any) -> Any:
    """Plain values whose labels are empty: only reports print labels, and another wording changes nothing else."""
    if isinstance(value, Mapping):
        return {key: {} if key == "label" else unlabelled(inner) for key, inner in value.items()}
    return [unlabelled(inner) for inner in value] if isinstance(value, list) else value


def plan_hash(plan: Mapping[str, Any]) -> str:
    """SHA-256 of a plan, whatever the order of its keys."""
    return value_hash(plan)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The keys whose values differ, in alphabetical order. Lists are one value: their order may matter."""
    one, other = dict(_leaves(before)), dict(_leaves(after))
    return tuple(
        Change(key, one.get(key, ABSENT), other.get(key, ABSENT))
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    )


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, _written(value)


def _written(value: Any) -> str:
    # As YAML has it, so that a reader finds the words of the config.
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("...\n").strip()
