"""Rule analyse_placebos: the primary contrast among those of historical patients labelled treated."""

from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.sensitivity.placebo_cohorts import placebo_cohort_rows
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import PlaceboCohorts
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    inputs = read_inputs(
        snakemake.input,
        Analysis.model_validate(snakemake.params.analysis),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    ard = placebo_cohort_rows(inputs, PlaceboCohorts.model_validate(snakemake.params.placebo_cohorts))
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
