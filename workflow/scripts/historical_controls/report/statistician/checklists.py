"""Reporting checklists: which item is answered where on this page, in part, or only by the authors."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer

COLUMNS = ("checklist", "item", "topic_en", "topic_es", "status", "where")
CHECKLISTS: tuple[str, ...] = ("TARGET", "STROBE", "TREND")
# The others ask how a comparison was made.
OF_ONE_ARM = ("STROBE",)
# TARGET and TREND are about studies without randomisation.
BY_DESIGN = {"external_controls": CHECKLISTS, "randomised": ("STROBE",), "single_arm": OF_ONE_ARM}
STATUSES = ("answered", "partly", "authors")
# Parts of the page that every run has but 'estimands', and the report for investigators beside it.
PLACES = ("answer", "estimands", "methods", "manuscript", "cite", "provenance", "investigator")
OUTPUT_PLACE = re.compile(r"o\d+(_\d+)+")


@dataclass(frozen=True)
class Item:
    """One item. `status`: answered, partly or authors (theirs to write); `where`: parts of the page, ';' between."""

    checklist: str
    item: str
    topic_en: str
    topic_es: str
    status: str
    where: str

    @property
    def places(self) -> list[str]:
        return self.where.split(";") if self.where else []


def load_items(path: str | Path) -> list[Item]:
    """docs/checklists.csv. Raises UserError for a checklist, status or place that there is not."""
    items = []
    for where, row in declared_rows(path, COLUMNS):
        item = Item(**row)
        _check("checklist", item.checklist, CHECKLISTS, where)
        _check("status", item.status, STATUSES, where)
        for place in item.places:
            if not OUTPUT_PLACE.fullmatch(place):
                _check("place", place, PLACES, where)
        # The authors' own items have no place on the page; every other one must have.
        if (item.status == "authors") == bool(item.places):
            raise UserError(f"item {item.item} is '{item.status}'", where, "Places for all items but the authors' own")
        items.append(item)
    return items


def _check(what: str, value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise UserError(f"there is no {what} '{value}'", where, f"Allowed: {', '.join(allowed)}")


def checklist_tables(printer: Printer, items: list[Item], places: Collection[str]) -> list[HtmlTable]:
    """One table a checklist: item, topic, whether answered, and where, as links.

    `places`: parts that this run's page holds something in; those that it has not are named without a link.
    """
    heads = tuple(printer.word(f"checklist.{name}") for name in ("item", "topic", "status", "where"))
    return [
        HtmlTable(
            f"checklist-{name.lower()}",
            "",
            printer.word(f"checklist.{name}"),
            heads,
            tuple(_row(printer, item, places) for item in items if item.checklist == name),
            n_names=len(heads),
        )
        for name in BY_DESIGN[printer.config.design]
    ]


def _row(printer: Printer, item: Item, places: Collection[str]) -> Row:
    there = [place for place in item.places if place in places]
    said = printer.word(f"checklist.{_status(item, len(there))}")
    topic = printer.fact(item.topic_es if printer.words.language == "es" else item.topic_en)
    links = listed([_place(printer, place, place in there) for place in item.places], "; ")
    return Row(printer.fact(item.item), (topic, said, links))


def _status(item: Item, n_there: int) -> str:
    """An item is no more answered than the places of this run allow."""
    # A place without results in this run answers nothing: the status is lowered, never raised.
    if n_there == len(item.places):
        return item.status
    return "partly_in_run" if n_there else "not_in_run"


def _place(printer: Printer, place: str, there: bool) -> Markup:
    if OUTPUT_PLACE.fullmatch(place):
        said = printer.fact(place[1:].replace("_", "."))
    else:
        said = printer.word(f"place.{place}")
    if not there:
        return printer.word("checklist.place_missing", place=said)
    href = f"investigator.{printer.words.language}.html" if place == "investigator" else f"#{place}"
    return Markup('<a href="{}">{}</a>').format(href, said)
