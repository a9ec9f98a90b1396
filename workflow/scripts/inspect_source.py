"""Rule inspect_source: what of a source a person must look at."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.findings.inspect import Inspected, findings_ard, inspect_source
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD, FINDINGS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    name = snakemake.wildcards.source
    source = Source.model_validate(snakemake.params.source)
    tables = {key: Path(snakemake.input[key]) for key in ("measurements", "events", "ledger", "patients")}
    others = dict(zip(snakemake.params.others, map(Path, snakemake.input.others), strict=True))
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    intake = {Path(path).stem: Path(path) for path in snakemake.input.intake}
    findings = inspect_source(Inspected(name, **tables, others=others, intake=intake), source, dictionary)
    write_table(findings, snakemake.output.findings, FINDINGS)
    write_table(findings_ard(findings, name), snakemake.output.ard, ARD)
