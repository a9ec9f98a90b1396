"""config.yaml: every key explained, every fault said at once with its key, its value and what is allowed."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.merging import merged
from historical_controls.config.study_config import Config, check_files, json_schema, load_config, scenario_config
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.errors import UserError, UserErrors

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.yaml"
LAB = "sources.historical.files.laboratorio"
PEOPLE = "sources.historical.files.pacientes.parts.0"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return read_config(EXAMPLE)


def changed(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the key at a dotted path set; None as value drops it."""
    out = copy.deepcopy(raw)
    here: Any = out
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        here = here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return out


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def check(raw: dict[str, Any], dictionary: Dictionary) -> Config:
    return checked_config(vocabulary(raw, dictionary, ROOT / "workflow/locales"))


def faults(raw: dict[str, Any]) -> dict[str | None, tuple[str, str | None]]:
    """What and hint of each fault, by its place."""
    with pytest.raises(UserError) as caught:
        load_config(raw)
    found = caught.value.faults if isinstance(caught.value, UserErrors) else (caught.value,)
    return {fault.where: (fault.what, fault.hint) for fault in found}


def test_the_example_is_accepted(example: dict[str, Any]) -> None:
    config = load_config(example)
    check_files(config, ROOT)
    assert config.scenario_names[0] == "primary"


def test_what_a_source_can_tell_of(example: dict[str, Any]) -> None:
    told = {name: set(source.recordable_events) for name, source in load_config(example).sources.items()}
    assert {"admission", "infusion", "limitation_order", "adverse_event", "any treatment"} <= told["treated"]
    assert {"limitation_order", "intubation", "norepinephrine", "invasive_ventilation"} <= told["historical"]
    assert not {"consent", "infusion", "vasopressin", "any treatment", "any event"} & told["historical"]


FAULTS = [
    (f"{LAB}.delimitor", ";", "unknown key", "Did you mean 'delimiter'?"),
    (f"{LAB}.xyzzy", 1, "unknown key", "assay_limits, assays,"),
    (f"{LAB}.decimal", "x", "'x' is not allowed", "Allowed: ,, ."),
    (f"{LAB}.thousands", ",", "decimal and thousands are the same mark", None),
    (f"{LAB}.delimiter", ";;", "one character", None),
    (f"{LAB}.encoding", "latin-99", "not a known text encoding", None),
    (f"{LAB}.encoding", "rot13", "not a known text encoding", None),
    (f"{LAB}.footer", ["("], "not a valid regular expression", None),
    (f"{LAB}.footer", [".*"], "matches every line", None),
    (f"{LAB}.header_line", 0, "0 is too small", "at least 1"),
    (f"{LAB}.parts.0.time.formats", [], "formats must name at least one format", None),
    (f"{LAB}.parts.0.time.formats", ["%d/%m"], "does not say year, month and day", None),
    (f"{LAB}.parts.0.time.formats", ["%d/%m/%Y %I:%M"], "12-hour clock", None),
    (f"{LAB}.parts.0.value", None, "this key is missing", None),
    (f"{LAB}.parts.0.subjet", "x", "unknown key", "Did you mean 'subject'?"),
    (
        f"{LAB}.parts.0.result_time",
        {"columns": ["x"], "relative_to": "admission", "relative_unit": "hours"},
        "result_time cannot be relative",
        None,
    ),
    ("sources.historical.timezone", "America/Mexico_Cty", "e.g. America/Mexico_City", None),
    ("sources.historical.arm", "control", "'control' is not allowed", "Allowed: historical, treated"),
    ("study.first_date", "2021-01-01", "first_date must lie before data_lock", None),
    ("study.data_lock", "soon", "'soon' is not a date", "Type it as 2020-09-30"),
    ("outcomes", [], "this is empty", "At least 1 item"),
    ("analysis.level", 95, "95 is too large", "below 1"),
    ("seed", -1, "-1 is too small", "at least 0"),
    ("sources", None, "this key is missing", None),
]


@pytest.mark.parametrize(
    ("path", "value", "what", "hint"), FAULTS, ids=[f"{f[0].split('.')[-1]}={f[1]}" for f in FAULTS]
)
def test_a_fault_names_its_key_and_what_is_allowed(
    example: dict[str, Any], path: str, value: Any, what: str, hint: str | None
) -> None:
    found = faults(changed(example, path, value))
    # A rule over several keys stands at the section that holds them.
    places = [where for where in found if where and f"config.yaml: {path}".startswith(where)]
    assert len(found) == 1, found
    assert places, found
    said, hinted = found[places[0]]
    assert what in said
    assert hint is None or hint in str(hinted)
    if said != "unknown key" and value is not None and places[0].endswith(path) and not isinstance(value, list | dict):
        assert str(value) in said


