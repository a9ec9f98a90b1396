"""Rule analyse_draws: the primary contrast under the further draws of waits, and its spread."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.sensitivity.grid import ScenarioSource, read_scenario_tables
from historical_controls.analysis.sensitivity.wait_draws import analyse_draws
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    settings = Analysis.model_validate(snakemake.params.analysis)
    source = ScenarioSource(
        read_scenario_tables(snakemake.input),
        False,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    # Each draw is a scenario of its own; False above: their cohorts are not shared.
    draws = source.tables["patients"]["scenario"].unique()
    ard = analyse_draws([source.inputs(str(draw), settings) for draw in draws])
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
