"""Rule combine_outcomes: the outcomes of the primary scenario as a family, what became of each, what undoes them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.analysis.families.combine import combine_outcomes
from historical_controls.analysis.families.completeness import completeness
from historical_controls.analysis.inputs import read_inputs
from historical_controls.analysis.sensitivity.benchmarks import load_benchmarks
from historical_controls.analysis.sensitivity.unmeasured_bias import unmeasured_bias_rows
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_among, read_table, read_tables, write_table
from historical_controls.tables.registry import ARD, OBSERVATIONS, STATISTICS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

# Columns of observations that are counted.
COUNTED = ["source", "patient_id", "arm", "outcome"]

with reported(snakemake.log[0]):
    outcomes = read_tables(snakemake.input.outcomes, ARD)
    inputs = read_inputs(
        snakemake.input,
        Analysis.model_validate(snakemake.params.analysis),
        Primary.model_validate(snakemake.params.primary),
        seed=0,  # nothing is drawn here
    )
    statistics = {Path(file).stem: read_table(file, STATISTICS) for file in snakemake.input.statistics}
    # An event may be the primary outcome, and is answered by its count.
    with_events = pd.concat([outcomes, read_table(snakemake.input.counted, ARD)], ignore_index=True)
    family = combine_outcomes(with_events, statistics, inputs.primary)
    # Of the largest table only results are counted; numbers are counted by their visits.
    results = [code for code, outcome in inputs.dictionary.outcomes.items() if outcome.kind != "number"]
    counted = read_among(snakemake.input.observations, OBSERVATIONS, "outcome", results, COUNTED)
    found = pd.concat([OBSERVATIONS.empty()[COUNTED], *counted], ignore_index=True)
    registered = completeness(with_events, inputs, found)
    known = inputs.dictionary.outcomes
    published = [one for path in snakemake.input.benchmarks for one in load_benchmarks(path, known)]
    unmeasured = unmeasured_bias_rows(outcomes, inputs, published)
    write_table(pd.concat([family, registered, unmeasured], ignore_index=True), snakemake.output.ard, ARD)
