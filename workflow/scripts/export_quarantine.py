"""Rule export_quarantine: every held record in one list."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.cleaning.ledger.quarantine import held_records, quarantine_list
from historical_controls.errors import reported
from historical_controls.text.hints import load_hints
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    words = load_words(Path(snakemake.input.words).parent, snakemake.params.language)
    written = snakemake.params.written
    # Two sources of one file, one for each arm, were read once.
    intake = {
        (source, Path(path).stem): path
        for path in snakemake.input.intake
        for source, name in [*written.items(), *((name, name) for name in written.values())]
        if name == Path(path).parent.name
    }
    listed = quarantine_list(
        held_records(snakemake.input.ledgers, written),
        intake,
        lambda reason: words.entry("ledger_reason", reason),
        load_hints(words, Path(snakemake.input.words).parent),
    )
    # A byte-order mark tells spreadsheets that the text is UTF-8.
    listed.to_csv(snakemake.output.quarantine, index=False, encoding="utf-8-sig", lineterminator="\r\n")
