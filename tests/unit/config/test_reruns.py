"""Which rules rerun for an edited key of the config, and for an edited module of the library: exactly these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from historical_controls.provenance import CodeCache, modules_used

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "workflow/scripts"
LIBRARY = SCRIPTS / "historical_controls"
# Rules that print from the config, and so read all of it.
READERS = {
    *("write_report", "write_statistician_report", "write_cleaning_page", "write_narratives", "draw_figures"),
    *("export_datasets", "export_documents", "export_tables", "record_provenance", "protocol", "write_bundle"),
}
COHORTS = {"define_cohort", "redraw_waits", "redefine_cohorts", "count_readings"}
BALANCES = {"balance_arms", "balance_draws", "balance_grid"}
MODELS = {
    *("analyse_outcome", "analyse_scenario", "analyse_draws", "analyse_grid", "analyse_specification"),
    *("analyse_placebos", "assess_robustness"),
}
CALIBRATION = {"simulate_studies", "summarise_calibration"}
TEXT = {"en": "x", "es": "x"}
# Edits of the config, and the rules that rerun besides the readers.
EDITS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "titles and labels": (
        {
            "study": {"title": TEXT},
            "sources": {"historical": {"label": TEXT}},
            "cohort": {"rules": {"I3": {"label": TEXT}}},
        },
        set(),
    ),
    "study.data_lock": ({"study": {"data_lock": "2020-10-31"}}, {"clean_file"}),
    # The grid's scenarios before and after the reference carry its date.
    "study.calendar_reference": (
        {"study": {"calendar_reference": "2020-06-15"}},
        {*COHORTS, "analyse_grid"},
    ),
    "analysis.level": (
        {"analysis": {"level": 0.9}},
        {*MODELS, *CALIBRATION, "define_cohort", "analyse_events", "combine_outcomes", "compare_losses"},
    ),
    "analysis.events, analysis.overturn, primary.key_secondary": (
        {"analysis": {"events": {"true_rate": 0.2}, "overturn": {"power": 0.9}}, "primary": {"key_secondary": ["HR"]}},
        # The jobs of outcomes that join or leave the list, and no others (see the test after this one).
        {"analyse_events", "analyse_outcome", "analyse_scenario", "combine_outcomes", "summarise_calibration"},
    ),
    "balance.gates, report.min_cell": (
        {"balance": {"gates": {"warn_ess": 20}}, "report": {"min_cell": 5}},
        {*BALANCES, "join_results", "simulate_studies"},
    ),
}


class Wildcards(dict[str, str]):
    """Wildcards as rules see them."""

    def __getattr__(self, name: str) -> str:
        if name in self:
            return self[name]
        raise AttributeError(name)


def params(change: Mapping[str, Any]) -> dict[str, str]:
    """What every rule is given besides its files, for all of its wildcards, by rule."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config=dict(change)),
            snakefile=ROOT / "Snakefile",
            workdir=ROOT,
        )._workflow
        known = workflow.globals
        values = {
            "scenario": sorted(known["SCENARIOS"]),
            "batch": sorted(known["GRID"]),
            # The primary outcome, one that is key secondary in no edit, and one that an edit takes off the list.
            "outcome": ["PF", "CRP", "RR"],
            "lang": known["STUDY"].languages,
            "source": sorted(known["STUDY"].sources),
            "part": ["0"],
        }
        files = {name: list(source.files) for name, source in known["STUDY"].sources.items()}
        return {
            rule.name: json.dumps(list(_given(rule, values, files)), sort_keys=True, default=str)
            for rule in workflow.rules
        }


def _given(rule: Any, values: Mapping[str, list[str]], files: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    names = [name for name in rule.wildcard_names if name in values]
    for picked in product(*(values[name] for name in names)):
        wildcards = Wildcards(zip(names, picked, strict=True))
        for file in files[wildcards["source"]] if "file" in rule.wildcard_names else [""]:
            wildcards["file"] = file
            yield {
                key: value(wildcards) if callable(value) else value
                for key, value in rule.params.items()
                if key not in ("code", "git")
            }


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return params({})


@pytest.mark.parametrize("key", EDITS)
def test_an_edited_key_reruns_exactly_the_rules_that_read_it(key: str, before: dict[str, str]) -> None:
    change, rules = EDITS[key]
    after = params(change)
    # The plan is sealed whenever somebody asks for it, and has no output that could be old.
    assert {name for name, given in after.items() if given != before[name]} - {"seal"} == READERS | rules


def test_a_job_knows_of_its_own_outcome_alone_whether_it_is_key_secondary(before: dict[str, str]) -> None:
    """Deaths as the worst ranks are a headline of key secondary outcomes too (14.2.1), also in the run itself."""
    jobs = json.loads(before["analyse_outcome"])
    asked = {job["outcomes"][0]: job["primary"]["key_secondary"] for job in jobs}
    assert asked == {"PF": [], "CRP": [], "RR": ["RR"]}
    # A scenario is one job for all outcomes. None is declared here but the rule's own.
    assert "key_secondary" not in json.loads(before["analyse_grid"])[0]["primary"]


MODULES = (
    "config/analysis/sensitivity.py",
    "config/sources/redcap.py",
    "config/scenarios.py",
    "config/names.py",
    "config/check.py",
    "config/study_config.py",
)


def test_an_edited_module_reruns_exactly_the_scripts_that_use_it() -> None:
    # These two run whenever somebody asks for them.
    asked_for = {"check_study", "seal_plan"}
    scripts = [script for script in SCRIPTS.glob("*.py") if script.stem not in asked_for]
    cache = CodeCache()
    used = {script.stem: modules_used(script, cache) for script in scripts}
    users = {module: {stem for stem, files in used.items() if LIBRARY / module in files} for module in MODULES}
    pages = {
        *("write_report", "write_statistician_report", "write_cleaning_page", "write_narratives"),
        *("write_protocol", "write_bundle"),
    }
    whole = {*pages, "draw_figures", "export_datasets", "export_documents", "export_tables"}
    assert users["config/sources/redcap.py"] == {"read_file", "clean_file"}
    assert users["config/analysis/sensitivity.py"] == {"assess_robustness", "analyse_placebos", *whole}
    assert users["config/scenarios.py"] <= whole
    assert users["config/names.py"] == users["config/check.py"] == set()
    assert users["config/study_config.py"] == whole
