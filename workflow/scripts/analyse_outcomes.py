"""Rule analyse_outcome: one outcome of the primary scenario."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, PATIENT_SUMMARIES, STATISTICS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    summaries = snakemake.input.get("summaries")
    inputs = replace(
        read_inputs(
            snakemake.input,
            Analysis.model_validate(snakemake.params.analysis),
            Primary.model_validate(snakemake.params.primary),
            snakemake.params.seed,
        ),
        scenario=snakemake.params.scenario,
        horizon_days=snakemake.params.horizon_days,
        summaries=read_table(summaries, PATIENT_SUMMARIES) if summaries else None,
        single_arm=snakemake.params.single_arm,
    )
    analysed = analyse_outcomes(snakemake.params.outcomes, inputs)
    write_table(analysed.ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(analysed.ard)))
    for path in snakemake.output.get("statistics", []):
        write_table(analysed.statistics.get(Path(path).stem, STATISTICS.empty()), path, STATISTICS)
