"""Rule simulate_studies: so many studies of the shape in hand, and what every analysis answers in them."""

from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import read_inputs
from historical_controls.calibration.own_studies import refused_studies, study_answers
from historical_controls.calibration.study_shape import study_shape
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.balance import Balance
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import CALIBRATION_STUDIES

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    inputs = read_inputs(
        snakemake.input,
        Analysis.model_validate(snakemake.params.analysis),
        Primary.model_validate(snakemake.params.primary),
        snakemake.params.seed,
    )
    balance, code = Balance.model_validate(snakemake.params.balance), snakemake.wildcards.outcome
    first, count = snakemake.params.numbers
    numbers = range(first, first + count)
    shape = study_shape(inputs, code, balance.key_covariates)
    studies = (
        refused_studies(code, shape, numbers)
        if isinstance(shape, str)
        else study_answers(shape, balance, snakemake.params.effects, numbers)
    )
    write_table(studies, snakemake.output.studies, CALIBRATION_STUDIES)
