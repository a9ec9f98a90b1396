"""How alike the arms are, and when they may not be compared: the `balance` section of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import (
    CaliperCovariate,
    Covariate,
    DeclaredWeighting,
    KeyCovariate,
    MatchedCharacteristic,
)


class Entropy(Section):
    # Of means in units of the standardised difference's denominator (BA-4).
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
    exact: list[MatchedCharacteristic] = Field(default=[], description="characteristics that must be equal")
    calipers: dict[CaliperCovariate, Annotated[float, Field(gt=0)]] = Field(
        default={},
        description="largest difference of a key covariate within a set, in SDs of the controls",
    )


class Gates(Section):
    """When a comparison is warned of, and when it is refused."""

    warn_ess: float = Field(30, ge=0, description="effective controls below which the report warns")
    # The error rates of these defaults are measured in tests/unit/balance/test_balance_gates.py.
    min_ess: float = Field(5, ge=0, description="effective controls below which nothing is estimated")
    max_weight_share: float = Field(0.5, gt=0, le=1, description="largest share of one patient in an arm's weight")
    min_controls_reaching: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of the controls who must be as far out as the middle treated patient on each key "
        "covariate; refused below it where chance alone does not explain so few",
    )


class Envelope(Section):
    """What standardised differences arms of this size show by chance."""

    draws: int = Field(20_000, ge=100, description="labellings drawn; all of them where there are no more")
    level: float = Field(0.95, gt=0.5, lt=1, description="share of labellings that stay within the envelope")


class Balance(Section):
    covariates: list[Covariate] = Field(
        default=[], description="characteristics and baseline outcomes of Table 1, in order"
    )
    key_covariates: list[KeyCovariate] = Field(
        default=[], description="few, declared beforehand: what weights balance, matching measures and gates watch"
    )
    methods: list[DeclaredWeighting] = Field(default=[], description="weightings shown beside the unweighted arms")
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
        # Nothing would be balanced or matched, and the weights would all be equal.
        if self.methods and not self.key_covariates:
            raise ValueError("methods need key_covariates: name the few covariates that weights shall balance")
        return self
