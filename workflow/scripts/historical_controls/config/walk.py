"""Walks the types and the raw values of a config together: each value is seen beside what its place asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from historical_controls.config.base import Section
from historical_controls.config.name_types import Declares, EveryLanguage, Named

Path = tuple[str | int, ...]
Context = Mapping[str, object]
Mark = Named | Declares | EveryLanguage


@dataclass(frozen=True)
class Leaf:
    """One value, or one key of a mapping whose keys are names, as the file has it.

    type: the Python type that its place asks for; marks: what the place says of names; context: the names under which
    it is written, by topic ('outcome', 'reading', 'option'); is_default: it says what holds where nothing is written.
    """

    path: Path
    value: object
    type: object
    marks: tuple[Mark, ...]
    context: Context
    is_key: bool = False
    is_default: bool = False

    @property
    def named(self) -> Named | None:
        """What kind of name it is, if it is one."""
        # Only texts that begin with the sign are names, such as '=infusion'; others are headings.
        mark = next((mark for mark in self.marks if isinstance(mark, Named)), None)
        if mark is None or not mark.after:
            return mark
        return mark if isinstance(self.value, str) and self.value.startswith(mark.after) else None

    @property
    def name(self) -> object:
        """The name itself, without the sign that says that it is one."""
        named = self.named
        return self.value.removeprefix(named.after) if named and isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Place:
    """A type of the models, taken apart once. members: of a union, or what a list or mapping holds; tag: the key that
    tells the members of a union apart."""

    bare: Any
    origin: object
    marks: tuple[Mark, ...]
    tag: str | None
    members: tuple[Place, ...]

    @property
    def is_section(self) -> bool:
        return isinstance(self.bare, type) and issubclass(self.bare, Section)

    @property
    def topic(self) -> str:
        """The topic that a name here opens for what is written beside or below it; '' for none."""
        for mark in self.marks:
            if isinstance(mark, Named) and mark.topic:
                return mark.topic
            if isinstance(mark, Declares):
                return mark.kind
        return ""


def place_of(hint: Any) -> Place:
    """A type taken apart: without its annotations, and with what they say of names."""
    marks: list[Mark] = []
    tag = None
    # Annotated types may be nested; the marks of all layers count.
    while get_origin(hint) is Annotated:
        hint, *extra = get_args(hint)
        marks += [mark for mark in extra if isinstance(mark, Named | Declares | EveryLanguage)]
        tags = [str(one.discriminator) for one in extra if isinstance(one, FieldInfo) and one.discriminator]
        tag = tags[0] if tags else tag
    origin = get_origin(hint)
    # tuple[X, ...] has an Ellipsis among its arguments, which is no type.
    members = () if origin is Literal else tuple(place_of(one) for one in get_args(hint) if one is not Ellipsis)
    return Place(hint, Union if origin is UnionType else origin, tuple(marks), tag, members)


@cache
def fields_of(model: type[Section]) -> Mapping[str, Place]:
    """What each key of a section takes."""
    # include_extras keeps Annotated, and with it the marks.
    hints = get_type_hints(model, include_extras=True)
    return {key: place_of(hints[key]) for key in model.model_fields}


def walk(model: type[Section], value: object) -> Iterator[Leaf]:
    """Every leaf of the raw value of a section. What does not have the shape of its type is passed over."""
    yield from _walk(place_of(model), value, (), {}, ())


def _walk(place: Place, value: object, path: Path, context: Context, marks: tuple[Mark, ...]) -> Iterator[Leaf]:
    marks = (*marks, *place.marks)
    if place.origin is Union:
        chosen = _chosen(place, value)
        if chosen is not None:
            yield from _walk(chosen, value, path, context, marks)
    elif place.is_section:
        if isinstance(value, Mapping):
            yield from _section(place.bare, value, path, context)
    elif place.origin is dict:
        if isinstance(value, Mapping):
            # A mapping with marks of its own (texts by language) is a leaf as well as a branch.
            if marks:
                yield Leaf(path, value, place.bare, marks, context)
            yield from _mapping(place, value, path, context)
    elif place.origin in (list, tuple):
        for number, item in enumerate(value if isinstance(value, list) else ()):
            # A tuple has a type per position; a list one type for all, which the last member stands for.
            member = place.members[min(number, len(place.members) - 1)]
            yield from _walk(member, item, (*path, number), context, ())
    elif place.bare is not Any:
        yield Leaf(path, value, place.bare, marks, context)


def _section(model: type[Section], value: Mapping[Any, Any], path: Path, context: Context) -> Iterator[Leaf]:
    fields = fields_of(model)
    # All names of a section are known to all its fields, whatever their order: a unit may precede its outcome.
    own = {place.topic: value[key] for key, place in fields.items() if place.topic and isinstance(value.get(key), str)}
    # The usual case copies nothing.
    inner = {**context, **own} if own else context
    defaults = _defaults(model)
    for key, place in fields.items():
        if key in value:
            leaves = _walk(place, value[key], (*path, key), inner, ())
            same = key in defaults and value[key] == defaults[key]
            yield from (replace(leaf, is_default=True) for leaf in leaves) if same else leaves


@cache
def _defaults(model: type[Section]) -> Mapping[str, Any]:
    """What the lists of a section hold where nothing is written: only they name what a dictionary may lack."""
    fields = model.model_fields.items()
    values = {key: field.get_default(call_default_factory=True) for key, field in fields if not field.is_required()}
    return {key: value for key, value in values.items() if isinstance(value, list) and value}


def _mapping(place: Place, value: Mapping[Any, Any], path: Path, context: Context) -> Iterator[Leaf]:
    keys, values = place.members
    for key, item in value.items():
        here = (*path, key)
        if keys.marks or keys.members:
            yield from (replace(leaf, is_key=True) for leaf in _walk(keys, key, here, context, ()))
        yield from _walk(values, item, here, {**context, keys.topic: key} if keys.topic else context, ())


def _chosen(union: Place, value: object) -> Place | None:
    """The member of a union that a raw value is meant for."""
    if union.tag is not None:
        kind = value.get(union.tag) if isinstance(value, Mapping) else None
        return next((one for one in union.members if kind in _kinds(one, union.tag)), None)
    for one in union.members:
        # type() and not isinstance: True equals 1.
        if one.origin is Literal and any(type(value) is type(said) and value == said for said in get_args(one.bare)):
            return one
    # Members are told apart by shape alone; what has none of the shapes goes to the first that is not null.
    shapes = [one for one in union.members if _shape(one) == _shape_of(value)]
    return next(iter([*shapes, *(one for one in union.members if one.bare is not NoneType)]), None)


def _kinds(member: Place, tag: str) -> tuple[object, ...]:
    return get_args(fields_of(member.bare)[tag].bare) if member.is_section else ()


def _shape(place: Place) -> str:
    if place.origin in (list, tuple):
        return "list"
    if place.origin is dict or place.is_section:
        return "mapping"
    if place.bare in (int, float):
        return "number"
    return "nothing" if place.bare is NoneType else "text"


def _shape_of(value: object) -> str:
    if isinstance(value, Mapping):
        return "mapping"
    if isinstance(value, list):
        return "list"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return "nothing" if value is None else "text"
