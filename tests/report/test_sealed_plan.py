"""What the first screen says of the plan: not sealed, sealed, sealed late, and changed since with both answers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markupsafe import Markup

from historical_controls.config.plan.declaration import declaration_text
from historical_controls.config.plan.plan import plan_hash, plan_of
from historical_controls.config.plan.seal import Seal
from historical_controls.report.headline.sealed_plan import seal_tables
from historical_controls.report.inputs import PageInputs
from historical_controls.report.investigator.page import render_report

from .conftest import LANGUAGES
from .reading import Page
from .study import small_study, study_config

STUDY = small_study()


def page(language: str, seal: Seal | None) -> PageInputs:
    return replace(STUDY.page(language), seal=seal)


def sealed(results_known: bool = False, **primary: object) -> Seal:
    plan = plan_of(STUDY.config)
    plan = {**plan, "primary": {**plan["primary"], **primary}}
    return Seal("2020-09-01", results_known, None, {}, plan, plan, plan_hash(plan))


def _text(cell: object) -> str:
    return Markup(cell).striptags()


def said(language: str, seal: Seal | None) -> str:
    return " ".join(Page.of(render_report(page(language, seal))).visible.split())


@pytest.mark.parametrize(
    ("seal", "words"),
    [
        (None, "was not sealed before the results"),
        (sealed(), "as in the plan that was sealed before any results of it existed"),
        (sealed(results_known=True), "Results existed already when it was sealed"),
    ],
)
def test_the_state_is_said(seal: Seal | None, words: str) -> None:
    assert words in said("en", seal)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_primary_changed_since_is_named_with_both_answers(language: str) -> None:
    outcome = next(code for code in STUDY.config.outcomes if code != STUDY.config.primary.outcome)
    text = said(language, sealed(outcome=outcome))
    begin = {
        "en": "The plan has changed since it was sealed (1 settings",
        "es": "El plan ha cambiado desde que se selló",
    }
    assert begin[language] in text
    answer = re.search({"en": r"Sealed as primary: (.*)", "es": r"Desenlace primario sellado: (.*)"}[language], text)
    assert answer is not None
    assert page(language, None).printer.label(outcome).striptags() in answer[1][:200]


def test_values_that_may_name_days_or_files_are_not_shown() -> None:
    plan = plan_of(STUDY.config)
    plan = {**plan, "study": {**plan["study"], "data_lock": "2021-01-01"}, "seed": 99}
    seal = Seal("2020-09-01", False, None, {}, plan, plan, plan_hash(plan))
    own = page("en", seal)
    (table,) = seal_tables(own.printer, own.seal_state)
    cells = {_text(row.head): [_text(cell) for cell in row.cells] for row in table.rows}
    assert "2021" not in str(cells)
    assert "2020" not in str(cells)
    assert cells["seed"][:2] == ["99", str(STUDY.config.seed)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_defaults_that_the_program_changed_are_listed_apart(language: str) -> None:
    plan, text = plan_of(STUDY.config), declaration_text(study_config())
    earlier = {**plan, "analysis": {**plan["analysis"], "max_share_unmeasured": 0.5}, "seed": 99}
    seal = Seal("2020-09-01", False, None, {}, earlier, earlier, plan_hash(earlier), (), text, text, "0.0.9")
    # The seed is declared: a person changed it. The share is not: the program did.
    seal = replace(seal, first_declared=text.replace("seed: 1\n", "seed: 99\n"))
    own = page(language, seal)
    declared, defaults = seal_tables(own.printer, own.seal_state)
    assert [_text(row.head) for row in declared.rows] == ["seed"]
    assert [[_text(cell) for cell in (row.head, *row.cells)] for row in defaults.rows] == [
        ["analysis.max_share_unmeasured", "0.5", str(plan["analysis"]["max_share_unmeasured"])]
    ]
    assert "0.0.9" in _text(defaults.notes[0])
    first = {"en": "The program has changed 1 defaults", "es": "El programa ha cambiado 1 valores"}
    assert first[language] in said(language, seal)


def test_another_title_is_no_other_plan() -> None:
    title = {"en": "Another title", "es": "Otro título"}
    retitled = STUDY.config.model_copy(update={"study": STUDY.config.study.model_copy(update={"title": title})})
    assert plan_of(retitled) == plan_of(STUDY.config)
