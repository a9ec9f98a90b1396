"""Rule read_file: one raw file as text."""

from typing import TYPE_CHECKING

from historical_controls.config.sources.redcap import load_redcap_dictionary
from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import reported
from historical_controls.intake.reading import write_intake

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    declaration = SourceFile.model_validate(snakemake.params.declaration)
    dictionary = snakemake.input.get("redcap")
    redcap = load_redcap_dictionary(dictionary) if dictionary else None
    # Of a table on a server there is no file: its URL is the path.
    write_intake(snakemake.input.get("file") or declaration.path, declaration, snakemake.output.table, redcap)
