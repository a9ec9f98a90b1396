"""Tables of declared facts: what every section of the protocol is made with."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer
from historical_controls.text.formatting import DASH, MINUS

Fact = tuple[str, Markup]


def table(printer: Printer, name: str, columns: tuple[str, ...], rows: Iterable[Row]) -> HtmlTable:
    """Return the table `name`, whose title, heads and note are `protocol.<name>` of the locale."""
    heads = tuple(printer.word(f"protocol.{name}.{column}") for column in columns)
    noted = printer.words.has(f"protocol.{name}.note")
    notes = (printer.word(f"protocol.{name}.note"),) if noted else ()
    title = printer.word(f"protocol.{name}.title")
    places = frozenset(range(len(columns)))
    return HtmlTable(f"protocol-{name}", "", title, heads, tuple(rows), notes, words=places)


def facts_table(printer: Printer, name: str, facts: Iterable[Fact]) -> HtmlTable:
    """Return a table of two columns: an item of `protocol.<name>`, and what is declared of it."""
    rows = tuple(Row(printer.word(f"protocol.{name}.{item}"), (said,)) for item, said in facts)
    heads = (printer.word("protocol.item"), printer.word("protocol.declared"))
    title = printer.word(f"protocol.{name}.title")
    return HtmlTable(f"protocol-{name}", "", title, heads, rows, words=frozenset((0, 1)))


def numbers(printer: Printer, values: Iterable[float]) -> Markup:
    """Return numbers as a running list; a dash where there are none."""
    return printer.fact(", ".join(map(plain, values)) or DASH)


def number(printer: Printer, value: float) -> Markup:
    """Return a declared number without needless zeros."""
    return printer.fact(plain(value))


def plain(value: float) -> str:
    """A declared number as reports print it: a minus sign, and a comma of thousands."""
    return f"{value:,g}".replace("-", MINUS)


def labels(printer: Printer, names: Iterable[str]) -> Markup:
    """Return names of the study or dictionary as a running list; a dash where there are none."""
    return printer.fact(", ".join(names) or DASH)
