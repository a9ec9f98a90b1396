"""Rule write_cleaning_page: the internal page for the data manager in one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.data_manager.held_records import read_held
from historical_controls.report.data_manager.page import CleaningTables, render_cleaning_page
from historical_controls.report.inputs import PageInputs
from historical_controls.tables.both_arms import DECIDED_BY, told_once
from historical_controls.tables.parquet import read_table, read_tables
from historical_controls.tables.registry import ARD, FINDINGS, PEOPLE, RESOLUTIONS
from historical_controls.text.hints import load_hints
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    page = PageInputs(
        ard=read_table(snakemake.input.ard, ARD),
        words=load_words(Path(snakemake.input.words).parent, snakemake.wildcards.lang),
        config=Config.model_validate(snakemake.params.config),
        dictionary=load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        templates=Path(snakemake.input.templates[0]).parent,
    )
    written = {name: name_of_both_arms(name, source) for name, source in page.config.sources.items()}
    tables = CleaningTables(
        held=read_held(snakemake.input.ledgers, written),
        people=read_table(snakemake.input.people, PEOPLE),
        findings=read_tables(snakemake.input.findings, FINDINGS),
        resolutions=told_once(read_tables(snakemake.input.resolutions, RESOLUTIONS), written, DECIDED_BY),
    )
    hints = load_hints(page.words, Path(snakemake.input.words).parent)
    Path(snakemake.output.page).write_text(render_cleaning_page(page, tables, hints), encoding="utf-8")
