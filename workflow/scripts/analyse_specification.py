"""Rule analyse_specification: the primary outcome under every combination of reading, weighting and estimand."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.sensitivity.grid import scenario_tables, scenarios_of
from historical_controls.analysis.sensitivity.specification_curve import specification
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.merging import merged
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    tables = scenario_tables(snakemake.input)
    weightings = [
        Analysis.model_validate(merged(snakemake.params.analysis, change)) for change in snakemake.params.weightings
    ]
    by_weighting = [
        scenarios_of(dict.fromkeys(snakemake.params.readings, one), **tables, shared=False) for one in weightings
    ]
    ard = specification(
        dict(zip(snakemake.params.readings.values(), zip(*by_weighting, strict=True), strict=True)),
        snakemake.params.estimands,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    write_table(ard, snakemake.output.ard, ARD)
