"""Where an arm's deaths are not recorded, an event that was asked for has counts and bounds, and no compared times."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.unrecorded import without_unrecorded
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.headline.events import stated_event

from .conftest import LANGUAGES
from .study import small_study

CONTRAST = "treated - historical"
ENDS = ["death", "discharge_alive", "transfer_out"]
ODDS = {"en": "win odds 2.0", "es": "razón de momios 2.0"}
REFUSED = {
    "en": "Times to the event are not compared: no file of the historical patients records deaths",
    "es": "Los tiempos hasta el evento no se comparan: ningún archivo de los pacientes históricos registra defunciones",
}


def told(language: str, recorded: dict[str, list[str]]) -> str:
    """The sentences about an event as the primary outcome."""
    asked = Cell("primary_event", "primary", "exact", "PF", day=7)
    rows = [asked.at(arm=arm).number(name, 5) for arm in recorded for name in ("n_patients", "n_subjects")]
    bounds = asked.at(method="bounds", contrast=CONTRAST)
    rows += [bounds.number(name, 0.1, format="percent") for name in ("least", "most", "lower", "upper")]
    times = asked.at(method="brunner_munzel", level="time_to_event")
    rows += [times.text("odds_of", "sooner")]
    rows += [times.at(contrast=CONTRAST).number(name, 2.0, format="0.0") for name in ("win_odds", "lower", "upper")]
    study = small_study()
    outcomes = study.dictionary.outcomes
    words = Dictionary({**outcomes, "PF": replace(outcomes["PF"], kind="result", categories=("positive",))}, {}, {})
    kept = study.ard[study.ard["outcome"] != "PF"]
    ard = without_unrecorded(pd.concat([kept, ard_frame(rows)], ignore_index=True), recorded)
    printer = replace(study, ard=ard, dictionary=words).page(language).printer
    return stated_event(printer, "PF", 7).striptags()


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_are_compared_where_both_arms_record_deaths(language: str) -> None:
    both = told(language, {"treated": ENDS, "historical": ENDS})
    assert ODDS[language] in both and REFUSED[language] not in both
    silent = told(language, {"treated": ENDS, "historical": ENDS[1:]})
    assert REFUSED[language] in silent and ODDS[language] not in silent
    # The counts and the bounds of their difference stay.
    assert both.partition(ODDS[language])[0][:100] == silent[:100]
