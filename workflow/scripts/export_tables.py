"""Rule export_tables: every numbered output as CSV, an index of them, and a description of every column."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.exports.standards.data_package import data_package
from historical_controls.report.exports.tables import export_index, export_tables, table_resources
from historical_controls.report.printing.outputs import load_outputs
from historical_controls.report.printing.study_names import study_names
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    given = snakemake.input
    config = Config.model_validate(snakemake.params.config)
    words = load_words(Path(given.words).parent, config.languages[0])
    words = config.worded(words)
    names = study_names(config, words, load_dictionary(Path(given.dictionary[0]).parent))
    outputs = load_outputs(given.outputs)
    tables = export_tables(read_table(given.ard, ARD), outputs)
    index = Path(snakemake.output.index)
    # A file of an earlier run whose output has no rows any more would be taken for a result of this one.
    for stale in index.parent.glob("*.csv"):
        stale.unlink()
    resources = table_resources(tables, export_index(tables, outputs), names)
    for resource in resources:
        (index.parent / resource.file).write_bytes(resource.content)
    package = data_package(config.study, names, resources)
    Path(snakemake.output.descriptor).write_text(package, encoding="utf-8")
