"""Rule assess_robustness: the robustness of each outcome's answer, without another scenario."""

from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.sensitivity.robustness import assess_robustness
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, OBSERVATIONS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

# Observations are the largest table; these columns are all that the days before time zero need.
COLUMNS = ["source", "patient_id", "arm", "outcome", "hours", "value"]

with reported(snakemake.log[0]):
    inputs = read_inputs(
        snakemake.input,
        Analysis.model_validate(snakemake.params.analysis),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    observations = read_table(snakemake.input.observations, OBSERVATIONS, COLUMNS)
    plan = Sensitivity.model_validate(snakemake.params.sensitivity)
    ard = assess_robustness(snakemake.params.outcomes, inputs, observations, plan)
    write_table(ard, snakemake.output.ard, ARD)
