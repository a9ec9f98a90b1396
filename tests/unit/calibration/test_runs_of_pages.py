"""Which run a measured page's figures come from, also where a part of it was measured again."""

from __future__ import annotations

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
