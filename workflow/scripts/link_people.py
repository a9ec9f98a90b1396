"""Rule link_people: the ids of all sources and the person behind each."""

from typing import TYPE_CHECKING

from historical_controls.cleaning.ledger.resolutions import read_resolutions
from historical_controls.cleaning.people.crosswalk import read_crosswalk
from historical_controls.cleaning.people.identity import identity_facts, link_people
from historical_controls.config.sources.sources import Source
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_distinct, read_tables, write_table
from historical_controls.tables.registry import EVENTS_RAW, LEDGER, PATIENTS_RAW, PEOPLE

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    sources = {name: Source.model_validate(source) for name, source in snakemake.params.sources.items()}
    subjects = read_distinct(snakemake.input.ledgers, LEDGER, ["source", "subject"])
    crosswalk, resolutions = snakemake.input.get("crosswalk"), snakemake.input.get("resolutions")
    if resolutions:
        # Read for its errors alone: a decision that names no source is found here, before any job would apply it.
        read_resolutions(resolutions, sources)
    people = link_people(
        {name: subjects[subjects["source"] == name] for name in sources},
        sources,
        read_crosswalk(crosswalk, sources) if crosswalk else None,
        identity_facts(
            read_tables(snakemake.input.patients, PATIENTS_RAW), read_tables(snakemake.input.events, EVENTS_RAW)
        ),
    )
    write_table(people, snakemake.output.people, PEOPLE)
