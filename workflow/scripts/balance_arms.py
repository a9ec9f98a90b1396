"""Rule balance_arms: Table 1 and standardised mean differences."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.balance import balance_arms
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, write_table
from historical_controls.tables import ARD, BALANCE, COHORT_PATIENTS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    tables = balance_arms(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        snakemake.params.balance["covariates"],
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        snakemake.wildcards.scenario,
    )
    write_table(tables.balance, snakemake.output.balance, BALANCE)
    write_table(tables.ard, snakemake.output.ard, ARD)
