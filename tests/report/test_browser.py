"""The report as a browser shows it: nothing overflows, nothing complains, links work, print is complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from historical_controls.report.protocol.page import render_protocol

from .conftest import LANGUAGES, Rendered, render
from .study import small_study
from .test_cleaning_page import page as cleaning_page
from .test_narratives import page as narratives_page
from .test_statistician import render as render_statistician

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bare_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of a study in which nothing could be estimated: reasons stand where numbers stood."""
    folder = tmp_path_factory.mktemp("bare")
    for language in LANGUAGES:
        html = render(small_study().bare(), language, folder).html
        (folder / f"investigator.{language}.html").write_text(html, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(rendered: dict[str, Rendered], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for language, report in rendered.items():
        (folder / f"investigator.{language}.html").write_text(report.html, encoding="utf-8")
        html = render_statistician(report.study, language, report.figures)
        (folder / f"statistician.{language}.html").write_text(html, encoding="utf-8")
        html = render_protocol(report.study.page(language), [])
        (folder / f"protocol.{language}.html").write_text(html, encoding="utf-8")
        (folder / f"narratives.{language}.html").write_text(narratives_page(language), encoding="utf-8")
        (folder / f"cleaning.{language}.html").write_text(cleaning_page(folder, language), encoding="utf-8")
    return folder


def opened(
    browser: Browser, folder: Path, language: str, width: int, document: str = "investigator"
) -> tuple[Any, list[str], list[str]]:
    """A page, with the messages of its console and the requests that it makes."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    messages: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((folder / f"{document}.{language}.html").as_uri())
    return page, messages, requests


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("pages", "document"),
    [("folder", "investigator"), ("folder", "statistician"), ("folder", "protocol"), ("bare_folder", "investigator")],
)
def test_page_fits_and_is_silent(
    browser: Browser, request: pytest.FixtureRequest, pages: str, document: str, language: str
) -> None:
    page, messages, requests = opened(browser, request.getfixturevalue(pages), language, 360, document)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """() => [...document.querySelectorAll('main *, header *, footer *')]
                .filter(e => !e.closest('.table-box, pre, .equation') && !e.closest('svg'))
                .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert outside == []
    if pages == "folder":
        wide = page.evaluate(
            """() => [...document.querySelectorAll('.table-box')].filter(e => e.scrollWidth > e.clientWidth + 1)
                .map(e => e.querySelector('caption').textContent)"""
        )
        assert wide == []
        assert page.evaluate("document.querySelectorAll('*').length") <= 20_000
    assert messages == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    page.close()


# Everything unfolded in one scheme and as opened in the other, each document, language and width once.
READERS = (("en", 1440, "light", "dark"), ("es", 360, "dark", "light"))


@pytest.mark.parametrize("document", ["investigator", "statistician", "protocol", "narratives", "cleaning"])
@pytest.mark.parametrize(("language", "width", "folded", "unfolded"), READERS)
def test_nothing_keeps_a_reader_out(
    browser: Browser, folder: Path, document: str, language: str, width: int, folded: Any, unfolded: Any
) -> None:
    """axe-core: WCAG 2.2 A and AA and its best practices, folded and unfolded, light and dark."""
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = opened(browser, folder, language, width, document)
    # Only the reports have folded parts.
    states = ((folded, False), (unfolded, True))
    for scheme, is_open in states if document in ("investigator", "statistician") else states[:1]:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(
            f"document.querySelectorAll('details').forEach(each => {{ each.open = {str(is_open).lower()}; }})"
        )
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == [], (
            scheme,
            is_open,
        )
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_of_figures_stays_inside_them(browser: Browser, folder: Path, language: str) -> None:
    page, _, _ = opened(browser, folder, language, 1440)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')]
                .filter(t => t.getBoundingClientRect().right > box.right + 1
                    || t.getBoundingClientRect().left < box.left - 1
                    || t.getBoundingClientRect().top < box.top - 1
                    || t.getBoundingClientRect().bottom > box.bottom + 1)
                .map(t => t.textContent);
        })"""
    )
    assert outside == []
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_to_the_other_language_and_to_sections(browser: Browser, folder: Path, language: str) -> None:
    page, messages, _ = opened(browser, folder, language, 768)
    for link in page.query_selector_all("nav a"):
        target = link.get_attribute("href")
        assert page.query_selector(target) is not None
    other = next(name for name in LANGUAGES if name != language)
    page.click(f"a[hreflang={other}]")
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.lang") == other
    assert messages == []
    page.close()


def test_wide_tables_can_be_reached_by_keyboard(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 360)
    boxes = page.query_selector_all(".table-box")
    assert boxes
    assert all(box.get_attribute("tabindex") == "0" for box in boxes)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#answer"
    page.close()


def test_what_is_folded_opens_by_keyboard(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 768)
    page.focus("#more summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('#more details').open")
    page.close()


def test_print_is_complete(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 768)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.evaluate("document.documentElement.scrollWidth") <= 768
    assert len(page.pdf(format="A4")) > 50_000
    page.close()


def test_folded_tables_are_printed_unfolded(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 1024, "statistician")
    folded = "document.querySelectorAll('main details:not([open])').length"
    before = page.evaluate(folded)
    assert before > 5
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    hidden = "[...document.querySelectorAll('main details table')].filter(one => one.offsetHeight === 0).length"
    assert page.evaluate(hidden) == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) == before
    page.close()


@pytest.mark.parametrize("document", ["investigator", "statistician"])
def test_a_patient_lights_up_in_every_panel(browser: Browser, folder: Path, document: str) -> None:
    page, messages, _ = opened(browser, folder, "en", 1440, document)
    lit = "[...document.querySelectorAll('svg')].filter(svg => svg.querySelector('[data-patient=T4].lit')).length"
    drawn = page.evaluate(
        "[...document.querySelectorAll('svg')].filter(svg => svg.querySelector('[data-patient=T4]')).length"
    )
    assert drawn >= 3
    assert page.evaluate(lit) == 0
    page.evaluate(
        "document.querySelector('svg [data-patient=T4]').dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    )
    assert page.evaluate(lit) == drawn
    assert page.evaluate("document.querySelectorAll('[data-patient]:not([data-patient=T4]).lit').length") == 0
    page.keyboard.press("Tab")
    assert page.evaluate(lit) == 0
    # A number that is printed twice is found again.
    twice = page.evaluate(
        """() => { const all = [...document.querySelectorAll('main [data-ard]')];
            const one = all.find(e => all.filter(o => o.dataset.ard === e.dataset.ard).length > 1);
            one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
            return [document.querySelectorAll('[data-ard].lit').length,
                document.querySelectorAll(`[data-ard="${one.dataset.ard}"]`).length]; }"""
    )
    assert twice[0] == twice[1] > 1
    assert messages == []
    page.close()


def test_a_patient_is_held_by_a_button_and_let_go_by_escape(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "es", 360)
    page.focus(".patients button[data-patient=T2]")
    page.keyboard.press("Enter")
    assert page.get_attribute(".patients button[data-patient=T2]", "aria-pressed") == "true"
    assert page.evaluate("document.querySelectorAll('svg [data-patient=T2].lit').length") > 4
    page.keyboard.press("Escape")
    assert page.get_attribute(".patients button[data-patient=T2]", "aria-pressed") == "false"
    page.close()


def test_choosing_options_leaves_their_results(browser: Browser, folder: Path) -> None:
    page, messages, _ = opened(browser, folder, "en", 1440, "statistician")
    rows = "[...document.querySelectorAll('#table-choices tbody tr')].filter(row => !row.hidden)"
    everything = page.evaluate(f"{rows}.length")
    page.select_option("#choices select >> nth=1", index=1)
    chosen = page.evaluate("document.querySelectorAll('#choices select')[1].value")
    cells = page.evaluate(f"{rows}.map(row => row.cells[1].innerText)")
    assert 0 < len(cells) < everything
    assert set(cells) == {chosen}
    assert page.inner_text("#choices-count") == f"{len(cells)} / {everything}"
    assert messages == []
    page.close()


def test_contents_stay_in_sight_beside_a_wide_page(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 1440, "statistician")
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight / 2)")
    top = "document.querySelector('#contents').getBoundingClientRect().top"
    assert page.evaluate(top) == 0
    right, left = (
        page.evaluate(f"document.querySelector('{one}').getBoundingClientRect().{side}")
        for one, side in (("#contents", "right"), ("main h2", "left"))
    )
    assert right <= left
    page.fill("#search", "win odds")
    opened_groups = "[...document.querySelectorAll('#contents details')].filter(one => one.open)"
    assert page.evaluate(
        f"{opened_groups}.length > 0 && {opened_groups}.every(one => one.querySelector('li:not([hidden])'))"
    )
    page.set_viewport_size({"width": 768, "height": 900})
    assert page.evaluate(top) < 0
    page.close()


def test_rows_are_cards_on_a_phone(browser: Browser, folder: Path) -> None:
    page, _, _ = opened(browser, folder, "en", 360)
    cells = (
        "[...document.querySelectorAll('#table-glance tbody tr')[0].cells].map(one => one.getBoundingClientRect().left)"
    )
    assert len(set(page.evaluate(cells))) == 1
    head = "getComputedStyle(document.querySelector('#table-glance tbody td'), '::before').content"
    assert "Treated − historical" in page.evaluate(head)
    page.set_viewport_size({"width": 768, "height": 900})
    assert len(set(page.evaluate(cells))) > 1
    assert page.evaluate(head) == "none"
    page.close()


@pytest.mark.parametrize(("name", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_a_figure_is_saved_as_a_file(browser: Browser, folder: Path, name: str, start: bytes) -> None:
    page, messages, _ = opened(browser, folder, "en", 768)
    with page.expect_download() as waited:
        page.click(f"#outcome-PF .save button:text('{name}')")
    file = waited.value
    assert file.suggested_filename == f"PaO2_FiO2 ratio.{name.lower()}"
    assert Path(file.path()).read_bytes().startswith(start)
    assert messages == []
    page.close()
