"""Rule analyse_grid: the contrasts of all outcomes under the scenarios of one batch."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.sensitivity.grid import (
    SCENARIO_TABLES,
    ScenarioSource,
    analyse_grid,
    read_scenario_tables,
)
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.merging import merged
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    settings = {
        name: Analysis.model_validate(merged(snakemake.params.analysis, change.get("analysis", {})))
        for name, change in snakemake.params.variants.items()
    }
    asked = (
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    of_all = Analysis.model_validate(snakemake.params.analysis)
    wanted = {*snakemake.params.outcomes, *(code for own in (of_all, *settings.values()) for code in own.covariates)}
    source = ScenarioSource(read_scenario_tables(snakemake.input, wanted), snakemake.params.shared, *asked)
    # One at a time: each keeps the visits by outcome that it was asked for.
    scenarios = (source.inputs(name, own) for name, own in settings.items())
    # The primary tables come as a list, in the order of SCENARIO_TABLES.
    of_primary = dict(zip(SCENARIO_TABLES, snakemake.input.primary, strict=True))
    primary = ScenarioSource(read_scenario_tables(of_primary, wanted), True, *asked).inputs("primary", of_all)
    ard = analyse_grid(scenarios, snakemake.params.outcomes, snakemake.params.days, primary)
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
