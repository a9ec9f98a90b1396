"""Kinds of eligibility rules: what config.yaml may say of when a patient meets a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import (
    EarlierCharacteristic,
    EventName,
    NumericOutcome,
    ResultName,
    ResultOutcome,
    RuleName,
    Texts,
    TreatmentCode,
)


class RuleBase(Section):
    label: Texts = Field(description="the rule in plain words, by language")
    applies_to: Literal["both", "treated", "historical"] = "both"


class ThresholdRule(RuleBase):
    """A summary of one outcome over the last hours against a number."""

    kind: Literal["threshold"]
    outcome: NumericOutcome
    within_hours: float = Field(gt=0, description="look-back window before the hour judged")
    take: Literal["last", "any", "all", "min", "max", "median"] = "last"
    op: Literal["<", "<=", ">", ">="]
    value: float
    # Asks that a finding be repeated; a single value can still contradict a rule about the last or all values (EL-2).
    min_count: int = Field(
        1,
        ge=1,
        description="measurements needed in the window; with fewer unknown, or false where one contradicts",
    )
    min_span_hours: float = Field(0, ge=0, description="hours that they must span; with less, as with too few")
    contradicted_within_hours: float | None = Field(
        None, gt=0, description="false where any value within these hours fails the comparison"
    )
    in_each_hours: float | None = Field(
        None, gt=0, description="must hold in every consecutive block of this length in the window"
    )
    # A P/F from a pulse oximeter must not make a patient eligible unless the study declares that it may (DV-7).
    imputed: bool = Field(
        False, description="true: imputed and estimated values count too; by default only measured ones"
    )

    @model_validator(mode="after")
    def blocks_fill_the_window(self) -> ThresholdRule:
        # Otherwise the last block would be shorter than declared.
        if self.in_each_hours is not None and self.within_hours % self.in_each_hours:
            raise ValueError("in_each_hours must divide within_hours")
        return self


class RatioRule(RuleBase):
    """The last value over the patient's own first one."""

    kind: Literal["ratio_to_first"]
    outcome: NumericOutcome
    within_hours: float = Field(gt=0)
    first_from_hours: float = Field(-6, description="first value not earlier than this, hours from admission")
    first_until_hours: float = Field(24, description="first value not later than this, hours from admission")
    basal: Literal["first", "min"] = Field("first", description="the first value of these hours, or the lowest so far")
    op: Literal["<", "<=", ">", ">="]
    value: float


class ResultRule(RuleBase):
    """A qualitative result seen in the window."""

    kind: Literal["result"]
    outcome: ResultOutcome
    within_hours: float = Field(gt=0)
    result: ResultName


class CharacteristicRule(RuleBase):
    """A characteristic of the patient: a number against a limit, or a flag or category."""

    kind: Literal["characteristic"]
    characteristic: EarlierCharacteristic
    op: Literal["<", "<=", ">", ">=", "is"]
    value: float | ResultName


class EventRule(RuleBase):
    """An event that must, or must not, have happened before the hour judged."""

    kind: Literal["event"]
    event: EventName
    happened: bool
    at_least_hours_before: float = 0


class TreatmentRule(RuleBase):
    """A treatment or organ support that must, or must not, have run at any time in the last hours."""

    kind: Literal["treatment"]
    treatments: list[TreatmentCode] = Field(min_length=1, description="codes of treatments.csv; any of them counts")
    given: bool
    within_hours: float = Field(0, ge=0, description="look-back before the hour judged; 0 = running at that hour")


class CombinationRule(RuleBase):
    """Three-valued and/or over other rules; a nested list means 'any of' inside all, 'all of' inside any."""

    kind: Literal["all", "any"]
    of: list[RuleName | list[RuleName]] = Field(min_length=1)


class CountRule(RuleBase):
    """At least so many of these rules; unknown while the undecided ones could still make up the number."""

    kind: Literal["at_least"]
    count: int = Field(ge=1)
    of: list[RuleName] = Field(min_length=1)


class JudgementRule(RuleBase):
    """Not observable in the records: stated, printed, and never decided by the program."""

    kind: Literal["not_observable"]


Rule = Annotated[
    ThresholdRule
    | RatioRule
    | ResultRule
    | CharacteristicRule
    | EventRule
    | TreatmentRule
    | CombinationRule
    | CountRule
    | JudgementRule,
    Field(discriminator="kind"),
]


def rule_order(rules: Mapping[str, RuleBase]) -> list[str]:
    """Rule ids, every combination after the rules that it combines. Raises ValueError where they form a circle."""
    needs = {name: set(rules_named({name: rule})) for name, rule in rules.items()}
    try:
        # Names that no rule has are left out here; the walker of names reports them.
        return [name for name in TopologicalSorter(needs).static_order() if name in rules]
    except CycleError as error:
        raise ValueError(f"these rules need each other: {' -> '.join(error.args[1])}") from error


def rules_named(rules: Mapping[str, RuleBase]) -> Iterator[str]:
    """Every rule that a combination of these rules names."""
    for rule in rules.values():
        if isinstance(rule, CombinationRule | CountRule):
            for item in rule.of:
                yield from [item] if isinstance(item, str) else item
