"""Rule protocol: the protocol as a page in every language, and as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.plan.seal import read_seal
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.inputs import PageInputs
from historical_controls.report.protocol.machine import protocol_json
from historical_controls.report.protocol.page import render_protocol, sections
from historical_controls.report.protocol.usdm import usdm_json
from historical_controls.report.statistician.registry import load_differences
from historical_controls.tables.registry import ARD
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    config = Config.model_validate(snakemake.params.config)
    differences = load_differences(snakemake.input.differences)
    by_language, printers = {}, []
    for language, place in zip(config.languages, snakemake.output.pages, strict=True):
        page = PageInputs(
            ard=ARD.empty(),
            words=load_words(Path(snakemake.input.words[0]).parent, language),
            config=config,
            dictionary=load_dictionary(Path(snakemake.input.dictionary[0]).parent),
            templates=Path(snakemake.input.templates[0]).parent,
            seal=next(map(read_seal, snakemake.input.seal), None),
        )
        Path(place).write_text(render_protocol(page, differences), encoding="utf-8")
        by_language[language] = sections(page.printer, differences)
        printers.append(page.printer)
    text = protocol_json(config, snakemake.params.program, by_language)
    Path(snakemake.output.machine).write_text(text, encoding="utf-8")
    # One language: the model has one text for each thing.
    Path(snakemake.output.usdm).write_text(usdm_json(printers[0], snakemake.params.program), encoding="utf-8")
