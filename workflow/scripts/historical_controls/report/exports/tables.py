"""Every numbered output as a CSV that a spreadsheet may open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from historical_controls.report.exports.standards.cards import cards_frame
from historical_controls.report.exports.standards.data_package import INDEX, Resource
from historical_controls.report.printing.outputs import Output, exported
from historical_controls.tables.exported import CARDS, EXPORT_INDEX, EXPORTED
from historical_controls.text.formatting import format_number
from historical_controls.text.names import Names
from historical_controls.text.spreadsheet_cells import inert

INDEX_FILE = f"{INDEX}.csv"
CARDS_FILE = "cards.csv"


def export_tables(ard: pd.DataFrame, outputs: Mapping[str, Output]) -> dict[str, pd.DataFrame]:
    """One frame per registered output that has rows, by file name: its rows of the results table as printed as well.

    Text cells that a spreadsheet would run as a formula get a
    leading apostrophe.
    """
    frames = {output.file_name: ard[ard["output_id"] == output.output_id] for output in exported(outputs)}
    return {name: _export(frame) for name, frame in frames.items() if not frame.empty}


def export_index(tables: Mapping[str, pd.DataFrame], outputs: Mapping[str, Output]) -> pd.DataFrame:
    """Which file has which output: titles and the number of rows; an output without rows has no file."""
    rows = [
        {
            "output_id": output.output_id,
            "file": output.file_name if output.file_name in tables else "",
            "title_en": output.title_en,
            "title_es": output.title_es,
            "population": output.population,
            "rule": output.rule,
            # 0 rows: the output is registered and this run has nothing for it; its line in the index stays.
            "n_rows": len(tables.get(output.file_name, ())),
        }
        for output in exported(outputs)
    ]
    return pd.DataFrame(rows, columns=list(EXPORT_INDEX.names))


def table_resources(tables: Mapping[str, pd.DataFrame], index: pd.DataFrame, names: Names) -> list[Resource]:
    """The files of results/tables, the index first. tables: by file name; index: as `export_index` makes it."""
    words = names.words
    titles = dict(zip(index["file"], index["title_es" if words.language == "es" else "title_en"], strict=True))
    return [
        Resource(INDEX_FILE, words("bundle.index"), EXPORT_INDEX, index),
        *(Resource(name, titles[name], EXPORTED, frame) for name, frame in tables.items()),
        Resource(CARDS_FILE, words("bundle.cards"), CARDS, cards_frame(tables, names)),
    ]


def _export(rows: pd.DataFrame) -> pd.DataFrame:
    # As objects: pandas makes its texts one by one where they are asked for one by one.
    columns = (rows[name].to_numpy(object) for name in ("value", "text", "format"))
    # A text result is printed as it is; a number by its declared format.
    printed = [
        text if isinstance(text, str) else format_number(value, format)
        for value, text, format in zip(*columns, strict=True)
    ]
    frame = rows.assign(printed=printed)[list(EXPORTED.names)].reset_index(drop=True)
    return _inert(frame)


def write_frames(frames: Mapping[str, pd.DataFrame], folder: str | Path) -> None:
    """Each frame as `<name>.csv` in the folder, harmless in a spreadsheet."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        _inert(frame).to_csv(Path(folder) / f"{name}.csv", index=False, lineterminator="\n")


def _inert(frame: pd.DataFrame) -> pd.DataFrame:
    # Only text can be a formula; a negative number begins with '-' as well and must stay one.
    words = frame.select_dtypes(include=["object", "str"]).columns
    return frame.assign(**{name: _inert_column(frame[name]) for name in words})


def _inert_column(texts: pd.Series) -> pd.Series:
    # Each text once: a column of the results table has few, in tens of thousands of rows.
    changed = {text: safe for text in texts.unique() if (safe := inert(text)) is not text}
    return texts.map(lambda text: changed.get(text, text), na_action="ignore") if changed else texts
