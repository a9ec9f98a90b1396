"""Robustness of the result: the `sensitivity` section of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from historical_controls.config.base import Section
from historical_controls.config.name_types import ReadingName, RungId, StudyDay, Weighting

All = Literal["all"]
Estimand = Literal["mixed_model", "while_alive", "worst_rank"]
Positive = Annotated[float, Field(gt=0)]


class Specification(Section):
    """The full product of choices for the primary outcome at the primary day."""

    readings: list[ReadingName] = Field(default=[], description="readings taken in every combination; none = no curve")
    # 'none' is an option here: the curve shows the unweighted answer among the others.
    weightings: All | list[Literal["none"] | Weighting] = Field(
        "all", description="none and balance.methods, or some of them"
    )
    estimands: list[Estimand] = Field(default=["mixed_model", "while_alive", "worst_rank"], min_length=1)


class Tipping(Section):
    """How much worse or better the unobserved must be."""

    steps: list[float] = Field(
        default=[-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0],
        description="what the unobserved differ by from what the model expects, in standard deviations at baseline",
    )


class PlaceboCohorts(Section):
    """Historical patients labelled treated, as many as were treated, for the primary outcome."""

    consecutive: bool = Field(True, description="every run of so many patients in the order of their time zeros")
    most: int = Field(
        100,
        ge=19,
        le=5000,
        description="of more runs, so many at most, evenly spaced: neighbouring runs share all patients but one",
    )
    random: int = Field(20, ge=0, le=5000, description="random groups besides; 0 and no runs = no placebo cohorts")

    @property
    def any(self) -> bool:
        """Whether any placebo is asked for."""
        return self.consecutive or self.random > 0


Adjustment = Literal[
    "without_covariates", "without_baseline", "straight_line", "time_axes", "visit_intensity", "baseline_at_limit"
]


class Sensitivity(Section):
    """Each entry makes scenarios, one change at a time from the config, for all outcomes; names follow by rule."""

    days: list[StudyDay] = Field(default=[], description="study days of the contrasts; empty = the primary day")
    permutation_draws: int = Field(
        1000, ge=1000, description="labellings drawn for the primary outcome of each scenario"
    )
    readings: All | list[ReadingName] = Field("all", description="readings: every option but the one taken; or 'all'")
    altitude: bool = Field(False, description="selection and SOFA by the other conventions of cohort.altitude")
    calendar_windows: list[Positive] = Field(
        default=[], description="controls only within so many weeks of the treated patients' time zeros"
    )
    eras: list[Literal["before_reference", "from_reference"]] = Field(
        default=[], description="controls only before, or only from, study.calendar_reference"
    )
    restrictions: list[Literal["treated_who_pass", "early_deaths", "from_eligibility"]] = Field(
        default=[],
        description="treated who meet every filter; controls alive after 48 hours (looks into the future); treated "
        "followed from their first eligible hour",
    )
    leave_out_sources: bool = Field(True, description="each historical source left out, where there are several")
    weightings: All | list[Weighting] = Field("all", description="weightings of balance.methods; or 'all'")
    rungs: All | list[RungId] = Field("all", description="each rung of the ladders alone; or 'all'")
    adjustments: list[Adjustment] = Field(
        default=list(get_args(Adjustment)),
        description="no covariates; not even the baseline; time as a straight line; adjusted as well for days from "
        "onset, hours from admission and calendar week; values weighted against being taken because of the "
        "last one; the limit for baselines beyond it",
    )
    limits: list[Literal["half"]] = Field(
        default=["half"],
        description="half: values below an assay's limit replaced by half of it (a sensitivity only)",
    )
    specification: Specification = Specification()
    tipping: Tipping = Tipping()
    placebo_days: int = Field(3, ge=2, description="days before time zero whose slope is compared between the arms")
    placebo_cohorts: PlaceboCohorts = PlaceboCohorts()
    leave_one_out: bool = Field(True, description="every patient left out once, by exact refits")
    leave_one_out_most: int = Field(
        200, ge=1, description="with more patients than this only the treated are left out: one of many moves little"
    )
