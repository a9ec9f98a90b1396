"""Pages of a randomised trial: no word of historical patients, nor that nobody was randomised."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from historical_controls.config.study_config import load_config
from historical_controls.report.investigator.page import render_report

from .reading import Page
from .study import small_study, study_config
from .test_statistician import render

FALSE = {
    "en": r"historical|not randomi[sz]ed|without randomi[sz]ation|target trial with observational",
    "es": r"hist[oó]ric|no se asignaron al azar|sin aleatorización|datos observacionales",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_randomised_trial_is_called_one(language: str) -> None:
    told = study_config()
    told["study"] |= {"design": "randomised"}  # type: ignore[operator]
    # What the study itself calls its groups is its own.
    for source in told["sources"].values():  # type: ignore[attr-defined]
        source["label"] = {"en": "Site", "es": "Sede"}
    study = replace(small_study(), config=load_config(told))
    text = Page.of(render_report(study.page(language))).visible
    assert [text[max(0, found.start() - 60) : found.end() + 30] for found in re.finditer(FALSE[language], text)] == []
    assert re.search(r"were randomised|se asignaron al azar", text)
    whole = Page.of(render(study, language)).visible
    assert not re.search(r"not randomi[sz]ed|TREND|no se asignaron al azar", whole)
