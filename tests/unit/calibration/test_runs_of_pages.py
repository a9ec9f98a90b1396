"""Which run a measured page's figures come from, also where a part of it was measured again."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from historical_controls.generate import runs


def test_a_part_measured_again_stands_beside_the_whole_until_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "git_state", lambda root: {"git_commit": "0123456789"})
    (tmp_path / "docs").mkdir()
    runs.record_run(tmp_path, "validation", "all", "")
    runs.record_run(tmp_path, "rates", "others", "")
    runs.record_run(tmp_path, "validation", "again", "immortal time")
    found = runs.runs_of(tmp_path, "validation")
    assert {part: run.command for part, run in found.items()} == {"": "all", "immortal time": "again"}
    text = runs.runs_text(found)
    assert text.index("```\nall\n```") < text.index("Those of *immortal time* come from") < text.index("again")
    runs.record_run(tmp_path, "validation", "all anew", "")
    assert {part: run.command for part, run in runs.runs_of(tmp_path, "validation").items()} == {"": "all anew"}
    assert [run.command for run in runs.runs_of(tmp_path, "rates").values()] == ["others"]


@pytest.mark.parametrize(("dirty", "words"), [(False, "commit 0123456"), (True, "commit 0123456 with changes")])
def test_a_script_says_when_it_ran_at_which_commit_and_how(
    monkeypatch: pytest.MonkeyPatch, dirty: bool, words: str
) -> None:
    monkeypatch.setattr(runs, "git_state", lambda root: {"git_commit": "0123456789", "git_dirty": dirty})
    monkeypatch.setattr(runs, "date", type("Day", (date,), {"today": classmethod(lambda cls: cls(2026, 11, 30))}))
    monkeypatch.setattr(sys, "argv", ["benchmarks/inference/rules.py", "--worlds", "heavy tails"])
    assert (
        runs.run_line("benchmarks/inference/rules.py")
        == f"`rules.py --worlds 'heavy tails'` (30 November 2026, {words})"
    )
