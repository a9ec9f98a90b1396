"""Cells that hold several values, such as a blood pressure '167/92', split into columns of their own by declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from historical_controls.config.sources.layout import SplitColumn
from historical_controls.intake.layout import CELL, Grid


def with_split_columns(grid: Grid, declared: Mapping[str, SplitColumn]) -> Grid:
    """Return the grid with the declared further columns; the column that is split remains.

    A cell with another number of pieces is given to each of them whole, marked, so that none is read from it.
    """
    for name, split in declared.items():
        if CELL + name in grid.cells:
            pieces = _pieces(grid.cells[CELL + name], split)
            cells = pd.concat([grid.cells, pieces.set_axis([CELL + own for own in split.into], axis=1)], axis=1)
            grid = replace(grid, cells=cells, header=[*grid.header, *split.into])
    return grid


def _pieces(texts: pd.Series, split: SplitColumn) -> pd.DataFrame:
    n = len(split.into)
    whole = texts.str.strip()
    parts = whole.str.split(split.by, regex=False, expand=True).reindex(columns=range(n)).fillna("").astype("str")
    # str.count takes a pattern, unlike str.split with regex=False.
    fits = (whole.str.count(pat=_literal(split.by)) == n - 1) & (whole != "")
    marked = ("not split: " + whole).where(whole != "", "")
    return pd.DataFrame({place: parts[place].str.strip().where(fits, marked) for place in range(n)}, index=texts.index)


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if not character.isalnum() else character for character in text)
