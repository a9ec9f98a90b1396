"""Rule count_readings: how many are eligible under each reading of the registry's text."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cohort.batches import iter_patient_batches
from historical_controls.cohort.records.clean_tables import stored_tables
from historical_controls.cohort.scenarios.readings import count_readings, readings_ard
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study import StudyCalendar
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    clean = stored_tables(snakemake.input, snakemake.params.recordable_events)
    cohort = Cohort.model_validate(snakemake.params.cohort)
    study = StudyCalendar.model_validate(snakemake.params.study)
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    # Records are made once: readings change rules and filters, nothing that records are derived from.
    arms = (iter_patient_batches(clean, arm, cohort.as_read(), dictionary) for arm in ("treated", "historical"))
    counted = count_readings(*arms, cohort, snakemake.params.seed, study.timezone or "UTC")
    write_table(readings_ard(counted, "primary"), snakemake.output.ard, ARD)
