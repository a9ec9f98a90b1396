"""docs/input_keys.md: every key that a source's declaration may have, from the models that check it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from historical_controls.config.base import Section
from historical_controls.config.sources.sources import Source

HEAD = """# Keys of a source

Generated from the code (`make docs`). [input.md](input.md) shows how they are used, layout by layout.
"""


def input_keys() -> str:
    """Return the page: one table per section below `sources`, in the order in which sections name each other."""
    return HEAD + "".join(_section(model) for model in _sections())


def _sections() -> list[type[Section]]:
    found: dict[type[Section], None] = {}
    # Breadth first: a section stands after the one that names it first.
    waiting: list[type[Section]] = [Source]
    while waiting:
        model = waiting.pop(0)
        if model not in found:
            found[model] = None
            waiting += [inner for own in model.model_fields.values() for inner in _models_in(own.annotation)]
    return list(found)


def _models_in(hint: Any) -> Iterator[type[Section]]:
    if isinstance(hint, type) and issubclass(hint, Section):
        yield hint
    for inner in get_args(hint):
        yield from _models_in(inner)


def _section(model: type[Section]) -> str:
    rows = "".join(_row(name, own) for name, own in model.model_fields.items())
    said = " ".join((model.__doc__ or "").split())
    return f"\n## {model.__name__}\n\n{said}\n\n| key | default | meaning |\n|---|---|---|\n{rows}"


def _row(name: str, own: FieldInfo) -> str:
    words = own.description or ""
    choices = " or ".join(f"`{one}`" for one in _choices(own.annotation))
    inner = ", ".join(f"[{model.__name__}](#{model.__name__.lower()})" for model in _models_in(own.annotation))
    meaning = "; ".join(part for part in (words, choices, f"see {inner}" if inner else "") if part)
    return f"| `{name}` | {_default(own)} | {meaning.replace('|', chr(92) + '|')} |\n"


def _choices(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return [str(one) for one in get_args(hint)]
    # Literals may be nested in unions and lists.
    return [one for inner in get_args(hint) if inner is not type(None) for one in _choices(inner)]


def _default(own: FieldInfo) -> str:
    value = own.default
    if own.is_required():
        return "needed"
    if isinstance(value, Section):
        return "see there"
    if value is None:
        return "none"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"
