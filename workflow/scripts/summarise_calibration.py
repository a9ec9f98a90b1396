"""Rule summarise_calibration: error rates, coverage, bias and power of every analysis in the simulated studies."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.calibration.promise_rows import Asked, calibration_rows
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD, CALIBRATION_STUDIES

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    studies = pd.concat([read_table(path, CALIBRATION_STUDIES) for path in snakemake.input.studies], ignore_index=True)
    asked = (snakemake.params.day, snakemake.params.level, snakemake.params.power)
    parts = [
        calibration_rows(studies[studies["outcome"] == code], Asked(dictionary.outcomes[code], *asked))
        for code in snakemake.params.outcomes
    ]
    write_table(pd.concat(parts, ignore_index=True), snakemake.output.ard, ARD)
