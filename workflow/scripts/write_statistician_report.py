"""Rule write_statistician_report: every registered table and figure with its methods, in one language."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.plan.seal import read_seal
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.report.inputs import PageInputs, read_figures
from historical_controls.report.printing.outputs import load_outputs
from historical_controls.report.statistician.checklists import load_items
from historical_controls.report.statistician.page import Declarations, render_statistician_report
from historical_controls.report.statistician.registry import load_differences
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD, DISPLAY, TREATED_COURSES
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    page = PageInputs(
        ard=read_table(snakemake.input.ard, ARD),
        words=load_words(Path(snakemake.input.words).parent, snakemake.wildcards.lang),
        config=Config.model_validate(snakemake.params.config),
        dictionary=load_dictionary(Path(snakemake.input.dictionary[0]).parent),
        templates=Path(snakemake.input.templates[0]).parent,
        outputs=load_outputs(snakemake.input.outputs),
        figures=read_figures(snakemake.input.figures),
        seal=next(map(read_seal, snakemake.input.seal), None),
        has_protocol=bool(snakemake.input.protocol),
        courses=read_table(snakemake.input.courses, TREATED_COURSES),
        provenance=json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8")),
    )
    declared = Declarations(
        display=read_table(snakemake.input.display, DISPLAY),
        methods=Path(snakemake.input.methods).read_text(encoding="utf-8"),
        items=load_items(snakemake.input.checklists),
        differences=load_differences(snakemake.input.differences),
    )
    Path(snakemake.output.report).write_text(render_statistician_report(page, declared), encoding="utf-8")
