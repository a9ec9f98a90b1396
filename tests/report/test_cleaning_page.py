"""The internal cleaning page: hostile cells stay text, it fits a telephone, and lists answer to the keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.data_manager.held_records import read_held
from historical_controls.report.data_manager.page import CleaningTables, render_cleaning_page
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import FINDINGS, LEDGER, PEOPLE, RESOLUTIONS
from historical_controls.tables.schema import conform
from historical_controls.text.hints import load_hints

from .conftest import LANGUAGES
from .reading import Page
from .study import ROOT, small_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOCALES = ROOT / "workflow" / "locales"
HOSTILE_CELLS = (
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"'><b onmouseover=alert(1)>x</b>",
    "</td></table></main><h1>taken</h1>",
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "{{ 7 * 7 }} {n} %s &lt;",
    "12\u202e34\x00\x1b[31m\n",
    "w" * 5_000,
)  # fmt: skip
ENGLISH = [
    "declare it under 'default_units'",
    'default_units: {HR: "..."}   # the unit that the laboratory used',
    "none of its 7 rows is read by any part: check 'where' and the columns",
]
SPANISH = [
    "declárela en 'default_units'",
    'default_units: {HR: "..."}   # la unidad que usó el laboratorio',
    "ninguna parte lee alguno de sus 7 renglones: revise 'where' y las columnas",
]
REASONS = ("NUM_UNREADABLE", "OUT_OF_RANGE")
CELL = Cell("ledger_loss_arms", "primary", population="all")


def ledger() -> pd.DataFrame:
    """Two used records, and one held for every hostile cell, which stands in every column that a file can fill."""
    rows = [
        {"line": n + 2, "subject": cell, "analyte": cell, "item": cell, "raw_value": cell, "hint": cell,
         "fate": "quarantined", "reason": REASONS[n % 2]}
        for n, cell in enumerate(HOSTILE_CELLS)
    ]  # fmt: skip
    rows += [{**row, "line": line, "analyte": code} for row, line, code in ((rows[1], 10, "HR"), (rows[3], 11, "HRX"))]
    rows += [{"line": n, "subject": "1", "analyte": "HR", "item": "hr", "fate": "clean", "reason": ""} for n in (90, 9)]
    return conform(pd.DataFrame(rows).assign(source="hospital", file="main", table="measurements"), LEDGER)


def resolutions() -> pd.DataFrame:
    """A decision with a hostile cell in every text that a person fills in."""
    texts = ("item", "reason", "column", "text", "row_hash", "who", "date", "why")
    rows = [
        {"line": n, "decision": ("release", "exclude", "correct")[n % 3], **dict.fromkeys(texts, cell)}
        for n, cell in enumerate(HOSTILE_CELLS)
    ]
    return conform(pd.DataFrame(rows).assign(source="hospital", file="main"), RESOLUTIONS)


def page(folder: Path, language: str, most: int = 2_000) -> str:
    study = small_study(hostile=True)
    write_table(ledger(), folder / "ledger.parquet", LEDGER)
    people = [("hospital", cell, "p", "ID_CONFLICT") for cell in HOSTILE_CELLS] + [("hospital", "1", "q", "")]
    findings = [
        {"source": "hospital", "file": "main", "finding": "UNIT_SUSPECT", "outcome": "PF", "unit": cell, "value": 1.5,
         "n": 1200, "share": 0.1, "factor": 7.5, "hint": cell}
        for cell in HOSTILE_CELLS
    ]  # fmt: skip
    counts = [
        CELL.at(arm="historical", outcome=outcome, level=reason, method="quarantined").number("n_records", n)
        for outcome, reason, n in (("HR", "OUT_OF_RANGE", 70), ("PF", "NUM_UNREADABLE", 3), ("DDIM", "RANGE", 90))
    ]
    counts += [CELL.at(arm=arm, outcome="PF").number("n_quarantined", 3) for arm in ("treated", "historical")]
    contrast = CELL.at(outcome="PF", contrast="treated - historical")
    counts += [contrast.number(name, 0.0213, format="percent.00") for name in ("difference", "lower", "upper")]
    tables = CleaningTables(
        read_held([folder / "ledger.parquet"], most=most),
        conform(pd.DataFrame(people, columns=list(PEOPLE.names)), PEOPLE),
        conform(
            pd.DataFrame(findings).assign(raw_value="1,5", config_line="", severity="report", examples=""), FINDINGS
        ),
        resolutions(),
    )
    with_counts = replace(study, ard=pd.concat([study.ard, ard_frame(counts)]))
    return render_cleaning_page(with_counts.page(language), tables, load_hints(study.words(language), LOCALES))


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_cells_stay_text(tmp_path: Path, language: str) -> None:
    read = Page.of(page(tmp_path, language))
    assert len(read.tagged("script")) == 1
    assert not read.tagged("img")
    assert not read.tagged("b")
    assert len(read.tagged("h1")) == 1
    for cell in HOSTILE_CELLS[:6]:
        assert read.visible.count(cell) >= 6
    assert not any(character in read.visible for character in "\x00\x1b")
    assert "w" * 200 not in read.visible


def test_the_primary_outcome_comes_first_then_the_most_records(tmp_path: Path) -> None:
    read = Page.of(page(tmp_path, "en"))
    links = [e.attributes["data-filter"] for e in read.elements if e.attributes.get("class") == "show"]
    assert links == ["NUM_UNREADABLE =PF", "OUT_OF_RANGE =HR", "RANGE =DDIM"]
    assert "2.13%" in read.visible


def test_beyond_the_first_records_the_page_names_the_file_that_holds_all(tmp_path: Path) -> None:
    assert "The first" not in Page.of(page(tmp_path, "en")).visible
    cut = Page.of(page(tmp_path, "en", most=3))
    assert "The first 3 of 10 records" in cut.visible
    assert sum("main" in e.text and "hospital" in e.text for e in cut.tagged("tr")) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_with_nothing_to_settle_says_so(tmp_path: Path, language: str) -> None:
    study = small_study()
    nothing = CleaningTables(read_held([]), PEOPLE.empty(), FINDINGS.empty(), RESOLUTIONS.empty())
    html = render_cleaning_page(study.page(language), nothing, load_hints(study.words(language), LOCALES))
    assert study.words(language)("cleaning.settle_none") in Page.of(html).visible


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("es", SPANISH)])
def test_hints_and_suggested_lines_are_in_the_readers_language(tmp_path: Path, language: str, said: list[str]) -> None:
    study = small_study()
    row = {"line": 2, "subject": "1", "analyte": "HR", "item": "hr", "raw_value": "x", "fate": "quarantined"}
    row |= {"source": "hospital", "file": "main", "table": "measurements", "reason": "UNIT_MISSING", "hint": ENGLISH[0]}
    write_table(conform(pd.DataFrame([row]), LEDGER), tmp_path / "ledger.parquet", LEDGER)
    finding = {"source": "hospital", "file": "main", "finding": "DOUBTFUL_SHARE", "unit": "", "value": 1.5}
    finding |= {"raw_value": "", "n": 9, "share": 0.1, "factor": 7.5, "severity": "report", "examples": ""}
    lines = [{"hint": "h", "config_line": ENGLISH[1]}, {"hint": ENGLISH[2], "config_line": ""}]
    findings = conform(
        pd.DataFrame([{**finding, **line, "outcome": f"O{n}"} for n, line in enumerate(lines)]), FINDINGS
    )
    held = read_held([tmp_path / "ledger.parquet"])
    tables = CleaningTables(held, PEOPLE.empty(), findings, RESOLUTIONS.empty())
    html = render_cleaning_page(study.page(language), tables, load_hints(study.words(language), LOCALES))
    visible = Page.of(html).visible
    assert all(text in visible for text in said)
    assert language == "en" or not any(text in visible for text in ENGLISH)


def opened(browser: Browser, folder: Path, language: str) -> tuple[Any, list[str]]:
    (folder / f"cleaning.{language}.html").write_text(page(folder, language), encoding="utf-8")
    shown = browser.new_page(viewport={"width": 360, "height": 800})
    messages: list[str] = []
    shown.on("console", lambda message: messages.append(message.text))
    shown.on("pageerror", lambda error: messages.append(str(error)))
    shown.goto((folder / f"cleaning.{language}.html").as_uri())
    return shown, messages


def lines(shown: Any) -> list[str]:
    return shown.eval_on_selector_all(
        "#table-records tbody tr:not([hidden])", "rows => rows.map(row => row.cells[1].textContent)"
    )


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_page_fits_a_telephone_and_is_silent(browser: Browser, tmp_path: Path, language: str) -> None:
    shown, messages = opened(browser, tmp_path, language)
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360
    assert shown.title() != "taken"
    assert messages == []
    shown.close()


@pytest.mark.browser
def test_records_sort_and_filter_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    shown, messages = opened(browser, tmp_path, "en")
    assert len(lines(shown)) == len(HOSTILE_CELLS) + 2
    shown.focus("#filter")
    shown.keyboard.type("num_unreadable hyperlink")
    assert lines(shown) == ["6"]
    shown.keyboard.press("Control+A")
    shown.keyboard.press("Delete")
    shown.keyboard.press("Tab")
    while shown.evaluate("document.activeElement.textContent") != "Line":
        shown.keyboard.press("Tab")
    for order in (range(2, 12), range(11, 1, -1)):
        shown.keyboard.press("Enter")
        assert lines(shown) == [str(line) for line in order]
    assert shown.get_attribute("th:has(button:focus)", "aria-sort") == "descending"
    assert messages == []
    shown.close()


@pytest.mark.browser
def test_show_lists_the_records_of_a_reason(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, tmp_path, "en")
    shown.focus("a.show >> nth=1")
    shown.keyboard.press("Enter")
    assert shown.input_value("#filter") == "OUT_OF_RANGE =HR"
    assert lines(shown) == ["10"]
    shown.close()
