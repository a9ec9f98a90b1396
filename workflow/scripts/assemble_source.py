"""Rule assemble_source: a source's files joined, duplicates and conflicts settled."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.ledger.counts import count_ledger, ledger_ard
from historical_controls.cleaning.people.assemble import SourceInputs
from historical_controls.cleaning.people.joining import assemble_files
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, PATIENTS, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    name, out = snakemake.wildcards.source, Path(snakemake.output.ledger).parent
    assemble_files(
        # Several tables come from the folder of each file; sorted, so that the order of inputs changes nothing.
        sorted({Path(file).parent for file in snakemake.input.files}),
        read_table(snakemake.input.people, PEOPLE),
        SourceInputs(
            name,
            Source.model_validate(snakemake.params.source),
            load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        ),
        out,
    )
    counts = count_ledger(Path(snakemake.output.ledger))
    patients = read_table(snakemake.output.patients, PATIENTS)
    write_table(ledger_ard({name: counts}, patients), snakemake.output.ard, ARD)
