"""The small study rendered once: pages and figures in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from historical_controls.figures.draw import draw_figures, save_svg
from historical_controls.report.investigator.page import render_report

from .reading import Page
from .study import SmallStudy, small_study

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Rendered:
    study: SmallStudy
    figures: dict[str, str]
    html: str
    page: Page


def render(study: SmallStudy, language: str, folder: Path) -> Rendered:
    words = study.words(language)
    figures = {}
    drawn = draw_figures(study.ard, study.display, words, study.config, study.dictionary)
    for name, figure in drawn.shared.items():
        save_svg(figure, folder / language / name)
        figures[name] = (folder / language / name).read_text(encoding="utf-8")
    html = render_report(study.page(language, figures))
    return Rendered(study, figures, html, Page.of(html))


def write_page(study: SmallStudy, language: str) -> Rendered:
    """The page without its figures, which take most of the time and say nothing that a sentence says."""
    html = render_report(study.page(language))
    return Rendered(study, {}, html, Page.of(html))


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    folder = tmp_path_factory.mktemp("figures")
    return {language: render(small_study(), language, folder) for language in LANGUAGES}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def report(rendered: dict[str, Rendered], language: str) -> Rendered:
    return rendered[language]
