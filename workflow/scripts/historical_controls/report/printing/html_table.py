"""A table of a page before it is HTML: caption, heads, rows of printed cells, footnotes."""

from __future__ import annotations

import re
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


# What a printer writes around a number or a declared text.
MARKED = re.compile(r"<span (data-fact|data-ard=\"\w+\")>([^<]*)</span>")


def cell_html(cell: Markup, tag: str = "td", attributes: str = "") -> Markup:
    """A cell of a table. One that is a single marked number carries the mark itself: half the elements of a page."""
    alone = MARKED.fullmatch(cell)
    mark, text = (alone[1], Markup(alone[2])) if alone else ("", cell)
    opened = Markup(" ".join(part for part in (tag, mark, attributes) if part))
    # A text that is no markup is escaped here as it would be in a template.
    return Markup("<{}>{}</{}>").format(opened, text, tag)
