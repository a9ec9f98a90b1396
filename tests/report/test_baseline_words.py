"""Pages say which hours are baseline, and what a baseline that includes hours after time zero may hide."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from historical_controls.config.study_config import load_config
from historical_controls.report.investigator.page import render_report
from historical_controls.report.protocol.page import sections

from .conftest import LANGUAGES
from .reading import Page
from .study import SmallStudy, small_study, study_config
from .test_statistician import render
from .test_wording import ENGLISH_WORDS, FORBIDDEN

MEDIAN = {
    "en": "Baseline is the median of the values from 24 hours before to 6 hours after time zero.",
    "es": "El valor basal es la mediana de los valores desde 24 horas antes hasta 6 horas después del tiempo cero.",
}
HIDDEN = {
    "en": "What treatment begun in those 6 hours did may be taken for baseline.",
    "es": "Lo que haya producido un tratamiento iniciado en esas 6 horas puede tomarse por valor basal.",
}
BIAS = {
    "en": "It includes values of the 6 hours after time zero.",
    "es": "Incluye valores de las 6 horas posteriores al tiempo cero.",
}
DECLARED = {
    "en": "median of the values from 24 h before to 6 h after time zero; what treatment begun in those 6 h did may be "
    "taken for baseline",
    "es": "mediana de los valores desde 24 h antes hasta 6 h después del tiempo cero; lo que haya producido un "
    "tratamiento iniciado en esas 6 h puede tomarse por valor basal",
}


def followed_from_admission(after: float) -> SmallStudy:
    told = study_config()
    told["cohort"] |= {"time_zero": {"treated": "admission"}, "baseline_hours_after": after}  # type: ignore[operator]
    return replace(small_study(), config=load_config(told))


def visible(html: str) -> str:
    return re.sub(r"\s+", " ", Page.of(html).visible)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hours_and_what_they_may_hide_are_on_every_page(language: str) -> None:
    study = followed_from_admission(6)
    page, whole = visible(render_report(study.page(language))), visible(render(study, language))
    for text in (page, whole):
        assert f"{MEDIAN[language]} {HIDDEN[language]}" in text
    assert BIAS[language] in page
    rows = [row for part in sections(study.page(language).printer, []) for table in part.tables for row in table.rows]
    assert DECLARED[language] in [cell.striptags() for row in rows for cell in row.cells]
    assert not re.search(FORBIDDEN[language], page, re.IGNORECASE)
    assert language == "en" or not re.search(ENGLISH_WORDS, MEDIAN["es"] + HIDDEN["es"] + DECLARED["es"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_baseline_that_ends_at_time_zero_hides_nothing(language: str) -> None:
    study = followed_from_admission(0)
    text = visible(render_report(study.page(language))) + visible(render(study, language))
    assert not re.search("taken for baseline|tomarse por valor basal", text)
    assert re.search("median of the 24 hours before time zero|mediana de las 24 horas previas al tiempo cero", text)
