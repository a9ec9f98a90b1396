"""Rule export_documents: the declared tables in Word with the figures, as RTF, XLSX and CSV, in one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.ard.queries import results_of
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import reported
from historical_controls.figures.draw import draw_figures, png_of
from historical_controls.report.exports.rtf import rtf_tables
from historical_controls.report.exports.spreadsheets import csv_tables, workbook
from historical_controls.report.exports.standards.printed_tables import printed_package
from historical_controls.report.exports.word import write_word
from historical_controls.report.printing.outputs import load_outputs
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.methods import method_steps
from historical_controls.report.statistician.registry import declared_tables, load_differences
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD, DISPLAY
from historical_controls.text.words import load_words

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    ard = read_table(snakemake.input.ard, ARD)
    config = Config.model_validate(snakemake.params.config)
    words = load_words(Path(snakemake.input.words).parent, snakemake.wildcards.lang)
    words = config.worded(words)
    dictionary = load_dictionary(Path(snakemake.input.dictionary[0]).parent)
    outputs = load_outputs(snakemake.input.outputs)
    printer = Printer(results_of(ard), words, config, dictionary)
    declared = declared_tables(printer, load_differences(snakemake.input.differences))
    # Drawn anew, since Word takes no SVG; the shared ones only.
    drawn = draw_figures(ard, read_table(snakemake.input.display, DISPLAY), words, config, dictionary)
    figures = {Path(name).stem: png_of(figure) for name, figure in drawn.shared.items()}
    steps = method_steps(printer, Path(snakemake.input.methods).read_text(encoding="utf-8"))
    Path(snakemake.output.word).write_bytes(write_word(printer, outputs, figures, declared, steps))
    folder = Path(snakemake.output.rtf)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rtf_tables(printer, outputs, declared):
        # RTF is ASCII: a character that nothing has escaped must fail here, not in a reader's Word.
        (folder / name).write_text(text, encoding="ascii")
    Path(snakemake.output.workbook).write_bytes(workbook(printer, outputs, declared))
    folder = Path(snakemake.output.csv)
    folder.mkdir(parents=True, exist_ok=True)
    printed = list(csv_tables(printer, outputs, declared))
    for table in printed:
        (folder / table.file).write_bytes(table.content)
    package = printed_package(config.study, words, printed)
    (folder / "datapackage.json").write_text(package, encoding="utf-8")
