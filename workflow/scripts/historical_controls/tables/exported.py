"""The tables of results/tables: what a reader opens in another program, column by column."""

from __future__ import annotations

from historical_controls.tables.registry import ARD
from historical_controls.tables.schema import Column, Table

_RESULTS = {column.name: column for column in ARD.columns}
# `format` is left out: `printed` is what it makes of the value.
_PRINTED = Column("printed", "text", "the value or text as the reports print it in English; '−' is the minus sign")

EXPORTED = Table(
    "exported",
    "results/tables/{table,figure}-{output_id}.csv",
    "The rows of the results table that belong to one numbered table or figure. A text that a spreadsheet would run as "
    "a formula begins with an apostrophe. An empty cell is null or ''.",
    ("id",),
    tuple(
        _PRINTED if name == "printed" else _RESULTS[name]
        for name in (*ARD.key, "value", "unit", "text", "printed", "id")
    ),
)

EXPORT_INDEX = Table(
    "export_index",
    "results/tables/index.csv",
    "Every registered table and figure, and the file that holds its rows.",
    ("output_id",),
    (
        _RESULTS["output_id"],
        Column("file", "text", "name of the file beside the index; '' where this run has no row"),
        Column("title_en", "text", "title in English"),
        Column("title_es", "text", "title in Spanish"),
        Column("population", "text", "population analysed"),
        Column("rule", "text", "rule of the workflow that made it"),
        Column("n_rows", "integer", "rows of the file"),
    ),
)


def _group(place: int, column: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(f"group{place}", "text", f"'{column}' where the result belongs to one, else ''"),
        Column(f"group{place}_level", "text", meaning),
    )


CARDS = Table(
    "cards",
    "results/tables/cards.csv",
    "All rows of the tables and figures in the shape of analysis results data of the R package cards: its columns in "
    "its order, then the other columns of the results table. Its list columns are text; an empty cell is null.",
    ("id",),
    (
        *_group(1, "arm", _RESULTS["arm"].description),
        *_group(2, "day", "study day"),
        *_group(3, "contrast", _RESULTS["contrast"].description),
        Column("variable", "text", "outcome code; of a result of no outcome the analysis"),
        Column("variable_level", "text", _RESULTS["level"].description),
        Column("context", "text", _RESULTS["analysis"].description),
        Column("stat_name", "text", _RESULTS["statistic"].description),
        Column("stat_label", "text", "the statistic in words"),
        Column("stat", "text", "the number in the unit of column `unit`, or the code or text of the result"),
        Column("stat_fmt", "text", _PRINTED.description),
        Column("warning", "text", "empty: findings about a result are rows of their own"),
        Column("error", "text", "code of the reason for which there is no number; ''"),
        *(_RESULTS[name] for name in ("output_id", "scenario", "method", "population", "unit", "id")),
    ),
)

EXPORTS: tuple[Table, ...] = (EXPORT_INDEX, EXPORTED, CARDS)
