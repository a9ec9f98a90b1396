"""How outcomes are analysed, and which one is asked about first: sections `analysis` and `primary` of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from historical_controls.config.analysis.events import EventSettings
from historical_controls.config.base import Section
from historical_controls.config.name_types import (
    AnalysedOutcome,
    ContrastDay,
    DeclaredContrastDay,
    DeclaredRung,
    ModelCovariate,
    NumericOutcome,
    OutcomeCode,
    Reason,
    StudyDay,
    Weighting,
)

DfMethod = Literal["kenward-roger", "kenward-roger-linear", "satterthwaite", "between-within", "z"]


class CovarianceRung(Section):
    """One rung of the covariance ladder."""

    id: DeclaredRung
    random: str | None = Field(description="random effects formula per patient, e.g. '1 + day'; null = none")
    residual: Literal["iid", "car1", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh", "us"] = Field(
        description="how a patient's residuals are correlated: not (iid), by time (car1), or over scheduled visits"
    )
    per_arm: Literal["pooled", "free", "two_scales", "one_scale"] = Field(
        description="what the arms share: all, nothing, or all but their scales (between and within patients, or one)"
    )

    @property
    def over_visits(self) -> bool:
        """Whether it is a covariance over scheduled visits, which has rows of its own."""
        return self.residual not in ("iid", "car1")

    @property
    def shares_variances(self) -> bool:
        """Whether the arms have the same variances."""
        return self.per_arm == "pooled"

    @property
    def covariance(self) -> tuple[str, ...]:
        """All that it declares but its name."""
        return (self.random or "", self.residual, self.per_arm)


# Two scales: five treated patients need not differ from each other and within themselves as their controls do. One
# scale for both rejects 16 to 18% where they differ in one of them only; between the first two rungs the criterion
# rejects 5 to 6% at days 7, 14 and 21 (benchmarks/inference/README.md). None is pooled: choosing whether the arms
# share their variances may cover too rarely (docs/methods.md, EM-5).
LADDER = [
    CovarianceRung(id="intercept_car1_two_scales", random="1", residual="car1", per_arm="two_scales"),
    CovarianceRung(id="slope_car1_two_scales", random="1 + day", residual="car1", per_arm="two_scales"),
    CovarianceRung(id="intercept_free", random="1", residual="iid", per_arm="free"),
    CovarianceRung(id="visits_csh_free", random=None, residual="csh", per_arm="free"),
]


class Permutation(Section):
    """How many ways of labelling the patients are tried."""

    # 5 treated among up to 31 patients are enumerated: C(31, 5) = 169,911.
    exact_up_to: int = Field(200_000, ge=1, description="all labellings where there are at most so many")
    draws: int = Field(100_000, ge=1000, description="else so many, drawn with the seed")
    scenario_draws: int = Field(10_000, ge=1000, description="the same for scenarios, and for supporting analyses")


class Overturn(Section):
    """How far from the truth the comparison may be."""

    tau: list[float] = Field(
        default=[0.1, 0.2, 0.3, 0.5, 0.8],
        description="standard deviations of an unmeasured bias, in those of the historical patients at that day",
    )
    power: float = Field(
        0.8, gt=0.5, lt=1, description="power of detectable differences and of the trial that would settle it"
    )
    # A difference of 0 no trial finds, and the size of it is the same in either direction.
    trial_differences: list[Annotated[float, Field(gt=0)]] = Field(
        default=[0.25, 0.5], description="differences that a trial would look for, in the same standard deviations"
    )


class Analysis(Section):
    """How the outcomes of one scenario are analysed."""

    days: list[DeclaredContrastDay] = Field(min_length=1, description="study days of the contrasts")
    level: float = Field(0.95, gt=0.5, lt=1, description="confidence level")
    # Declared beforehand: no rule selects covariates by what they do to the estimate.
    covariates: list[ModelCovariate] = Field(
        default=[], description="baseline covariates of the mixed model, besides the outcome's own baseline"
    )
    adjust_for_baseline: bool = Field(True, description="the outcome's own baseline is a covariate")
    time: Literal["auto", "visits", "spline", "line"] = Field(
        "auto",
        description="how time enters the mean: visits as categories, a spline of days, or a line; auto: visits where "
        "they are scheduled and few, else the spline",
    )
    spline_df: int = Field(
        3, ge=1, description="degrees of freedom of the natural cubic spline of days; 1 = straight line"
    )
    df_method: DfMethod = "kenward-roger"
    ladder: list[CovarianceRung] = Field(
        default=LADDER,
        min_length=1,
        description="covariances, of which the information criterion chooses; of equals the first",
    )
    visits: list[StudyDay] = Field(
        default=[1, 3, 5, 7, 10, 14, 21],
        description="scheduled visits of covariances over visits; days go to the nearest",
    )
    # (LD-1): above this share no mean is modelled, above `max_share_ranked` no ranks either.
    max_share_censored: float = Field(
        0.5, ge=0, le=1, description="a larger share of values beyond a limit, both arms pooled: no mean is modelled"
    )
    # At least 2: an arm of one patient has no variance, and no test or interval without one exists.
    min_patients_per_arm: int = Field(3, ge=2, description="fewer patients with data in an arm: not estimable")
    mean_over: list[StudyDay] = Field(
        default=[7, 21], description="the mean change over days 0 to each of these is contrasted as well"
    )
    straight_lines: list[NumericOutcome] = Field(
        default=[], description="outcomes whose course is declared a straight line; their slopes are contrasted"
    )
    limits: Literal["likelihood", "half_the_limit"] = Field(
        "likelihood",
        description="what a value beyond an assay's limit is: censored, or (a biased sensitivity) half of the limit",
    )
    baseline_limits: Literal["expected", "limit"] = Field(
        "expected",
        description="what a baseline beyond an assay's limit enters the model as: what is expected of a value there, "
        "or (a biased sensitivity) the limit",
    )
    discharged: Literal["last", "best"] = Field(
        "last", description="in worst ranks, those discharged alive keep their last value or take the best rank"
    )
    max_share_ranked: float = Field(
        0.8, ge=0, le=1, description="up to this share beyond a limit values are ranked; above, only detection counts"
    )
    max_share_unmeasured: float = Field(
        0.2,
        ge=0,
        le=1,
        description="a larger share of an arm's living patients without any value, or of an arm of whom no file tells "
        "whether they lived: no ranks with death as the worst",
    )
    rank_tests: list[NumericOutcome] = Field(default=[], description="outcomes whose values are also compared by ranks")
    disagreement: float = Field(
        1.5,
        ge=1,
        description="an answer by another covariance, or by permutation, whose interval is so many times as wide, or "
        "says otherwise of no difference, is named beside the estimate",
    )
    visit_window_days: int = Field(
        1, ge=0, description="a contrast at a day needs patients measured within this many days of it"
    )
    permutation: Permutation = Permutation()
    events: EventSettings = EventSettings()
    overturn: Overturn = Overturn()
    weighting: Literal["none"] | Weighting = Field(
        "none", description="one of balance.methods; standard errors are then CR2, or those of the matched sample"
    )
    visit_weights: Literal["none", "inverse_intensity"] = Field(
        "none",
        description="inverse_intensity: values count by how unlikely their patient was to be measured that day, given "
        "the last value; working independence with CR2 errors",
    )
    not_concluded: dict[AnalysedOutcome, Reason] = Field(
        default={}, description="outcomes that the data cannot answer, with the reason (a locale key)"
    )

    @model_validator(mode="after")
    def weights_make_no_likelihood(self) -> Analysis:
        # Kenward-Roger adjusts a likelihood, which weighted estimating equations do not have (EE-1 to EE-5).
        weighted = self.weighting in ("entropy", "overlap") or self.visit_weights != "none"
        if weighted and self.df_method not in ("satterthwaite", "z"):
            raise ValueError(f"df_method '{self.df_method}' is void under weights: set it to satterthwaite (with CR2)")
        return self


class Primary(Section):
    """The question answered first, and those that follow it in a fixed sequence."""

    outcome: AnalysedOutcome
    day: ContrastDay
    key_secondary: list[AnalysedOutcome] = Field(default=[], description="fixed sequence after the primary")
    hierarchy: list[Literal["death"] | OutcomeCode] = Field(
        default=["death"],
        min_length=1,
        description="win ratio: what decides a pair of patients, the first that can: 'death' or an outcome",
    )

    @model_validator(mode="after")
    def asked_once(self) -> Primary:
        if self.outcome in self.key_secondary:
            raise ValueError(f"{self.outcome} is the primary outcome; take it out of key_secondary")
        return self
