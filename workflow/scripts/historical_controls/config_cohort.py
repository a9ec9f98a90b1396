"""Derived outcomes, eligibility rules, time zero: the `cohort` section of config.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .config_sources import Code, Section, Texts
from .errors import did_you_mean


class RuleBase(Section):
    label: Texts = Field(description="the rule in plain words, by language")
    applies_to: Literal["both", "treated", "historical"] = "both"


class ThresholdRule(RuleBase):
    """A summary of one outcome over the last hours against a number."""

    kind: Literal["threshold"]
    outcome: Code
    within_hours: float = Field(gt=0, description="look-back window before the hour judged")
    take: Literal["last", "any", "all", "min", "max", "median"] = "last"
    op: Literal["<", "<=", ">", ">="]
    value: float
    min_count: int = Field(1, ge=1, description="measurements needed in the window, else unknown")
    min_span_hours: float = Field(0, ge=0, description="hours that they must span, else unknown")
    contradicted_within_hours: float | None = Field(
        None, gt=0, description="false where any value within these hours fails the comparison"
    )
    in_each_hours: float | None = Field(
        None, gt=0, description="must hold in every consecutive block of this length in the window"
    )

    @model_validator(mode="after")
    def blocks_fill_the_window(self) -> ThresholdRule:
        if self.in_each_hours is not None and self.within_hours % self.in_each_hours:
            raise ValueError("in_each_hours must divide within_hours")
        return self


class RatioRule(RuleBase):
    """The last value over the patient's own first one."""

    kind: Literal["ratio_to_first"]
    outcome: Code
    within_hours: float = Field(gt=0)
    first_from_hours: float = Field(-6, description="first value not earlier than this, hours from admission")
    first_until_hours: float = Field(24, description="first value not later than this, hours from admission")
    op: Literal["<", "<=", ">", ">="]
    value: float


class ResultRule(RuleBase):
    """A qualitative result seen in the window."""

    kind: Literal["result"]
    outcome: Code
    within_hours: float = Field(gt=0)
    result: str


class CharacteristicRule(RuleBase):
    """A characteristic of the patient: a number against a limit, or a flag or category."""

    kind: Literal["characteristic"]
    characteristic: Code
    op: Literal["<", "<=", ">", ">=", "is"]
    value: float | str


class EventRule(RuleBase):
    """An event that must, or must not, have happened before the hour judged."""

    kind: Literal["event"]
    event: str
    happened: bool
    at_least_hours_before: float = 0


class CombinationRule(RuleBase):
    """Three-valued and/or over other rules; a nested list means 'any of' inside all, 'all of' inside any."""

    kind: Literal["all", "any"]
    of: list[str | list[str]] = Field(min_length=1)


class JudgementRule(RuleBase):
    """Not observable in the records: stated, printed, and never decided by the program."""

    kind: Literal["not_observable"]


Rule = Annotated[
    ThresholdRule | RatioRule | ResultRule | CharacteristicRule | EventRule | CombinationRule | JudgementRule,
    Field(discriminator="kind"),
]


class TimeZero(Section):
    treated: str = Field("infusion", description="event that starts follow-up of the treated")
    historical: Literal["first_eligible_hour", "event"] = Field(
        "first_eligible_hour", description="first hour all filters hold, or a declared event"
    )
    historical_event: str | None = Field(None, description="the event, where historical is 'event'")
    standard_care_from: str = Field("admission", description="event that starts standard care")
    standard_care_hours: float = Field(48, ge=0, description="hours of standard care before anyone can be eligible")
    match_waits: bool = Field(
        True,
        description="each control waits as long as a drawn treated patient did, and must stay eligible",
    )
    wait_draw: int = Field(1, ge=1, description="which of the seeded draws of waits")


class PairedRatio(Section):
    """A ratio of two measurements close in time, such as PaO2 over FiO2."""

    kind: Literal["paired_ratio"]
    numerator: Code
    denominator: Code
    within_minutes: float = Field(gt=0)
    direction: Literal["nearest", "before"] = Field("nearest", description="partner before or around the numerator")
    denominator_min: float = Field(0, description="denominators below this are no partners")
    numerator_specimen: list[str] = Field(default=[], description="specimens allowed; empty = any")
    limits: bool = Field(True, description="apply the hard limits of outcomes.csv to the ratio")
    prefer_reported: bool = Field(False, description="a ratio reported in the file wins over the computed one")


class Sofa(Section):
    """Worst SOFA over a look-back window, evaluated at each new component value."""

    kind: Literal["sofa"]
    within_hours: float = Field(24, gt=0, description="look-back of every organ's worst score")
    missing: Literal["strict", "normal_if_missing"] = Field(
        "normal_if_missing", description="an organ without a value: counts as normal, or leaves the score open"
    )
    support: list[str] = Field(
        ["invasive_ventilation", "noninvasive_ventilation"],
        description="treatments that count as respiratory support; without any the respiratory score ends at 2",
    )


Derivation = Annotated[PairedRatio | Sofa, Field(discriminator="kind")]


class Cohort(Section):
    derivations: dict[Code, Derivation] = Field(default={}, description="outcomes computed from others")
    rules: dict[str, Rule] = Field(default={}, description="eligibility rules by id, three-valued")
    filters: list[str] = Field(
        default=[], description="rules that decide, in the order of the flow diagram; others are shown only"
    )
    time_zero: TimeZero = TimeZero()
    baseline_hours: float = Field(24, gt=0, description="baseline = median of these hours up to time zero")
    horizon_days: int = Field(21, ge=1, description="days of follow-up after time zero")

    @model_validator(mode="after")
    def rules_are_in_order(self) -> Cohort:
        rule_order(self.rules)
        return self

    @model_validator(mode="after")
    def filters_are_rules(self) -> Cohort:
        for name in [*self.filters, *_rules_named(self.rules)]:
            if name not in self.rules:
                raise ValueError(f"'{name}' is no rule. {did_you_mean(name, self.rules)}")
        return self


def rule_order(rules: Mapping[str, RuleBase]) -> list[str]:
    """Rule ids, every combination after the rules that it combines. Raises ValueError where they form a circle."""
    needs = {name: set(_rules_named({name: rule})) for name, rule in rules.items()}
    try:
        return [name for name in TopologicalSorter(needs).static_order() if name in rules]
    except CycleError as error:
        raise ValueError(f"these rules need each other: {' -> '.join(error.args[1])}") from error


def _rules_named(rules: Mapping[str, RuleBase]) -> Iterator[str]:
    for rule in rules.values():
        if isinstance(rule, CombinationRule):
            for item in rule.of:
                yield from [item] if isinstance(item, str) else item


class Balance(Section):
    covariates: list[Code] = Field(default=[], description="characteristics and baseline outcomes of Table 1, in order")
