"""Every number of the page is a number of the results table, at the printed precision."""

from __future__ import annotations

import math
import re

import pytest

from historical_controls.ard.queries import Result, results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.printing.printer import printed_value
from historical_controls.text.formatting import DASH, decimals

from .conftest import Rendered
from .study import CONTRAST

DIGITS_IN_WORDS = ("people.note_smd",)
# Digits of the words themselves: names, the null value, and how often chance misleads.
NAMES = r"SHA-256|E2A|1 = (no difference|sin diferencia)|1 (interval )?in 20|1 de cada 20"


def by_id(report: Rendered) -> dict[str, Result]:
    return {row.id: row for rows in results_of(report.study.ard).rows.values() for row in rows}


def assert_printed(text: str, row: Result, magnitude: bool = False) -> None:
    """The text is the row's value at its precision; `magnitude`: without the sign, which words beside it name."""
    if row.value is None or math.isnan(row.value):
        assert text == DASH
        return
    plain = text.replace(",", "").replace("−", "-")
    value = abs(row.value) if magnitude else row.value
    if row.format.startswith("percent"):
        # 'percent.1' has one decimal.
        places = int(row.format.removeprefix("percent").removeprefix(".") or 0)
        assert abs(float(plain.removesuffix("%")) - 100 * value) <= 0.5 * 10**-places + 1e-12
    else:
        assert abs(float(plain) - value) <= 0.5 * 10 ** -decimals(row.format) + 1e-12
        # A limit beside the null value has further decimals (printer.printed_value).
        assert len(plain.partition(".")[2]) == decimals(row.format) or row.statistic in ("lower", "upper")


def test_every_marked_number_is_the_one_of_the_results_table(report: Rendered) -> None:
    rows = by_id(report)
    marked = report.page.with_attribute("data-ard")
    assert len(marked) > 100
    for element in marked:
        row = rows[element.attributes["data-ard"]]
        if row.text is None:
            assert_printed(element.text, row, "data-magnitude" in element.attributes)


def test_every_marked_word_is_the_translation_of_its_code(report: Rendered, language: str) -> None:
    rows, words = by_id(report), report.study.words(language)
    groups = {"not_estimable": "reason", "df_method": "df_method", "assays": "assay", "not_recorded": "not_recorded"}
    texts = [(e.text, rows[e.attributes["data-ard"]]) for e in report.page.with_attribute("data-ard")]
    coded = [(text, row) for text, row in texts if row.text is not None]
    assert {row.statistic for _, row in coded} == {*groups, "covariance_rung", "state"}
    for text, row in coded:
        if row.statistic == "covariance_rung":
            assert words("random.1 + day") in text
            continue
        if row.analysis == "eligibility":
            group, code = "state", row.text or ""
        elif row.statistic == "state":
            group, code = "reason" if row.text == "refuse" else "gate_found", row.analysis.removeprefix("gate_")
        else:
            group, code = groups[row.statistic], row.text or ""
        template = words.entry(group, code)
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(template))
        assert re.fullmatch(pattern, text), (text, template)


def test_no_digit_stands_outside_marked_elements(report: Rendered, language: str) -> None:
    plain = report.page.plain
    for key in DIGITS_IN_WORDS:
        plain = plain.replace(report.study.words(language)(key), "")
    assert not re.findall(r".{0,30}\d.{0,10}", re.sub(NAMES, "", plain))


def test_headline_prints_estimate_interval_and_both_numbers_of_patients(report: Rendered) -> None:
    results = results_of(report.study.ard)
    headline = next(e for e in report.page.elements if e.attributes.get("class") == "answer")
    for statistic in ("estimate", "lower", "upper"):
        row = results.one("mixed_model", statistic, outcome="PF", day=7.0, contrast=CONTRAST)
        assert row is not None
        assert f'data-ard="{row.id}"' in report.html
    assert "34 mmHg" in headline.text
    assert re.search(r"−19 (to|a) 86\)", headline.text)
    assert re.search("higher in treated patients|superior en los pacientes tratados", headline.text)


def test_no_p_value_is_printed(report: Rendered) -> None:
    rows = by_id(report)
    shown = {rows[e.attributes["data-ard"]].statistic for e in report.page.with_attribute("data-ard")}
    assert "p_value" not in shown
    assert not re.search(r"\bp\s*[=<>]", report.page.visible, flags=re.IGNORECASE)


def test_refused_outcome_has_a_reason_and_no_estimate(report: Rendered, language: str) -> None:
    table = next(e for e in report.page.elements if e.attributes.get("id") == "table-glance")
    assert table.text.count("ASSAY-t") == 1
    label = report.study.dictionary.outcomes["IL6"].label(language)
    article = next(e for e in report.page.tagged("tr") if e.text.strip().startswith(label) and "ASSAY-t" in e.text)
    said = {"en": "measured with different methods (treated: ASSAY-t", "es": "métodos distintos (tratados: ASSAY-t"}
    assert said[language] in article.text
    assert "IC 95%" not in article.text
    assert "95% CI" not in article.text


