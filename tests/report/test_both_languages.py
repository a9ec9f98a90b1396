"""No sentence of a page is the same in both languages: what is, was written into the program in one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.report.described.page import render_description
from historical_controls.report.investigator.page import render_report
from historical_controls.report.protocol.page import render_protocol

from .conftest import LANGUAGES
from .study import ROOT, SmallStudy, small_study
from .test_one_arm import one_arm
from .test_protocol import example
from .test_statistician import render

# Two words of letters side by side: names of outcomes, units and treatments are often the same in both.
SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}\b")


class Texts(HTMLParser):
    """Texts that a reader sees or hears, without equations, code and what stands in them."""

    APART = ("script", "style", "math", "code", "pre", "cite")
    SPOKEN = ("title", "alt", "aria-label", "placeholder")

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within += tag in self.APART
        self.found |= {str(value) for name, value in attrs if name in self.SPOKEN}

    def handle_endtag(self, tag: str) -> None:
        self.within -= tag in self.APART

    def handle_data(self, data: str) -> None:
        if not self.within:
            self.found.add(" ".join(data.split()))


def sentences(html: str) -> set[str]:
    texts = Texts()
    texts.feed(html)
    # Equations are those of docs/methods.md, whose few words are English, as the Spanish page says.
    return {text for text in texts.found if SENTENCE.search(text) and " = " not in text}


def declared() -> SmallStudy:
    """The example study's declarations, in the place of the small study's."""
    return replace(small_study(), config=example(), dictionary=load_dictionary(ROOT / "data/dictionary"))


PAGES: dict[str, Callable[[str], str]] = {
    "investigator": lambda language: render_report(small_study().page(language)),
    "bare": lambda language: render_report(small_study().bare().page(language)),
    "statistician": lambda language: render(small_study(), language),
    "protocol": lambda language: render_protocol(small_study().page(language), []),
    "example": lambda language: render_protocol(declared().page(language), []),
    "described": lambda language: render_description(one_arm().page(language)),
    "one arm": lambda language: render(one_arm(), language),
}


@pytest.mark.parametrize("name", list(PAGES))
def test_no_sentence_is_the_same_in_both_languages(name: str) -> None:
    english, spanish = (sentences(PAGES[name](language)) for language in LANGUAGES)
    assert len(english) > 30
    assert sorted(english & spanish) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_to_do_does_not_say_the_reason_again(language: str) -> None:
    entries = small_study().words(language).entries
    remedies = {key: said for key, said in entries.items() if key.startswith("ledger_remedy.")}
    again = [key for key, said in remedies.items() if said == entries.get(key.replace("remedy", "reason"))]
    assert remedies and again == []
