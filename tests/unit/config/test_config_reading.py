"""Small configs: included files, lines of faults, and defaults; the short config means what the long one meant."""

from __future__ import annotations

import ast
import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_study import ROOT, check, dictionary, refusals, study

from historical_controls.config import study_config
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.reading.derived import with_derived
from historical_controls.config.reading.included import included_files, lines_of, with_included
from historical_controls.config.reading.resolved import resolved_text
from historical_controls.config.study_config import load_config
from historical_controls.config.study_file import read_config
from historical_controls.errors import UserError, UserErrors


def write(folder: Path, **files: str) -> dict[str, Any]:
    """A study folder with config.yaml and further files ('sources__a' is sources/a.yaml); the config as read."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return yaml.safe_load(files["config"])


def test_the_example_is_short_and_its_studies_too() -> None:
    sizes = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in SHORT}
    assert {path: size for path, size in sizes.items() if size > SHORT[path]} == {}


SHORT = {
    "config.yaml": 150,
    "tests/data/studies/physionet2012/config.yaml": 60,
    "tests/data/studies/wuhan2020/config.yaml": 60,
}


def test_included_files_are_laid_beneath_and_patterns_spelled_out(tmp_path: Path) -> None:
    raw = write(
        tmp_path,
        config="include: [sources/*.yaml, more.yaml]\nstudy: {id: x}\n",
        sources__b="sources: {b: {arm: historical}}\n",
        sources__a="sources: {a: {arm: treated}}\n",
        more="seed: 4\nstudy: {simulated: true}\n",
    )
    assert included_files(raw, tmp_path) == ["sources/a.yaml", "sources/b.yaml", "more.yaml"]
    whole = with_included(raw, tmp_path)
    assert whole["study"] == {"id": "x", "simulated": True} and whole["seed"] == 4
    assert list(whole["sources"]) == ["a", "b"]


def test_a_key_written_in_two_files_is_refused_with_both_lines(tmp_path: Path) -> None:
    raw = write(tmp_path, config="include: [more.yaml]\nstudy:\n  id: x\n", more="study:\n  title: {en: t}\n  id: y\n")
    with pytest.raises(UserError) as caught:
        lines_of(tmp_path, included_files(raw, tmp_path))
    assert str(caught.value).startswith("more.yaml, line 3: the key 'study.id' is also written in config.yaml, line 3")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("[missing.yaml]", "config.yaml: include.0: there is no file 'missing.yaml'"),
        ("[../other.yaml]", "is not below the study folder"),
        ("more.yaml", "a list of files is needed"),
        ("[list.yaml]", "list.yaml: the file holds no mapping"),
        ("[twice.yaml]", "the key 'a' is written twice, in lines 1 and 2"),
    ],
)
def test_an_included_file_is_as_strict_as_the_config(tmp_path: Path, asked: str, said: str) -> None:
    raw = write(tmp_path, config=f"include: {asked}\n", list="- 1\n", twice="a: 1\na: 2\n")
    with pytest.raises(UserError) as caught:
        with_included(raw, tmp_path)
    assert said in str(caught.value)


def test_a_fault_names_the_file_and_line_that_wrote_it(tmp_path: Path) -> None:
    raw = write(
        tmp_path, config="include: [more.yaml]\nseed: 1\nstudy:\n  id: x\n", more="\ncohort:\n  horizon_days: x\n"
    )
    lines = lines_of(tmp_path, included_files(raw, tmp_path))
    faults = [
        UserError("wrong", "config.yaml: cohort.horizon_days", "hint"),
        UserError("missing", "config.yaml: study.title"),
        UserError("odd", "config.yaml, scenario 's': seed"),
        UserError("elsewhere", "outcomes.csv, line 3"),
    ]
    placed = lines.placed(UserErrors(faults))
    assert isinstance(placed, UserErrors)
    assert [fault.where for fault in placed.faults] == [
        "more.yaml, line 3: cohort.horizon_days",
        "config.yaml, line 3: study.title",
        "config.yaml, line 2, scenario 's': seed",
        "outcomes.csv, line 3",
    ]
    assert placed.faults[0].hint == "hint"


SINCE: dict[str, Any] = {"relative_to": "admission", "relative_unit": "days"}
ENDS: list[dict[str, Any]] = [
    {"event": "death", "time": {"columns": ["died"], **SINCE}},
    {"event": "discharge_alive", "time": {"columns": ["left"], **SINCE}},
]
MINIMAL: dict[str, Any] = {
    "study": {"id": "x", "title": {"en": "t"}, "treatment": {"en": "a drug"}, "first_date": "2020-01-01"},
    "sources": {
        "ward_b": {
            "arm": "historical",
            "files": {
                "all": {
                    "path": "data/raw/all.csv",
                    "parts": [
                        {
                            "kind": "measurements_wide",
                            "subject": "id",
                            "time": {"columns": ["day"], **SINCE},
                            "columns": {"crp": {"outcome": "CRP", "unit": "mg/L"}},
                        },
                        {"kind": "patients", "subject": "id", "events": ENDS},
                    ],
                }
            },
        }
    },
    "outcomes": ["CRP"],
    "primary": {"outcome": "CRP", "day": 14},
}


def test_four_sections_are_a_config() -> None:
    config = check(MINIMAL)
    assert config.languages == ["en"]
    assert config.sources["ward_b"].label == {"en": "Ward b"}
    assert (config.analysis.days, config.analysis.mean_over) == ([14], [7, 21])
    assert config.study.calendar_reference.isoformat() == "2020-01-01"
    assert (config.cohort.time_zero.historical, config.cohort.time_zero.historical_event) == ("event", "admission")
    assert not config.cohort.time_zero.match_waits and config.cohort.time_zero.wait_draws == 0
    assert config.balance.methods == [] and config.cohort.summaries == {}
    assert config.analysis.ladder[0].id == "intercept_car1_two_scales"
    assert config.estimands is not None
    assert config.estimands.treatment == {"en": "a drug"}
    assert config.estimands.questions["nobody_gone"].strategies["death"] == "hypothetical"
    assert "slope" not in config.estimands.questions and config.estimands.questions["what_matters_first"].outcomes == [
        "CRP"
    ]


def test_defaults_declare_names_and_fit_a_short_horizon() -> None:
    raw = {**MINIMAL, "cohort": {"horizon_days": 10}, "primary": {"outcome": "CRP", "day": 5}}
    raw |= {
        "balance": {"key_covariates": ["CRP"]},
        "sensitivity": {"rungs": ["intercept_free"], "weightings": ["overlap"]},
    }
    config = check(raw)
    assert (config.analysis.days, config.analysis.mean_over, config.analysis.visits) == ([5], [7], [1, 3, 5, 7, 10])
    assert config.balance.methods == ["entropy", "matching", "overlap"] and config.balance.covariates == ["CRP"]


def test_filters_bring_eligible_hours_and_waits() -> None:
    label = {"en": "CRP above 100"}
    rule = {"kind": "threshold", "outcome": "CRP", "within_hours": 24, "op": ">", "value": 100, "label": label}
    config = check({**MINIMAL, "cohort": {"rules": {"A": rule}, "filters": ["A"]}})
    assert config.cohort.time_zero.historical == "first_eligible_hour" and config.cohort.time_zero.match_waits
    assert config.cohort.time_zero.wait_draws == 20


def test_a_question_without_an_analysis_changes_words_of_the_general_one() -> None:
    words = {"variable": {"en": "own words"}}
    config = check({**MINIMAL, "estimands": {"questions": {"while_alive": words}}})
    assert config.estimands is not None
    assert config.estimands.questions["while_alive"].variable == {"en": "own words"}
    assert (
        config.estimands.questions["while_alive"].analysis == "while_alive"
        and "death_worst" in config.estimands.questions
    )


@pytest.mark.parametrize(
    ("ends", "label", "events", "counted"),
    [
        (ENDS, "If no patient had died or been discharged", ["death", "discharge", "rescue"], True),
        (ENDS[:1], "If no patient had died", ["death", "rescue"], True),
        (ENDS[1:], "If no patient had been discharged", ["discharge", "rescue"], False),
        ([], "If no patient had left follow-up", ["rescue"], False),
    ],
)
def test_estimands_speak_of_the_ends_that_a_file_can_record(
    ends: list[dict[str, Any]], label: str, events: list[str], counted: bool
) -> None:
    raw = copy.deepcopy(MINIMAL)
    raw["sources"]["ward_b"]["files"]["all"]["parts"][1]["events"] = ends
    estimands = check(raw).estimands
    assert estimands is not None
    assert estimands.questions["nobody_gone"].label == {"en": label} and list(estimands.events) == events
    assert ({"death_worst", "what_matters_first"} <= set(estimands.questions)) is counted


def test_a_file_that_names_its_events_itself_may_record_any() -> None:
    raw = copy.deepcopy(MINIMAL)
    time = {"columns": ["when"], "formats": ["%Y-%m-%d"]}
    raw["sources"]["ward_b"]["files"]["all"]["parts"][1] = {
        "kind": "events", "subject": "id", "event": "what", "time": time
    }  # fmt: skip
    config = check(raw)
    assert config.estimands is not None and "transfer" in config.estimands.events and config.recorded_ends == "both"


def test_follow_up_starts_alike_where_no_file_dates_an_admission() -> None:
    raw = copy.deepcopy(MINIMAL)
    raw["cohort"] = {"time_zero": {"treated": "enrolment"}}
    time = {"columns": ["when"], "formats": ["%Y-%m-%d"]}
    parts = raw["sources"]["ward_b"]["files"]["all"]["parts"]
    parts[1]["events"], parts[0]["time"] = [{"event": "enrolment", "time": time}], time
    zero = check(raw).cohort.time_zero
    assert (zero.standard_care_from, zero.historical_event) == ("enrolment", "enrolment")
    parts[1]["events"].append({"event": "admission", "time": time})
    assert check(raw).cohort.time_zero.historical_event == "admission"


def test_recorded_deaths_need_their_words_among_the_intercurrent_events() -> None:
    raw = {**MINIMAL, "estimands": {"events": {"rescue": {"en": "Rescue"}}}}
    with pytest.raises(UserError, match="'death' is not among the intercurrent events"):
        check(raw)


def test_what_is_written_wins_over_what_follows() -> None:
    raw = {**MINIMAL, "analysis": {"days": [7, 14], "mean_over": []}, "languages": ["en"], "estimands": None}
    config = check(raw)
    assert (config.analysis.days, config.analysis.mean_over, config.estimands) == ([7, 14], [], None)


def test_a_resolved_config_is_a_config_that_means_the_same() -> None:
    """What results/config.resolved.yaml prints can be run again, and defaults have nothing left to add to it."""
    config = load_config(read_config(ROOT / "config.yaml"))
    printed = yaml.safe_load(resolved_text(config.model_dump(mode="json")))
    again = load_config(printed)
    assert again.model_dump(exclude={"include"}) == config.model_dump(exclude={"include"})
    assert with_derived(printed) == printed


def test_the_completed_example_is_accepted_as_read() -> None:
    assert check(study("example")) == load_config(read_config(ROOT / "config.yaml"))


def test_an_unknown_unit_or_outcome_says_which_row_of_which_file_to_write() -> None:
    raw = yaml.safe_load(yaml.safe_dump(MINIMAL))
    raw["sources"]["ward_b"]["files"]["all"]["parts"][0]["columns"]["crp"]["unit"] = "umol/L"
    raw["outcomes"] = ["CRP", "LEAD"]
    said = refusals(raw)
    unit = said["sources.ward_b.files.all.parts.0.columns.crp.unit"]
    assert "a row of dictionary/units.csv (outcome,unit,factor): 'CRP,umol/L,<factor>' converts to mg/L" in unit
    assert "a row of dictionary/outcomes.csv (code,label_en,unit): 'LEAD,<label>,<unit>'" in said["outcomes.1"]


def test_jobs_that_read_the_stored_config_do_not_depend_on_how_its_file_is_read() -> None:
    """A job runs again when a module changes that its script imports."""
    source = Path(study_config.__file__).read_text(encoding="utf-8")
    imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    room = "historical_controls.config.reading"
    assert not imported & {f"{room}.completed", f"{room}.included", f"{room}.strict_yaml"}


def test_a_default_refuses_no_study_whose_dictionary_lacks_what_it_names() -> None:
    """`cohort.altitude.outcomes` is [PF] unless written; a study without P/F has no use for it, and never wrote it."""
    known = dictionary()
    own = replace(known, outcomes={code: one for code, one in known.outcomes.items() if code != "PF"})
    raw = study("wuhan2020")
    assert raw["cohort"]["altitude"]["outcomes"] == ["PF"]
    checked_config(vocabulary(raw, own, ROOT / "workflow/locales"))
    raw["cohort"]["altitude"]["outcomes"] = ["PF", "SF"]
    with pytest.raises(UserError, match=r"cohort.altitude.outcomes.0: 'PF' is not a known numeric outcome"):
        checked_config(vocabulary(raw, own, ROOT / "workflow/locales"))


def test_a_design_has_to_fit_the_sources() -> None:
    assert check(MINIMAL).design == "external_controls"
    assert check({**MINIMAL, "study": {**MINIMAL["study"], "design": "randomised"}}).design == "randomised"
    with pytest.raises(UserError, match="'single_arm' does not fit: a source has historical patients"):
        check({**MINIMAL, "study": {**MINIMAL["study"], "design": "single_arm"}})


@pytest.mark.parametrize(("anchor", "expected"), [("icu_admission", "icu_admission"), ("admission", "admission")])
def test_follow_up_starts_alike_where_times_count_from_the_event(anchor: str, expected: str) -> None:
    """PhysioNet: hours since ICU admission, no date anywhere. Controls were followed from an admission nobody knows."""
    raw = copy.deepcopy(MINIMAL)
    raw["cohort"] = {"time_zero": {"treated": anchor}}
    source = raw["sources"]["ward_b"]
    source["relative_epoch"] = "2000-01-01"
    source["files"]["all"]["parts"] = [
        {**part, "time": {"columns": ["when"], "relative_to": anchor, "relative_unit": "hours"}}
        if "time" in part
        else part
        for part in source["files"]["all"]["parts"]
    ]
    for part in source["files"]["all"]["parts"]:
        part.pop("events", None)
    zero = check(raw).cohort.time_zero
    assert (zero.standard_care_from, zero.historical_event) == (expected, expected)


def test_an_unknown_event_says_which_row_of_which_file_to_write() -> None:
    """A transplant that ends follow-up: the study names it in its own dictionary."""
    raw = copy.deepcopy(MINIMAL)
    raw.setdefault("cohort", {})["ends_with"] = ["transplant"]
    with pytest.raises(UserError) as caught:
        check(raw)
    assert "a row of dictionary/events.csv (code,label_en): 'transplant,<label>'" in str(caught.value)


@pytest.mark.parametrize("written", [True, -1, "CTSS"])
def test_straight_lines_that_are_no_list_end_in_a_message(written: object) -> None:
    raw = copy.deepcopy(MINIMAL)
    raw.setdefault("analysis", {})["straight_lines"] = written
    with pytest.raises(UserError, match="straight_lines"):
        check(raw)
