"""Rule count_readings: how many are eligible under each reading of the registry's text."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cohort import CleanTables, count_readings, groups, readings_ard
from historical_controls.config_cohort import Cohort
from historical_controls.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.table_io import read_tables, write_table
from historical_controls.tables import ARD, EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    clean = CleanTables(
        patients=read_tables(snakemake.input.patients, PATIENTS),
        measurements=read_tables(snakemake.input.measurements, MEASUREMENTS),
        events=read_tables(snakemake.input.events, EVENTS),
        treatments=read_tables(snakemake.input.treatments, TREATMENTS),
    )
    cohort = Cohort.model_validate(snakemake.params.cohort)
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    arms = (groups(clean, arm, cohort.as_read(), dictionary) for arm in ("treated", "historical"))
    counted = count_readings(*arms, cohort, snakemake.params.seed)
    write_table(readings_ard(counted, cohort, "primary"), snakemake.output.ard, ARD)
