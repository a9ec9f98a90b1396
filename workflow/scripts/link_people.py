"""Rule link_people: the ids of all sources and the person behind each."""

from typing import TYPE_CHECKING

from historical_controls.cleaning import link_people
from historical_controls.config_sources import Source
from historical_controls.errors import reported
from historical_controls.table_io import read_tables, write_table
from historical_controls.tables import LEDGER, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    sources = {name: Source.model_validate(source) for name, source in snakemake.params.sources.items()}
    ledger = read_tables(snakemake.input.ledgers, LEDGER)
    ledgers = {name: ledger[ledger["source"] == name] for name in sources}
    write_table(link_people(ledgers, sources), snakemake.output.people, PEOPLE)
