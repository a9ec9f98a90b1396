"""Derived outcomes, eligibility rules, time zero: the `cohort` section of config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from historical_controls.config.base import Section, Slug
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.config.cohort.derivations import Altitude, Derivation, Summary
from historical_controls.config.cohort.rules import Rule, rule_order
from historical_controls.config.merging import changed_rules, merged
from historical_controls.config.name_types import (
    DeclaredOption,
    DeclaredReading,
    DeclaredRule,
    EventName,
    NumericOutcome,
    OptionName,
    ReadingName,
    RuleName,
    RuleOfOption,
    SourceName,
    Texts,
    TreatmentCode,
)
from historical_controls.dictionary.vocabulary import ARRIVALS, STUDY_TREATMENT


class TimeZero(Section):
    treated: EventName = Field("infusion", description="event that starts follow-up of the treated")
    treated_start: Literal["event", "eligibility"] = Field(
        "event", description="follow-up of the treated starts at that event, or earlier: when they were first eligible"
    )
    treatment: EventName | None = Field(
        None,
        description="event at which treatment begins: later than time zero it is warned of (immortal time); null = "
        "infusion, or the event of time zero where that is no arrival. Exposures that begin on arrival, such as a ward "
        "or a protocol, name the arrival",
    )
    historical: Literal["first_eligible_hour", "event"] = Field(
        "first_eligible_hour", description="first hour all filters hold, or a declared event"
    )
    historical_event: EventName | None = Field(None, description="the event, where historical is 'event'")
    standard_care_from: EventName = Field("admission", description="event that starts standard care")
    standard_care_hours: float = Field(
        0, ge=0, description="hours of standard care before anyone can be eligible; 0: care may start on arrival"
    )
    historical_stay: Literal["first", "last"] = Field(
        "first", description="which of several stays of a control is compared; of the treated, the stay of time zero"
    )
    new_stay_after_hours: float = Field(
        24,
        ge=0,
        description="a further admission without an end recorded before it starts a new stay where the patient had no "
        "record for so long; sooner it is the same stay, registered again",
    )
    moved_within_hours: float = Field(
        0,
        ge=0,
        description="an admission so soon after a discharge or transfer, both with a clock, is a move within the "
        "hospital, and the stay goes on; 0: at the same moment",
    )
    # Without it controls would be credited with time in which a treated patient had to survive (EL-5).
    match_waits: bool = Field(
        True,
        description="each control waits as long as a drawn treated patient did, and must be eligible at the end",
    )
    wait_draw: int = Field(1, ge=1, description="which of the seeded draws of waits")
    wait_draws: int = Field(
        0, ge=0, description="further draws, analysed for the primary outcome and shown as a spread"
    )
    # Conditions on survival after time zero, which no trial could do: never part of the primary analysis.
    drop_early_deaths_hours: float | None = Field(
        None, gt=0, description="SENSITIVITY that looks into the future: controls dead within these hours are left out"
    )

    @field_validator("historical", mode="before")
    @classmethod
    def _no_event(cls, value: object) -> object:
        if value in (None, "first_eligible_hour", "event") or not isinstance(value, str):
            return value
        raise ValueError(
            "allowed are event and first_eligible_hour; the event itself has a key of its own: "
            "historical: event, historical_event: <event>"
        )

    @property
    def treatments(self) -> tuple[str, ...]:
        """Events that date the treatment of the treated, the next one where a file dates none before it."""
        if self.treatment is not None:
            return (self.treatment,)
        # A treatment under a name of the study's own.
        return (STUDY_TREATMENT, self.treated) if self.treated not in ARRIVALS else (STUDY_TREATMENT,)

    @property
    def tells_admission(self) -> bool:
        """Whether hours since the start of standard care say anything of both arms.

        Where no file dates an admission, the treatment itself stands for it, which no control has.
        """
        own = self.historical_event or self.standard_care_from
        return self.historical != "event" or self.treated != self.standard_care_from or own == self.standard_care_from

    @model_validator(mode="after")
    def waits_are_matched_once(self) -> TimeZero:
        if self.treated_start == "eligibility" and self.match_waits and self.historical == "first_eligible_hour":
            raise ValueError(
                "treated_start: eligibility starts the treated before their wait, so controls wait for nothing: "
                "set match_waits: false"
            )
        return self


class ReadingOption(Section):
    """One way of reading an ambiguity: what it changes in the rules above."""

    label: Texts = Field(description="this reading in plain words, by language")
    rules: dict[RuleOfOption, dict[str, Any]] = Field(
        default={}, description="what differs, in the shape of cohort.rules"
    )
    also_filters: list[RuleName] = Field(
        default=[], description="rules that decide as well, after the declared filters"
    )


class Reading(Section):
    """One ambiguity of the registry's text; the first option is the default."""

    label: Texts = Field(description="what the text leaves open, by language")
    options: dict[DeclaredOption, ReadingOption] = Field(min_length=1)


class CoTreatment(Section):
    """What else patients are given or undergo, counted by arm."""

    label: Texts = Field(description="its name by language")
    treatments: list[TreatmentCode] = Field(min_length=1, description="codes of treatments.csv that count as it")


