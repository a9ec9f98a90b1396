"""Rule check_findings: the run ends here where a file is most likely misdeclared."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.findings.severity import stop_where_suspect, summary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_tables
from historical_controls.tables.registry import FINDINGS
from historical_controls.text.hints import load_hints
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    place, written = Path(snakemake.input.words), snakemake.params.written
    words = load_words(place.parent, place.stem)
    findings = read_tables(snakemake.input.findings, FINDINGS)
    stop_where_suspect(findings, written)
    Path(snakemake.output.summary).write_text(
        summary(findings, load_hints(words, place.parent), written), encoding="utf-8"
    )
