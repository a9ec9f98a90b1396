"""A plan and its seal: what changes it, what was sealed when, and files that are no seal any more."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_study import STUDIES

from historical_controls.config.plan.declaration import declaration_text, resolved_today
from historical_controls.config.plan.plan import ABSENT, Change, changes, plan_hash, plan_of
from historical_controls.config.plan.seal import Results, Seal, read_seal, seal_state, seal_text
from historical_controls.config.reading.included import with_included
from historical_controls.config.reading.strict_yaml import LOADER
from historical_controls.config.study_config import Config
from historical_controls.errors import UserError

PLAN = {"primary": {"outcome": "PF", "day": 7}, "analysis": {"days": [7, 14], "level": 0.95}, "seed": 1}
OTHER = {"primary": {"outcome": "IL6", "day": 7}, "analysis": {"days": [7, 14], "level": 0.95}, "seed": 1}


def seal(results_known: bool = False) -> Seal:
    return Seal("2020-09-01", results_known, "abc", {"data/raw/a.csv": "00"}, PLAN, PLAN, plan_hash(PLAN))


def test_changes_are_named_by_key_with_both_values() -> None:
    after = {"primary": {"outcome": "IL6", "day": 7}, "analysis": {"days": [7], "level": 0.95, "ml": True}}
    assert changes(PLAN, after) == (
        Change("analysis.days", "[7, 14]", "[7]"),
        Change("analysis.ml", ABSENT, "true"),
        Change("primary.outcome", "PF", "IL6"),
        Change("seed", "1", ABSENT),
    )
    assert changes(PLAN, dict(reversed(PLAN.items()))) == ()


def test_states() -> None:
    assert seal_state(None, PLAN).word == "not_sealed"
    assert seal_state(seal(), PLAN).word == "sealed"
    assert seal_state(seal(results_known=True), PLAN).word == "sealed_late"
    changed = seal_state(seal(), OTHER)
    assert (changed.word, changed.since, changed.unsealed) == ("amended", changes(PLAN, OTHER), changes(PLAN, OTHER))


def test_an_amendment_says_whether_results_existed_and_is_no_second_time_added() -> None:
    amended = seal().amended(OTHER, "2020-09-30", Results(True, ("CRP", "PF")))
    assert [(one.results_known, one.changes) for one in amended.amendments] == [(True, changes(PLAN, OTHER))]
    assert amended.amended(OTHER, "2020-10-01", Results(True, ("CRP", "PF"))) is amended
    # The first plan stays what reports are held to, also where everything was sealed again.
    assert seal_state(amended, OTHER).word == "amended"
    assert seal_state(amended, OTHER).unsealed == ()
    # What was changed and changed back differs from nothing.
    back = amended.amended(PLAN, "2020-10-02", Results(True, ("CRP", "PF")))
    assert seal_state(back, PLAN).word == "sealed"
    assert len(back.amendments) == 2


def test_a_seal_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.sealed.json"
    amended = seal().amended(OTHER, "2020-09-30", Results(True, ("CRP", "PF")))
    path.write_text(seal_text(amended), encoding="utf-8")
    assert read_seal(path) == amended


def test_a_seal_of_an_earlier_program_says_no_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "plan.sealed.json"
    content = json.loads(seal_text(seal().amended(OTHER, "2020-09-30", Results(True, ("PF",)))))
    content.pop("file_sha256")
    content.pop("known")
    content["amendments"][0].pop("known")
    path.write_text(json.dumps({**content, "file_sha256": plan_hash(content)}), encoding="utf-8")
    (one,) = read_seal(path).amendments
    assert (one.results_known, one.known) == (True, ())


def test_which_results_exist_is_read_from_their_tables(tmp_path: Path) -> None:
    assert Results.of(tmp_path) == Results()
    for name in ("primary/PF.parquet", "primary/CRP.parquet", "primary/events/ard.parquet", "grid/a/PF.parquet"):
        (tmp_path / "analysis" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "analysis" / name).touch()
    assert Results.of(tmp_path) == Results(True, ("CRP", "PF", "events"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("results_known", True),
        ("first", OTHER),
        ("plan", OTHER),
        ("sealed_on", "2019-01-01"),
        ("amendments", []),
        ("first_declared", "seed: 2"),
    ],
)
def test_a_seal_changed_by_hand_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "plan.sealed.json"
    amended = seal().amended(OTHER, "2020-09-30", Results())
    whole = json.loads(seal_text(amended)) | {key: PLAN if value == amended.plan and key == "plan" else value}
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(UserError, match="changed after it was sealed"):
        read_seal(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": 1}'])
def test_what_is_no_seal_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.sealed.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="no sealed plan"):
        read_seal(path)


@cache
def written(name: str = "physionet2012") -> dict[str, Any]:
    """A study's config as a person wrote it, with dates and codes as YAML reads them."""
    path = STUDIES[name]
    return with_included(yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER), path.parent)


