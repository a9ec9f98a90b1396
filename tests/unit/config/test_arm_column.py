"""One file with both arms: the column that says so makes two sources of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from historical_controls.checking.study import check_study
from historical_controls.config.reading.arm_column import source_as_written, with_arms
from historical_controls.config.reading.included import Lines
from historical_controls.errors import UserError, UserErrors

DATES = {"columns": ["when"], "formats": ["%Y-%m-%d"]}


def declared(arm: Any) -> dict[str, Any]:
    """Patients and values of one file, as a newcomer declares them."""
    start = [{"column": "kind", "is_in": ["start"]}]
    parts = [
        {"kind": "patients", "subject": "id", "where": start, "events": [{"event": "admission", "time": DATES}]},
        {
            "kind": "measurements_wide",
            "subject": "id",
            "time": DATES,
            "columns": {"hr": {"outcome": "HR", "unit": "/min"}},
        },
    ]
    return {
        "study": {"id": "X", "title": {"en": "A study"}, "treatment": {"en": "a drug"}},
        "sources": {"export": {"arm": arm, "files": {"all": {"path": "data/raw/all.csv", "parts": parts}}}},
        "outcomes": ["HR"],
        "cohort": {"time_zero": {"treated": "admission"}},
        "primary": {"outcome": "HR", "day": 2},
    }


def test_each_file_of_both_sources_says_which_rows_are_whose() -> None:
    raw = with_arms(declared({"column": "group", "treated": ["A"], "historical": ["B", 3]}))
    assert list(raw["sources"]) == ["export_treated", "export_historical"]
    own, others = (raw["sources"][name] for name in raw["sources"])
    assert (own["arm"], others["arm"]) == ("treated", "historical")
    said = {"column": "group", "treated": ["A"], "historical": ["B", "3"], "neither": []}
    assert own["files"]["all"]["arm_column"] == said == others["files"]["all"]["arm_column"]
    assert own["files"]["all"]["parts"] == declared("treated")["sources"]["export"]["files"]["all"]["parts"]


def test_a_file_that_calls_its_column_otherwise_says_so() -> None:
    raw = declared({"column": "group", "treated": ["A"], "historical": ["B"]})
    own = {"column": "brazo", "treated": [1], "historical": [0]}
    raw["sources"]["export"]["files"]["all"]["arm_column"] = own
    assert with_arms(raw)["sources"]["export_treated"]["files"]["all"]["arm_column"] == own


def test_a_plain_arm_and_what_is_no_config_are_left_alone() -> None:
    for raw in (declared("treated"), {"sources": 3}, {"sources": {"a": None}}, {}):
        assert with_arms(raw) == raw


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ({"column": "group", "treated": ["A"]}, r"sources\.export\.arm\.historical"),
        ({"column": "group", "treated": ["A"], "historical": ["a"]}, "cannot mean both treated and historical"),
        ({"colum": "group", "treated": ["A"], "historical": ["B"]}, r"sources\.export\.arm\.colum"),
        ({"column": "group", "treated": [], "historical": ["B"]}, r"sources\.export\.arm\.treated"),
        ({"column": "group", "treated": ["A"], "historical": ["B"], "neither": ["á "]}, "both treated and neither"),
    ],
)
def test_faults_of_the_mapping_name_their_key_and_what_to_type(arm: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        with_arms(declared(arm))
    assert "Type arm: {column: group, treated: [A], historical: [B], neither: [C]}" in str(caught.value)


def test_a_place_is_told_as_the_config_has_it() -> None:
    known = {"sources.export": 1, "sources.old_treated": 1}
    assert source_as_written("sources.export_historical.files.all.path", known) == "sources.export.files.all.path"
    assert source_as_written("sources.old_treated.files", known) == "sources.old_treated.files"
    assert source_as_written("study.id", known) == "study.id"


def written(folder: Path, arm: Any, groups: str) -> Path:
    """A study of 13 patients with the arms `groups` by turns, a row of admission and three of values each."""
    rows = ["id,kind,group,when,hr"]
    for number in range(13):
        group = groups[number % len(groups)].strip("-")
        rows.append(f"P{number},start,{group},2020-02-01,")
        rows += [f"P{number},value,{group},2020-02-0{day},{70 + number + day}" for day in (1, 2, 3)]
    (folder / "data/raw").mkdir(parents=True)
    (folder / "data/raw/all.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump(declared(arm), sort_keys=False), encoding="utf-8")
    return folder


def test_the_arms_of_one_file_are_told_apart_and_a_third_is_left_out(tmp_path: Path) -> None:
    arm = {"column": "group", "treated": ["A"], "historical": ["B"], "neither": ["X"]}
    checked = check_study(written(tmp_path, arm, "ABBX"))
    assert checked.faults == ()
    steps = next(one for one in checked.listings if one.title == "Patients by arm and step")
    started = {row[1]: row[3] for row in steps.rows if row[2] == "all"}
    assert started == {"treated": "4", "historical": "6"}


def test_undeclared_arms_of_many_rows_end_the_check_once_with_the_line_to_type(tmp_path: Path) -> None:
    """Three of thirteen patients have no arm, 12 of 52 rows: nobody would see that they are missing."""
    arm = {"column": "group", "treated": ["A"], "historical": ["B"]}
    (said,) = [str(one) for one in check_study(written(tmp_path, arm, "ABB-")).faults if "arm" in str(one)]
    assert said.startswith("config.yaml: sources.export.files.all: rows whose arm is not declared: 12 records (23%)")
    assert "12 of 52 rows have an arm that is not declared in column 'group': '' (12)" in said
    assert "As sent: line 14: id 'P3', group ''" in said
    line = 'arm_column: {column: "group", treated: ["A"], historical: ["B"], neither: [""]}'
    assert line in said


def test_a_fault_in_a_source_of_both_arms_is_told_once_with_its_line(tmp_path: Path) -> None:
    config = declared({"column": "group", "treated": ["A"], "historical": ["B"]})
    config["sources"]["export"]["files"]["all"]["parts"][1]["columns"]["hr"]["unit"] = "bpmm"
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/all.csv").write_text("id,kind,group,when,hr\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    said = [str(fault) for fault in check_study(tmp_path).faults if "bpmm" in str(fault)]
    assert len(said) == 1 and "config.yaml, line" in said[0] and "sources.export.files.all" in said[0]


def test_a_run_tells_a_fault_of_both_sources_once() -> None:
    places = [f"config.yaml: sources.export_{arm}.files.all.path" for arm in ("treated", "historical")]
    lines = Lines({"sources.export": ("config.yaml", 3), "sources.export.files.all.path": ("config.yaml", 9)})
    placed = lines.placed(UserErrors([UserError("no such file", place) for place in places]))
    assert str(placed) == "config.yaml, line 9: sources.export.files.all.path: no such file"