def test_all_faults_come_at_once(example: dict[str, Any]) -> None:
    raw = changed(changed(changed(example, "sed", 1), f"{LAB}.decimal", "x"), "study.id", None)
    assert set(faults(raw)) == {"config.yaml: sed", f"config.yaml: {LAB}.decimal", "config.yaml: study.id"}
    with pytest.raises(UserErrors) as caught:
        load_config(raw)
    assert len(str(caught.value).split("config.yaml:")) == 4


def test_a_scenario_is_checked_as_the_config_it_makes(example: dict[str, Any]) -> None:
    label = {"en": "x", "es": "x"}
    raw = changed(example, "scenarios.odd", {"label": label, "overrides": {"analysis": {"level": 2}}})
    assert list(faults(raw)) == ["config.yaml, scenario 'odd': analysis.level"]
    raw = changed(example, "scenarios.odd", {"label": label, "overrides": {"sources": {}}})
    assert next(iter(faults(raw).values())) == ("'sources' is not allowed", "Allowed: analysis, balance, cohort.")


def test_a_scenario_changes_what_it_names_and_nothing_else(example: dict[str, Any]) -> None:
    label = {"en": "x", "es": "x"}
    config = load_config(
        changed(
            example,
            "scenarios.any_sign",
            {"label": label, "overrides": {"cohort": {"read_as": {"persistence": "any"}}}},
        )
    )
    other = scenario_config(config, "any_sign")
    assert other.cohort.read_as == {"persistence": "any"}
    assert other.cohort.as_read().rules["P"].kind == "any" and config.cohort.as_read().rules["P"].kind == "all"
    assert other.model_copy(update={"cohort": config.cohort}) == config
    assert scenario_config(config, "primary") is config


def test_overrides_merge_mappings_and_replace_the_rest() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "r": {"kind": "x", "x": 1}}
    over = {"a": {"c": [3]}, "r": {"kind": "y", "y": 2}, "new": {"z": 1}}
    assert merged(base, over) == {"a": {"b": 1, "c": [3]}, "r": {"kind": "y", "y": 2}, "new": {"z": 1}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "r": {"kind": "x", "x": 1}}


def test_a_missing_file_names_the_nearest_there(example: dict[str, Any]) -> None:
    raw = changed(example, f"{LAB}.path", "data/raw/historical/laboratorios.csv")
    with pytest.raises(UserError) as caught:
        check_files(load_config(raw), ROOT)
    assert caught.value.where == f"config.yaml: {LAB}.path"
    assert "Did you mean 'laboratorio.csv'?" in str(caught.value.hint)
    raw = changed(example, f"{LAB}.path", "nowhere/x.csv")
    with pytest.raises(UserError, match="there is no file"):
        check_files(load_config(raw), ROOT)


def keys_of(value: Any) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(keys_of, value.values()))
        case list():
            return set().union(*map(keys_of, value))
    return set()


