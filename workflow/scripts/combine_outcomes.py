"""Rule combine_outcomes: the outcomes of the primary scenario as one family, and what became of each registered one."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.analysis import combine_outcomes, completeness
from historical_controls.config import Primary
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, read_tables, write_table
from historical_controls.tables import ARD, COHORT_PATIENTS, OBSERVATIONS, STATISTICS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    outcomes = read_tables(snakemake.input.outcomes, ARD)
    family = combine_outcomes(
        outcomes,
        {Path(file).stem: read_table(file, STATISTICS) for file in snakemake.input.statistics},
        Primary.model_validate(snakemake.params.primary),
    )
    registered = completeness(
        pd.concat([outcomes, read_table(snakemake.input.counted, ARD)], ignore_index=True),
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        read_table(snakemake.input.observations, OBSERVATIONS),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        snakemake.params.not_concluded,
    )
    write_table(pd.concat([family, registered], ignore_index=True), snakemake.output.ard, ARD)
