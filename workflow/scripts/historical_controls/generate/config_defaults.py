"""docs/config_defaults.yaml: every key that a config may have, what it says, and what holds where it is not written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from historical_controls.config.base import Section
from historical_controls.config.reading.derived import DERIVED
from historical_controls.config.study_config import Config
from historical_controls.config.walk import Place, fields_of

WIDTH = 118
HEAD = """\
# Every key that config.yaml and the files that it includes may have, with its default. A study writes what differs.
# Keys that have no default are marked 'required', keys whose default follows from others say from which.
# results/config.resolved.yaml has what a run ended up with. Written by `make docs`; do not edit.
"""
RULES = {one.path: one.rule for one in DERIVED}
# Filled in by code that is no entry of DERIVED (`_labelled`, `estimand_texts`), hence documented by hand.
RULES[("sources", "<name>", "label")] = "the name of the source"
RULES[("estimands",)] = "the general questions below, with study.treatment; null = none are printed"
Path = tuple[str, ...]


def config_defaults() -> str:
    return HEAD + "".join(f"{line}\n" for line in _section(Config, (), 0))


def _section(model: type[Section], path: Path, indent: int) -> Iterator[str]:
    for key, field in model.model_fields.items():
        yield from _key(key, field, fields_of(model)[key], (*path, key), indent)


def _key(key: str, field: FieldInfo, place: Place, path: Path, indent: int) -> Iterator[str]:
    rule, inner = RULES.get(path), _sections(place)
    # A derived default makes a key optional although its model requires it.
    required = field.is_required() and rule is None
    said = "; ".join(filter(None, (field.description or _doc(place), f"default: {rule}" if rule else "")))
    if said:
        yield from _comment(said, indent)
    if inner and not _has_items(field):
        yield f"{' ' * indent}{key}:{'   # required' if required else ''}"
        yield from _inner(place, path, indent + 2, inner)
    # No value to print: the rule is in the comment.
    elif rule or required:
        yield f"{' ' * indent}# {key}:{f' required{_allowed(field)}' if required else ''}"
    else:
        yield from _items(inner, indent)
        yield from _value(key, field.get_default(call_default_factory=True), indent)


def _allowed(field: FieldInfo) -> str:
    """The values of a key that takes few, such as the kind of a rule."""
    values = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return f" ({' or '.join(map(str, values))})" if values else ""


def _has_items(field: FieldInfo) -> bool:
    default = field.get_default()
    return isinstance(default, list) and bool(default)


def _inner(place: Place, path: Path, indent: int, inner: list[type[Section]]) -> Iterator[str]:
    """The sections that a key holds: one, one for each name, or several kinds of them in a list."""
    # Of a union only the first section is written out.
    if place.is_section or place.origin is Union:
        yield from _section(inner[0], path, indent)
        return
    for number, model in enumerate(inner):
        kind = f"{model.__name__}" if len(inner) > 1 else "name"
        yield from _comment(_doc_of(model), indent)
        if place.origin is dict:
            yield f"{' ' * indent}<{kind}>:"
            yield from _section(model, (*path, "<name>"), indent + 2)
        else:
            yield f"{' ' * indent}- # item of kind {number + 1}" if len(inner) > 1 else f"{' ' * indent}-"
            yield from _section(model, (*path, "0"), indent + 2)


def _sections(place: Place) -> list[type[Section]]:
    """Sections that a place holds; what may also be nothing is shown as nothing, except the estimands."""
    if place.is_section:
        return [place.bare]
    if place.origin is Union and any(member.bare is type(None) for member in place.members):
        own = [member.bare for member in place.members if member.is_section]
        return own if own and own[0].__name__ == "Estimands" else []
    # The first member of a dict is the type of its keys.
    members = place.members[1:] if place.origin is dict else place.members
    return [model for member in members for model in _sections(member)]


def _items(inner: list[type[Section]], indent: int) -> Iterator[str]:
    """What the keys of listed sections mean, before the list itself."""
    for model in inner:
        for key, field in model.model_fields.items():
            if field.description:
                yield from _comment(f"{key}: {field.description}", indent)


def _value(key: str, value: Any, indent: int) -> Iterator[str]:
    text = yaml.safe_dump({key: _plain(value)}, sort_keys=False, allow_unicode=True, width=WIDTH - indent)
    if isinstance(value, list) and len(text) > WIDTH:
        yield from textwrap.indent(text.rstrip(), " " * indent).splitlines()
        return
    # safe_dump ends a scalar document with '...', which has no place behind a key.
    flow = yaml.safe_dump(_plain(value), default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
    yield f"{' ' * indent}{key}: {flow.removesuffix(chr(10)).removesuffix('...').strip()}"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _doc(place: Place) -> str:
    inner = _sections(place)
    return _doc_of(inner[0]) if len(inner) == 1 else ""


def _doc_of(model: type[Section]) -> str:
    # `__doc__` of a class without a docstring is inherited from pydantic's BaseModel.
    own = model.__dict__.get("__doc__") or ""
    return own.split("\n\n")[0].replace("\n", " ").strip().removesuffix(".")


def _comment(text: str, indent: int) -> Iterator[str]:
    for line in textwrap.wrap(" ".join(text.split()), WIDTH - indent - 2):
        yield f"{' ' * indent}# {line}"
