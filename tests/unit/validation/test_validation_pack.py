"""The installation check sees what is wrong, and every requirement has code and tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from historical_controls.errors import UserError
from historical_controls.validation import references
from historical_controls.validation.checks import Check, Tolerance, compared, equal, report
from historical_controls.validation.environment import environment_checks, pinned
from historical_controls.validation.references import reference_checks
from historical_controls.validation.requirements import Requirement, requirements, requirements_page, tags_of
from historical_controls.validation.small_study import EXPECTED, hash_of, small_study_checks
from historical_controls.validation.study_files import study_checks

ROOT = Path(__file__).parents[3]
NAN = float("nan")


@pytest.mark.parametrize(
    ("got", "wanted", "passed"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-9], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-5], False),
        ([NAN], [NAN], True),
        ([NAN], [1.0], False),
        ([float("inf")], [float("inf")], True),
        ([0.0], [0.0], True),
        ([1e-9], [0.0], False),
    ],
)
def test_numbers_pass_within_their_tolerance_alone(got: list[float], wanted: list[float], passed: bool) -> None:
    assert compared("g", "n", got, wanted, Tolerance(1e-6)).passed is passed


def test_a_failed_check_is_named_first() -> None:
    page = report([equal("A", "right", "1", "1"), equal("B", "wrong", "2", "3")], ["# T"])
    assert "**1 of 2 checks passed.**\n- FAILED: B, wrong: wanted 3, got 2" in page


def test_a_lock_file_gives_every_version_and_who_needs_it() -> None:
    text = (
        "a-b==1.0 \\\n    --hash=x\nc==1 ; python_full_version < '3.12' \\\nc==2 ; python_full_version >= '3.12' \\\n"
    )
    assert pinned(text) == [("a-b", ("1.0",), True), ("c", ("1", "2"), False)]


def test_another_version_and_a_missing_package_are_seen(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("numpy==0.1 \\\nno-such-package==1 \\\nelsewhere==1 ; x \\\n")
    found = {one.name: one for one in environment_checks(tmp_path)}
    assert not found["numpy"].passed and found["numpy"].wanted == "0.1"
    assert found["no-such-package"].got == "not installed" and not found["no-such-package"].passed
    assert "elsewhere" not in found and found["Python"].passed


def sleepstudy(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    monkeypatch.setattr(references, "LME4", {"lme4_sleepstudy": references.LME4["lme4_sleepstudy"]})
    monkeypatch.setattr(references, "MMRM", {})
    return list(reference_checks(root))


def test_engine_agrees_with_the_shipped_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = sleepstudy(ROOT, monkeypatch)
    assert all(one.passed for one in checks)
    assert {"lme4_sleepstudy: restricted log-likelihood", "lme4_sleepstudy: Days, Kenward-Roger SE and df"} <= {
        one.name for one in checks
    }


def test_a_reference_that_is_another_number_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / references.FOLDER
    folder.mkdir(parents=True)
    shutil.copy(ROOT / references.FOLDER / "sleepstudy.csv", folder)
    wanted = json.loads((ROOT / references.FOLDER / "lme4_sleepstudy.json").read_text())
    wanted["tests"][1]["kr_df"] += 0.001
    (folder / "lme4_sleepstudy.json").write_text(json.dumps(wanted))
    failed = [one.name for one in sleepstudy(tmp_path, monkeypatch) if not one.passed]
    assert failed == ["lme4_sleepstudy: Days, Kenward-Roger SE and df"]


def test_small_study_answers_as_written_down() -> None:
    """Where a change is meant to change answers: python -m historical_controls.validation --write-expected."""
    checks = list(small_study_checks(ROOT))
    assert [one.name for one in checks if not one.passed] == []
    wanted = json.loads((ROOT / EXPECTED).read_text())
    assert len(checks) == len(wanted) + 1
    # The hash is of five digits: a change of the fourth shows, of the ninth does not.
    name = next(iter(wanted))
    for factor, same in ((1 + 1e-9, True), (1 + 1e-3, False)):
        moved = wanted | {name: [wanted[name][0] * factor, *wanted[name][1:]]}
        assert (hash_of(moved) == hash_of(wanted)) is same


def test_files_of_a_study_are_compared_with_its_provenance(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no results/provenance\.json"):
        list(study_checks(tmp_path))
    (tmp_path / "results").mkdir()
    (tmp_path / "a.csv").write_text("1\n")
    # sha256sum of "1" and a line feed.
    one = "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
    facts = {"inputs": {"a.csv": one, "b.csv": one}, "packages": {"no-such-package": "1"}}
    (tmp_path / "results/provenance.json").write_text(json.dumps(facts))
    found = {check.name: check for check in study_checks(tmp_path)}
    assert found["a.csv, SHA-256"].passed
    assert found["b.csv, SHA-256"].got == "no such file"
    assert not found["package no-such-package"].passed


def test_every_requirement_has_code_and_tests() -> None:
    """A new tag of docs/methods.md is named by the code that does it, which a test imports."""
    rows = requirements(ROOT)
    assert len(rows) > 150
    assert [row.tag for row in rows if not row.modules] == []
    assert [row.tag for row in rows if not row.tests] == []


def test_tests_are_found_along_imports(tmp_path: Path) -> None:
    library = tmp_path / "workflow/scripts/historical_controls"
    library.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs/methods.md").write_text("## Part\nx (AB-1)\ny (AB-2)\nz (AB-3)\n")
    (library / "low.py").write_text('"""AB-1 to AB-2."""\n')
    (library / "high.py").write_text("from historical_controls.low import f\n")
    (tmp_path / "tests/test_high.py").write_text("from historical_controls.high import f\n")
    (tmp_path / "tests/test_named.py").write_text('"""(AB-3)"""\n')
    rows = requirements(tmp_path)
    through = (("historical_controls.low",), ("tests/test_high.py",), 1)
    assert rows[0] == Requirement("AB-1", "Part", *through) and rows[1] == Requirement("AB-2", "Part", *through)
    assert rows[2].modules == () and rows[2].tests == ("tests/test_named.py",)
    assert "| AB-3 | Part | none names it | test_named.py |" in requirements_page(rows)


def test_ranges_of_tags_are_read() -> None:
    assert tags_of("IN-3 to IN-5, SN-8 and EE-1 to 2") == {"IN-3", "IN-4", "IN-5", "SN-8", "EE-1", "EE-2"}
