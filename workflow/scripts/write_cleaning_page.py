"""Rule write_cleaning_page: the internal page for the data manager in one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.data_manager.held_records import read_held
from historical_controls.report.data_manager.page import render_cleaning_page
from historical_controls.tables.parquet import read_table, read_tables
from historical_controls.tables.registry import ARD, FINDINGS, PEOPLE, RESOLUTIONS
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    html = render_cleaning_page(
        read_table(snakemake.input.ard, ARD),
        read_held(snakemake.input.ledgers),
        read_table(snakemake.input.people, PEOPLE),
        read_tables(snakemake.input.findings, FINDINGS),
        read_tables(snakemake.input.resolutions, RESOLUTIONS),
        load_words(Path(snakemake.input.words).parent, snakemake.wildcards.lang),
        Config.model_validate(snakemake.params.config),
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        Path(snakemake.input.templates[0]).parent,
    )
    Path(snakemake.output.page).write_text(html, encoding="utf-8")
