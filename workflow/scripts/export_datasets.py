"""Rule export_datasets: ADaM-like data sets with their definition, and the listings 16.2.x."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.exports.adam import adam_datasets, load_definition
from historical_controls.report.exports.listings import (
    converted_values,
    duplicate_records,
    listed_observations,
    listings,
)
from historical_controls.report.exports.standards.analysis_datasets import described
from historical_controls.report.exports.standards.dataset_json import dataset_json
from historical_controls.report.exports.standards.define_xml import DEFINE_FILE, define_xml
from historical_controls.report.exports.tables import write_frames
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import (
    COHORT_EVENTS,
    COHORT_PATIENTS,
    MATCHED_SETS,
    UNDERIVED,
    VISITS,
    WEIGHTS,
)

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    declared = {
        "patients": COHORT_PATIENTS,
        "events": COHORT_EVENTS,
        "underived": UNDERIVED,
        "weights": WEIGHTS,
        "matched_sets": MATCHED_SETS,
    }
    tables: dict[str, pd.DataFrame] = {
        name: read_table(snakemake.input[name], table) for name, table in declared.items()
    }
    tables |= {
        "observations": listed_observations(snakemake.input.observations),
        "measurements": converted_values(snakemake.input.measurements),
        "ledger": duplicate_records(snakemake.input.ledgers),
    }
    config = Config.model_validate(snakemake.params.config)
    datasets = adam_datasets(
        tables["patients"],
        read_table(snakemake.input.visits, VISITS),
        load_definition(snakemake.input.definition),
        config,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
    )
    write_frames({name.lower(): frame for name, frame in datasets.items()}, snakemake.output.adam)
    own = described(datasets)
    folder = Path(snakemake.output.adam)
    for one in own:
        with (folder / f"{one.name.lower()}.json").open("w", encoding="utf-8") as stream:
            stream.writelines(dataset_json(one, config.study.id))
    (folder / DEFINE_FILE).write_text(define_xml(own, config.study), encoding="utf-8")
    listed = {f"listing-{number}": frame for number, frame in listings(tables).items()}
    write_frames(listed, snakemake.output.listings)
