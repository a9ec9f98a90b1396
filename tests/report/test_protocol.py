"""The protocol: what the config declares, in both languages and for programs, and nothing of any result."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import pytest

from historical_controls.config.plan.plan import plan_hash, plan_of
from historical_controls.config.plan.seal import Results, Seal
from historical_controls.config.study_config import Config, load_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.provenance import VERSION
from historical_controls.report.inputs import PageInputs
from historical_controls.report.investigator.page import render_report
from historical_controls.report.protocol.machine import protocol_json
from historical_controls.report.protocol.page import render_protocol, sections
from historical_controls.report.protocol.rules import definition
from historical_controls.report.statistician.page import Declarations, render_statistician_report
from historical_controls.report.statistician.registry import Difference

from .conftest import LANGUAGES
from .reading import Page
from .study import ROOT, small_study
from .test_wording import ENGLISH_WORDS, FORBIDDEN

STUDY = small_study()
DIFFERENCE = Difference(
    "NCT00000000", "sample", "Ten patients", "Diez pacientes", "{n_treated} at day {day}", "{n_treated} en el día {day}"
)


def page(language: str, seal: Seal | None = None) -> PageInputs:
    # With results at hand: none of them may reach the page.
    return replace(STUDY.page(language), seal=seal)


def tables(language: str) -> dict[str, list[list[str]]]:
    parts = sections(page(language).printer, [DIFFERENCE])
    made = [table for part in parts for table in part.tables]
    return {one.id: [[cell.striptags() for cell in (row.head, *row.cells)] for row in one.rows] for one in made}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_part_and_no_result(language: str) -> None:
    html = render_protocol(page(language), [DIFFERENCE])
    assert 'data-ard="' not in html
    assert html == render_protocol(replace(page(language), ard=STUDY.ard.head(0)), [DIFFERENCE])
    read = Page.of(html)
    ids = [element.attributes.get("id") for element in read.elements]
    parts = ("question", "emulation", "sources", "eligibility", "follow_up", "outcomes", "covariates", "analysis")
    assert {*parts, "sensitivity", "differences", "seal"} <= set(ids)
    assert not re.search(FORBIDDEN[language], read.visible, re.IGNORECASE)
    assert language == "en" or not re.search(ENGLISH_WORDS, re.sub(r"\w+\.\w+", "", read.visible))


def test_what_is_declared_is_said() -> None:
    said = tables("en")
    label = STUDY.dictionary.outcomes["PF"].label("en")
    assert ["Primary outcome", f"{label} at day 7"] in said["protocol-question"]
    assert ["pf_low P/F below 150 mmHg at the last two gases", f"{label}, last value of the last 48 h < 150 mmHg",
            "both groups", "yes"] in said["protocol-eligibility"]  # fmt: skip
    limits = {row[0]: row[1] for row in said["protocol-gates"]}
    gates = STUDY.config.balance.gates
    assert limits["Effective sample size of historical patients below"] in (f"{gates.min_ess:g}", f"{gates.warn_ess:g}")
    ladder = next(row[1] for row in said["protocol-analysis"] if row[0].startswith("Covariances"))
    assert ladder.count("→") == len(STUDY.config.analysis.ladder) - 1
    placebos = STUDY.config.sensitivity.placebo_cohorts
    asked = [row[0] for row in said["protocol-sensitivity"] if row[0].startswith("Placebo cohorts")]
    assert [f"{placebos.random} groups at random" in one for one in asked] == [True] * placebos.any
    assert said["protocol-differences"] == [["Ten patients", "(not counted yet) at day 7"]]


@pytest.mark.parametrize("kind", ["any", "all", "at_least", "treatment", "event", "ratio_to_first", "not_observable"])
def test_every_kind_of_rule_has_a_definition(kind: str) -> None:
    config = example()
    rules = {rule.kind: rule for rule in config.cohort.rules.values()}
    own = replace(page("en"), config=config, dictionary=load_dictionary(ROOT / "data" / "dictionary"))
    assert "{" not in definition(own.printer, rules[kind])


def example() -> Config:
    resolved = STUDY.config.model_dump(mode="json")
    labels = {"label": {"en": "a", "es": "b"}}
    resolved["cohort"]["rules"] |= {
        "both": {"kind": "all", "of": ["adult", ["pf_low", "risen"]], **labels},
        "either": {"kind": "any", "of": ["adult", "pf_low"], **labels},
        "two": {"kind": "at_least", "count": 2, "of": ["adult", "pf_low"], **labels},
        "drug": {"kind": "treatment", "treatments": ["dexamethasone"], "given": False, "within_hours": 24, **labels},
        "came": {"kind": "event", "event": "admission", "happened": True, "at_least_hours_before": 48, **labels},
        "risen": {"kind": "ratio_to_first", "outcome": "DDIM", "within_hours": 48, "op": ">=", "value": 1.5, **labels},
        "judged": {"kind": "not_observable", **labels},
    }
    return load_config(resolved)


def test_the_json_fits_its_schema_and_names_no_file_or_day() -> None:
    text = protocol_json(STUDY.config, VERSION, {name: sections(page(name).printer, []) for name in LANGUAGES})
    schema = json.loads((ROOT / "workflow" / "schemas" / "protocol.schema.json").read_text(encoding="utf-8"))
    content = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(content)
    assert content["plan_sha256"] == plan_hash(plan_of(STUDY.config))
    assert not re.search(r"\d{4}-\d{2}-\d{2}|data/raw", text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(content | {"sections": []})


def test_amendments_are_listed_with_their_day_and_whether_results_existed() -> None:
    plan = plan_of(STUDY.config)
    first = {**plan, "primary": {**plan["primary"], "day": 14}}
    seal = Seal("2020-09-01", False, None, {}, first, first, plan_hash(first)).amended(
        plan, "2020-10-01", Results(True, ("IL6", "PF"))
    )
    visible = " ".join(Page.of(render_protocol(page("en", seal), [])).visible.split())
    assert "First sealed on 2020-09-01" in visible
    names = ", ".join(STUDY.dictionary.outcomes[code].label("en") for code in ("IL6", "PF"))
    assert f"2020-10-01primary.day: 14 → 7results existed: {names}" in visible


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_reports_link_the_protocol_that_is_there(language: str) -> None:
    link = f'<a href="../protocol/protocol.{language}.html">'
    there = replace(page(language), has_protocol=True)
    assert link in render_report(there) and "../protocol/" not in render_report(page(language))
    declared = Declarations(STUDY.display, "", [], [])
    assert link in render_statistician_report(there, declared)
