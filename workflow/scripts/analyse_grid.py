"""Rule analyse_grid: the contrasts of all outcomes under the scenarios of one batch."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.sensitivity.grid import analyse_grid, scenario_tables, scenarios_of
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.merging import merged
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    settings = {
        name: Analysis.model_validate(merged(snakemake.params.analysis, change.get("analysis", {})))
        for name, change in snakemake.params.variants.items()
    }
    tables = scenario_tables(snakemake.input)
    ard = analyse_grid(
        scenarios_of(settings, **tables, shared=snakemake.params.shared),
        snakemake.params.outcomes,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.days,
        snakemake.params.seed,
    )
    write_table(ard, snakemake.output.ard, ARD)
