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
class Span:
    """A head over neighbouring columns; empty where they have none of their own."""

    head: Markup
    width: int


@dataclass(frozen=True)
class HtmlTable:
    """`number`: id of the registered output ('' for none); `n_names`: leading columns that name a row.

    `spans`: heads over the columns that follow the names, together as wide as they are; none for one line of heads.
    `words`: places of the columns, the names' included, that hold words and not numbers.
    """

    id: str
    number: str
    title: Markup
    heads: tuple[Markup, ...]
    rows: tuple[Row, ...]
    notes: tuple[Markup, ...] = ()
    n_names: int = 1
    spans: tuple[Span, ...] = ()
    words: frozenset[int] = frozenset()


def listed(parts: Iterable[Markup], between: str = ", ") -> Markup:
    """Markup joined into a running list."""
    return Markup(between).join(parts)
