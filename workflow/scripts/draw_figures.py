"""Rule draw_figures: every figure in one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.figures.draw import draw_figures, save_svg
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD, DISPLAY
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    config = Config.model_validate(snakemake.params.config)
    words = load_words(Path(snakemake.input.words).parent, snakemake.wildcards.lang)
    figures = draw_figures(
        read_table(snakemake.input.ard, ARD),
        read_table(snakemake.input.display, DISPLAY),
        config.worded(words),
        config,
        load_dictionary(Path(snakemake.input.dictionary[0]).parent),
    )
    for folder, own in ((snakemake.output.shared, figures.shared), (snakemake.output.internal, figures.internal)):
        # The folders are outputs and must exist even where no figure is drawn.
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, figure in own.items():
            save_svg(figure, Path(folder) / name)
