"""Rule redraw_waits: the cohort under the further draws of waits."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import stored_tables
from historical_controls.cohort.scenarios.wait_draws import redraw_waits
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study import StudyCalendar
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    inputs = CohortInputs(
        Cohort.model_validate(snakemake.params.cohort),
        StudyCalendar.model_validate(snakemake.params.study),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        snakemake.params.seed,
        snakemake.params.outcomes,
    )
    draws = redraw_waits(stored_tables(snakemake.input, snakemake.params.recordable_events), inputs)
    write_table(draws.patients, snakemake.output.patients, COHORT_PATIENTS)
    write_table(draws.visits, snakemake.output.visits, VISITS)
