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

EXPORTS: tuple[Table, ...] = (EXPORT_INDEX, EXPORTED)
