"""Rule combine_outcomes: the outcomes of the primary scenario as one family."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis import combine_outcomes
from historical_controls.config import Primary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, read_tables, write_table
from historical_controls.tables import ARD, STATISTICS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    ard = combine_outcomes(
        read_tables(snakemake.input.outcomes, ARD),
        {Path(file).stem: read_table(file, STATISTICS) for file in snakemake.input.statistics},
        Primary.model_validate(snakemake.params.primary),
    )
    write_table(ard, snakemake.output.ard, ARD)
