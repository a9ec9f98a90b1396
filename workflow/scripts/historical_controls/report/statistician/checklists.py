"""Reporting checklists, and where the registry and the analysis differ: declared tables with the facts of the run."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from ...errors import UserError
from ...results import ARMS
from ..html_table import HtmlTable, Row, listed
from ..printer import Printer, fill

CHECKLISTS = ("TARGET", "STROBE", "TREND")
STATUSES = ("answered", "partly", "authors", "not_applicable")


@dataclass(frozen=True)
class Item:
    """One item. `status`: answered, partly, authors (theirs to write), not_applicable; `where`: places of the page."""

    checklist: str
    item: str
    topic_en: str
    topic_es: str
    status: str
    where: str


@dataclass(frozen=True)
class Difference:
    """What the registry says and what the analysis does; {placeholders} are facts of the run."""

    item: str
    registry_en: str
    registry_es: str
    analysis_en: str
    analysis_es: str


def load_items(path: str | Path) -> list[Item]:
    """docs/checklists.csv. Raises UserError for a status that there is not."""
    items = [Item(**row) for row in _rows(path)]
    for item in items:
        if item.status not in STATUSES:
            where = f"{path}: {item.checklist} {item.item}"
            raise UserError(f"there is no status '{item.status}'", where, f"Allowed: {', '.join(STATUSES)}")
    return items


def load_differences(path: str | Path) -> list[Difference]:
    """The study's registry_differences.csv."""
    return [Difference(**row) for row in _rows(path)]


def _rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def checklist_tables(printer: Printer, items: Sequence[Item], places: Collection[str]) -> list[HtmlTable]:
    """One table a checklist: item, topic, and the places where it is answered, as links.

    `places`: ids that the page has; an item whose only places are missing is not answered, and says so.
    """
    heads = tuple(printer.word(f"checklist.{name}") for name in ("item", "topic", "status", "where"))
    return [
        HtmlTable(
            f"checklist-{name.lower()}",
            "",
            printer.word(f"checklist.{name}"),
            heads,
            tuple(_item(printer, item, places) for item in items if item.checklist == name),
            n_names=4,
        )
        for name in CHECKLISTS
    ]


def _item(printer: Printer, item: Item, places: Collection[str]) -> Row:
    named = item.where.split(";") if item.where else []
    there = [place for place in named if place in places or place == "investigator"]
    status = "not_in_run" if named and not there else item.status
    topic = item.topic_es if printer.words.language == "es" else item.topic_en
    links = listed([_link(printer, place) for place in there], "; ")
    return Row(printer.fact(item.item), (printer.fact(topic), printer.word(f"checklist.{status}"), links))


def _link(printer: Printer, place: str) -> Markup:
    if place == "investigator":
        href, said = f"investigator.{printer.words.language}.html", printer.word("stat.to_investigator")
    elif place.startswith("o1"):
        href, said = f"#{place}", printer.fact(place[1:].replace("_", "."))
    else:
        href, said = f"#{place}", printer.word(f"place.{place}")
    return Markup('<a href="{}">{}</a>').format(href, said)


def differences_table(printer: Printer, differences: Sequence[Difference]) -> HtmlTable | None:
    """Table 14.1.7: what the registry says, and what was done; None where the study declares nothing."""
    if not differences:
        return None
    spanish = printer.words.language == "es"
    facts = run_facts(printer)
    rows = tuple(
        Row(
            printer.fact(one.registry_es if spanish else one.registry_en),
            (printer.fact(fill(one.analysis_es if spanish else one.analysis_en, facts)),),
        )
        for one in differences
    )
    heads = (printer.word("difference.registry"), printer.word("difference.analysis"))
    return HtmlTable("differences", "14.1.7", printer.word("difference.title"), heads, rows, n_names=2)


def run_facts(printer: Printer) -> dict[str, Markup]:
    """Facts of this run by the name of their placeholder."""
    config, day = printer.config, float(printer.config.cohort.horizon_days)
    numbers = {
        f"n_{arm}": printer.number(printer.results.one("disposition", "n_subjects", arm=arm, day=day)) for arm in ARMS
    }
    return {
        **numbers,
        "days": listed([printer.fact(one) for one in config.analysis.days]),
        "day": printer.fact(config.primary.day),
        "primary": printer.label(config.primary.outcome),
        "secondary": listed([printer.label(code) for code in config.primary.key_secondary]),
    }
