"""Rule assess_robustness: what would overturn each outcome's answer without another scenario."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.model.comparison import stored_comparison
from historical_controls.analysis.sensitivity.robustness import robustness
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, OBSERVATIONS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COLUMNS = ["source", "patient_id", "arm", "outcome", "hours", "value"]

with reported(snakemake.log[0]):
    settings = Analysis.model_validate(snakemake.params.analysis)
    ard = robustness(
        snakemake.params.outcomes,
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        read_table(snakemake.input.observations, OBSERVATIONS, COLUMNS),
        settings,
        Sensitivity.model_validate(snakemake.params.sensitivity),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
        stored_comparison(settings, snakemake.input),
    )
    write_table(ard, snakemake.output.ard, ARD)