class DatesWithoutClock(Section):
    """A day is not its midnight: which end of it counts where a file names no hour."""

    starts: Literal["first", "last"] = Field(
        "first",
        description="admissions, starts of treatments and all events but the ends of a stay: care given that day is "
        "not lost",
    )
    ends: Literal["first", "last"] = Field(
        "last",
        description="death, discharge, transfer and stops of treatments: none is over before what was done that day",
    )
    results: Literal["first", "last"] = Field(
        "first", description="measurements: a result of the day of time zero is known at time zero (first) or after it"
    )


class Cohort(Section):
    derivations: dict[NumericOutcome, Derivation] = Field(default={}, description="outcomes computed from others")
    altitude: Altitude = Altitude()
    summaries: dict[NumericOutcome, Summary] = Field(
        default={}, description="one value per patient: supporting, not registered"
    )
    rules: dict[DeclaredRule, Rule] = Field(default={}, description="eligibility rules by id, three-valued")
    filters: list[RuleName] = Field(
        default=[], description="rules that decide, in the order of the flow diagram; others are shown only"
    )
    readings: dict[DeclaredReading, Reading] = Field(
        default={}, description="ambiguities of the registry's text, each with its options"
    )
    read_as: dict[ReadingName, OptionName] = Field(
        default={}, description="option taken of each reading; not named = its first"
    )
    reading_products: list[list[ReadingName]] = Field(
        default=[], description="readings counted in every combination; the others are counted one change at a time"
    )
    known_from: Literal["collection", "result"] = Field(
        "collection", description="a value may be used from its collection, or from its result where that is recorded"
    )
    dates_without_clock: DatesWithoutClock = DatesWithoutClock()
    time_zero: TimeZero = TimeZero()
    # False: treated patients are analysed as enrolled; leaving some out after the fact is a sensitivity analysis.
    treated_must_pass: bool = Field(False, description="true: treated who fail a filter at time zero are left out")
    calendar_window_weeks: float | None = Field(
        None, ge=0, description="controls only within so many weeks of the treated patients' first and last time zero"
    )
    controls_before: date | None = Field(None, description="controls only with a time zero before this day began")
    controls_from: date | None = Field(None, description="controls only with a time zero from this day on")
    leave_out_sources: list[SourceName] = Field(
        default=[], description="historical sources whose patients are left out"
    )
    co_treatments: dict[Slug, CoTreatment] = Field(
        default={}, description="counted before time zero and during follow-up, by arm and calendar"
    )
    ends_with: list[EventName] = Field(
        default=[],
        description="further events that end follow-up, such as a transplant or a withdrawal: what is recorded "
        "afterwards is not used, and what became of the patient counts as unknown",
    )
    baseline_hours: float = Field(24, gt=0, description="baseline = median of these hours up to time zero")
    # As APACHE and SAPS read the first day of intensive care; never where time zero is the treatment (config/check.py).
    baseline_hours_after: float = Field(
        0,
        ge=0,
        le=24,
        description="values of so many hours after time zero are baseline too, and no response; only where time zero "
        "is an arrival, such as the admission, whose first samples come after it",
    )
    horizon_days: int = Field(21, ge=1, description="days of follow-up after time zero")

    @model_validator(mode="after")
    def rules_are_in_order(self) -> Cohort:
        # For its error alone: rules that need each other cannot be judged.
        rule_order(self.rules)
        return self

    @property
    def baseline(self) -> BaselineWindow:
        """The hours whose values are day 0."""
        return BaselineWindow(self.baseline_hours, self.baseline_hours_after)

    @property
    def free_days(self) -> list[str]:
        """The summaries in which a death has a declared value."""
        return [code for code, rule in self.summaries.items() if rule.kind == "free_days"]

    def options(self) -> list[tuple[str, str]]:
        """Every option of every reading, in order."""
        return [(name, option) for name, reading in self.readings.items() for option in reading.options]

    def picked(self, picks: Mapping[str, str] | None = None) -> dict[str, str]:
        """The option of each reading: as picked here, else as declared, else the first."""
        declared = {name: next(iter(reading.options)) for name, reading in self.readings.items()} | self.read_as
        return declared | dict(picks or {})

    def as_read(self, picks: Mapping[str, str] | None = None) -> Cohort:
        """The same cohort with the readings worked into its rules and filters, none left open."""
        # Plain values, since options of readings are declared in the shape of the file.
        plain = self.model_dump(mode="json")
        for name, option in self.picked(picks).items():
            chosen = self.readings[name].options[option]
            plain["rules"] = {**plain["rules"], **changed_rules(plain["rules"], chosen.rules)}
            plain["filters"] += [rule for rule in chosen.also_filters if rule not in plain["filters"]]
        # Validated anew: an option may make a rule of another kind. Readings are emptied: none is applied twice.
        return Cohort.model_validate({**plain, "readings": {}, "read_as": {}, "reading_products": []})

    def varied(self, change: Mapping[str, Any]) -> Cohort:
        """The same cohort under a scenario's change, its readings worked in. Raises ValidationError."""
        picks = change.get("read_as", {})
        # `read_as` names readings that `as_read` has worked in and emptied; merged again, it would name unknown ones.
        rest = {key: value for key, value in change.items() if key != "read_as"}
        return Cohort.model_validate(merged(self.as_read(picks).model_dump(mode="json"), rest))
