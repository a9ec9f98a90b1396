"""The page is one file that asks nobody for anything, escapes what it is given, and names its parts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.study_config import load_config
from historical_controls.report.printing.svg import inline_svg

from .conftest import LANGUAGES, Rendered, render, write_page
from .study import HOSTILE, small_study, study_config


def test_policy_forbids_every_request(report: Rendered) -> None:
    policies = [e.attributes["content"] for e in report.page.tagged("meta") if "http-equiv" in e.attributes]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    # One script may run, the page's own, and it is small.
    (script,) = (e.text for e in report.page.tagged("script"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policies[0]
    assert len(script.encode()) < 30_000
    assert "http" not in script and "import" not in script


def test_nothing_points_outside(report: Rendered) -> None:
    links = [
        (name, value)
        for element in report.page.elements
        for name, value in element.attributes.items()
        if name in {"href", "src", "xlink:href", "srcset", "action", "data"}
    ]
    assert all(re.match(r"#|data:,$|(investigator|statistician)\.(en|es)\.html$", value) for _, value in links), links
    style = " ".join(e.text for e in report.page.tagged("style"))
    assert "url(" not in style.replace("url(#", "")
    assert "@import" not in style


def test_ids_are_unique_and_references_resolve(report: Rendered) -> None:
    ids = Counter(e.attributes["id"] for e in report.page.elements if "id" in e.attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    html = report.html
    wanted = set(re.findall(r'href="#([^"]+)"', html)) | set(re.findall(r"url\(#([^)]+)\)", html))
    wanted |= {name for e in report.page.elements for name in e.attributes.get("aria-labelledby", "").split()}
    assert wanted - set(ids) == set()


def test_language_is_stated_and_the_other_one_linked(report: Rendered, language: str) -> None:
    assert report.page.tagged("html")[0].attributes["lang"] == language
    other = next(name for name in LANGUAGES if name != language)
    link = next(e for e in report.page.elements if e.attributes.get("hreflang") == other)
    assert link.attributes["href"] == f"investigator.{other}.html"


def test_simulated_data_say_so_first(report: Rendered, language: str) -> None:
    assert report.study.words(language)("report.simulated") in report.page.visible
    assert report.html.index('class="simulated"') < report.html.index("<h1>")


def test_real_data_do_not_say_simulated() -> None:
    study = small_study()
    real = study.config.model_copy(update={"study": study.config.study.model_copy(update={"simulated": False})})
    assert 'class="simulated"' not in write_page(replace(study, config=real), "en").html


def test_figures_have_titles_and_descriptions(report: Rendered) -> None:
    figures = [e for e in report.page.tagged("svg") if e.attributes.get("role") == "img"]
    assert 6 < len(figures) <= len(report.figures)
    named = {e.attributes["id"]: e.text for e in report.page.elements if e.tag in {"title", "desc"} and e.attributes}
    for figure in figures:
        title, description = figure.attributes["aria-labelledby"].split()
        assert named[title].strip()
        assert len(named[description]) > 40


def test_tables_have_captions_and_scopes(report: Rendered) -> None:
    assert len(report.page.tagged("caption")) == len(report.page.tagged("table"))
    assert all(e.text.strip() for e in report.page.tagged("caption"))
    assert {e.attributes.get("scope") for e in report.page.tagged("th")} == {"col", "row", "rowgroup"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(tmp_path: Path, language: str) -> None:
    report = render(small_study(hostile=True), language, tmp_path)
    assert len(report.page.tagged("script")) == report.html.count("<script") == 1
    assert report.page.visible.count(HOSTILE) > 5
    assert "<script" not in "".join(report.figures.values())


def test_unknown_codes_of_the_results_stand_for_themselves(report: Rendered) -> None:
    assert "A_NEW_CODE" in report.page.visible


def test_remarks_on_records_that_were_used_are_no_reasons(report: Rendered, language: str) -> None:
    assert report.study.words(language)("ledger_reason.OUT_OF_USUAL") not in report.page.visible


def test_missing_number_is_a_dash_with_words(report: Rendered, language: str) -> None:
    dashes = [e for e in report.page.elements if e.attributes.get("class") == "none"]
    assert dashes
    assert {e.attributes["title"] for e in dashes} == {report.study.words(language)("report.not_available")}


def test_study_without_analysed_patients_still_has_a_report(language: str) -> None:
    """Zero eligible controls: nothing but attrition and reasons in the results."""
    report = write_page(small_study().bare(), language)
    headline = next(e for e in report.page.elements if e.attributes.get("class") == "answer")
    assert re.search("not estimable, because|no estimable, porque", headline.text)


def test_inlined_figures_keep_their_ids_apart() -> None:
    svg = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns="http://www.w3.org/2000/svg" width="360pt" height="9pt" '
        'viewBox="0 0 360 9" version="1.1"><metadata>x</metadata><defs><clipPath id="p1"/></defs>'
        '<g id="axes_1" clip-path="url(#p1)"><use xlink:href="#p1"/></g></svg>\n'
    )
    out = inline_svg(svg, "flow", "A <title>", "B")
    assert out == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 9" role="img" aria-labelledby="flow-title flow-desc">'
        '<title id="flow-title">A &lt;title&gt;</title><desc id="flow-desc">B</desc>'
        '<defs><clipPath id="flow-p1" /></defs>'
        '<g id="flow-axes_1" clip-path="url(#flow-p1)"><use href="#flow-p1" /></g></svg>'
    )


def test_quartiles_beyond_a_limit_are_printed_as_bounds(report: Rendered, language: str) -> None:
    row = next(e for e in report.page.tagged("tr") if "FEU" in e.text and "1,210.0" in e.text)
    to = {"en": "to", "es": "a"}[language]
    assert f"1,210.0 (<\u00a0150.0\u00a0{to}\u00a0>\u00a01,650.0)" in row.text


def test_deaths_counted_as_worst_stand_beside_the_answer(report: Rendered, language: str) -> None:
    visible = report.page.visible
    words = report.study.words(language)
    assert f"{words('answer.disagree')} {words('answer.ranks_unadjusted')}" in visible
    assert words("answer.death_aware_title") in visible
    for shown in ("1.62", "0.58", "4.51"):
        assert shown in visible[: visible.index(words("report.contents"))]


def test_an_interval_of_deaths_says_of_whom_nobody_knows() -> None:
    """'2 of 7 (29%) 4% to 100%' reads as a mistake without the patients whose fate no file tells."""
    study = small_study()
    said = "had died by day 21 is unknown; the intervals of deaths cover either."
    assert said not in write_page(study, "en").page.visible
    lost = [
        Cell("disposition", "primary", arm=arm, day=21, level="death").number("n_unknown", n)
        for arm, n in (("treated", 1), ("historical", 26))
    ]
    kept = study.ard[(study.ard["analysis"] != "disposition") | (study.ard["statistic"] != "n_unknown")]
    page = write_page(replace(study, ard=pd.concat([kept, ard_frame(lost)], ignore_index=True)), "en").page
    assert f"Whether 1 treated and 26 historical patients {said}" in page.visible


def test_a_refusal_speaks_of_no_difference_that_is_there_and_of_no_means() -> None:
    """Potassium of 5.0 in everybody: 'not estimable', then 'this difference' and 'means' below a table without any."""
    study = small_study()
    refused = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2").text("not_estimable", "no_spread")
    kept = study.ard[(study.ard["analysis"] != "mixed_model") | (study.ard["outcome"] != "PF")]
    ard = pd.concat([kept, ard_frame([refused])], ignore_index=True)
    visible = write_page(replace(study, ard=ard), "en").page.visible
    assert "this difference" not in visible and "a difference is not by itself evidence" in visible
    assert "Measured near a day: a value within the visit window." in visible
    assert "means and their difference: primary mixed model" not in visible.lower()


def test_a_source_of_both_groups_is_not_called_historical() -> None:
    study, raw = small_study(), study_config()
    raw["sources"]["hospital"]["treated_subjects"] = ["7"]  # type: ignore[index]
    page = write_page(replace(study, config=load_config(raw)), "en").page
    assert "Hospital system (Both groups)" in page.visible
    assert "Trial database (Treated)" in page.visible


def test_without_a_baseline_deaths_alone_set_the_answers_apart() -> None:
    study, raw = small_study(), study_config()
    raw["analysis"] = {**raw.get("analysis", {}), "adjust_for_baseline": False}  # type: ignore[dict-item]
    visible = write_page(replace(study, config=load_config(raw)), "en").page.visible
    words = study.words("en")
    assert words("answer.disagree") in visible
    assert words("answer.ranks_unadjusted") not in visible


def test_a_range_of_refits_counts_those_that_gave_a_number(report: Rendered, language: str) -> None:
    # One of the 44 patients left out gave none.
    said = {"en": "When 43 patients are left out one at a time", "es": "Al excluir uno por uno a 43 pacientes"}
    assert said[language] in report.page.visible


def test_a_refusal_names_covariate_value_and_limit(report: Rendered, language: str) -> None:
    label = report.study.dictionary.outcomes["PF"].label(language)
    rows = [e.text for e in report.page.tagged("td") if all(part in e.text for part in (label, "2%", "5%"))]
    assert len(rows) == 1  # the scenario that is refused
    assert report.study.words(language)("gates.title") in report.page.visible


def test_a_weighted_primary_says_why_ranks_are_missing() -> None:
    study = small_study()
    ranks = Cell("worst_rank", "primary", "brunner_munzel", outcome="PF", day=7, output="14.2.1").text(
        "not_ranked", "weighted"
    )
    ard = pd.concat([study.ard[study.ard["analysis"] != "worst_rank"], ard_frame([ranks])], ignore_index=True)
    page = write_page(replace(study, ard=ard), "en").page
    answer = next(e for e in page.elements if e.attributes.get("id") == "answer")
    assert study.words("en")("reason.weighted") in answer.text
