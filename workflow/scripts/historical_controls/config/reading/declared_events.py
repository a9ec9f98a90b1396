"""What the parts of a raw config say that its files can record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from historical_controls.config.merging import value_at
from historical_controls.dictionary.vocabulary import ANY_EVENT

Raw = Mapping[str, Any]


def recorded(raw: Raw) -> set[str]:
    """Treatments and events that the parts of the sources name, as far as their shape is right."""
    return {name for part in parts_of(raw) for name in _names(part)}


def counted_from(raw: Raw) -> set[str]:
    """Events from which times of the parts are counted: `relative_to` of any time."""
    return {name for part in parts_of(raw) for name in _anchors(part)}


def _anchors(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        anchor = value.get("relative_to")
        yield from (anchor,) if isinstance(anchor, str) else ()
    for one in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _anchors(one)


def _names(part: Raw) -> Iterator[str]:
    values, events, named = part.get("values"), part.get("events"), value_at(part, "event")
    if isinstance(named, str) and named.startswith("="):
        yield named[1:]
    elif named is not None and not values:
        # A file that names its events in a column may name any.
        yield ANY_EVENT
    yield from (name for name in values.values() if isinstance(name, str)) if isinstance(values, Mapping) else ()
    for one in events if isinstance(events, list) else ():
        event = value_at(one, "event")
        yield event if isinstance(event, str) else ""


def parts_of(raw: Raw) -> Iterator[Raw]:
    sources = raw.get("sources")
    for source in sources.values() if isinstance(sources, Mapping) else ():
        files = value_at(source, "files")
        for file in files.values() if isinstance(files, Mapping) else ():
            parts = value_at(file, "parts")
            yield from (part for part in parts if isinstance(part, Mapping)) if isinstance(parts, list) else ()
