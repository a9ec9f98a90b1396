"""Rule join_results: all parts of the ARD in one table."""

from typing import TYPE_CHECKING

from historical_controls.errors import reported
from historical_controls.table_io import read_tables, write_table
from historical_controls.tables import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    write_table(read_tables(snakemake.input, ARD), snakemake.output.ard, ARD)
