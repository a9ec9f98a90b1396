"""Rule analyse_scenario: all outcomes of a scenario written by hand, without what it leaves as in the primary one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.outcomes import analyse_scenario
from historical_controls.analysis.sensitivity.grid import SCENARIO_TABLES
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    question = Primary.model_validate(snakemake.params.primary)
    # The primary tables come as a list, in the order of SCENARIO_TABLES.
    of_primary = dict(zip(SCENARIO_TABLES, snakemake.input.primary, strict=True))
    of_primary["dictionary"] = snakemake.input.dictionary
    primary, own = (
        replace(
            read_inputs(paths, Analysis.model_validate(settings), question, snakemake.params.seed),
            horizon_days=horizon,
            single_arm=snakemake.params.single_arm,
        )
        for paths, settings, horizon in (
            (of_primary, snakemake.params.primary_analysis, snakemake.params.primary_horizon_days),
            (snakemake.input, snakemake.params.analysis, snakemake.params.horizon_days),
        )
    )
    scenario = replace(own, scenario=snakemake.params.scenario)
    ard = analyse_scenario(snakemake.params.outcomes, scenario, primary)
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
