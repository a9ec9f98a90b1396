"""Rule read_file: one raw file as text."""

from typing import TYPE_CHECKING

from historical_controls.config_sources import SourceFile
from historical_controls.errors import reported
from historical_controls.intake import write_intake

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    declaration = SourceFile.model_validate(snakemake.params.declaration)
    write_intake(snakemake.input.file, declaration, snakemake.output.table)
