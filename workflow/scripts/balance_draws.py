"""Rules balance_draws and balance_grid: weights, matched sets and gates of every scenario of a batch."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.balance.arms import balance_arms
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, GATES, MATCHED_SETS, VISITS, WEIGHTS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    patients = read_table(snakemake.input.patients, COHORT_PATIENTS)
    visits = read_table(snakemake.input.visits, VISITS)
    # The chance limit of the differences is computed for the primary scenario only.
    inputs = BalanceInputs(
        Balance.model_validate({**snakemake.params.balance, "covariates": []}),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        snakemake.params.seed,
        public=snakemake.params.public,
    )
    balanced = [
        balance_arms(
            patients[patients["scenario"] == name], visits[visits["scenario"] == name], replace(inputs, scenario=name)
        )
        for name in sorted(patients["scenario"].unique())
    ]
    for name, table in (("weights", WEIGHTS), ("matched_sets", MATCHED_SETS), ("gates", GATES)):
        parts = [getattr(tables, name) for tables in balanced]
        write_table(pd.concat(parts or [table.empty()]), snakemake.output[name], table)
    if snakemake.output.get("ard"):
        write_table(pd.concat([tables.ard for tables in balanced]), snakemake.output.ard, ARD)
