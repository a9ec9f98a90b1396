"""Rule join_results: all parts of the ARD in one table, without identities or counts too small to be shared."""

from typing import TYPE_CHECKING

from historical_controls.ard.privacy import refuse_identities
from historical_controls.ard.single_arm import without_comparison
from historical_controls.ard.small_cells import without_small_cells
from historical_controls.ard.unrecorded import without_unrecorded
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, read_tables, write_table
from historical_controls.tables.registry import ARD, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    people = read_table(snakemake.input.people, PEOPLE, ["subject"])
    # People are an input for their ids alone, which no result may contain.
    parts = [path for path in snakemake.input if path != snakemake.input.people]
    # First, before any value is hidden: an identity must stop the run wherever it stands.
    ard = refuse_identities(read_tables(parts, ARD), people["subject"])
    if snakemake.params.single_arm:
        ard = without_comparison(ard)
    ard = without_unrecorded(ard, snakemake.params.endings, snakemake.params.free_days)
    write_table(without_small_cells(ard, snakemake.params.min_cell), snakemake.output.ard, ARD)