def test_every_key_of_the_example_is_explained(example: dict[str, Any]) -> None:
    """Somewhere a key has a comment on its line, above it, or on the first line of what it opens.

    Names of the user's own (columns, codes, labels by language) explain themselves.
    """
    schema_keys = set(_schema_keys())
    files = (
        EXAMPLE,
        ROOT / "eligibility.yaml",
        *sorted(ROOT.glob("sources/*.yaml")),
        ROOT / "docs/config_defaults.yaml",
    )
    lines = [
        # A key without a constant default stands in a comment of docs/config_defaults.yaml.
        re.sub(r"^( *)# (\w+:)", r"\1\2 #", line)
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    unexplained = []
    for key in sorted(keys_of(example) & schema_keys):
        places = [n for n, line in enumerate(lines) if _opens(line, key)]
        if not any("#" in "\n".join(lines[max(n - 1, 0) : n + 2]) for n in places):
            unexplained.append(key)
    assert unexplained == []


def _schema_keys() -> set[str]:
    schema = yaml.safe_load(json_schema())
    found = set(schema["properties"])
    for definition in schema["$defs"].values():
        found |= set(definition.get("properties", {}))
    return found


def _opens(line: str, key: str) -> bool:
    bare = line.split("#")[0]
    return any(f"{before}{key}:" in f" {bare}" for before in (" ", "{", "- "))


@pytest.mark.parametrize("name", ["config.yaml", "eligibility.yaml", "sources/treated.yaml", "sources/historical.yaml"])
def test_the_editor_finds_the_schema(name: str) -> None:
    first = (ROOT / name).read_text(encoding="utf-8").splitlines()[0]
    path = (ROOT / name).parent / first.removeprefix("# yaml-language-server: $schema=")
    assert path.read_text(encoding="utf-8") == json_schema(part=name != "config.yaml"), "run `make docs`"
    assert json.loads(path.read_text(encoding="utf-8"))["$id"] == path.resolve().name


NAMES = [
    (f"{LAB}.default_units", {"CRP": "mg/dl"}, None, None),
    (f"{LAB}.default_units", {"CRP": "IU/L"}, "'IU/L' is not a known unit of CRP", "mg/dl, mg/l"),
    (f"{LAB}.default_units", {"DDIM": "ng/mL DDU"}, "'ng/mL DDU' is not a known unit of DDIM", None),
    (f"{LAB}.default_units", {"CRPP": "mg/L"}, "'CRPP' is not a known numeric outcome", "Did you mean 'CRP'?"),
    (
        f"{LAB}.result_codes",
        {"PCR": {"1": "postive"}},
        "'postive' is not a known result of PCR",
        "Did you mean 'positive'?",
    ),
    (f"{PEOPLE}.columns.sexo.values", {"H": "man"}, "'man' is not a known result of SEX", "female, male"),
    (f"{PEOPLE}.columns.peso_kg.unit", "kgs", "'kgs' is not a known unit of WEIGHT", "Did you mean 'kg'?"),
    (
        f"{PEOPLE}.columns.edad.characteristic",
        "CRP",
        "CRP is an outcome (kind: number); a characteristic is needed",
        None,
    ),
    (
        f"{PEOPLE}.events.0.event",
        "symptom_onse",
        "'symptom_onse' is not a known event",
        "Did you mean 'symptom_onset'?",
    ),
    ("outcomes", ["PF", "HR", "RR", "TEMP", "XX"], "'XX' is not a known outcome", "outcomes.csv"),
    ("primary.outcome", "LDH", "LDH", None),
]


@pytest.mark.parametrize(("path", "value", "what", "hint"), NAMES, ids=[str(n[1])[:30] for n in NAMES])
def test_the_config_and_the_dictionary_fit(
    example: dict[str, Any], dictionary: Dictionary, path: str, value: Any, what: str | None, hint: str | None
) -> None:
    raw = changed(example, path, value)
    if what is None:
        check(raw, dictionary)
        return
    with pytest.raises(UserError) as caught:
        check(raw, dictionary)
    found = caught.value.faults if isinstance(caught.value, UserErrors) else (caught.value,)
    fault = next(fault for fault in found if what in fault.what)
    assert f"config.yaml: {path}".startswith(str(fault.where)) or str(fault.where).startswith(f"config.yaml: {path}")
    assert hint is None or hint in str(fault.hint)


UNLISTED = {
    "label": {"en": "x"},
    "overrides": {"analysis": {"weighting": "matching"}, "balance": {"methods": ["entropy"]}},
}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("analysis.weighting", "entropy", "void under weights: set it to satterthwaite"),
        ("balance.key_covariates", [], "methods need key_covariates"),
        ("balance.matching.calipers", {"SEX": 0.5}, "'SEX' is not a known key covariate"),
        ("scenarios.matched", UNLISTED, "scenario 'matched': analysis.weighting: 'matching' is not a known weighting"),
        ("sensitivity.rungs", ["intercept"], "sensitivity.rungs.0: 'intercept' is not a known rung"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(
    example: dict[str, Any], dictionary: Dictionary, path: str, value: Any, said: str
) -> None:
    with pytest.raises((UserError, UserErrors)) as caught:
        check(changed(example, path, value), dictionary)
    assert said in str(caught.value)


def test_only_categories_are_matched_exactly(example: dict[str, Any], dictionary: Dictionary) -> None:
    with pytest.raises(UserError, match=r"exact\.1: AGE is a characteristic of patients \(kind: number\)"):
        check(changed(example, "balance.matching.exact", ["ICU_BED", "AGE"]), dictionary)


def test_a_heading_that_states_another_unit_than_the_declaration(
    example: dict[str, Any], dictionary: Dictionary
) -> None:
    path = "sources.historical.files.signos_vitales.parts"
    part = {"kind": "measurements_wide", "subject": "id", "time": {"columns": ["t"], "formats": ["%d/%m/%Y"]}}
    columns = {"PCR (mg/dL)": {"outcome": "CRP", "unit": "mg/L"}, "PCT (ug/L)": {"outcome": "PCT", "unit": "ng/mL"}}
    said = r"PCR \(mg/dL\).*the heading of the column says mg/dL, its declaration mg/L"
    with pytest.raises(UserError, match=said) as caught:
        check(changed(example, path, [{**part, "columns": columns}]), dictionary)
    assert "PCT" not in str(caught.value)


def test_results_other_than_of_a_test_have_no_clearance(example: dict[str, Any], tmp_path: Path) -> None:
    """A remission of yes and no was analysed as a test that turns negative: of 34 patients nobody had been tested."""
    rows = "code,family,kind,label_en,categories,scale\nREMISSION,score,result,Remission,yes|no,none\n"
    (tmp_path / "outcomes.csv").write_text(rows, encoding="utf-8")
    raw = changed(example, "outcomes", [*example["outcomes"], "REMISSION"])
    with pytest.raises(UserError) as caught:
        check(raw, load_dictionary(tmp_path))
    assert f"outcomes.{len(example['outcomes'])}: REMISSION is of kind 'result' with the results yes and no" in str(
        caught.value
    )
    assert "kind number, unit %" in str(caught.value) and "PCR is" not in str(caught.value)
