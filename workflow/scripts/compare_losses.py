"""Rule compare_losses: records held back by arm and outcome, over all sources."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.ledger.losses import loss_tally, losses_ard
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    tally = loss_tally(
        snakemake.input.ledgers,
        read_table(snakemake.input.people, PEOPLE),
        {name: Source.model_validate(source) for name, source in snakemake.params.sources.items()},
        load_dictionary(Path(snakemake.input.dictionary[0]).parent).outcomes,
    )
    write_table(losses_ard(tally, snakemake.params.level), snakemake.output.ard, ARD)
