"""The first page of the archive: in every language, what is inside and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from historical_controls.config.study_config import Config
from historical_controls.report.inputs import page_environment
from historical_controls.text.words import Words

TEMPLATE = "bundle.html.j2"
# Path of a file by language, in the order of the page; `bundle.<name>` of the locale says what it is.
BY_LANGUAGE = {
    "investigator": "report/investigator.{}.html",
    "statistician": "report/statistician.{}.html",
    "protocol": "protocol/protocol.{}.html",
    "word": "tables/{}/tables-and-figures.docx",
    "workbook": "tables/{}/tables.xlsx",
}
SHARED = {
    "index": "tables/index.csv",
    "descriptor": "tables/datapackage.json",
    "cards": "tables/cards.csv",
    "machine": "protocol/protocol.json",
    "provenance": "provenance.json",
}


@dataclass(frozen=True)
class Part:
    """What the page says in one language. links: key of the words and path; figures: file name and path."""

    words: Words
    study: str
    links: list[tuple[str, str]]
    figures: list[tuple[str, str]]


def render_bundle_page(config: Config, words: Iterable[Words], templates: Path, files: Iterable[str]) -> str:
    """Return the page as HTML text; `files` are the names of the archive, and only they are linked."""
    names = sorted(files)
    parts = [_part(config, one, names) for one in words]
    template = page_environment(templates).get_template(TEMPLATE)
    return template.render(parts=parts, registry_id=config.study.id, simulated=config.study.simulated)


def _part(config: Config, words: Words, names: list[str]) -> Part:
    paths = {key: place.format(words.language) for key, place in (BY_LANGUAGE | SHARED).items()}
    folder = f"figures/{words.language}/"
    figures = [(name.removeprefix(folder).removesuffix(".svg"), name) for name in names if name.startswith(folder)]
    links = [(f"bundle.{key}", path) for key, path in paths.items() if path in names]
    return Part(words, words.among(config.study.title), links, figures)
