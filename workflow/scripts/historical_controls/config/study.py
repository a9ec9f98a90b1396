"""What the study is called and when it took place: the `study` section of config.yaml."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, field_validator, model_validator

from historical_controls.config.base import Section, Slug, Text, known_zone
from historical_controls.config.name_types import Texts
from historical_controls.text.words import Design


class Period(Section):
    """A stretch of the calendar that matters to care: an era of a drug, a shortage of beds."""

    label: Texts = Field(description="its name by language")
    first: date = Field(description="its first day")
    last: date | None = Field(None, description="its last day; null = it goes on")

    @model_validator(mode="after")
    def dates_in_order(self) -> Period:
        if self.last is not None and self.last < self.first:
            raise ValueError("last must not lie before first")
        return self


class RecordDates(Section):
    """What cleaning reads of the study: between which days a record can be right."""

    first_date: date = Field(
        date(1900, 1, 1), description="earliest plausible date of any record; earlier ones are quarantined"
    )
    data_lock: date = Field(
        date(2100, 1, 1), description="latest plausible date of any record; later ones are quarantined"
    )

    @model_validator(mode="after")
    def dates_in_order(self) -> Self:
        if self.first_date >= self.data_lock:
            raise ValueError("first_date must lie before data_lock")
        return self


class StudyCalendar(Section):
    """What the cohort reads of the study: how calendar time is counted."""

    calendar_reference: date | None = Field(
        None,
        description="date that calendar weeks are counted from (e.g. first steroid guidance), at its midnight; null: "
        "week 0 is that of the first time zero",
    )
    timezone: Text | None = Field(
        None, description="time zone in which the study's dates begin; null = that of its treated source"
    )
    periods: dict[Slug, Period] = Field(default={}, description="stretches of the calendar shown with the time zeros")

    @model_validator(mode="after")
    def periods_are_counted_from_a_day(self) -> StudyCalendar:
        if self.periods and self.calendar_reference is None:
            raise ValueError("periods need calendar_reference, the date that their weeks are counted from")
        return self

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, timezone: str | None) -> str | None:
        return None if timezone is None else known_zone(timezone)


class Study(RecordDates, StudyCalendar):
    """The section as a whole; only reports read what it adds."""

    id: Text = Field(description="registry identifier, printed in every report")
    title: Texts = Field(description="title by language")
    treatment: Texts = Field(description="the studied treatment, by language")
    design: Design | None = Field(
        None,
        description="where the controls come from; null: single_arm where every source is treated, else "
        "external_controls. Texts follow it: of a randomised trial none says that nobody was randomised",
    )
    simulated: bool = Field(False, description="true: every page and figure says SIMULATED")
