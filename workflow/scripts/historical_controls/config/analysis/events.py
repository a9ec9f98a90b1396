"""How events are counted: adverse events, clearance of the virus; and which events a source records at all."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import EventName
from historical_controls.config.sources.parts import EventRows, PatientRows
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.vocabulary import EVENT_NAMES


class EventSettings(Section):
    """analysis.events"""

    adverse: list[EventName] = Field(["adverse_event", "infection"], description="events that count as adverse events")
    infections: list[EventName] = Field(["infection"], description="of these, the infections")
    serious_grade: int = Field(3, ge=1, le=5, description="least grade that is listed as serious")
    reaction_hours: list[float] = Field([6, 24], description="windows from time zero for reactions to the treatment")
    reaction_terms: list[str] = Field(
        default=[], description="regular expressions of terms of an allergic or infusion reaction, case ignored"
    )
    true_rate: float = Field(
        0.10, gt=0, lt=1, description="true rate of an event, for the chance to see any in so few patients"
    )
    confirm_negatives: int = Field(2, ge=1, description="negative tests in a row that make a clearance")
    confirm_hours: float = Field(24, ge=0, description="hours between the first and the last of them, at least")
    sensitivity_negatives: int | None = Field(1, ge=1, description="the same for a sensitivity; null: none")

    @field_validator("reaction_terms")
    @classmethod
    def terms_are_regular(cls, terms: list[str]) -> list[str]:
        for term in terms:
            try:
                re.compile(term)
            except re.error as error:
                raise ValueError(f"'{term}' is no regular expression: {error}") from error
        return terms


def recorded_events(source: Source) -> list[str]:
    """The events that a source's declarations can yield: for any other, no record does not mean that none happened."""
    return sorted({event for file in source.files.values() for part in file.parts for event in _of_part(part)})


def _of_part(part: object) -> set[str]:
    if isinstance(part, PatientRows):
        return {column.event for column in part.events}
    if isinstance(part, EventRows):
        if part.event.startswith("="):
            return {part.event.removeprefix("=")}
        return set(part.values.values()) or set(EVENT_NAMES)
    return set()
