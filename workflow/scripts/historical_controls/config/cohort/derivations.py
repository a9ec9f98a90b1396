"""Outcomes computed from others: `cohort.derivations`, `cohort.altitude` and `cohort.summaries` of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from historical_controls.config.base import Section
from historical_controls.config.name_types import Flag, NumericOutcome, SofaScore, SpecimenName, TreatmentCode

SUPPORT = ["invasive_ventilation", "noninvasive_ventilation"]
Direction = Literal["nearest", "before"]


class PairedRatio(Section):
    """A ratio of two measurements close in time, such as PaO2 over FiO2."""

    kind: Literal["paired_ratio"]
    numerator: NumericOutcome
    denominator: NumericOutcome
    within_minutes: float = Field(gt=0)
    direction: Direction = Field("nearest", description="partner before or around the numerator")
    denominator_min: float = Field(
        0,
        description="denominators below this are no partners; in the canonical unit of the denominator (0.21 of FIO2)",
    )
    numerator_specimen: list[SpecimenName] = Field(
        default=[],
        description="specimens allowed; empty = those that outcomes.csv names for the ratio (of P/F no venous and no "
        "capillary ones), and samples without one",
    )
    numerator_flags_refused: list[Flag] = Field(
        default=[], description="flags of cleaning whose values give no ratio, such as a gas suspected to be venous"
    )
    limits: bool = Field(True, description="apply the hard limits of outcomes.csv to the ratio")
    prefer_reported: bool = Field(False, description="a ratio reported in the file wins over the computed one")
    estimated_denominators: list[NumericOutcome] = Field(
        default=[],
        description="outcomes that stand in, in this order, where no measured denominator pairs (FiO2 from devices)",
    )
    room_air: list[TreatmentCode] | None = Field(
        None,
        description="read an unpaired numerator at FiO2 0.21 unless one of these treatments runs; null = never",
    )
    filled_from: NumericOutcome | None = Field(
        None, description="imputed outcome that stands in where there is no own ratio"
    )


class FractionFromFlow(Section):
    """FiO2 estimated from the oxygen flow of nasal prongs, flagged FIO2_EST."""

    kind: Literal["fraction_from_flow"]
    flow: NumericOutcome
    table: list[tuple[float, float]] = Field(
        min_length=1, description="[flow up to and including, in L/min; FiO2], ascending; a flow beyond it gives none"
    )
    not_during: list[TreatmentCode] = Field(
        ["high_flow_oxygen", *SUPPORT], description="treatments during which a flow says nothing of the FiO2"
    )

    @model_validator(mode="after")
    def flows_ascend(self) -> FractionFromFlow:
        # `fraction_from_flow` searches the table by bisection, which needs ascending flows.
        flows = [flow for flow, _ in self.table]
        if flows != sorted(set(flows)) or not all(0.21 <= fraction <= 1 for _, fraction in self.table):
            raise ValueError("table: flows must ascend and FiO2 lie between 0.21 and 1")
        return self


class ImputedRatio(Section):
    """P/F imputed from SpO2 and FiO2, flagged PF_IMPUTED."""

    kind: Literal["imputed_ratio"]
    saturation: NumericOutcome = Field("SPO2", description="oxygen saturation, in percent")
    fraction: NumericOutcome = Field("FIO2", description="measured FiO2")
    estimated_fractions: list[NumericOutcome] = Field(default=[], description="stand-ins where no measured FiO2 pairs")
    formula: Literal["ellis", "log_linear", "rice"] = "ellis"
    # Above 97% a small error in saturation is a large one in PaO2 (DV-4 to DV-6).
    saturation_max: float = Field(96, le=97, description="above it the dissociation curve is flat: no value")
    within_minutes: float = Field(gt=0)
    direction: Direction = "nearest"


class WindowSum(Section):
    """Volumes collected over the last hours as an amount per 24 h, such as urine."""

    kind: Literal["window_sum"]
    of: NumericOutcome = Field(description="outcome whose every value is what was collected since the value before")
    hours: float = Field(24, gt=0)
    max_gap_hours: float = Field(12, gt=0, description="a longer time between two collections leaves it unknown")


class Sofa(Section):
    """Worst SOFA over a look-back window, evaluated at each new component value."""

    kind: Literal["sofa"]
    within_hours: float = Field(24, gt=0, description="look-back of every organ's worst score")
    missing: Literal["strict", "normal_if_missing"] = Field(
        "normal_if_missing", description="an organ without a value: counts as normal, or leaves the score open"
    )
    carry_hours: float | None = Field(
        None, gt=0, description="an organ without a value takes its last one within these hours before 'missing' speaks"
    )
    support: list[TreatmentCode] = Field(
        SUPPORT,
        description="treatments that count as respiratory support; without any the respiratory score ends at 2",
    )
    urine: NumericOutcome | None = Field(
        None, description="outcome with urine per 24 h; null = renal by creatinine alone"
    )
    sedatives: list[TreatmentCode] = Field(
        default=[],
        description="treatments under which a coma score says nothing of the brain; empty = read as recorded",
    )
    sedated: Literal["last_before", "normal", "missing"] = Field(
        "last_before", description="the score under sedation: the last before it, else 15; always 15; or unknown"
    )
    unknown_dose: Literal["lowest", "highest"] = Field(
        "lowest", description="a vasopressor without a dose that can be read: its lowest or its highest score"
    )
    # As for rules: nothing imputed decides unless the study says so (DV-7).
    imputed: bool = Field(False, description="true: imputed and estimated P/F count as well")
    components: bool = Field(False, description="true: every organ's score becomes an outcome (SOFA_RESP, ...)")


class OrganFailures(Section):
    """How many organs have a SOFA score of at least `cut`."""

    kind: Literal["organ_failures"]
    of: SofaScore = Field(description="the SOFA derivation whose organ scores are counted")
    cut: int = Field(3, ge=1, le=4)


class RatioToBaseline(Section):
    """A value over the patient's own baseline, same outcome, assay and specimen."""

    kind: Literal["ratio_to_baseline"]
    of: list[NumericOutcome] = Field(
        min_length=1, description="outcomes, each over its own baseline (FEU and DDU never mix)"
    )
    baseline: Literal["time_zero", "first"] = Field(
        "time_zero", description="median of the baseline hours, or the first value around admission"
    )
    first_from_hours: float = Field(-6, description="first value not earlier than this, hours from admission")
    first_until_hours: float = Field(24, description="first value not later than this, hours from admission")


