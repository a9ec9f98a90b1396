"""Rule assess_robustness: the robustness of each outcome's answer, without another scenario."""

from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.sensitivity.robustness import assess_robustness
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_among, write_table
from historical_controls.tables.registry import ARD, OBSERVATIONS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

# Observations are the largest table: of those before time zero these columns are needed.
COLUMNS = ["source", "patient_id", "arm", "outcome", "hours", "value"]

with reported(snakemake.log[0]):
    inputs = read_inputs(
        snakemake.input,
        Analysis.model_validate(snakemake.params.analysis),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    codes = snakemake.params.outcomes
    pieces = read_among(snakemake.input.observations, OBSERVATIONS, "outcome", codes, COLUMNS)
    before = [OBSERVATIONS.empty()[COLUMNS], *(piece[piece["hours"] <= 0] for piece in pieces)]
    plan = Sensitivity.model_validate(snakemake.params.sensitivity)
    ard = assess_robustness(codes, inputs, pd.concat(before, ignore_index=True), plan)
    write_table(ard, snakemake.output.ard, ARD)
