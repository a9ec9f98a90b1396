"""Rule combine_outcomes: the outcomes of the primary scenario as a family, what became of each, what undoes them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.analysis.families.combine import combine_outcomes
from historical_controls.analysis.families.completeness import completeness
from historical_controls.analysis.model.comparison import stored_comparison
from historical_controls.analysis.sensitivity.benchmarks import load_benchmarks
from historical_controls.analysis.sensitivity.unmeasured_bias import overturn_rows
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, read_tables, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, OBSERVATIONS, STATISTICS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    outcomes = read_tables(snakemake.input.outcomes, ARD)
    patients = read_table(snakemake.input.patients, COHORT_PATIENTS)
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    primary = Primary.model_validate(snakemake.params.primary)
    settings = Analysis.model_validate(snakemake.params.analysis)
    family = combine_outcomes(
        outcomes,
        {Path(file).stem: read_table(file, STATISTICS) for file in snakemake.input.statistics},
        primary,
    )
    registered = completeness(
        pd.concat([outcomes, read_table(snakemake.input.counted, ARD)], ignore_index=True),
        patients,
        read_table(snakemake.input.visits, VISITS),
        read_table(snakemake.input.observations, OBSERVATIONS),
        dictionary,
        settings.not_concluded,
    )
    published = [one for path in snakemake.input.benchmarks for one in load_benchmarks(path, dictionary.outcomes)]
    compared = stored_comparison(settings, snakemake.input)
    overturned = overturn_rows(outcomes, patients, settings, primary, dictionary, published, compared)
    write_table(pd.concat([family, registered, overturned], ignore_index=True), snakemake.output.ard, ARD)
