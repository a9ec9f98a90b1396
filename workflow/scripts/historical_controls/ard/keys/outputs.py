"""The numbers of the registered outputs; docs/outputs.csv has their titles. A number stands for one table or figure."""

from __future__ import annotations

from enum import StrEnum


class OutputId(StrEnum):
    """A numbered output: tables 14, figures 15 and listings 16, as ICH E3 numbers the appendices of a study report."""

    DISPOSITION = "14.1.1"
    ELIGIBILITY = "14.1.2"
    ATTRITION = "14.1.3"
    BASELINE = "14.1.4"
    CARE = "14.1.5"
    AVAILABILITY = "14.1.6"
    REGISTRY = "14.1.7"
    RECORDS = "14.1.8"
    FINDINGS = "14.1.9"
    GATES = "14.1.10"
    WEIGHTS = "14.1.11"
    DERIVATIONS = "14.1.12"
    COMPLETENESS = "14.1.13"
    BASELINE_WEIGHTED = "14.1.14"
    RECORD_REASONS = "14.1.15"
    RECORD_LOSS = "14.1.16"
    WORST_RANK = "14.2.1"
    RESPIRATORY = "14.2.2"
    VITAL = "14.2.3"
    HAEMATOLOGY = "14.2.4"
    INFLAMMATION = "14.2.5"
    CYTOKINES = "14.2.6"
    IMAGING = "14.2.7"
    CELLS = "14.2.8"
    VIROLOGY = "14.2.9"
    MULTIPLICITY = "14.2.10"
    PATIENT_LEVEL = "14.2.11"
    SENSITIVITY = "14.2.12"
    LEAVE_ONE_OUT = "14.2.13"
    UNMEASURED = "14.2.14"
    PLACEBO_TIME = "14.2.15"
    BIAS_MODEL = "14.2.16"
    CONTEXT = "14.2.17"
    SUPPORTING = "14.2.18"
    RESIDUALS = "14.2.19"
    CALIBRATION = "14.2.20"
    ADVERSE_EVENTS = "14.3.1"
    REACTIONS = "14.3.2"
    INFECTIONS = "14.3.3"
    SERIOUS_EVENTS = "14.3.4"
    EVENT_RATES = "14.3.5"
    FLOW_FIGURE = "15.1"
    CALENDAR_FIGURE = "15.2"
    LOVE_FIGURE = "15.3"
    OVERLAP_FIGURE = "15.4"
    TRAJECTORY_FIGURE = "15.5"
    RATIO_FIGURE = "15.8"
    FOREST_FIGURE = "15.10"
    INCIDENCE_FIGURE = "15.11"
    SWIMMER_FIGURE = "15.12"
    NULL_FIGURE = "15.13"
    TIPPING_FIGURE = "15.14"
    PROFILE_FIGURE = "15.16"
    AVAILABILITY_FIGURE = "15.17"
    SPECIFICATION_FIGURE = "15.18"
    RESIDUAL_FIGURE = "15.19"
    POWER_FIGURE = "15.20"
    TREATED_TIMELINE = "16.2.1"
    EXCLUDED = "16.2.2"
    TREATED_VALUES = "16.2.3"
    HELD_RECORDS = "16.2.4"
    WARNINGS = "16.2.5"
    CONVERSIONS = "16.2.6"
    UNDERIVED = "16.2.7"
    EVENTS = "16.2.8"
    PATIENT_WEIGHTS = "16.2.9"
    DUPLICATES = "16.2.10"


# The table of an outcome's analyses by day, by the family that the dictionary gives the outcome.
BY_FAMILY = {
    "respiratory": OutputId.RESPIRATORY,
    "vital": OutputId.VITAL,
    "haematology": OutputId.HAEMATOLOGY,
    "coagulation": OutputId.HAEMATOLOGY,
    "inflammation": OutputId.INFLAMMATION,
    "cytokine": OutputId.CYTOKINES,
    "imaging": OutputId.IMAGING,
    "cell": OutputId.CELLS,
    "virology": OutputId.VIROLOGY,
}


def output_of_family(family: str) -> OutputId:
    """The table that shows outcomes of this family by day; one of its own for families that have none."""
    return BY_FAMILY.get(family, OutputId.SUPPORTING)
