"""Rule define_cohort: eligibility, time zero, attrition, observations."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.cohort.ard_rows.calendar import calendar_ard
from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.ard_rows.eligibility import eligibility_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import stored_tables
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import Altitude
from historical_controls.config.study import StudyCalendar
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    clean = stored_tables(snakemake.input, snakemake.params.recordable_events)
    inputs = CohortInputs(
        Cohort.model_validate(snakemake.params.cohort),
        StudyCalendar.model_validate(snakemake.params.study),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        snakemake.params.seed,
        snakemake.params.outcomes,
        snakemake.wildcards.scenario,
        snakemake.params.placebo_hours,
        Altitude.model_validate(snakemake.params.altitude),
    )
    # The folder of the outputs: tables that grow with the records are written there batch by batch.
    tables = define_cohort(clean, inputs, Path(snakemake.output.patients).parent)
    parts = [
        cohort_ard(tables, snakemake.params.level),
        eligibility_ard(tables.eligibility, tables.patients, inputs),
        calendar_ard(tables.patients, clean.treatments, inputs, snakemake.params.level),
    ]
    write_table(pd.concat(parts, ignore_index=True), snakemake.output.ard, ARD)
