"""Rule export_tables: every numbered output as CSV, and an index of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.errors import reported
from historical_controls.report.exports.tables import export_index, export_tables
from historical_controls.report.printing.outputs import load_outputs
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    outputs = load_outputs(snakemake.input.outputs)
    tables = export_tables(read_table(snakemake.input.ard, ARD), outputs)
    index = Path(snakemake.output.index)
    # A file of an earlier run whose output has no rows any more would be taken for a result of this one.
    for stale in index.parent.glob("*.csv"):
        stale.unlink()
    for name, table in tables.items():
        table.to_csv(index.parent / name, index=False, lineterminator="\n")
    export_index(tables, outputs).to_csv(index, index=False, lineterminator="\n")
