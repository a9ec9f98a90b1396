"""The results in the shape of the R package cards, so that its users read them as their own analysis results data.

Source: cards 0.7, `check_ard_structure()` and `tidy_ard_column_order()`: columns and their order. Its list columns
(levels, `stat`, `warning`, `error`) are text here; docs/reading_results.md has the lines that turn them into lists.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from historical_controls.ard.keys.statistics import Kind, declared_statistic
from historical_controls.tables.exported import CARDS
from historical_controls.text.names import Names

# What the results are grouped by, in this order; the groups of other columns are kept beside them under their names.
GROUPS = ("arm", "day", "contrast")


def cards_frame(tables: Mapping[str, pd.DataFrame], names: Names) -> pd.DataFrame:
    """Return all rows of the exported tables as table `cards`. tables: as `export_tables` makes them."""
    rows = pd.concat(tables.values(), ignore_index=True)
    labels = {name: names.statistic(declared_statistic(name)) for name in rows["statistic"].unique()}
    remarks = rows["statistic"].map({name: declared_statistic(name).kind is Kind.REMARK for name in labels})
    made = {
        # A result of no outcome (a count of patients, a setting) is one of its analysis.
        "variable": rows["outcome"].where(rows["outcome"] != "", rows["analysis"]),
        "variable_level": rows["level"],
        "context": rows["analysis"],
        "stat_name": rows["statistic"],
        "stat_label": rows["statistic"].map(labels),
        "stat": rows["value"].map(_shortest).where(rows["text"].isna(), rows["text"]),
        "stat_fmt": rows["printed"],
        "warning": None,
        # Why there is no number: cards keeps the message of an error there.
        "error": rows["text"].where(remarks),
    }
    for place, column in enumerate(GROUPS, start=1):
        level = rows[column].map(_shortest) if column == "day" else rows[column]
        present = level.notna() & (level != "")
        made |= {f"group{place}": present.map({True: column, False: None}), f"group{place}_level": level.where(present)}
    return rows.assign(**made)[list(CARDS.names)]


def _shortest(value: float) -> str | None:
    """A number as text: '7' for a whole one, else the shortest that gives it back; None for none."""
    if pd.isna(value):
        return None
    return str(int(value)) if value == int(value) else repr(float(value))
