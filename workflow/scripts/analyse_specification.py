"""Rule analyse_specification: the primary outcome under every combination of reading, weighting and estimand."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.sensitivity.grid import ScenarioSource, read_scenario_tables
from historical_controls.analysis.sensitivity.specification_curve import specification_rows
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
    source = ScenarioSource(
        read_scenario_tables(snakemake.input),
        False,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    weightings = [
        Analysis.model_validate(merged(snakemake.params.analysis, change)) for change in snakemake.params.weightings
    ]
    scenarios = {
        reading: [source.inputs(name, one) for one in weightings] for name, reading in snakemake.params.readings.items()
    }
    outcome = source.dictionary.outcomes[source.primary.outcome]
    ard = specification_rows(scenarios, snakemake.params.estimands, outcome, source.primary.day)
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
