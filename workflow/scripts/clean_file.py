"""Rule clean_file: one file's rows parsed, and what became of each."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.ledger.resolutions import read_resolutions
from historical_controls.cleaning.records.outputs import write_cleaned_file
from historical_controls.cleaning.records.stored_columns import stored_rows
from historical_controls.cleaning.rows.files import FileInputs, clean_blocks
from historical_controls.config.sources.redcap import as_exported
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study import RecordDates
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    source_name, file_name = snakemake.wildcards.source, snakemake.wildcards.file
    resolutions = snakemake.input.get("resolutions")
    file = as_exported(SourceFile.model_validate(snakemake.params.declaration), snakemake.input.get("redcap"))
    cleaned = clean_blocks(
        stored_rows(snakemake.input.table, file, whole=bool(resolutions)),
        FileInputs(
            source_name,
            file_name,
            Source.model_validate({**snakemake.params.source, "files": {file_name: file}}),
            RecordDates.model_validate(snakemake.params.study),
            load_dictionary(Path(snakemake.input.dictionary[0]).parent),
            read_resolutions(resolutions) if resolutions else None,
        ),
    )
    write_cleaned_file(cleaned, Path(snakemake.output.ledger).parent)
