"""Rule analyse_placebos: the primary contrast among those of historical patients labelled treated."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import read_comparison
from historical_controls.analysis.sensitivity.placebo_cohorts import placebo_cohort_rows
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.sensitivity import PlaceboCohorts
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    settings = Analysis.model_validate(snakemake.params.analysis)
    inputs = AnalysisInputs(
        "primary",
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        settings,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        read_comparison(settings, snakemake.input),
        snakemake.params.seed,
    )
    ard = placebo_cohort_rows(inputs, PlaceboCohorts.model_validate(snakemake.params.placebo_cohorts))
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
