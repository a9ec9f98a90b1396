"""Rule join_results: all parts of the ARD in one table, without counts too small to be shared."""

from typing import TYPE_CHECKING

from historical_controls.errors import reported
from historical_controls.small_cells import without_small_cells
from historical_controls.table_io import read_tables, write_table
from historical_controls.tables import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    ard = without_small_cells(read_tables(snakemake.input, ARD), snakemake.params.min_cell)
    write_table(ard, snakemake.output.ard, ARD)