class HoursAbove(Section):
    """Hours of each study day at or above a value, such as hours of fever."""

    kind: Literal["hours_above"]
    of: NumericOutcome
    cut: float
    between: Literal["step", "linear"] = Field("linear", description="course between two readings")
    max_gap_hours: float = Field(8, gt=0, description="time between readings further apart counts as not observed")
    min_observed_hours: float = Field(12, ge=0, le=24, description="a day observed for less has no value")


Derivation = Annotated[
    PairedRatio | FractionFromFlow | ImputedRatio | WindowSum | Sofa | OrganFailures | RatioToBaseline | HoursAbove,
    Field(discriminator="kind"),
]


class Altitude(Section):
    """Convention in which ratios of oxygen pressures are read; never two in one study."""

    convention: Literal["raw", "times_pb_over_760", "times_760_over_pb"] = Field(
        "raw", description="raw: as measured; or corrected by the barometric pressure PB, either way round"
    )
    barometric_pressure: float | None = Field(None, gt=300, lt=800, description="of the hospital, in mmHg")
    outcomes: list[NumericOutcome] = Field(default=["PF"], description="outcomes to which the convention applies")

    @model_validator(mode="after")
    def pressure_is_known(self) -> Altitude:
        # The property `factor` would otherwise use 760 mmHg, and correct nothing.
        if self.convention != "raw" and self.barometric_pressure is None:
            raise ValueError("barometric_pressure is needed unless the convention is raw")
        return self

    @property
    def factor(self) -> float:
        """What a ratio is multiplied by (DV-8)."""
        match self.convention:
            case "times_pb_over_760":
                return (self.barometric_pressure or 760) / 760
            # The same as comparing the raw ratio with thresholds times PB / 760 (DV-8).
            case "times_760_over_pb":
                return 760 / (self.barometric_pressure or 760)
        return 1.0


class FreeDays(Section):
    """Days alive and without support, up to a declared day."""

    kind: Literal["free_days"]
    support: list[TreatmentCode] = Field(min_length=1, description="treatments that count as support")
    days: int = Field(28, ge=1)
    # -1 ranks a death below a survivor who was never free of support; with 0 the two are tied.
    death: Literal[-1, 0] = Field(0, description="value of a patient who died by that day")
    count: Literal["after_last", "all"] = Field(
        "after_last", description="days after the last support, or all days without any"
    )
    # 48 h of unassisted breathing end a ventilation, as in ventilator-free days (Schoenfeld & Bernard 2002).
    gap_hours: float = Field(48, ge=0, description="support stopped for less than this has not stopped")


class SupportHours(Section):
    """Hours of support up to a declared day, overlapping courses counted once."""

    kind: Literal["support_hours"]
    support: list[TreatmentCode] = Field(min_length=1)
    days: int = Field(21, ge=1)
    gap_hours: float = Field(0, ge=0)


class DaysReaching(Section):
    """Study days with at least so many readings that reach a value, such as days of fever."""

    kind: Literal["days_reaching"]
    of: NumericOutcome
    cut: float
    min_count: int = Field(1, ge=1)
    days: int = Field(21, ge=1)


class DailyTotal(Section):
    """Sum of a daily outcome over the days that have a value."""

    kind: Literal["daily_total"]
    of: NumericOutcome
    days: int = Field(21, ge=1)


Summary = Annotated[FreeDays | SupportHours | DaysReaching | DailyTotal, Field(discriminator="kind")]
