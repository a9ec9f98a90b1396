"""Rule analyse_draws: the primary contrast under the further draws of waits, and its spread."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.model.comparison import balance_tables, comparison
from historical_controls.analysis.sensitivity.wait_draws import analyse_draws
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    settings = Analysis.model_validate(snakemake.params.analysis)
    patients = read_table(snakemake.input.patients, COHORT_PATIENTS)
    made = balance_tables(snakemake.input)
    ard = analyse_draws(
        patients,
        read_table(snakemake.input.visits, VISITS),
        settings,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        {
            str(draw): comparison(settings, **{name: table[table["scenario"] == draw] for name, table in made.items()})
            for draw in patients["scenario"].unique()
        },
    )
    write_table(ard, snakemake.output.ard, ARD)
