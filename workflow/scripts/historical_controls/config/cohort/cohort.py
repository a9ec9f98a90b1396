"""Derived outcomes, eligibility rules, time zero: the `cohort` section of config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Code, Name, Section, Texts
from historical_controls.config.cohort.derivations import Altitude, Derivation, OrganFailures, Sofa, Summary
from historical_controls.config.cohort.rules import Rule, rule_order, rules_named
from historical_controls.config.merging import merged
from historical_controls.errors import did_you_mean


class TimeZero(Section):
    treated: str = Field("infusion", description="event that starts follow-up of the treated")
    treated_start: Literal["event", "eligibility"] = Field(
        "event", description="follow-up of the treated starts at that event, or earlier: when they were first eligible"
    )
    historical: Literal["first_eligible_hour", "event"] = Field(
        "first_eligible_hour", description="first hour all filters hold, or a declared event"
    )
    historical_event: str | None = Field(None, description="the event, where historical is 'event'")
    standard_care_from: str = Field("admission", description="event that starts standard care")
    standard_care_hours: float = Field(48, ge=0, description="hours of standard care before anyone can be eligible")
    match_waits: bool = Field(
        True,
        description="each control waits as long as a drawn treated patient did, and must be eligible at the end",
    )
    wait_draw: int = Field(1, ge=1, description="which of the seeded draws of waits")
    wait_draws: int = Field(
        0, ge=0, description="further draws, analysed for the primary outcome and shown as a spread"
    )
    drop_early_deaths_hours: float | None = Field(
        None, gt=0, description="SENSITIVITY that looks into the future: controls dead within these hours are left out"
    )

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
    rules: dict[str, dict[str, Any]] = Field(default={}, description="what differs, in the shape of cohort.rules")
    also_filters: list[str] = Field(default=[], description="rules that decide as well, after the declared filters")


class Reading(Section):
    """One ambiguity of the registry's text; the first option is the default."""

    label: Texts = Field(description="what the text leaves open, by language")
    options: dict[Name, ReadingOption] = Field(min_length=1)


class CoTreatment(Section):
    """What else patients are given or undergo, counted by arm."""

    label: Texts = Field(description="its name by language")
    treatments: list[str] = Field(min_length=1, description="codes of table treatments that count as it")


class Cohort(Section):
    derivations: dict[Code, Derivation] = Field(default={}, description="outcomes computed from others")
    altitude: Altitude = Altitude()
    summaries: dict[Code, Summary] = Field(default={}, description="one value per patient: supporting, not registered")
    rules: dict[str, Rule] = Field(default={}, description="eligibility rules by id, three-valued")
    filters: list[str] = Field(
        default=[], description="rules that decide, in the order of the flow diagram; others are shown only"
    )
    readings: dict[Name, Reading] = Field(
        default={}, description="ambiguities of the registry's text, each with its options"
    )
    read_as: dict[Name, Name] = Field(default={}, description="option taken of each reading; not named = its first")
    reading_products: list[list[Name]] = Field(
        default=[], description="readings counted in every combination; the others are counted one change at a time"
    )
    known_from: Literal["collection", "result"] = Field(
        "collection", description="a value may be used from its collection, or from its result where that is recorded"
    )
    time_zero: TimeZero = TimeZero()
    treated_must_pass: bool = Field(False, description="true: treated who fail a filter at time zero are left out")
    calendar_window_weeks: float | None = Field(
        None, ge=0, description="controls only within so many weeks of the treated patients' first and last time zero"
    )
    controls_before: date | None = Field(None, description="controls only with a time zero before this day (UTC)")
    controls_from: date | None = Field(None, description="controls only with a time zero from this day on (UTC)")
    leave_out_sources: list[Name] = Field(default=[], description="historical sources whose patients are left out")
    co_treatments: dict[Name, CoTreatment] = Field(
        default={}, description="counted before time zero and during follow-up, by arm and calendar"
    )
    baseline_hours: float = Field(24, gt=0, description="baseline = median of these hours up to time zero")
    horizon_days: int = Field(21, ge=1, description="days of follow-up after time zero")

    @model_validator(mode="after")
    def organ_failures_are_of_a_score(self) -> Cohort:
        for code, rule in self.derivations.items():
            if isinstance(rule, OrganFailures) and not isinstance(self.derivations.get(rule.of), Sofa):
                raise ValueError(f"derivations.{code}.of: '{rule.of}' is no derivation of kind sofa")
        return self

    @model_validator(mode="after")
    def rules_are_in_order(self) -> Cohort:
        rule_order(self.rules)
        return self

    @model_validator(mode="after")
    def filters_are_rules(self) -> Cohort:
        for name in [*self.filters, *rules_named(self.rules)]:
            if name not in self.rules:
                raise ValueError(f"'{name}' is no rule. {did_you_mean(name, self.rules)}")
        return self

    @model_validator(mode="after")
    def readings_fit(self) -> Cohort:
        for name in [*self.read_as, *(name for product in self.reading_products for name in product)]:
            if name not in self.readings:
                raise ValueError(f"'{name}' is no reading. {did_you_mean(name, self.readings)}")
        for name, option in self.read_as.items():
            if option not in self.readings[name].options:
                raise ValueError(
                    f"'{option}' is no option of {name}. {did_you_mean(option, self.readings[name].options)}"
                )
        for name, option in self.options():
            self._option_fits(name, option)
        return self

    def _option_fits(self, name: str, option: str) -> None:
        try:
            self.as_read({name: option})
        except ValueError as error:
            raise ValueError(f"readings.{name}.options.{option}: {error}") from error

    def options(self) -> list[tuple[str, str]]:
        """Every option of every reading, in order."""
        return [(name, option) for name, reading in self.readings.items() for option in reading.options]

    def picked(self, picks: Mapping[str, str] | None = None) -> dict[str, str]:
        """The option of each reading: as picked here, else as declared, else the first."""
        declared = {name: next(iter(reading.options)) for name, reading in self.readings.items()} | self.read_as
        return declared | dict(picks or {})

    def as_read(self, picks: Mapping[str, str] | None = None) -> Cohort:
        """The same cohort with the readings worked into its rules and filters, none left open."""
        plain = self.model_dump(mode="json")
        for name, option in self.picked(picks).items():
            chosen = self.readings[name].options[option]
            plain["rules"] = merged(plain["rules"], _labelled(chosen.rules, plain["rules"]))
            plain["filters"] += [rule for rule in chosen.also_filters if rule not in plain["filters"]]
        return Cohort.model_validate({**plain, "readings": {}, "read_as": {}, "reading_products": []})

    def varied(self, change: Mapping[str, Any]) -> Cohort:
        """The same cohort under a scenario's change, its readings worked in. Raises ValidationError."""
        picks = change.get("read_as", {})
        rest = {key: value for key, value in change.items() if key != "read_as"}
        return Cohort.model_validate(merged(self.as_read(picks).model_dump(mode="json"), rest))


