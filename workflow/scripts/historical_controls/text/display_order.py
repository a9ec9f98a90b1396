"""The one order in which patients are listed by display id: T2 before T10, C999 before C1000."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

DISPLAY_ID = re.compile(r"([A-Z])(\d+)")


def is_display_id(name: str) -> bool:
    return DISPLAY_ID.fullmatch(name) is not None


def natural(name: str) -> tuple[str, int, str]:
    """The letters of a display id, then its number; what is no display id goes by its text.

    As text T10 stands before T2: treated patients' ids have no leading zeros, and a fourth digit comes with the
    thousandth control.
    """
    parts = DISPLAY_ID.fullmatch(name)
    return (parts[1], int(parts[2]), name) if parts else (name, 0, name)


def ordered(names: Iterable[str]) -> list[str]:
    """Display ids, each once, in their order."""
    return sorted(set(names), key=natural)


def by_display_id(column: pd.Series) -> pd.Series:
    """The key of `DataFrame.sort_values` that puts column display_id in its order; other columns stay as they are."""
    if column.name != "display_id":
        return column
    places = {name: place for place, name in enumerate(ordered(column.dropna()))}
    return column.map(places)
