"""Rule analyse_draws: the primary contrast under the further draws of waits, and its spread."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis import analyse_draws, comparison
from historical_controls.config_analysis import Analysis, Primary
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, write_table
from historical_controls.tables import ARD, COHORT_PATIENTS, GATES, MATCHED_SETS, VISITS, WEIGHTS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    settings = Analysis.model_validate(snakemake.params.analysis)
    patients = read_table(snakemake.input.patients, COHORT_PATIENTS)
    made = [
        read_table(snakemake.input[name], table)
        for name, table in (("weights", WEIGHTS), ("matched_sets", MATCHED_SETS), ("gates", GATES))
    ]
    ard = analyse_draws(
        patients,
        read_table(snakemake.input.visits, VISITS),
        settings,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        {
            str(draw): comparison(settings, *(table[table["scenario"] == draw] for table in made))
            for draw in patients["scenario"].unique()
        },
    )
    write_table(ard, snakemake.output.ard, ARD)
