"""The `estimands` section of config.yaml: what each analysis answers, by the attributes of ICH E9(R1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section, Slug
from historical_controls.config.name_types import AnalysedOutcome, DeclaredIntercurrentEvent, IntercurrentEvent, Texts
from historical_controls.dictionary.vocabulary import ENDINGS

Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_alive", "principal_stratum"]
EstimandAnalysis = Literal["mixed_model", "while_alive", "worst_rank", "win_ratio"]
SummaryMeasure = Literal[
    "difference_at_days", "mean_change", "slope", "difference_of_means", "difference_of_last", "win_odds", "win_ratio"
]

# The intercurrent event of the ends of follow-up that a study declares (`cohort.ends_with`) and does not name itself.
OTHER_END = "other_end"
# What each analysis does about the events that end what is recorded: a config may not claim anything else. After any
# other event it goes on with the values as they are (treatment policy).
FOLLOWED: dict[str, dict[str, Strategy]] = {
    # Values that death, discharge or transfer prevents are missing at random (MM-2): as if nobody had gone.
    "mixed_model": {"death": "hypothetical", "discharge": "hypothetical", "transfer": "hypothetical"},
    "while_alive": {"death": "while_alive", "discharge": "while_alive", "transfer": "while_alive"},
    "worst_rank": {"death": "composite", "discharge": "while_alive", "transfer": "while_alive"},
    # Who is discharged alive counts as alive until the end of follow-up; values end with a transfer.
    "win_ratio": {"death": "composite", "discharge": "treatment_policy", "transfer": "while_alive"},
}
MEASURES: dict[str, tuple[SummaryMeasure, ...]] = {
    "mixed_model": ("difference_at_days", "mean_change", "slope"),
    "while_alive": ("difference_of_means", "difference_of_last"),
    "worst_rank": ("win_odds",),
    "win_ratio": ("win_ratio", "win_odds"),
}


class Estimand(Section):
    """One question, answered by one analysis."""

    label: Texts = Field(description="the question in few words")
    analysis: EstimandAnalysis = Field(description="analysis that answers it")
    outcomes: list[AnalysedOutcome] = Field(
        default=[], description="outcomes that it is asked of; empty = all that it can be"
    )
    variable: Texts = Field(description="what is compared in each patient")
    strategies: dict[IntercurrentEvent, Strategy] = Field(description="what is done about each intercurrent event")
    measures: list[SummaryMeasure] = Field(
        min_length=1,
        description="summary over patients; ratios on the log scale, odds ratios on the logit scale",
    )

    @model_validator(mode="after")
    def analysis_does_so(self) -> Estimand:
        wrong = [name for name in self.measures if name not in MEASURES[self.analysis]]
        if wrong:
            raise ValueError(f"{self.analysis} does not give '{wrong[0]}': {', '.join(MEASURES[self.analysis])}")
        return self


class Estimands(Section):
    """Attributes that all questions share, and the questions."""

    population: Texts = Field(description="whom the answers are about")
    treatment: Texts = Field(description="treatment condition studied")
    comparator: Texts = Field(description="treatment condition compared with")
    events: dict[DeclaredIntercurrentEvent, Texts] = Field(description="intercurrent events")
    questions: dict[Slug, Estimand] = Field(min_length=1, description="the questions, in the order of the report")

    @model_validator(mode="after")
    def every_event_is_handled(self) -> Estimands:
        for name, question in self.questions.items():
            open_events = sorted(set(self.events) - set(question.strategies))
            if open_events:
                raise ValueError(f"questions.{name}.strategies does not say what is done about '{open_events[0]}'")
        return self

    def of(self, outcome: str) -> dict[str, Estimand]:
        """The questions asked of one outcome, by name."""
        return {
            name: asked for name, asked in self.questions.items() if not asked.outcomes or outcome in asked.outcomes
        }


def other_ends(ends_with: Sequence[str], events: Collection[str]) -> list[str]:
    """The declared ends of follow-up that are no intercurrent events by their own names."""
    return [end for end in ends_with if end not in (*events, *ENDINGS)]


def followed(
    analysis: EstimandAnalysis, event: str, discharged: Literal["last", "best"], ends_with: Collection[str] = ()
) -> Strategy:
    """What an analysis does about an intercurrent event. discharged, ends_with: as in `analysis` and `cohort`."""
    # As after a transfer, nothing that is recorded later is used, and what became of the patient is unknown.
    if event == OTHER_END or event in ends_with:
        event = "transfer"
    # With `best`, discharge alive becomes part of the ranked outcome, as death is.
    if analysis == "worst_rank" and event == "discharge" and discharged == "best":
        return "composite"
    return FOLLOWED[analysis].get(event, "treatment_policy")
