"""The analyses of the results table and the outputs in which their rows are printed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from historical_controls.ard.keys.outputs import BY_FAMILY, OutputId, output_of_family
from historical_controls.ard.keys.undeclared import UndeclaredKeyError, undeclared

OF_OUTCOMES = (*dict.fromkeys(BY_FAMILY.values()), OutputId.SUPPORTING, OutputId.SENSITIVITY, OutputId.WORST_RANK)


class AnalysisKey(StrEnum):
    """A name of column `analysis`, and the outputs that print its rows.

    The first output is its own; the others print some of its rows, which then say so. An analysis by outcome has no
    output of its own: `output_of` gives the one of the outcome's family.
    """

    outputs: tuple[OutputId, ...]

    def __new__(cls, name: str, *outputs: OutputId) -> Self:
        # The member is the name alone, as tables have it. StrEnum would take the outputs for arguments of str().
        member = str.__new__(cls, name)
        member._value_ = name
        member.outputs = outputs
        return member

    # Data and cohort
    LEDGER = "ledger", OutputId.RECORDS
    LEDGER_REASONS = "ledger_reasons", OutputId.RECORD_REASONS
    LEDGER_LOSS = "ledger_loss", OutputId.RECORD_LOSS
    LEDGER_LOSS_ARMS = "ledger_loss_arms", OutputId.RECORD_LOSS
    FINDINGS = "findings", OutputId.FINDINGS
    DISPOSITION = "disposition", OutputId.DISPOSITION
    ELIGIBILITY = "eligibility", OutputId.ELIGIBILITY
    ELIGIBILITY_COUNTS = "eligibility_counts", OutputId.ELIGIBILITY
    ATTRITION = "attrition", OutputId.ATTRITION
    READINGS = "readings", OutputId.ATTRITION
    READINGS_ATTRITION = "readings_attrition", OutputId.ATTRITION
    WAITS = "waits", OutputId.ATTRITION
    TIME_ZERO = "time_zero", OutputId.CARE
    CO_TREATMENT = "co_treatment", OutputId.CARE
    CALENDAR = "calendar", OutputId.CALENDAR_FIGURE
    CALENDAR_OVERLAP = "calendar_overlap", OutputId.CALENDAR_FIGURE
    CALENDAR_PERIOD = "calendar_period", OutputId.CALENDAR_FIGURE
    AVAILABILITY = "availability", OutputId.AVAILABILITY
    DERIVATIONS = "derivations", OutputId.DERIVATIONS
    PATIENT_SUMMARIES = "patient_summaries", OutputId.PATIENT_LEVEL
    # Comparability
    BASELINE = "baseline", OutputId.BASELINE
    BASELINE_WEIGHTED = "baseline_weighted", OutputId.BASELINE_WEIGHTED
    LOVE = "love", OutputId.LOVE_FIGURE
    OVERLAP = "overlap", OutputId.OVERLAP_FIGURE
    KEY_COVARIATES = "key_covariates", OutputId.WEIGHTS
    WEIGHTS = "weights", OutputId.WEIGHTS
    GATE_FEW_EFFECTIVE = "gate_few_effective", OutputId.GATES
    GATE_ONE_WEIGHT = "gate_one_weight", OutputId.GATES
    GATE_OUTSIDE_RANGE = "gate_outside_range", OutputId.GATES
    GATE_UNKNOWN_IN_ARM = "gate_unknown_in_arm", OutputId.GATES
    GATE_FAR_FROM_CONTROLS = "gate_far_from_controls", OutputId.GATES
    GATE_TIME_AXIS = "gate_time_axis", OutputId.GATES
    GATE_OUTSIDE_CALENDAR = "gate_outside_calendar", OutputId.GATES
    GATE_TREATED_LATER = "gate_treated_later", OutputId.GATES
    GATE_TREATMENT_UNDATED = "gate_treatment_undated", OutputId.GATES
    GATE_OUTSIDE_HULL = "gate_outside_hull", OutputId.GATES
    GATE_WEIGHTS_NOT_CONVERGED = "gate_weights_not_converged", OutputId.GATES
    GATE_TOO_FEW_FOR_LOGISTIC = "gate_too_few_for_logistic", OutputId.GATES
    GATE_SEPARATED = "gate_separated", OutputId.GATES
    GATE_NOBODY_MATCHED = "gate_nobody_matched", OutputId.GATES
    GATE_NO_KEY_COVARIATE = "gate_no_key_covariate", OutputId.GATES
    GATE_RATIO_REDUCED = "gate_ratio_reduced", OutputId.GATES
    GATE_UNMATCHED = "gate_unmatched", OutputId.GATES
    # Outcomes by day
    DESCRIPTION = "description", *OF_OUTCOMES
    MIXED_MODEL = "mixed_model", *OF_OUTCOMES
    PERMUTATION = "permutation", *OF_OUTCOMES
    COVARIANCE_RUNGS = "covariance_rungs", *OF_OUTCOMES
    WHILE_ALIVE = "while_alive", *OF_OUTCOMES
    WORST_RANK = "worst_rank", *OF_OUTCOMES
    RANK_TEST = "rank_test", *OF_OUTCOMES
    DETECTION = "detection", *OF_OUTCOMES
    WIN_RATIO = "win_ratio", OutputId.WORST_RANK
    TRAJECTORY = "trajectory", OutputId.TRAJECTORY_FIGURE
    AT_RISK = "at_risk", OutputId.TRAJECTORY_FIGURE
    FOREST = "forest", OutputId.FOREST_FIGURE
    SPREAD = "spread", OutputId.CONTEXT
    RESIDUALS = "residuals", OutputId.RESIDUALS, OutputId.RESIDUAL_FIGURE
    # Events
    DEATHS = "deaths", OutputId.PATIENT_LEVEL
    CUMULATIVE_INCIDENCE = "cumulative_incidence", OutputId.PATIENT_LEVEL, OutputId.INCIDENCE_FIGURE
    FREE_DAYS = "free_days", OutputId.PATIENT_LEVEL
    PRIMARY_EVENT = "primary_event", OutputId.PATIENT_LEVEL
    CLEARANCE = "clearance", OutputId.VIROLOGY
    CLEARANCE_SENSITIVITY = "clearance_sensitivity", OutputId.VIROLOGY
    ADVERSE_EVENTS = (
        "adverse_events",
        OutputId.ADVERSE_EVENTS,
        OutputId.REACTIONS,
        OutputId.INFECTIONS,
        OutputId.SERIOUS_EVENTS,
        OutputId.EVENT_RATES,
    )
    # All outcomes together
    COMPLETENESS = "completeness", OutputId.COMPLETENESS
    MULTIPLICITY = "multiplicity", OutputId.MULTIPLICITY
    FIXED_SEQUENCE = "fixed_sequence", OutputId.MULTIPLICITY
    PERMUTATION_NULL = "permutation_null", OutputId.NULL_FIGURE
    # Robustness
    WAIT_DRAWS = "wait_draws", OutputId.SENSITIVITY
    PLACEBO_COHORTS = "placebo_cohorts", OutputId.SENSITIVITY
    SPECIFICATION = "specification", OutputId.SPECIFICATION_FIGURE, OutputId.SENSITIVITY
    LEAVE_ONE_OUT = "leave_one_out", OutputId.LEAVE_ONE_OUT
    TIPPING_POINT = "tipping_point", OutputId.UNMEASURED, OutputId.TIPPING_FIGURE
    E_VALUE = "e_value", OutputId.UNMEASURED
    PLACEBO_TIME = "placebo_time", OutputId.PLACEBO_TIME
    BIAS_MODEL = "bias_model", OutputId.BIAS_MODEL
    DETECTABLE_DIFFERENCE = "detectable_difference", OutputId.CONTEXT
    TRIAL_SIZE = "trial_size", OutputId.CONTEXT
    BENCHMARK = "benchmark", OutputId.CONTEXT
    CALIBRATION = "calibration", OutputId.CALIBRATION, OutputId.POWER_FIGURE

    @property
    def by_outcome(self) -> bool:
        """Whether the family of the outcome decides which output prints it."""
        return self.outputs == OF_OUTCOMES

    @property
    def answers(self) -> bool:
        """Whether it answers for an outcome itself, not for how an answer would change."""
        return self.by_outcome or self.outputs[0] in (
            OutputId.PATIENT_LEVEL,
            OutputId.VIROLOGY,
            OutputId.ADVERSE_EVENTS,
        )

    @property
    def words(self) -> str:
        """The locale entry that names it."""
        return f"analysis.{self.value}"


BY_NAME: Mapping[str, AnalysisKey] = {str(one): one for one in AnalysisKey}
GATES = tuple(one for one in AnalysisKey if one.outputs == (OutputId.GATES,))


def output_of(analysis: AnalysisKey, family: str = "") -> OutputId:
    """The output that prints an analysis; `family`: that of the outcome, which decides for analyses by outcome."""
    return output_of_family(family) if analysis.by_outcome else analysis.outputs[0]


def gate_key(gate: str) -> AnalysisKey:
    """The analysis that holds what a gate found."""
    return declared_analysis(f"gate_{gate}")


def declared_analysis(name: str) -> AnalysisKey:
    """The analysis of that name. Raises UndeclaredKeyError where none is declared."""
    if name not in BY_NAME:
        raise UndeclaredKeyError(undeclared("analysis", name, BY_NAME))
    return BY_NAME[name]
