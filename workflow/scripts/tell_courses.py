"""Rule tell_courses: what a shared report may say of each treated patient."""

from typing import TYPE_CHECKING

from historical_controls.cohort.follow_up.treated_courses import CourseInputs, treated_courses
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, read_where, write_table
from historical_controls.tables.registry import COHORT_EVENTS, COHORT_PATIENTS, TREATED_COURSES, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    courses = treated_courses(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.events, COHORT_EVENTS),
        # The days of a registry's historical patients are not needed.
        read_where(snakemake.input.visits, VISITS, "arm", ["treated"]),
        CourseInputs(**snakemake.params.told),
    )
    write_table(courses, snakemake.output.courses, TREATED_COURSES)
