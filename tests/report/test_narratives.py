"""The internal narratives: who, what on which day, how it ended, and what the answer owes to this patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.narratives.page import render_narratives
from historical_controls.report.narratives.patient import CohortTables
from historical_controls.tables.registry import COHORT_EVENTS, COHORT_PATIENTS, VISITS

from .conftest import LANGUAGES
from .reading import Page
from .study import CONTRAST, HOSTILE, small_study

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PEOPLE = {"T10": ("death", 9.32, 29.0), "T2": ("horizon", 21.0, 62.0), "T1": ("moved_abroad", 5.0, 40.0)}


def rows(table: object, given: list[dict[str, object]]) -> pd.DataFrame:
    """Rows of a declared table; what a test does not name is empty."""
    return pd.concat([table.empty(), pd.DataFrame(given)], ignore_index=True)  # type: ignore[attr-defined]


def tables() -> CohortTables:
    people = [
        {"patient_id": f"trial/{name}", "display_id": name, "arm": "treated", "included": True, "end_state": state,
         "end_day": day, "AGE": age, "SEX": "female", "DIABETES": name == "T2", "hours_from_admission": 60.0}
        for name, (state, day, age) in PEOPLE.items()
    ]  # fmt: skip
    people += [{"patient_id": "hospital/9", "display_id": "C1", "arm": "historical", "included": True}]
    people += [{"patient_id": "trial/out", "display_id": None, "arm": "treated", "included": False}]
    events = [
        {
            "patient_id": "trial/T10",
            "event": "infection",
            "hours": 55.2,
            "end_hours": 127.2,
            "value": "3",
            "detail": HOSTILE,
        },
        {"patient_id": "trial/T10", "event": "admission", "hours": -60.0},
        {"patient_id": "trial/T10", "event": "marrow_graft", "hours": 24.0},
    ]
    visits = [
        {"patient_id": "trial/T10", "outcome": "PF", "day": day, "value": value, "lower": value, "upper": value}
        for day, value in ((0, 91.4), (7, 120.0), (9, 84.6))
    ]
    return CohortTables(rows(COHORT_PATIENTS, people), rows(COHORT_EVENTS, events), rows(VISITS, visits))


def page(language: str, hostile: bool = False) -> str:
    study = small_study(hostile)
    cell = Cell("leave_one_out", "primary", "reml", "PF", output="14.2.13", day=7, level="T10", contrast=CONTRAST)
    kept = study.ard[study.ard["analysis"] != "leave_one_out"]
    without = [
        cell.number(name, number, format="0") for name, number in (("estimate", 42), ("lower", 13), ("upper", 71))
    ]
    without += [cell.text("decides", "yes")]
    found = replace(study, ard=pd.concat([kept, ard_frame(without)], ignore_index=True))
    return render_narratives(found.page(language), tables())


def test_a_narrative_tells_who_it_was_and_how_it_ended() -> None:
    read = Page.of(page("en")).visible
    assert [name for name in ("T1", "T2", "T10") if f"trial/{name}" in read] == ["T1", "T2", "T10"]
    assert read.index("trial/T1") < read.index("trial/T2") < read.index("trial/T10")
    assert "hospital/9" not in read and "trial/out" not in read
    assert "Died on day 9.3." in read and "Followed to the end of follow-up, day 21.0." in read
    # An ending of the study's own stands in its own words.
    assert "Follow-up ended on day 5.0: moved abroad." in read
    assert "29.0 years" in read and "2.5 days since admission" in read


def test_events_stand_in_the_order_of_time_with_their_days() -> None:
    read = Page.of(page("en")).visible
    own = read[read.index("trial/T10") :]
    assert own.index("−2.5") < own.index("marrow graft") < own.index("2.3")
    assert "2.3\u00a0to\u00a05.3" in own


def test_values_are_those_of_the_days_compared_and_the_last() -> None:
    read = Page.of(page("en")).visible
    own = read[read.index("T10: values as analysed") :]
    assert own.index("91.4") < own.index("120.0") < own.index("84.6 (day\u00a09)")


def test_the_answer_without_a_patient_stands_beside_the_answer_with_all() -> None:
    read = Page.of(page("en")).visible
    assert "42 (13 to 71) without this patient. The conclusion changes." in read
    assert read.count("without this patient") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_stay_texts(language: str) -> None:
    read = Page.of(page(language, hostile=True))
    assert len(read.tagged("script")) == 1 and read.visible.count(HOSTILE) >= 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
def test_it_fits_and_is_silent(browser: Browser, width: int, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page("es"), encoding="utf-8")
    shown, messages = browser.new_page(viewport={"width": width, "height": 800}), []
    shown.on("console", lambda message: messages.append(message.text))
    shown.goto((tmp_path / "page.html").as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width and messages == []
