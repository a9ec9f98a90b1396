"""The internal narratives: who, what on which day, how it ended, and what the answer owes to this patient."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.cohort.follow_up.precision import Band, Precision, round_width
from historical_controls.cohort.follow_up.treated_courses import CourseInputs, treated_courses
from historical_controls.report.investigator.page import render_report
from historical_controls.report.narratives.cohort_tables import CohortTables
from historical_controls.report.narratives.page import render_narratives
from historical_controls.report.narratives.short import short_narratives
from historical_controls.tables.registry import COHORT_EVENTS, COHORT_PATIENTS, VISITS

from .conftest import LANGUAGES
from .reading import Page
from .study import CONTRAST, HOSTILE, SmallStudy, small_study

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PEOPLE = {"T10": ("death", 9.32, 27.0), "T2": ("horizon", 21.0, 62.0), "T1": ("moved_abroad", 5.0, 42.0)}


def rows(table: object, given: list[dict[str, object]]) -> pd.DataFrame:
    """Rows of a declared table; what a test does not name is empty."""
    return pd.concat([table.empty(), pd.DataFrame(given)], ignore_index=True)  # type: ignore[attr-defined]


def small_tables() -> CohortTables:
    people = [
        {"scenario": "primary", "patient_id": f"trial/{name}", "display_id": name, "arm": "treated", "included": True,
         "end_state": state, "end_day": day, "AGE": age, "SEX": "female", "DIABETES": name == "T2",
         "hours_from_admission": 60.0}
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
        {"patient_id": "trial/T1", "event": "moved_abroad", "hours": 120.0},
    ]
    visits = [
        {"patient_id": "trial/T10", "outcome": "PF", "day": day, "value": value, "lower": value, "upper": value}
        for day, value in ((0, 91.4), (7, 122.7), (9, 84.6))
    ]
    return CohortTables(rows(COHORT_PATIENTS, people), rows(COHORT_EVENTS, events), rows(VISITS, visits))


def study_without(hostile: bool = False) -> SmallStudy:
    """The small study with the primary answer without T10."""
    study = small_study(hostile)
    cell = Cell("leave_one_out", "primary", "reml", "PF", output="14.2.13", day=7, level="T10", contrast=CONTRAST)
    kept = study.ard[study.ard["analysis"] != "leave_one_out"]
    numbers = {"estimate": 42, "lower": 13, "upper": 71}
    without = [cell.number(name, number, "mmHg", "0") for name, number in numbers.items()]
    without += [cell.text("decides", "yes")]
    return replace(study, ard=pd.concat([kept, ard_frame(without)], ignore_index=True))


def page(language: str, hostile: bool = False) -> str:
    return render_narratives(study_without(hostile).page(language), small_tables())


def courses(public: bool = True) -> pd.DataFrame:
    """Table treated_courses of the small tables."""
    tables = small_tables()
    return treated_courses(tables.patients, tables.events, tables.visits, CourseInputs(public, "PF", 7))


def told(language: str = "en", **report: object) -> str:
    """The short narratives of a shared report, as text."""
    printer = study_without().page(language).printer
    config = printer.config.model_copy(update={"report": printer.config.report.model_copy(update=report)})
    made = short_narratives(replace(printer, config=config), courses(config.report.public))
    return "" if made is None else " ".join(part.striptags() for one in made.told for part in one)


def test_a_narrative_tells_who_it_was_and_how_it_ended() -> None:
    read = Page.of(page("en")).visible
    assert [name for name in ("T1", "T2", "T10") if f"trial/{name}" in read] == ["T1", "T2", "T10"]
    assert read.index("trial/T1") < read.index("trial/T2") < read.index("trial/T10")
    assert "hospital/9" not in read and "trial/out" not in read
    assert "Died on day 9.3." in read and "Followed to the end of follow-up, day 21." in read
    # An ending of the study's own stands in its own words.
    assert "Follow-up ended on day 5.0: moved abroad." in read
    assert "27.0 years" in read and "2.5 days since admission" in read


def test_events_stand_in_the_order_of_time_with_their_days() -> None:
    read = Page.of(page("en")).visible
    own = read[read.index("trial/T10") :]
    assert own.index("−2.5") < own.index("marrow graft") < own.index("2.3")
    assert "2.3\u00a0to\u00a05.3" in own


def test_values_are_those_of_the_days_compared_and_the_last() -> None:
    read = Page.of(page("en")).visible
    own = read[read.index("T10: values as analysed") :]
    assert own.index("91.4") < own.index("122.7") < own.index("84.6 (day\u00a09)")


def test_the_answer_without_a_patient_stands_beside_the_answer_with_all() -> None:
    read = Page.of(page("en")).visible
    assert "42 mmHg (13 to 71) without this patient. The conclusion changes." in read
    assert read.count("without this patient") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_stay_texts(language: str) -> None:
    read = Page.of(page(language, hostile=True))
    assert len(read.tagged("script")) == 1 and read.visible.count(HOSTILE) >= 2


def test_a_public_report_tells_of_patients_in_bands() -> None:
    """T10: 27 years, P/F 91.4 and 122.7, an infection from day 2.3 to 5.3, died on day 9.3, a graft on day 1."""
    own = told()[told().index("T10") :]
    assert "Age 25 to 29 years." in own.replace("\u00a0", " ")
    assert "PaO2/FiO2 ratio 90 to 100 mmHg at baseline, 120 to 130 mmHg at day 7." in own.replace("\u00a0", " ")
    assert "Week 1: marrow graft, infection (grade 3). Died in week 2." in own
    assert "would be 42 mmHg (95% CI 13 to 71); the conclusion changes." in own


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_public_report_withholds_what_the_policy_names(language: str) -> None:
    numbers = set(re.findall(r"\d+(?:\.\d+)?", told(language)))
    # Ages, days with and without decimals, values with and without decimals; 42 is also the answer without T10.
    withheld = {"27", "62", "9.3", "9", "2.3", "2.5", "5.3", "5", "91.4", "91", "122.7", "123", "84.6", "85"}
    assert numbers & withheld == set()
    words = ("trial/", HOSTILE, "female", "mujer", "femenino", "2020")
    assert [word for word in words if word in told(language)] == []


def test_a_report_that_is_not_public_tells_days_and_values() -> None:
    said = told(public=False)
    assert "Age 27 years." in said and "Died on day 9." in said and "Day 2: infection (grade 3)." in said
    # Ids of the hospital and terms of events are for its own page all the same.
    assert "trial/" not in said and HOSTILE not in said


def test_small_cells_leave_no_single_patient() -> None:
    assert told(min_cell=5) == ""


def test_what_a_study_names_itself_is_told_by_its_name() -> None:
    assert "Follow-up ended in week 1: moved abroad." in told()
    # What ended follow-up is no event beside its end.
    assert told().count("moved abroad") == 1
    assert "Followed to day 21." in told()


def test_bands_are_those_of_the_policy() -> None:
    public = Precision(True, 20.0)
    assert [public.age(years) for years in (60.0, 64.9, 89.0)] == [Band(60, 64), Band(60, 64), Band(85, 89)]
    # 45 CFR 164.514(b)(2)(i)(C): all ages over 89 are one category.
    assert public.age(90.0) == public.age(101.0) == Band(90, 90, open=True)
    assert public.value(-5.0) == Band(-20.0, 0.0) and public.value(20.0) == Band(20.0, 40.0)
    assert [public.time(hours) for hours in (0.5, 167.9, 168.0)] == [1, 1, 2]
    assert Precision(False, 20.0).age(61.0) == Band(61.0, 61.0) and Precision(False, 20.0).time(30.0) == 1


@pytest.mark.parametrize(("span", "width"), [(0.0, 1.0), (114.0, 20.0), (151.0, 50.0), (0.4, 0.1), (6e-4, 1e-4)])
def test_bands_have_a_round_width(span: float, width: float) -> None:
    assert round_width(span) == pytest.approx(width)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shared_reports_hold_the_short_narratives(language: str) -> None:
    study = study_without()
    inputs = replace(study.page(language), courses=courses())
    read = Page.of(render_report(inputs)).visible.replace("\u00a0", " ")
    first = told(language).partition(". ")[0].removeprefix("T1 ")
    assert first in read and "trial/" not in read


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
def test_it_fits_and_is_silent(browser: Browser, width: int, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page("es"), encoding="utf-8")
    shown, messages = browser.new_page(viewport={"width": width, "height": 800}), []
    shown.on("console", lambda message: messages.append(message.text))
    shown.goto((tmp_path / "page.html").as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width and messages == []


def study_of_ratios() -> SmallStudy:
    """The study without T10 whose primary outcome is analysed as a ratio: 0.86 in all, 0.81 (0.72 to 0.91) without."""
    study = study_without()
    primary = (study.ard["outcome"] == "PF") & (study.ard["contrast"] == CONTRAST)
    return replace(study, ard=study.ard.assign(unit=study.ard["unit"].mask(primary, "ratio")))


@pytest.mark.parametrize(("language", "over"), [("en", "treated over historical"), ("es", "tratados entre históricos")])
def test_a_ratio_without_a_patient_has_no_unit_of_the_outcome(language: str, over: str) -> None:
    study = study_of_ratios()
    made = short_narratives(study.page(language).printer, courses())
    assert made is not None
    short = " ".join(part.striptags() for one in made.told for part in one)
    assert "× 42 (" in short and "mmHg (" not in short
    whole = Page.of(render_narratives(study.page(language), small_tables())).visible
    assert over in whole and over not in Page.of(page(language)).visible


def test_the_first_screen_marks_a_ratio_and_says_that_the_curve_misses_the_course() -> None:
    study = study_of_ratios()
    read = Page.of(render_report(study.page("en"))).visible
    # Every number says that it is a ratio; 'ratio' is no unit behind it.
    assert not re.search(r"(?<!FiO)\d\)? ratio\b", read)
    assert "Treated − historical, or × treated ÷ historical" in read
    assert "×: ratio, treated over historical." in read and "A more flexible curve" not in read
    cell = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2")
    doubt = ard_frame([cell.number("lack_of_fit_p", 0.0004, format="p"), cell.text("lack_of_fit", "yes")])
    doubted = replace(study, ard=pd.concat([study.ard, doubt], ignore_index=True))
    said = "A more flexible curve over days fits these values better (p <0.001)"
    assert said in Page.of(render_report(doubted.page("en"))).visible
