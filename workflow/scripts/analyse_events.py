"""Rule analyse_events: adverse events, clearance of the virus, death, discharge and days free of support."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.analysis.events.analyse import EventInputs, analyse_events
from historical_controls.analysis.events.event_rows import build_follow_up
from historical_controls.analysis.model.comparison import read_comparison
from historical_controls.ard.answers import answer_lines
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_pieces, read_table, write_table
from historical_controls.tables.registry import ARD, COHORT_EVENTS, COHORT_PATIENTS, OBSERVATIONS, PATIENT_SUMMARIES

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    settings = Analysis.model_validate(snakemake.params.analysis)
    codes = snakemake.params.outcomes
    columns = ["source", "patient_id", "arm", "outcome", "hours", "result"]
    # In pieces: observations are the largest table, and only results of a few outcomes are needed here.
    pieces = [
        piece[piece["outcome"].isin(codes)]
        for piece in read_pieces(snakemake.input.observations, OBSERVATIONS, columns)
    ]
    inputs = EventInputs(
        read_table(snakemake.input.events, COHORT_EVENTS),
        # The empty table gives the columns their types where no piece has a row.
        pd.concat([OBSERVATIONS.empty()[columns], *pieces], ignore_index=True),
        read_table(snakemake.input.summaries, PATIENT_SUMMARIES),
        snakemake.params.recorded,
        snakemake.params.free_days,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Primary.model_validate(snakemake.params.primary),
    )
    follow_up = build_follow_up(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        settings,
        read_comparison(settings, snakemake.input),
        snakemake.params.horizon_days,
        snakemake.params.seed,
    )
    ard = analyse_events(codes, inputs, follow_up)
    write_table(ard, snakemake.output.ard, ARD)
    log.info("\n".join(answer_lines(ard)))
