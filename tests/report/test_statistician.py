"""The statistician's report: every result is on it, in words, at the printed precision, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.queries import Result, results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.investigator.eligibility import matrix_table
from historical_controls.report.printing.outputs import exported
from historical_controls.report.statistician.checklists import load_items
from historical_controls.report.statistician.display_tables import end_of_follow_up, treated_values
from historical_controls.report.statistician.methods import STEPS, equations, method_steps
from historical_controls.report.statistician.names import Names
from historical_controls.report.statistician.page import Declarations, render_statistician_report
from historical_controls.report.statistician.registry import Difference, load_differences
from historical_controls.report.statistician.sheet import Block, sheets
from historical_controls.report.statistician.shells.build import shell_table
from historical_controls.report.statistician.shells.declared import SHELLS

from .conftest import LANGUAGES, Rendered
from .reading import Page
from .study import CONTRAST, HOSTILE, ROOT, SmallStudy, small_study
from .test_numbers import assert_printed
from .test_wording import ENGLISH_WORDS, FORBIDDEN

# Names that hold a digit and no result.
NAMES = r"CR2|E2A|E9\(R1\)|SHA-256|1 = (no difference|sin diferencia)"


def differences_of(study: SmallStudy) -> list[Difference]:
    """The differences that the program ships, as if the small study had declared them."""
    shipped = load_differences([ROOT / "dictionary" / "registry_differences.csv"])
    return [replace(one, study=study.config.study.id) for one in shipped]


def render(
    study: SmallStudy,
    language: str,
    figures: dict[str, str] | None = None,
    differences: Sequence[Difference] | None = None,
) -> str:
    declared = Declarations(
        study.display,
        (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"),
        load_items(ROOT / "docs" / "checklists.csv"),
        differences_of(study) if differences is None else list(differences),
    )
    return render_statistician_report(study.page(language, figures), declared)


@pytest.fixture(scope="module")
def pages(rendered: dict[str, Rendered]) -> dict[str, tuple[str, Page]]:
    made = {name: render(report.study, name, report.figures) for name, report in rendered.items()}
    return {name: (html, Page.of(html)) for name, html in made.items()}


@pytest.fixture
def html(pages: dict[str, tuple[str, Page]], language: str) -> str:
    return pages[language][0]


@pytest.fixture
def page(pages: dict[str, tuple[str, Page]], language: str) -> Page:
    return pages[language][1]


def rows_of(study: SmallStudy) -> dict[str, Result]:
    return {row.id: row for found in results_of(study.ard).rows.values() for row in found}


def test_every_number_is_the_one_of_the_results_table(report: Rendered, page: Page) -> None:
    rows = rows_of(report.study)
    marked = page.with_attribute("data-ard")
    assert len(marked) > 300
    for element in marked:
        row = rows[element.attributes["data-ard"]]
        if row.text is None and row.format != "p":
            assert_printed(element.text, row, "data-magnitude" in element.attributes)


def test_every_result_of_the_primary_scenario_is_on_the_page_or_said_to_be_in_the_file(
    report: Rendered, page: Page
) -> None:
    shown = {element.attributes["data-ard"] for element in page.with_attribute("data-ard")}
    places = {element.attributes.get("id"): element.text for element in page.tagged("article")}
    primary = [row for row in rows_of(report.study).values() if row.scenario == "primary"]
    missing = {row.output_id for row in primary if row.id not in shown}
    for output_id in missing:
        assert re.search("in the CSV file only|solo en el archivo CSV", places[f"o{output_id.replace('.', '_')}"])
    estimates = [row for row in primary if row.analysis == "mixed_model" and row.statistic in ("estimate", "lower")]
    assert estimates and all(row.id in shown for row in estimates)


def test_every_registered_output_has_its_place_and_says_why_it_is_empty(
    report: Rendered, page: Page, language: str
) -> None:
    places = {element.attributes.get("id"): element for element in page.tagged("article")}
    written = set(report.study.ard.loc[report.study.ard["scenario"] == "primary", "output_id"]) | {"14.2.12"}
    for output in exported(report.study.outputs):
        article = places[f"o{output.output_id.replace('.', '_')}"]
        assert output.title(language) in article.text
        empty = re.search("Not available|No disponible", article.text) is not None
        drawn = any(name.startswith(f"{output.output_id}-") for name in report.figures)
        assert empty == (output.output_id not in written and not drawn), output.output_id


def test_no_digit_stands_outside_marked_elements(report: Rendered, page: Page, language: str) -> None:
    formula = report.study.words(language)("people.note_smd")
    plain = re.sub(NAMES, "", page.plain.partition('"use strict"')[0].replace(formula, ""))
    assert re.findall(r".{0,30}\d.{0,10}", plain) == []


def test_no_claim_and_no_english_in_the_spanish(page: Page, language: str) -> None:
    # Formulas are marked as English, as docs/methods.md is.
    set_as_formula = [one for one in page.elements if one.tag == "pre" or one.attributes.get("class") == "equation"]
    formulas = "\n".join(element.text for element in set_as_formula)
    visible = page.visible.partition('"use strict"')[0]
    lines = [line for line in visible.splitlines() if line not in formulas]
    assert [line for line in lines if re.search(FORBIDDEN[language], line, flags=re.IGNORECASE)] == []
    if language == "es":
        assert [line for line in lines if re.search(ENGLISH_WORDS, line)] == []


def test_only_the_named_script_may_run_and_nothing_is_asked_for(html: str, page: Page) -> None:
    policy = next(e.attributes["content"] for e in page.tagged("meta") if "http-equiv" in e.attributes)
    script = next(e.text for e in page.tagged("script"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    links = [value for e in page.elements for name, value in e.attributes.items() if name in {"href", "src"}]
    pattern = r"#|data:,$|(investigator|statistician)\.(en|es)\.html$|\.\./tables/[\w.-]+\.csv$"
    assert [link for link in links if not re.match(pattern, link)] == []


def test_ids_are_unique_and_references_resolve(html: str, page: Page) -> None:
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    wanted = {value[1:] for e in page.elements for value in [e.attributes.get("href", "")] if value.startswith("#")}
    wanted |= {name for e in page.elements for name in e.attributes.get("aria-labelledby", "").split()}
    assert wanted - set(ids) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(language: str) -> None:
    study = small_study(hostile=True)
    cell = Cell("baseline", "primary", level=HOSTILE, method=HOSTILE, outcome="AGE")
    hostile = ard_frame([cell.number("n", 3), cell.text("state", HOSTILE)])
    html = render(SmallStudy(**{**vars(study), "ard": pd.concat([study.ard, hostile])}), language)
    page = Page.of(html)
    assert len(page.tagged("script")) == 1
    assert "<script>alert" not in html
    assert page.visible.count(HOSTILE) > 5


def test_the_floor_of_p_values_stands_once_in_a_footnote(report: Rendered, html: str) -> None:
    shown = [row for row in rows_of(report.study).values() if row.statistic in ("p_value", "p_raw")]
    for row in shown:
        cell = re.search(rf'<td data-ard="{row.id}">[^<]*</td>', html)
        if row.scenario == "primary":
            assert cell is not None
            after = html[cell.end() :]
            notes = after[after.index("</table>") : after.index("</article>")]
            assert re.search(r"Smallest p|Smallest possible p|no permutation|Menor p|no se hizo permutación", notes)


def test_rows_that_use_the_same_keys_stand_in_one_table() -> None:
    cell = Cell("mixed_model", "primary", outcome="PF", day=7, output="14.2.2")
    frame = ard_frame(
        [
            *(cell.at(arm=arm).number("mean", 1.0) for arm in ("treated", "historical")),
            cell.at(contrast=CONTRAST).number("estimate", 0.0),
            cell.at(day=14).text("not_estimable", "no_data"),
            cell.at(day=None).text("converged", "yes"),
        ]
    )
    rows = [row for found in results_of(frame).rows.values() for row in found]
    by_day, converged = sorted(sheets(rows, Block()), key=lambda sheet: -len(sheet.lines))
    assert by_day.keys == ("day",)
    assert [column.across for column in by_day.columns] == ["treated", "historical", CONTRAST, ""]
    assert converged.lines[0][1]["", "converged"].text == "yes"


def with_ladder(kinds: Sequence[str], compared: dict[str, tuple[str, ...]]) -> SmallStudy:
    """A study with a rung of each kind, named after it, and the rungs that the criterion compared for each outcome."""
    study = small_study()
    analysis = study.config.analysis
    rungs = [analysis.ladder[0].model_copy(update={"id": kind, "per_arm": kind}) for kind in kinds]
    config = study.config.model_copy(update={"analysis": analysis.model_copy(update={"ladder": rungs})})
    rows = [
        Cell("mixed_model", "primary", "reml", code, level=rung, output=OUTPUTS[code]).number("criterion", 10.0)
        for code, own in compared.items()
        for rung in own
    ]
    return replace(study, config=config, ard=pd.concat([study.ard, ard_frame(rows)], ignore_index=True))


OUTPUTS = {"PF": "14.2.2", "HR": "14.2.3"}
CHOICE = {
    "en": "Caution: of {label}, the information criterion compared covariances with variances that the groups share (",
    "es": "Precaución: en {label}, el criterio de información comparó covarianzas con varianzas comunes a los grupos (",
}


def test_a_choice_between_shared_and_separate_variances_is_warned_of_once(language: str) -> None:
    study = with_ladder(("pooled", "free"), {"PF": ("pooled", "free"), "HR": ("free",)})
    page = Page.of(render(study, language))
    label = study.dictionary.outcomes["PF"].label(language)
    opening = CHOICE[language].format(label=label)
    assert page.visible.count(opening) == 1
    said = page.visible[page.visible.index(opening) :].splitlines()[0]
    names = {"en": ("the same in both groups", "separate covariance parameters per group")}
    names["es"] = ("igual en ambos grupos", "parámetros de covarianza separados por grupo")
    shared, own = names[language]
    assert said.index(shared) < said.index(own)
    (plain,) = [line for line in page.plain.splitlines() if line.startswith(opening.partition(":")[0])]
    assert not re.search(r"\d", plain)
    assert "(EM-5)" in page.visible


@pytest.mark.parametrize(
    ("kinds", "compared"),
    [
        (("free", "two_scales"), {"PF": ("free", "two_scales")}),
        (("pooled",), {"PF": ("pooled",)}),
        # Declared, but fitted to other rows, or without a fit: nothing was chosen.
        (("pooled", "free"), {"PF": ("free",), "HR": ("pooled",)}),
    ],
)
def test_no_choice_no_warning(kinds: tuple[str, ...], compared: dict[str, tuple[str, ...]]) -> None:
    study = with_ladder(kinds, compared)
    titles = [step.title for step in method_steps(study.page("en").printer, "")]
    assert study.words("en")("method_step.model_title") in titles
    assert study.words("en")("method_step.variances_chosen_title") not in titles


def test_the_model_is_told_with_the_covariances_that_were_used(language: str) -> None:
    """Not with those of a ladder that another study might declare."""
    study = with_ladder(("pooled", "free"), {})
    used = [
        Cell("mixed_model", "primary", "reml", code, output=OUTPUTS[code]).text("covariance_rung", "pooled")
        for code in OUTPUTS
    ]
    rest = study.ard.loc[study.ard["statistic"] != "covariance_rung"]
    study = replace(study, ard=pd.concat([rest, ard_frame(used)], ignore_index=True))
    title = study.words(language)("method_step.model_title")
    (said,) = [step.said for step in method_steps(study.page(language).printer, "") if step.title == title]
    shared = {"en": "the same in both groups", "es": "igual en ambos grupos"}[language]
    own = {"en": "separate covariance parameters", "es": "parámetros de covarianza separados"}[language]
    assert said.count(shared) == 1 and own not in said
    assert {"en": "named. In this study: ", "es": "información. En este estudio: "}[language] in said
    none = replace(study, ard=rest)
    assert not any(shared in step.said for step in method_steps(none.page(language).printer, ""))


def test_the_equations_named_exist() -> None:
    known = equations((ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))
    assert {tag for step in STEPS for tag in step.tags} - set(known) == set()
    assert known["IN-3"].startswith("f_k = [ (n_k - 1) S_k^2")


def table_of(html: str, part: str) -> str:
    """The markup of a declared table by its caption."""
    at = html.index(part)
    return html[html.rindex("<table", 0, at) : html.index("</table>", at)]


def test_a_declared_table_has_spanning_heads_strata_and_each_number_in_its_column(html: str, language: str) -> None:
    title = {"en": "Adjusted means and their comparison by day", "es": "Medias ajustadas y su comparación por día"}[
        language
    ]
    table = table_of(html, title)
    spans = re.findall(r'<th scope="colgroup" colspan="(\d)">', table)
    assert spans[:3] == ["2", "2", "4"]
    day = {"en": "Day", "es": "Día"}[language]
    line = re.search(rf'<tr class="indent"><th scope="row">{day} <span data-fact>7</span></th>(.*?)</tr>', table)
    assert line is not None
    numbers = [re.sub("<[^>]+>", "", cell).replace("\xa0", " ") for cell in re.findall(r"<td[^>]*>(.*?)</td>", line[1])]
    to = {"en": "to", "es": "a"}[language]
    assert numbers[4] == f"34 (−19 {to} 86)" and numbers[5:7] == ["26", "17.3"]
    assert re.search(r'<th scope="rowgroup" colspan="\d+">', table)


def test_every_output_has_a_deep_link_and_its_tables_can_be_copied(html: str, report: Rendered) -> None:
    for output_id in ("14.1.4", "14.2.2"):
        place = f"o{output_id.replace('.', '_')}"
        article = html[html.index(f'<article id="{place}"') :].partition("</article>")[0]
        assert f'href="#{place}"' in article and 'class="copy"' in article


def test_a_column_for_every_difference_that_a_trial_would_look_for() -> None:
    """Of 14.2.17: `overturn.trial_differences: [0.3, 0.75]` had no column, since only 0.25 and 0.5 had one."""
    study = small_study()
    here = Cell("detectable_difference", "primary", "reml", "PF", day=7, output="14.2.17")
    rows = [here.at(contrast=CONTRAST).number("detectable", 40.0, "mmHg", "0")]
    for level, n in (("0.75", 28), ("0.3", 175), ("10", 1)):
        size = Cell("trial_size", "primary", "reml", "PF", day=7, contrast=CONTRAST, level=level, output="14.2.17")
        rows.append(size.number("n_per_arm", n))
    printer = replace(study, ard=ard_frame(rows)).page("en").printer
    (shell, _) = SHELLS[OutputId.CONTEXT]
    table = shell_table(Names(printer), study.outputs["14.2.17"], shell, 1)
    assert table is not None
    heads = [re.sub("<[^>]+>", "", head) for head in table.heads]
    assert heads[-3:] == ["to detect 0.3 SD", "to detect 0.75 SD", "to detect 10 SD"]
    assert [re.sub("<[^>]+>", "", cell) for cell in table.rows[0].cells[-3:]] == ["175", "28", "1"]


def test_ten_and_more_patients_left_out_stand_in_the_order_of_their_numbers() -> None:
    study = small_study()
    cell = Cell("leave_one_out", "primary", "reml", "PF", day=7, contrast=CONTRAST, output=str(OutputId.LEAVE_ONE_OUT))
    states = [
        Cell("eligibility", "primary", arm="treated", level=f"T{n}", contrast=rule).text("state", "true")
        for n in (1, 10, 2)
        for rule in study.config.cohort.as_read().rules
    ]
    left = [cell.at(level=f"T{n}").number("estimate", 20.0 + n, "mmHg", "0") for n in (1, 10, 2)]
    printer = replace(study, ard=ard_frame([*states, *left])).page("en").printer
    (shell, _) = SHELLS[OutputId.LEAVE_ONE_OUT]
    table = shell_table(Names(printer), study.outputs[str(OutputId.LEAVE_ONE_OUT)], shell, 1)
    assert table is not None
    said = [re.sub("<[^>]+>", "", row.head) for row in table.rows]
    assert [one for one in said if re.fullmatch(r"T\d+", one)] == ["T1", "T2", "T10"]
    matrix = matrix_table(printer)
    assert matrix is not None
    assert [re.sub("<[^>]+>", "", head) for head in matrix.heads[1:]] == ["T1", "T2", "T10"]


def test_listings_of_ten_and_more_stand_in_the_order_of_their_numbers() -> None:
    study = small_study()
    rows = study.display[study.display["display_id"] == "T1"]
    rows = rows.assign(item=rows["item"].mask(rows["value"].isna(), "death"))
    many = pd.concat([rows.assign(display_id=f"T{number}") for number in (1, 10, 2)])
    printer = study.page("en").printer
    ends, values = end_of_follow_up(printer, many), treated_values(printer, many)
    assert ends is not None and values is not None
    assert [re.sub("<[^>]+>", "", row.head) for row in ends.rows] == ["T1", "T2", "T10"]
    assert [re.sub("<[^>]+>", "", head) for head in values.heads[2:]] == ["T1", "T2", "T10"]


def test_lines_of_no_outcome_have_no_empty_head_above_them() -> None:
    study = small_study()
    rows = [
        Cell("e_value", "primary", outcome=outcome, level=level, contrast="treated - historical").number("e_value", 2.0)
        for outcome, level in (("PF", ""), ("", "death"))
    ]
    printer = replace(study, ard=ard_frame(rows)).page("en").printer
    (shell, *_) = SHELLS[OutputId.UNMEASURED]
    table = shell_table(Names(printer), study.outputs[str(OutputId.UNMEASURED)], shell, 1)
    assert table is not None
    assert [(row.head.striptags(), bool(row.cells), row.indent) for row in table.rows] == [
        ("PaO2/FiO2 ratio, mmHg", True, False), ("Died", True, False),
    ]  # fmt: skip


def test_records_of_no_outcome_are_not_called_all() -> None:
    """Dates of events have no outcome: a line 'All' with fewer records than the lines above it was no total."""
    study = small_study()
    rows = [
        Cell("ledger_loss_arms", "primary", population="all", arm="treated", outcome=outcome).number("n_records", n)
        for outcome, n in (("PF", 30), ("", 10))
    ]
    printer = replace(study, ard=ard_frame(rows)).page("en").printer
    (shell,) = SHELLS[OutputId.RECORD_LOSS]
    table = shell_table(Names(printer), study.outputs[str(OutputId.RECORD_LOSS)], shell, 1)
    assert table is not None
    names = [row.head.striptags() for row in table.rows]
    assert names == ["PaO2/FiO2 ratio, mmHg", "Events and other records without an outcome"]


def test_shells_name_declared_words_and_outputs() -> None:
    words, outputs = small_study().words("en"), small_study().outputs
    for output_id, shells in SHELLS.items():
        assert output_id in outputs
        for shell in shells:
            heads = [name for _, column in shell.columns for name in (column.head, column.note) if name]
            heads += [shell.title, *shell.notes]
            assert [head for head in heads if not words.has(f"shell.{head}")] == [], (output_id, shell.title)
    assert sum(map(len, SHELLS.values())) >= 25
    built = {"total", "day", "range", "either", "contrast", "contrast_ratio", "contrast_odds", "contrast_or_ratio"}
    every = [shell for shells in SHELLS.values() for shell in shells]
    used = {name for shell in every for name in (shell.title, shell.blank, *shell.notes)}
    used |= {name for shell in every for group, column in shell.columns for name in (group, column.head, column.note)}
    assert {key for key in words.entries if key.startswith("shell.")} == {
        f"shell.{name}" for name in (used | built) - {"", "treated", "historical", CONTRAST}
    }


def test_a_figure_says_its_finding_to_everybody(pages: dict[str, tuple[str, Page]]) -> None:
    shown = re.search(r'<article id="o15_19".*?</article>', pages["en"][0], re.S)
    assert shown is not None
    said = re.sub("<[^>]+>", "", shown[0])
    # Once as the caption, once in the description of the picture.
    assert said.count("1 of 8 quantiles of the residuals are outside the pointwise limits") == 2
    assert "The largest absolute residual is 3.4 SD; 2 are beyond three SD." in said


def test_how_sure_95_percent_is_here_is_a_table(pages: dict[str, tuple[str, pd.DataFrame]]) -> None:
    shown = re.search(r'<article id="o14_2_20".*?</article>', pages["en"][0], re.S)
    assert shown is not None
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", shown[0]))
    for part in ("5.0% (3.0% to 8.0%)", "4.0% (2.0% to 7.0%)", "56 (51 to 63)", "Monte Carlo limits"):
        assert part in said, said


@pytest.mark.parametrize(
    ("language", "own", "other"),
    [("en", "pool of three trials", "in Spanish: ajustado"), ("es", "tres ensayos", "ajustado")],
)
def test_notes_on_published_results_are_in_the_page_s_language(language: str, own: str, other: str) -> None:
    """A note that the study gives in another language alone says in which."""
    rows = []
    for study, notes in {
        "Qu 2021": {"en": "pool of three trials", "es": "tres ensayos"},
        "Own 2024": {"es": "ajustado"},
    }.items():
        cell = Cell("benchmark", "primary", "difference", "PF", level=study, population="published", output="14.2.17")
        rows += [cell.number(name, 7.4, "mmHg", "0.0") for name in ("estimate", "lower", "upper")]
        rows += [cell.text(f"note_{one}", said) for one, said in notes.items()]
    study = small_study()
    whole = replace(study, ard=pd.concat([study.ard, ard_frame(rows)], ignore_index=True))
    told = Page.of(render(whole, language)).visible.split("Own 2024")[-1][:200]
    assert own in told and other in told
    assert ("in Spanish" in told) is (language == "en") and "in English" not in told
