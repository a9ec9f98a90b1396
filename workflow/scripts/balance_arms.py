"""Rule balance_arms: Table 1, weights, matched sets and gates."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.balance.arms import balance_arms
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, BALANCE, COHORT_PATIENTS, GATES, MATCHED_SETS, VISITS, WEIGHTS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    tables = balance_arms(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        BalanceInputs(
            Balance.model_validate(snakemake.params.balance),
            load_dictionary(Path(snakemake.input.dictionary[0]).parent),
            snakemake.params.seed,
            snakemake.wildcards.scenario,
            snakemake.params.public,
        ),
    )
    write_table(tables.balance, snakemake.output.balance, BALANCE)
    write_table(tables.weights, snakemake.output.weights, WEIGHTS)
    write_table(tables.matched_sets, snakemake.output.matched_sets, MATCHED_SETS)
    write_table(tables.gates, snakemake.output.gates, GATES)
    tables.listing.to_csv(snakemake.output.listing, index=False, lineterminator="\n")
    write_table(tables.ard, snakemake.output.ard, ARD)
