"""Rule analyse_draws: the primary contrast under the further draws of waits, and its spread."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis import analyse_draws
from historical_controls.config import Analysis, Primary
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, write_table
from historical_controls.tables import ARD, COHORT_PATIENTS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    ard = analyse_draws(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        Analysis.model_validate(snakemake.params.analysis),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
    )
    write_table(ard, snakemake.output.ard, ARD)
