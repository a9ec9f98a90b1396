"""Rule write_bundle: reports, protocol, tables, figures and provenance as one archive with a first page."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from historical_controls.config.study_config import Config
from historical_controls.errors import reported
from historical_controls.report.exports.bundle import INDEX, archive, public_files
from historical_controls.report.exports.bundle_page import render_bundle_page
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    given = snakemake.input
    config = Config.model_validate(snakemake.params.config)
    index = Path(given.index)
    # By the index: a file that lies there by chance is not shared.
    named = pd.read_csv(index, dtype=str, keep_default_na=False)["file"]
    tables = [index.parent / name for name in named if name]
    more = [given.machine, given.provenance, index, given.descriptor, given.cards]
    places = [*given.pages, *given.documents, *given.figures, *more]
    files = public_files(index.parent.parent, [*map(Path, places), *tables])
    words = [load_words(Path(given.words[0]).parent, language) for language in config.languages]
    page = render_bundle_page(config, words, Path(given.templates[0]).parent, files)
    Path(snakemake.output.bundle).write_bytes(archive({**files, INDEX: page.encode()}))