def plan(raw: dict[str, Any]) -> dict[str, Any]:
    return plan_of(Config.model_validate(raw))


def altered(values: dict[str, Any], section: str, **keys: Any) -> dict[str, Any]:
    """A copy in which some keys of a section have other values."""
    return {**copy.deepcopy(values), section: {**values[section], **keys}}


def sealed_by_an_earlier_program(**analysis: Any) -> Seal:
    """A seal where the program's defaults of these keys of `analysis` were others."""
    assert not set(analysis) & set(written()["analysis"])
    earlier, text = altered(plan(written()), "analysis", **analysis), declaration_text(written())
    return Seal("2020-09-01", False, None, {}, earlier, earlier, plan_hash(earlier), (), text, text, "0.0.9")


def test_a_declaration_reads_back_to_the_same_plan() -> None:
    example = written("example")
    assert resolved_today(declaration_text(example)) == plan(example)
    # JSON would make the text "true" of a YAML truth value among the keys, which stands for six words.
    codes = {"seed": 1, "codes": {True: "yes", 2: "two"}, "of": ("a", "b")}
    assert yaml.load(declaration_text(codes), Loader=LOADER) == {**codes, "of": ["a", "b"]}


@pytest.mark.parametrize("text", [None, "", "seed: [", "seed: 1", "schema_version: 1"])
def test_a_declaration_of_another_form_gives_no_plan(text: str | None) -> None:
    assert resolved_today(text) is None


def test_a_default_that_the_program_changed_is_no_amendment() -> None:
    today = plan(written())
    seal = sealed_by_an_earlier_program(max_share_unmeasured=0.5)
    state = seal_state(seal, today)
    change = Change("analysis.max_share_unmeasured", "0.5", str(today["analysis"]["max_share_unmeasured"]))
    assert (state.word, state.since, state.unsealed, state.defaults) == ("sealed", (), (), (change,))
    # Sealed again, it is kept on record, and still nothing was amended.
    again = seal.amended(today, "2020-10-01", Results(True), declared=seal.declared)
    assert (again.n_amendments, again.amendments[0].changes, again.amendments[0].defaults) == (0, (), (change,))
    assert again.amended(today, "2020-10-02", Results(True), declared=seal.declared) is again
    assert seal_state(again, today).word == "sealed"


def test_a_change_by_a_person_is_told_from_one_by_the_program() -> None:
    seal = sealed_by_an_earlier_program(max_share_unmeasured=0.5, max_share_ranked=0.9)
    # Both keys of the section have new defaults; a person overrules one of them, and another key besides.
    raw = altered(altered(written(), "analysis", max_share_ranked=0.4), "primary", day=14)
    state = seal_state(seal, plan(raw))
    assert [(one.key, one.before, one.after) for one in state.since] == [
        ("analysis.max_share_ranked", "0.9", "0.4"),
        ("primary.day", str(written()["primary"]["day"]), "14"),
    ]
    assert [one.key for one in state.defaults] == ["analysis.max_share_unmeasured"]
    assert (state.word, state.unsealed) == ("amended", state.since)
    resealed = seal.amended(plan(raw), "2020-10-01", Results(), declared=declaration_text(raw))
    assert resealed.amendments[0].changes == state.since
    assert (resealed.n_amendments, seal_state(resealed, plan(raw)).unsealed) == (1, ())


def test_a_sealed_default_that_is_written_down_changes_nothing() -> None:
    seal = sealed_by_an_earlier_program(max_share_unmeasured=0.5)
    raw = altered(written(), "analysis", max_share_unmeasured=0.5)
    assert (seal_state(seal, plan(raw)).word, seal_state(seal, plan(raw)).defaults) == ("sealed", ())


def test_what_follows_from_a_declared_key_is_a_change_of_the_declaration() -> None:
    raw = copy.deepcopy(written())
    del raw["analysis"]["days"]
    first, text = plan(raw), declaration_text(raw)
    seal = Seal("2020-09-01", False, None, {}, first, first, plan_hash(first), (), text, text, "0.1.0")
    longer = altered(altered(raw, "cohort", horizon_days=8), "primary", day=8)
    state = seal_state(seal, plan(longer))
    assert {"cohort.horizon_days", "primary.day", "analysis.days"} <= {one.key for one in state.since}
    assert state.defaults == ()


def test_a_seal_without_its_declaration_counts_every_difference(tmp_path: Path) -> None:
    whole = json.loads(seal_text(seal().amended(OTHER, "2020-09-30", Results())))
    for key in ("first_declared", "declared", "program", "file_sha256"):
        del whole[key]
    for amendment in whole["amendments"]:
        del amendment["defaults"]
    path = tmp_path / "plan.sealed.json"
    path.write_text(json.dumps({**whole, "file_sha256": plan_hash(whole)}), encoding="utf-8")
    read = read_seal(path)
    state = seal_state(read, OTHER)
    assert (read.first_declared, state.divided, state.since, state.defaults) == (None, False, changes(PLAN, OTHER), ())
