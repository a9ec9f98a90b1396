"""Rule write_narratives: what happened to each treated patient, an internal page in every language."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.inputs import PageInputs, read_figures
from historical_controls.report.narratives.cohort_tables import CohortTables
from historical_controls.report.narratives.page import render_narratives
from historical_controls.tables.parquet import read_table, read_where
from historical_controls.tables.registry import ARD, COHORT_EVENTS, COHORT_PATIENTS, VISITS
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    tables = CohortTables(
        read_table(snakemake.input.patients, COHORT_PATIENTS),
        read_table(snakemake.input.events, COHORT_EVENTS),
        # The days of a registry's historical patients are not needed.
        read_where(snakemake.input.visits, VISITS, "arm", ["treated"]),
    )
    ard = read_table(snakemake.input.ard, ARD)
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    for words, figures, page in zip(
        snakemake.input.words, snakemake.input.figures, snakemake.output.pages, strict=True
    ):
        inputs = PageInputs(
            ard=ard,
            words=load_words(Path(words).parent, Path(words).stem),
            config=Config.model_validate(snakemake.params.config),
            dictionary=dictionary,
            templates=Path(snakemake.input.templates[0]).parent,
            figures=read_figures(figures),
        )
        Path(page).write_text(render_narratives(inputs, tables), encoding="utf-8")
