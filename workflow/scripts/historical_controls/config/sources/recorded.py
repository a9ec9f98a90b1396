"""Which events a source records at all: for any other, no record does not mean that none happened."""

from __future__ import annotations

from historical_controls.config.sources.parts import EventRows, PatientRows
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.vocabulary import EVENT_NAMES


def recorded_events(source: Source) -> list[str]:
    """Return the events that a source's declarations can yield."""
    return sorted({event for file in source.files.values() for part in file.parts for event in _of_part(part)})


def _of_part(part: object) -> set[str]:
    if isinstance(part, PatientRows):
        return {column.event for column in part.events}
    if isinstance(part, EventRows):
        if part.event.startswith("="):
            return {part.event.removeprefix("=")}
        return set(part.values.values()) or set(EVENT_NAMES)
    return set()
