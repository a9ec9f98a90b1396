"""Rule assemble_source: a source's files joined, duplicates and conflicts settled."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning import assemble_source, ledger_ard, read_cleaned_file, write_clean_source
from historical_controls.config import Study
from historical_controls.config_sources import Source
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_table, write_table
from historical_controls.tables import ARD, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    name = snakemake.wildcards.source
    clean = assemble_source(
        [read_cleaned_file(folder) for folder in sorted({Path(file).parent for file in snakemake.input.files})],
        read_table(snakemake.input.people, PEOPLE),
        name,
        Source.model_validate(snakemake.params.source),
        Study.model_validate(snakemake.params.study),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
    )
    write_clean_source(clean, Path(snakemake.output.ledger).parent)
    write_table(ledger_ard({name: clean.ledger}, clean.patients), snakemake.output.ard, ARD)
