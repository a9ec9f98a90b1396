"""A plan and its seal: what changes it, what was sealed when, and files that are no seal any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from historical_controls.config.plan.plan import ABSENT, Change, changes, plan_hash
from historical_controls.config.plan.seal import Seal, read_seal, seal_state, seal_text
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
    amended = seal().amended(OTHER, "2020-09-30", results_known=True)
    assert [(one.results_known, one.changes) for one in amended.amendments] == [(True, changes(PLAN, OTHER))]
    assert amended.amended(OTHER, "2020-10-01", results_known=True) is amended
    # The first plan stays what reports are held to, also where everything was sealed again.
    assert seal_state(amended, OTHER).word == "amended"
    assert seal_state(amended, OTHER).unsealed == ()
    # What was changed and changed back differs from nothing.
    back = amended.amended(PLAN, "2020-10-02", results_known=True)
    assert seal_state(back, PLAN).word == "sealed"
    assert len(back.amendments) == 2


def test_a_seal_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.sealed.json"
    amended = seal().amended(OTHER, "2020-09-30", results_known=True)
    path.write_text(seal_text(amended), encoding="utf-8")
    assert read_seal(path) == amended


@pytest.mark.parametrize(
    ("key", "value"),
    [("results_known", True), ("first", OTHER), ("plan", OTHER), ("sealed_on", "2019-01-01"), ("amendments", [])],
)
def test_a_seal_changed_by_hand_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "plan.sealed.json"
    amended = seal().amended(OTHER, "2020-09-30", results_known=False)
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
