"""A result is made from code, inputs and config: each change of them shows, and nothing else does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from historical_controls.provenance import (
    PACKAGE,
    VERSION,
    code_hash,
    file_hash,
    git_state,
    modules_used,
    provenance,
    value_hash,
)

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
FILES = {
    "script.py": f"from {PACKAGE}.stage import work\nimport json\nwork()\n",
    f"{PACKAGE}/__init__.py": '"""Package."""\n',
    f"{PACKAGE}/errors.py": "class E(Exception): pass\n",
    f"{PACKAGE}/other.py": "x = 1\n",
    f"{PACKAGE}/lazy.py": "z = 1\n",
    f"{PACKAGE}/stage/__init__.py": f"from {PACKAGE}.stage.inside import work\n",
    f"{PACKAGE}/stage/inside.py": (
        f"from {PACKAGE}.errors import E\n"
        f"from {PACKAGE}.stage import deep\n"
        f"def work():\n    from {PACKAGE}.lazy import z\n"
    ),
    f"{PACKAGE}/stage/deep.py": f"import {PACKAGE}.stage.dotted\n",
    f"{PACKAGE}/stage/dotted.py": "y = 1  # why\n",
    f"{PACKAGE}/stage/unused.py": "w = 1\n",
}


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edited(scripts: Path, name: str, text: str) -> bool:
    """Whether an edit changes the hash of the script. The clock of the file system may be coarse."""
    before = code_hash(scripts / "script.py")
    path = scripts / name
    stamp = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(stamp + 10**9, stamp + 10**9))
    return code_hash(scripts / "script.py") != before


def test_the_version_is_one() -> None:
    root = Path(__file__).resolve().parents[2]
    assert f'version = "{VERSION}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\nversion: {VERSION}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")


def test_every_way_of_importing_is_followed(scripts: Path) -> None:
    used = {path.relative_to(scripts).as_posix() for path in modules_used(scripts / "script.py")}
    assert used == set(FILES) - {f"{PACKAGE}/other.py", f"{PACKAGE}/stage/unused.py"}


@pytest.mark.parametrize("name", sorted(set(FILES) - {f"{PACKAGE}/other.py", f"{PACKAGE}/stage/unused.py"}))
def test_an_edited_module_changes_the_hash(scripts: Path, name: str) -> None:
    assert edited(scripts, name, FILES[name] + "\nchanged = True\n")


@pytest.mark.parametrize("name", [f"{PACKAGE}/other.py", f"{PACKAGE}/stage/unused.py"])
def test_a_module_that_is_not_imported_does_not(scripts: Path, name: str) -> None:
    assert not edited(scripts, name, "changed = True\n")


def test_comments_and_layout_do_not_count(scripts: Path) -> None:
    assert not edited(scripts, f"{PACKAGE}/stage/dotted.py", "\n\n# another\ny    =    1\n")
    assert edited(scripts, f"{PACKAGE}/stage/dotted.py", "y = 2\n")


def test_the_place_of_the_program_does_not_count(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    for name, text in FILES.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text)
    assert code_hash(scripts / "script.py") == code_hash(other / "script.py")


def test_a_rule_reruns_for_its_own_stage_only() -> None:
    used = {
        path.relative_to(SCRIPTS / PACKAGE).parts[0]
        for path in modules_used(SCRIPTS / "clean_file.py")
        if PACKAGE in path.parts
    }
    assert {"cleaning", "dictionary", "tables"} <= used
    assert not used & {"intake", "cohort", "balance", "analysis", "figures", "report", "mixed_model", "simulation"}


def test_hashes_of_files_and_values(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, example B.1.
    assert file_hash(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert value_hash({"a": 1, "b": [1, 2]}) == value_hash({"b": [1, 2], "a": 1})
    assert value_hash({"a": 1}) != value_hash({"a": 2})
    assert value_hash([1, 2]) != value_hash([2, 1])


def test_what_the_footer_says_holds_no_clock_and_no_place(tmp_path: Path) -> None:
    facts = provenance({"b": "2", "a": "1"}, {"seed": 1}, 1, git_state(tmp_path))
    assert list(facts["inputs"]) == ["a", "b"]
    assert facts["git_commit"] is None
    assert facts == provenance({"a": "1", "b": "2"}, {"seed": 1}, 1, git_state(tmp_path))
    assert str(tmp_path) not in str(facts)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_checkout_of_another_user_keeps_its_commit(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 12345, 12345)
    state = git_state(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", state["git_commit"] or "") and state["git_dirty"] is False
