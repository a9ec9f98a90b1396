"""What authors take from the statistician's page: checklists, registry and analysis, paragraphs, how to cite."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from markupsafe import Markup

from historical_controls.ard.queries import results_of
from historical_controls.errors import UserError
from historical_controls.report.exports.documents import plain_sections
from historical_controls.report.exports.rtf import rtf_tables
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.checklists import CHECKLISTS, PLACES, checklist_tables, load_items
from historical_controls.report.statistician.page import chapters, places
from historical_controls.report.statistician.registry import FACTS, Difference, declared_tables, load_differences

from .conftest import LANGUAGES
from .reading import Element, Page
from .study import HOSTILE, ROOT, SmallStudy, small_study
from .test_statistician import differences_of, render
from .test_wording import ENGLISH_WORDS, FORBIDDEN

SHIPPED = ROOT / "docs" / "checklists.csv"
HEAD = "checklist,item,topic_en,topic_es,status,where\n"
DIFFERENCE_HEAD = "study,item,registry_en,registry_es,analysis_en,analysis_es\n"


def lettered(last: int, letters: dict[int, str]) -> list[str]:
    """'1a', '1b', '2', ...: numbers to `last`, those of `letters` with each of their letters."""
    return [f"{number}{letter}" for number in range(1, last + 1) for letter in letters.get(number, "") or [""]]


# TARGET: Cashin et al. 2025, doi 10.1136/bmj-2025-087179; STROBE, cohort: von Elm et al. 2007; TREND: Des Jarlais 2004.
NUMBERING = {
    "TARGET": lettered(21, {1: "abc", 6: "abcdefgh", 7: "abcdefgh"}),
    "STROBE": lettered(22, {1: "ab", 6: "ab", 12: "abcde", 13: "abc", 14: "abc", 16: "abc"}),
    "TREND": lettered(22, {}),
}


@pytest.fixture(scope="module")
def study() -> SmallStudy:
    return small_study()


@pytest.fixture(scope="module")
def pages(study: SmallStudy) -> dict[str, Page]:
    return {language: Page.of(render(study, language)) for language in LANGUAGES}


def printer_of(study: SmallStudy, language: str) -> Printer:
    return Printer(results_of(study.ard), study.words(language), study.config, study.dictionary)


def part(page: Page, name: str) -> Element:
    return next(element for element in page.elements if element.attributes.get("id") == name)


def test_every_item_has_its_number_and_its_place() -> None:
    items = load_items(SHIPPED)
    assert {name: [one.item for one in items if one.checklist == name] for name in CHECKLISTS} == NUMBERING
    outputs = {f"o{name.replace('.', '_')}" for name in small_study().outputs}
    assert {place for one in items for place in one.places} - outputs - set(PLACES) == set()


def test_every_item_stands_on_the_page(pages: dict[str, Page], language: str) -> None:
    for one in load_items(SHIPPED):
        topic = one.topic_es if language == "es" else one.topic_en
        assert topic in part(pages[language], f"table-checklist-{one.checklist.lower()}").text


def test_links_lead_only_where_this_run_has_something(study: SmallStudy, pages: dict[str, Page], language: str) -> None:
    """A part without rows is named and not linked; ids of the links are on the page."""
    page = pages[language]
    ids = {element.attributes.get("id") for element in page.elements}
    start = page.elements.index(part(page, "checklists"))
    links = [e.attributes["href"] for e in page.elements[start:] if e.tag == "a" and "href" in e.attributes]
    assert len(links) > 60
    assert {link[1:] for link in links if link.startswith("#")} - ids == set()
    assert {link for link in links if not link.startswith("#")} == {f"investigator.{language}.html"}
    empty = re.compile("No rows:|Sin renglones:")
    for link in set(links):
        if link.startswith("#o"):
            assert not empty.search(part(page, link[1:]).text), link


def test_a_drawn_figure_is_a_place_and_missing_estimands_are_none(study: SmallStudy) -> None:
    parts = chapters(printer_of(study, "en"), study.outputs, {})
    assert "o15_1" in places(parts, {"15.1": [Markup("<svg></svg>")]}, None)
    bare = places(parts, {"15.1": []}, None)
    assert not {"o15_1", "o14_1_7", "estimands"} & bare
    assert {"o14_1_8", "methods", "answer"} <= bare


def test_an_item_is_no_more_answered_than_its_places(study: SmallStudy) -> None:
    printer = printer_of(study, "en")
    items = [one for one in load_items(SHIPPED) if (one.checklist, one.item) in {("STROBE", "13b"), ("STROBE", "2")}]
    said = {
        places: [row.cells[1] for row in checklist_tables(printer, items, places)[1].rows]
        for places in (("o14_1_3", "o14_1_8"), ("o14_1_3",), ())
    }
    theirs = "for the authors to write"
    assert list(said.values()) == [
        [theirs, "yes"],
        [theirs, "in part; the rest is not in this run"],
        [theirs, "not in this run"],
    ]
    row = checklist_tables(printer, items, ("o14_1_3",))[1].rows[1]
    assert "14.1.8</span> (not in this run)" in row.cells[2]
    assert row.cells[2].count("<a ") == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("TARGET,1,a,b,maybe,answer", "no status 'maybe'"),
        ("CONSORT,1,a,b,answered,answer", "no checklist 'CONSORT'"),
        ("TARGET,1,a,b,answered,appendix", "no place 'appendix'"),
        ("TARGET,1,a,b,answered,", "item 1 is 'answered'"),
        ("TARGET,1,a,b,authors,answer", "item 1 is 'authors'"),
        ("TARGET,1,a,b,answered", "too many cells or too few"),
    ],
)
def test_a_faulty_checklist_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "checklists.csv"
    path.write_text(f"{HEAD}TARGET,0,a,b,authors,\n{row}\n")
    with pytest.raises(UserError, match=said) as error:
        load_items(path)
    assert "line 3" in str(error.value)


@pytest.mark.parametrize("text", ["{n}", "{n_treated.__class__}", "{day!r}", "{day:>9}", "{", "{}"])
def test_a_difference_may_name_only_facts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registry_differences.csv"
    path.write_text(f"{DIFFERENCE_HEAD}NCT00000000,sample,a,b,{text},c\n")
    with pytest.raises(UserError, match=r"fact|brace"):
        load_differences([path])


def test_a_study_without_the_file_declares_nothing(study: SmallStudy) -> None:
    assert load_differences([]) == []
    page = Page.of(render(study, "en", differences=[]))
    assert "declares no differences" in part(page, "o14_1_7").text
    assert "14.1.7 (not in this run)" in part(page, "table-checklist-strobe").text


def test_differences_of_another_study_are_not_shown(study: SmallStudy) -> None:
    printer = printer_of(study, "en")
    others = [replace(one, study="NCT99999999") for one in differences_of(study)]
    assert declared_tables(printer, others) == {}


def test_registry_and_analysis_with_the_facts_of_the_run(study: SmallStudy, language: str) -> None:
    printer = printer_of(study, language)
    facts = " ".join(f"{{{name}}}" for name in FACTS)
    one = Difference(study.config.study.id, "sample", "ten", "diez", facts, facts)
    (row,) = declared_tables(printer, [one])["14.1.7"].rows
    counts = [printer.results.one("disposition", "n_subjects", arm=arm, day=21.0) for arm in ("treated", "historical")]
    assert [f'data-ard="{count.id}"' in row.cells[0] for count in counts if count] == [True, True]
    assert "7, 14, 21" in re.sub("<[^>]+>", "", row.cells[0])


def test_documents_hold_the_table_too(study: SmallStudy) -> None:
    printer = printer_of(study, "es")
    declared = declared_tables(printer, differences_of(study))
    section = next(
        one for one in plain_sections(printer, study.outputs, "table", declared) if one.output.output_id == "14.1.7"
    )
    assert (len(section.tables[0].rows), section.missing) == (len(differences_of(study)), "")
    only = {"14.1.7": study.outputs["14.1.7"]}
    ((name, text),) = rtf_tables(printer, only, declared)
    assert name == "table-14.1.7-1.rtf"
    # Rules above, below the heads and at the end; none between columns.
    assert "clbrdrt\\brdrs" in text and not re.search(r"clbrdr[lr]\\brdrs", text)


def test_paragraphs_carry_the_answer_and_the_settings(study: SmallStudy, pages: dict[str, Page], language: str) -> None:
    page = pages[language]
    manuscript = part(page, "manuscript")
    printer = printer_of(study, language)
    primary = study.config.primary
    estimate = printer.results.one(
        "mixed_model", "estimate", outcome=primary.outcome, day=float(primary.day), contrast="treated - historical"
    )
    assert estimate is not None
    assert estimate.id in manuscript.ids
    assert study.words(language)("answer.caveat") in manuscript.text
    assert "numpy 2.4.6" in manuscript.text
    cite = part(page, "cite").text
    assert study.config.study.id in cite
    assert "CITATION.cff" in cite
    assert "cdcdcdcdcdcd" in cite


def test_where_nothing_was_estimated_the_paragraph_says_so(study: SmallStudy, language: str) -> None:
    page = Page.of(render(study.bare(), language))
    assert re.search("not estimable|no estimable", part(page, "manuscript").text)


def test_words_of_the_chapter(pages: dict[str, Page], language: str) -> None:
    for name in ("publishing", "o14_1_7"):
        text = part(pages[language], name).text
        assert re.findall(FORBIDDEN[language], text, flags=re.IGNORECASE) == []
        if language == "es":
            assert re.findall(rf".*{ENGLISH_WORDS}.*", text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_differences_stay_text(study: SmallStudy, language: str) -> None:
    doubled = HOSTILE.replace("{n}", "{{n}}")
    one = Difference(study.config.study.id, HOSTILE, HOSTILE, HOSTILE, doubled, doubled)
    html = render(study, language, differences=[one])
    assert "<script>alert" not in html
    assert part(Page.of(html), "o14_1_7").text.count(HOSTILE) == 2


def test_citation_file_names_the_version_of_the_program() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    version = re.search('^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert version is not None
    assert str(cited["version"]) == version[1]
