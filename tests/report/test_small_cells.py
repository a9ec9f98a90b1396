"""No page, table or figure that is shared prints a count of few patients."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.ard.keys.statistics import BY_NAME, Kind
from historical_controls.ard.queries import results_of
from historical_controls.ard.small_cells import without_small_cells
from historical_controls.config.study_config import Report
from historical_controls.report.exports.rtf import rtf_tables
from historical_controls.report.exports.tables import export_tables
from historical_controls.report.exports.word import write_word
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.page import Declarations, render_statistician_report

from .conftest import render
from .study import ROOT, SmallStudy, small_study

MIN_CELL = 5
COUNTED = (Kind.PATIENTS, Kind.EVENTS)


# Words that follow a count of patients or events, and the ways of writing a number of them.
NOUNS = {
    "en": "patients?|treated|historical|deaths?|died|discharged?|events?|excluded|controls?|people|alive|adults?",
    "es": "pacientes?|tratad|histórico|defuncion|falleci|muert|egres|eventos?|excluid|controles|personas|viv|adult",
}
NUMBER = r"(?<![\w.,<−–/-])[1-4](?![\w.,%/:])"


def counts_of(study: SmallStudy) -> pd.Series:
    """Whether each row of results counts patients or events."""
    return study.ard["statistic"].map(lambda name: BY_NAME[name].kind in COUNTED).astype(bool)


def spared(study: SmallStudy, first: int = 0) -> SmallStudy:
    """The small study, every third count of patients from `first` made small, as `report.min_cell: 5` shares it."""
    counts = counts_of(study)
    return shared(study, counts & (counts.cumsum() % 3 == first), 1.0 + counts.cumsum() % 4)


def shared(study: SmallStudy, few: pd.Series, value: pd.Series) -> SmallStudy:
    """The study with other values of some counts, as `report.min_cell: 5` shares it."""
    ard = study.ard.assign(value=study.ard["value"].mask(few, value))
    config = study.config.model_copy(update={"report": Report(min_cell=MIN_CELL)})
    return replace(study, ard=without_small_cells(ard, MIN_CELL), config=config)


def drawn(study: SmallStudy, seed: int) -> SmallStudy:
    """Each count of patients drawn anew, half of them small: 1 to 4, or 0, 5, 6 and 30."""
    rng, counts = np.random.default_rng(seed), counts_of(study)
    values = rng.choice([1.0, 2, 3, 4, 0, 5, 6, 30], size=len(counts), p=[0.125] * 8)
    return shared(study, counts & (rng.random(len(counts)) < 0.8), pd.Series(values, counts.index))


def small(printed: str) -> bool:
    return re.fullmatch(r"[1-4]", printed.strip()) is not None


def said(html: str) -> list[str]:
    """What a page or figure says: texts between its blocks, and what it says to who cannot see it."""
    html = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:alt|aria-label|title)="([^"]*)"', html)
    # Marks inside a sentence are no end of it.
    shown = re.sub(r"<[^>]+>", "|", re.sub(r"</?(?:span|a|b|strong|em|tspan)\b[^>]*>", "", html)).split("|")
    return [unescape(" ".join(text.split())) for text in [*spoken, *shown] if text.strip()]


def counted_in_words(text: str, language: str) -> list[str]:
    """Small counts of patients or events in a sentence: '2 of 5 treated', '3 deaths', 'n = 4', '<5 of 3'."""
    between = r" (?:(?:of|de|out of)(?: los| the)? <?[\d,]+ |(?:more|other|otros) )?"
    counts = rf"{NUMBER}{between}(?:{NOUNS[language]})|\b[nN] ?= ?{NUMBER}|<\d+ (?:of|de) {NUMBER}"
    return [found[0] for found in re.finditer(counts, text)]


def texts_beside_no_tick(svg: str) -> list[str]:
    """Texts of a figure but for the numbers of its axes."""

    def walk(element: ElementTree.Element, tick: bool) -> Iterator[str]:
        tick = tick or re.match("[xy]tick_", element.get("id", "")) is not None
        if element.tag.endswith("}text") and not tick:
            yield "".join(element.itertext())
        for inner in element:
            yield from walk(inner, tick)

    return list(walk(ElementTree.fromstring(svg), tick=False))


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "2 of 5 treated patients died"), ("en", "3 deaths"), ("en", "Treated (n = 4)"), ("es", "<5 de 3"),
     ("es", "murieron 1 de 12 pacientes"), ("es", "2 tratados")],
)  # fmt: skip
def test_small_counts_in_words_are_known(language: str, text: str) -> None:
    assert counted_in_words(text, language)
    assert not counted_in_words(re.sub(r"(?<![<\d])[1-4](?!\d)", "<5", text), language)


def nothing_small(study: SmallStudy, language: str, folder: Path) -> None:
    """No count of few patients on both pages, in their figures, in Word and in RTF."""
    counted = {row.id for row in study.ard.itertuples(index=False) if BY_NAME[row.statistic].kind in COUNTED}
    page = render(study, language, folder)
    declared = Declarations(study.display, (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"), [], [])
    statistician = render_statistician_report(study.page(language, page.figures), declared)
    for html in (page.html, statistician):
        shown = [text for id_, text in re.findall(r'data-ard="(\w+)"[^>]*>([^<]*)<', html) if id_ in counted]
        assert len(shown) > 20
        assert "&lt;5" in shown
        assert [text for text in shown if small(text)] == []
    texts = [text for html in (page.html, statistician, *page.figures.values()) for text in said(html)]
    texts += list(in_documents(study, language))
    assert len(texts) > 1000 and sum("<5 " in text for text in texts) > 20
    assert [text for text in texts if counted_in_words(text, language)] == []
    for name, svg in page.figures.items():
        assert [text for text in texts_beside_no_tick(svg) if small(text)] == [], name


def in_documents(study: SmallStudy, language: str) -> Iterator[str]:
    """Paragraphs of the Word document and of the RTF tables."""
    printer = Printer(results_of(study.ard), study.words(language), study.config, study.dictionary)
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    with zipfile.ZipFile(BytesIO(write_word(printer, study.outputs, {}))) as parts:
        for paragraph in ElementTree.fromstring(parts.read("word/document.xml")).iter(f"{word}p"):
            yield "".join(text.text or "" for text in paragraph.iter(f"{word}t"))
    for _, text in rtf_tables(printer, study.outputs, {}):
        shown = re.sub(r"\\u(\d+)\s?\??", lambda code: chr(int(code[1])), text)
        yield from re.split(r"\\(?:cell|row|par|pard)\b", re.sub(r"\\(?!cell|row|par)[a-z]+-?\d* ?", "", shown))


@pytest.mark.parametrize(("language", "first"), [("en", 0), ("es", 1)])
def test_no_small_count_is_printed(language: str, first: int, tmp_path: Path) -> None:
    nothing_small(spared(small_study(), first), language, tmp_path)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1), language=st.sampled_from(["en", "es"]))
@settings(max_examples=20, deadline=None)
def test_no_small_count_is_printed_whichever_are_small(
    tmp_path_factory: pytest.TempPathFactory, seed: int, language: str
) -> None:
    nothing_small(drawn(small_study(), seed), language, tmp_path_factory.mktemp("drawn"))


def test_no_small_count_is_exported() -> None:
    study = spared(small_study())
    for name, table in export_tables(study.ard, study.outputs).items():
        counts = table[table["statistic"].map(lambda key: BY_NAME[key].kind in COUNTED).astype(bool)]
        assert not counts["value"].between(1, MIN_CELL - 1).any(), name
        assert not counts["printed"].map(small).any(), name
