"""How events are counted: adverse events, and clearance of the virus."""

from __future__ import annotations

from pydantic import Field, field_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import EventName
from historical_controls.text.patterns import check_pattern


class EventSettings(Section):
    """analysis.events"""

    adverse: list[EventName] = Field(["adverse_event", "infection"], description="events that count as adverse events")
    infections: list[EventName] = Field(["infection"], description="of these, the infections")
    serious_grade: int = Field(3, ge=1, le=5, description="least grade that is listed as serious")
    reaction_hours: list[float] = Field([6, 24], description="windows from time zero for reactions to the treatment")
    reaction_terms: list[str] = Field(
        default=[
            "allerg|al[eé]rgi|anaphyl|anafil|urticaria|rash|erupci|exantema|angioedema",
            "bronchospasm|broncoespasmo|infusion|infusi[oó]n|hypotens|hipotens|chills|escalofr",
        ],
        description="regular expressions of terms of an allergic or infusion reaction, case ignored",
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
            # Here, so that a wrong expression is a fault of the config and does not end a run midway.
            check_pattern(term)
        return terms
