"""Rule write_pdf: a report as PDF, where weasyprint is installed."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.errors import reported
from historical_controls.report.exports.pdf import pdf_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    Path(snakemake.output.pdf).write_bytes(pdf_of(Path(snakemake.input.report)))
