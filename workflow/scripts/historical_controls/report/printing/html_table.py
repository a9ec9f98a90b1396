"""A table of a page before it is HTML: caption, heads, rows of printed cells, footnotes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Row:
    """`head`: the row's name; `cells`: printed, none for a row that names the indented rows beneath it."""

    head: Markup
    cells: tuple[Markup, ...] = ()
    indent: bool = False


@dataclass(frozen=True)
class HtmlTable:
    """`number`: id of the registered output ('' for none); `n_names`: leading columns that name a row."""

    id: str
    number: str
    title: Markup
    heads: tuple[Markup, ...]
    rows: tuple[Row, ...]
    notes: tuple[Markup, ...] = ()
    n_names: int = 1


def listed(parts: Iterable[Markup], between: str = ", ") -> Markup:
    """Markup joined into a running list."""
    return Markup(between).join(parts)
