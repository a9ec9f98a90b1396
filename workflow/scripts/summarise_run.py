"""Rule summarise_run: what the run prints at its end."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.ard.queries import results_of
from historical_controls.errors import reported
from historical_controls.report.run.ending import RunFacts, ending
from historical_controls.tables.parquet import read_table, read_tables
from historical_controls.tables.registry import ARD, FINDINGS
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    words = Path(snakemake.input.words)
    run = RunFacts(
        results_of(read_table(snakemake.input.ard, ARD)),
        read_tables(snakemake.input.findings, FINDINGS),
        Path(snakemake.input.told).read_text(encoding="utf-8"),
        snakemake.params.languages,
        snakemake.params.sources,
        load_words(words.parent, words.stem),
    )
    Path(snakemake.output.summary).write_text(ending(run), encoding="utf-8")