def _labelled(changed: Mapping[str, Mapping[str, Any]], rules: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The changes, each with its rule's label where it brings none: a rule of another kind is replaced whole."""
    kept = ("label", "applies_to")
    return {
        name: {key: rules[name][key] for key in kept if name in rules and key in rules[name]} | dict(change)
        for name, change in changed.items()
    }


Timing = Literal["days_from_onset", "hours_from_admission", "calendar_week"]
BalanceMethod = Literal["entropy", "matching", "overlap"]


class Entropy(Section):
    tolerance: float = Field(1e-8, gt=0, description="largest difference of means left, in standard deviations")
    max_iterations: int = Field(200, ge=1, description="Newton steps before the weights are refused")


class Overlap(Section):
    penalty: float = Field(
        1.0,
        ge=0,
        description="ridge penalty per standard deviation: 1 / variance of a normal prior of the log odds; 0 = plain "
        "logistic, refused under 10 treated",
    )


class Matching(Section):
    """Optimal 1:k matching without replacement."""

    ratio: int = Field(3, ge=1, description="controls wanted for each treated; fewer where there are not enough")
    distance: Literal["mahalanobis", "rank_mahalanobis"] = Field(
        "mahalanobis", description="over key_covariates; the rank form resists outliers"
    )
    exact: list[Code] = Field(default=[], description="characteristics that must be equal")
    calipers: dict[Code | Timing, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="largest difference of a key covariate within a set, in standard deviations"
    )


class Gates(Section):
    """When a comparison is warned of, and when it is refused."""

    warn_ess: float = Field(30, ge=0, description="effective controls below which the report warns")
    min_ess: float = Field(5, ge=0, description="effective controls below which nothing is estimated")
    max_weight_share: float = Field(0.5, gt=0, le=1, description="largest share of one patient in an arm's weight")
    max_distance_sd: float = Field(
        0.5, ge=0, description="how far beyond the nearest control a treated patient may lie, in standard deviations"
    )


class Envelope(Section):
    """What standardised differences arms of this size show by chance."""

    draws: int = Field(20_000, ge=100, description="labellings drawn; all of them where there are no more")
    level: float = Field(0.95, gt=0.5, lt=1, description="share of labellings that stay within the envelope")


class Balance(Section):
    covariates: list[Code] = Field(default=[], description="characteristics and baseline outcomes of Table 1, in order")
    key_covariates: list[Code | Timing] = Field(
        default=[], description="few, declared beforehand: what weights balance, matching measures and gates watch"
    )
    methods: list[BalanceMethod] = Field(default=[], description="weightings shown beside the unweighted arms")
    missing: Literal["impute", "indicator"] = Field(
        "impute", description="a missing key covariate: mean of both arms pooled, or that and an indicator to balance"
    )
    entropy: Entropy = Entropy()
    overlap: Overlap = Overlap()
    matching: Matching = Matching()
    gates: Gates = Gates()
    envelope: Envelope = Envelope()

    @model_validator(mode="after")
    def methods_have_covariates(self) -> Balance:
        if self.methods and not self.key_covariates:
            raise ValueError("methods need key_covariates: name the few covariates that weights shall balance")
        for name in self.matching.calipers:
            if name not in self.key_covariates:
                raise ValueError(f"matching.calipers names {name}, which key_covariates does not list")
        return self
