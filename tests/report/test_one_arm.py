"""Pages of a study without historical patients: its description, and no word of a comparison."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.text import Text

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.single_arm import without_comparison
from historical_controls.ard.unrecorded import without_unrecorded
from historical_controls.config.scenarios import grid
from historical_controls.config.study_config import load_config
from historical_controls.report.described.page import render_description
from historical_controls.report.inputs import PageInputs
from historical_controls.report.investigator.page import render_report

from .reading import Page
from .study import ROOT, SmallStudy, small_study, study_config
from .test_figures import family
from .test_statistician import render
from .test_wording import placeholders

COMPARING = (
    r"\b(historical|hist[oó]ric[oa]s?|control groups?|randomi[sz]ed|aleatori[oa]s?|al azar|groups?|grupos?|win odds|"
    r"SMD|weight(ed|ing)|ponderaci[oó]n|immortal|mixed model|modelo mixto|0 of 0|0 de 0)\b"
)
# What one arm may say of others: that there are none, and the titles of numbered outputs.
ALLOWED = r"there is no comparison group|no hay grupo de comparación|by group( and outcome)?|por grupo( y desenlace)?"


def one_arm() -> SmallStudy:
    study = small_study()
    told = study_config()
    told["sources"] = {"trial": told["sources"]["trial"]}  # type: ignore[index]
    told |= {"scenarios": {}, "primary": {"outcome": "PF", "day": 7, "key_secondary": ["HR"]}}
    rows = []
    for code, output, unit in (("PF", "14.2.2", "mmHg"), ("HR", "14.2.3", "/min"), ("DDIM", "14.2.4", "ng/mL FEU")):
        cell = Cell("description", "primary", "t", outcome=code, arm="treated", output=output)
        for day, level in ((0, ""), (7, ""), (21, "last"), (21, "worst")):
            here = cell.at(day=day, level=level)
            rows.append(here.number("n_subjects", 5))
            rows += [here.number(name, value, unit) for name, value in (("mean", 120), ("lower", 90), ("upper", 151))]
        change = cell.at(day=7, level="change")
        shown = ("ratio", "0.00") if code == "DDIM" else (unit, "0")
        rows += [change.number(name, v, *shown) for name, v in (("estimate", 20), ("lower", -5), ("upper", 45))]
        rows.append(change.number("n_subjects", 5))
        rows.append(cell.at(day=14).text("not_estimable", "too_few_described"))
    ard = pd.concat([without_comparison(study.ard), ard_frame(rows)], ignore_index=True)
    return replace(study, config=load_config(told), ard=ard)


@pytest.fixture(scope="module")
def study() -> SmallStudy:
    return one_arm()


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_page_speaks_of_a_comparison(study: SmallStudy, language: str) -> None:
    for html in (render_description(study.page(language)), render(study, language)):
        # The list of items of STROBE has its own wording.
        text = re.sub(ALLOWED, "", re.split(r"STROBE", Page.of(html).visible)[0])
        assert sorted({found[0] for found in re.finditer(COMPARING, text, re.IGNORECASE)}) == []


def test_the_answer_is_the_mean_its_change_and_the_deaths(study: SmallStudy) -> None:
    text = re.sub(r"\s+", " ", Page.of(render_description(study.page("en"))).visible)
    assert "PaO2/FiO2 ratio at day 7: mean 120 (90 to 151) mmHg (95% CI; 5 patients measured)." in text
    assert "Mean change from baseline: 20 (−5 to 45) mmHg (95% CI)." in text
    assert "of 5 patients had died" in text and "nobody is compared" in text
    assert "too few patients have values" in text


@pytest.mark.parametrize("page", [render_description, render_report])
def test_without_characteristics_nobody_is_said_to_be_missing(page: Callable[[PageInputs], str]) -> None:
    """A study that declares no characteristic has no Table 1; that nobody was analysed is said where it is so."""
    whole = one_arm() if page is render_description else small_study()
    bare = replace(whole, ard=whole.ard[whole.ard["analysis"] != "baseline"])
    said = Page.of(page(bare.page("en"))).visible
    assert "declares no characteristic of its patients" in said and "could be analysed" not in said
    nobody = replace(bare, ard=bare.ard[bare.ard["analysis"] != "disposition"])
    said = Page.of(page(nobody.page("en"))).visible
    assert "o patient could be analysed" in said and "declares no characteristic" not in said


def test_nothing_is_asked_that_compares(study: SmallStudy) -> None:
    assert study.config.single_arm and study.config.estimands is None and grid(study.config) == {}
    assert not small_study().config.single_arm and small_study().config.estimands is not None


@pytest.mark.parametrize("language", ["en", "es"])
def test_words_of_one_arm_take_the_place_of_known_ones(language: str) -> None:
    words = small_study().words(language)
    own = {key: said for key, said in words.entries.items() if key.startswith("single_arm.")}
    assert own and ROOT
    for key, said in own.items():
        base = words.entries[key.removeprefix("single_arm.")]
        assert placeholders(said) <= placeholders(base), key
    assert words.of_study("single_arm", "both")("answer.caveat") == words("single_arm.answer.caveat")


def without_deaths(*arms: str, ends: tuple[str, ...] = ("death", "discharge_alive")) -> SmallStudy:
    """The small study in which the files of these arms record no such ends."""
    told = study_config()
    for source in told["sources"].values():  # type: ignore[attr-defined]
        if source["arm"] in arms:
            part = source["files"]["main"]["parts"][0]
            part["events"] = [one for one in part.pop("events") if one["event"] not in ends]
    config = load_config(told)
    ard = without_unrecorded(small_study().ard, config.endings_by_arm, config.cohort.free_days)
    return replace(small_study(), config=config, ard=ard)


def test_deaths_that_no_source_can_record_are_not_counted_as_none(study: SmallStudy) -> None:
    silent = without_deaths("treated", "historical")
    text = Page.of(render_report(silent.page("en"))).visible
    assert re.search(r"Died by day 21\s*Not recorded\s*Not recorded", text)
    assert "Discharged alive" not in text
    assert "No file of this study records deaths" in Page.of(render(silent, "en")).visible
    assert not re.search(r"\b(worst rank|counting deaths|discharged?|went home|go home)\b", text, re.IGNORECASE)
    assert "If no patient had left follow-up" in text and "up to the end of each patient's records" in text
    assert "Died" in Page.of(render_report(small_study().page("en"))).visible


@pytest.mark.parametrize(
    ("language", "unrecorded", "reason", "sentence"),
    [
        (
            "en",
            "Not recorded",
            "no file of the historical patients records deaths",
            "treated patients had died. No",
        ),
        (
            "es",
            "No registrado",
            "ningún archivo de los pacientes históricos registra",
            "pacientes tratados. Ningún",
        ),
    ],
)
def test_deaths_of_an_arm_that_its_files_cannot_record_are_not_none(
    language: str, unrecorded: str, reason: str, sentence: str
) -> None:
    silent = without_deaths("historical", ends=("death",))
    text = Page.of(render_report(silent.page(language))).visible
    # The groups' table and that of how follow-up ended.
    assert text.count(unrecorded) >= 2 and reason in text
    told = Page.of(render(silent, language)).visible
    assert sentence in told and reason in told and told.count(unrecorded) >= 3
    for page in (text, told):
        # Of 38 historical patients none is said to have lived or died.
        assert not re.search(r"\b\d+ (of|de) 38 \(", page.split(unrecorded)[0].rsplit("Died", 1)[-1])


def test_what_is_not_estimable_is_named_where_deaths_are_not_recorded() -> None:
    silent = without_deaths("historical", ends=("death",))
    told = Page.of(render(silent, "en")).visible
    assert "Counting deaths: not estimable, because no file of the historical patients" in told
    assert "Deaths rank below every value" not in told
    assert "Deaths rank below every value" in Page.of(render(small_study(), "en")).visible


@pytest.mark.parametrize(
    ("language", "title", "reason", "unrecorded"),
    [
        ("en", "Days free of support", "no file of the historical patients records deaths", "Not recorded"),
        ("es", "Días libres de soporte", "ningún archivo de los pacientes históricos registra", "No registrado"),
    ],
)
def test_free_days_say_that_the_deaths_of_an_arm_are_not_recorded(
    language: str, title: str, reason: str, unrecorded: str
) -> None:
    cell = Cell("free_days", "primary", outcome="VENT_FREE_DAYS", output="14.2.11")
    rows = [cell.at(arm=arm).number("mean", 17.3, "d", "0.0") for arm in ("treated", "historical")]
    compared = cell.at(method="welch", contrast="treated - historical")
    rows += [compared.number(name, 6.1, "d", "0.0") for name in ("estimate", "lower", "upper")]
    ard = pd.concat([small_study().ard, ard_frame(rows)], ignore_index=True)
    silent = without_deaths("historical", ends=("death",))
    ends = silent.config.endings_by_arm
    whole, told = (
        Page.of(render(replace(silent, ard=found), language)).visible.split(title, 1)[1][:900]
        for found in (ard, without_unrecorded(ard, ends, ["VENT_FREE_DAYS"]))
    )
    assert whole.count("17.3") == 2 and "6.1" in whole and reason not in whole
    assert told.count("17.3") == 1 and "6.1" not in told and unrecorded in told and reason in told


@pytest.mark.parametrize("arm", ["treated", "historical"])
def test_a_forest_without_deaths_of_an_arm_has_one_panel_and_speaks_of_no_other(arm: str) -> None:
    """An empty axis of win odds would look like an answer that is missing."""
    whole, silent = small_study(), without_deaths(arm, ends=("death",))
    for study, panels, said in ((whole, 2, True), (silent, 1, False)):
        figure = family(study, "forest")[""]
        assert sum(axes.axison for axes in figure.axes) == panels
        assert all(line.get_visible() for axes in figure.axes if axes.axison for line in axes.lines)
        texts = " ".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())
        words = study.page("en").printer.words
        told = " ".join(words(f"glance.forest_{part}") for part in ("title", "desc", "caption"))
        assert ("not ranked" in texts, "win odds" in told, "deaths counted" in told) == (said, said, said)
