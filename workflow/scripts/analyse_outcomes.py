"""Rules analyse_outcome and analyse_scenario: one or all outcomes of a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import read_comparison
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_PATIENTS, PATIENT_SUMMARIES, STATISTICS, VISITS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    settings = Analysis.model_validate(snakemake.params.analysis)
    summaries = snakemake.input.get("summaries")
    inputs = AnalysisInputs(
        snakemake.params.scenario,
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.visits, VISITS),
        settings,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
        read_comparison(settings, snakemake.input),
        snakemake.params.seed,
        snakemake.params.horizon_days,
        read_table(summaries, PATIENT_SUMMARIES) if summaries else None,
        snakemake.params.single_arm,
    )
    analysed = analyse_outcomes(snakemake.params.outcomes, inputs)
    write_table(analysed.ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(analysed.ard)))
    for path in snakemake.output.get("statistics", []):
        write_table(analysed.statistics.get(Path(path).stem, STATISTICS.empty()), path, STATISTICS)
