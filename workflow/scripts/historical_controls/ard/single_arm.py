"""What is left of the results where there is one arm: its description, and nothing of a comparison."""

from __future__ import annotations

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import REMARKS

# Analyses that ask how two arms differ; what others say of the treated patients stays.
COMPARING = (
    AnalysisKey.MIXED_MODEL,
    AnalysisKey.COVARIANCE_RUNGS,
    AnalysisKey.READINGS,
    AnalysisKey.READINGS_ATTRITION,
    AnalysisKey.CALENDAR_OVERLAP,
    AnalysisKey.LEDGER_LOSS_ARMS,
    AnalysisKey.E_VALUE,
    AnalysisKey.MULTIPLICITY,
    AnalysisKey.FIXED_SEQUENCE,
)

# Outputs that hold nothing but comparisons: a page of one arm does not list them.
OF_COMPARISONS = (
    OutputId.GATES,
    OutputId.WEIGHTS,
    OutputId.BASELINE_WEIGHTED,
    OutputId.WORST_RANK,
    OutputId.MULTIPLICITY,
    OutputId.SENSITIVITY,
    OutputId.LEAVE_ONE_OUT,
    OutputId.UNMEASURED,
    OutputId.PLACEBO_TIME,
    OutputId.BIAS_MODEL,
    OutputId.CONTEXT,
    OutputId.CALIBRATION,
    OutputId.POWER_FIGURE,
    OutputId.LOVE_FIGURE,
    OutputId.OVERLAP_FIGURE,
    OutputId.FOREST_FIGURE,
    OutputId.NULL_FIGURE,
    OutputId.TIPPING_FIGURE,
    OutputId.SPECIFICATION_FIGURE,
    OutputId.PATIENT_WEIGHTS,
)


def without_comparison(ard: pd.DataFrame) -> pd.DataFrame:
    """Rows of table `ard` that describe the treated arm: no row of the other arm, of a contrast, or why there is none.

    A row of the absent arm says 0 of 0 patients, and a refusal says that a question was asked: neither is true of a
    study that compares nobody.
    """
    absent = (ard["arm"] == "historical") | (ard["contrast"] == CONTRAST)
    # A refusal of the description itself is a result; those of contrasts have no arm.
    refused = (ard["arm"] == "") & ard["statistic"].isin(REMARKS)
    return ard.loc[~(absent | refused | ard["analysis"].isin(COMPARING))].reset_index(drop=True)