def cells_of(report: Rendered, table: str, head: str) -> list[tuple[str, str, float | None, str, str]]:
    """What the numbers of one table row are, in order: statistic, arm, day, level and scenario."""
    rows = by_id(report)
    inside = report.html.split(f'<table id="table-{table}"')[1].split("</table>")[0]
    row = next(e for e in type(report.page).of(f"<table{inside}</table>").tagged("tr") if e.text.startswith(head))
    found = (rows[name] for name in row.ids)
    return [(r.statistic, r.arm, r.day, r.level, r.scenario) for r in found]


def test_table_one_has_each_number_in_its_place(report: Rendered, language: str) -> None:
    head = {"en": "Age", "es": "Edad"}[language]
    assert cells_of(report, "baseline", head) == [
        ("mean", "treated", None, "", "primary"),
        ("sd", "treated", None, "", "primary"),
        ("mean", "historical", None, "", "primary"),
        ("sd", "historical", None, "", "primary"),
        ("n_missing", "historical", None, "", "primary"),
        ("smd", "", None, "", "primary"),
    ]
    male = {"en": "male", "es": "hombre"}[language]
    assert [cell[:2] for cell in cells_of(report, "baseline", male)] == [
        *((name, arm) for arm in ("treated", "historical") for name in ("count", "n", "share")),
        ("smd", ""),
    ]


def test_disposition_has_each_number_in_its_place(report: Rendered, language: str) -> None:
    head = report.study.words(language)("event.death")
    names = [("count", "death"), ("n_subjects", ""), ("share", "death"), ("lower", "death"), ("upper", "death")]
    expected = [(name, arm, 21.0, level, "primary") for arm in ("treated", "historical") for name, level in names]
    assert cells_of(report, "disposition", head) == expected


def test_outcome_table_has_each_number_in_its_place(report: Rendered) -> None:
    for day in (7.0, 14.0, 21.0):
        assert [cell[:3] for cell in cells_of(report, "days-PF", f"{day:.0f}")] == [
            *((name, arm, day) for arm in ("treated", "historical") for name in ("mean", "n_subjects")),
            *((name, "", day) for name in ("estimate", "lower", "upper")),
            *((name, "", day) for name in ("win_odds", "lower", "upper") if day == 7),
        ]


def test_scenarios_have_each_number_in_their_place(report: Rendered, language: str) -> None:
    head = {"en": "Severe by Berlin", "es": "Grave según Berlín"}[language]
    assert [(cell[0], cell[4]) for cell in cells_of(report, "scenarios", head)] == [
        (name, "berlin")
        for name in ("n_subjects", "n_subjects", "estimate", "lower", "upper", "win_odds", "lower", "upper")
    ]


def test_ledger_has_each_number_in_its_place(report: Rendered) -> None:
    assert [cell[0] for cell in cells_of(report, "ledger", "main")] == [
        "n_lines", "n_records", "n_clean", "n_duplicate", "n_ignored", "n_quarantined",
    ]  # fmt: skip


def test_reactions_stand_with_what_none_of_five_leaves_open(report: Rendered, language: str) -> None:
    said = next(e for e in report.page.elements if e.attributes.get("id") == "disposition").text
    assert report.study.words(language)("adverse.reaction_within", hours="24") + ":" in said
    assert "52%" in said
    assert "41%" in said
    assert report.study.words(language)("not_recorded.treated_only") in said


def test_a_result_that_one_patient_decides_says_so(report: Rendered, language: str) -> None:
    said = next(e for e in report.page.elements if e.attributes.get("id") == "bias").text
    assert {"en": "without T4 (died on day 19) it is 48 mmHg (3 to 93)",
            "es": "sin T4 (falleció el día 19) es 48 mmHg (3 a 93)"}[language] in said  # fmt: skip
    screen = next(e for e in report.page.elements if e.attributes.get("id") == "table-certainty").text
    assert report.study.words(language)("certainty.changes") in screen
    assert "48 (3" in screen


@pytest.mark.parametrize(
    ("value", "unit", "format", "printed"),
    [
        (0.009, "/min", "0", "0.01"),
        (-0.2, "mmHg", "0", "−0.2"),
        (0.0, "mmHg", "0", "0"),
        (0.4, "mmHg", "0.0", "0.4"),
        (1.0004, "ratio", "0.00", "1.0004"),
        (0.998, "ratio", "0.00", "0.998"),
        (1.02, "ratio", "0.00", "1.02"),
        (0.00001, "mmHg", "0", "0"),
    ],
)
def test_a_limit_beside_the_null_value_is_not_printed_as_it(value: float, unit: str, format: str, printed: str) -> None:
    cell = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2", day=7, contrast=CONTRAST)
    frame = ard_frame([cell.number("lower", value, unit, format)])
    (row,) = results_of(frame).rows[("primary", "mixed_model", "lower")]
    assert printed_value(row) == printed


def test_every_panel_and_every_row_of_the_glance_counts_the_deaths_as_well(report: Rendered, language: str) -> None:
    head = {"en": "Counting deaths", "es": "Contando las defunciones"}[language]
    panel = next(e for e in report.page.elements if e.attributes.get("id") == "outcome-PF").text
    glance = next(e for e in report.page.elements if e.attributes.get("id") == "table-glance").text
    assert head in panel and head in glance
