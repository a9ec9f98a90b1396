"""What counts as a notice: a test that fails, or that a change keeps from starting; not one that never starts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from mutants.run import ENDLESS, NOTICED, SURVIVED, Reach, fate_of, tried

CODE = "def larger(a, b):\n    return max(a, b)\n"
TEST = "from mutated_room import larger\n\n\ndef test_larger():\n    assert larger(1, 2) == 2\n"


def fate(folder: Path, changed: str, test: str = TEST, name: str = "") -> str:
    """What becomes of a change of a small room, tried with one file of tests, or with one test of it."""
    room, tests = folder / "mutated_room.py", folder / "test_room.py"
    room.write_text(CODE, encoding="utf-8")
    tests.write_text(test, encoding="utf-8")
    run = partial(tried, folder / "library", [f"{tests}{name}"], folder / "log.txt")
    try:
        return fate_of(room, changed, run)
    finally:
        assert room.read_text(encoding="utf-8") == CODE


@pytest.mark.parametrize("name", ["", "::test_larger"], ids=["file", "test"])
@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        (CODE.replace("max", "min"), NOTICED),
        (CODE.replace("(a, b)\n", "(b, a)\n"), SURVIVED),
        # A module that no longer imports: pytest ends with 2 for the file, with 4 for a test of it.
        (CODE + "1 + None\n", NOTICED),
    ],
    ids=["wrong", "same", "no_import"],
)
def test_a_change_is_noticed_if_a_test_fails_or_no_longer_starts(
    tmp_path: Path, changed: str, outcome: str, name: str
) -> None:
    assert fate(tmp_path, changed, name=name) == outcome


def test_what_computes_without_end_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "test_room.py").write_text("def test_endless():\n    while True:\n        pass\n", encoding="utf-8")
    assert tried(tmp_path / "library", [f"{tmp_path}/test_room.py"], tmp_path / "log.txt", limit=3) == ENDLESS


@pytest.mark.parametrize(
    ("test", "name"),
    [("import no_such_module\n" + TEST, ""), (TEST, "::test_gone"), ("from mutated_room import larger\n", "")],
    ids=["does_not_import", "no_such_test", "no_test"],
)
def test_tests_that_never_start_are_no_notice(tmp_path: Path, test: str, name: str) -> None:
    with pytest.raises(SystemExit, match="do not pass without any change"):
        fate(tmp_path, CODE.replace("max", "min"), test, name)


def test_what_a_file_keeps_counts_as_reached_by_all_of_its_tests() -> None:
    """The first test that asks for a kept figure runs its lines; the others look at it as well."""
    seconds = {"a.py::slow": 2.0, "a.py::quick": 0.1, "a.py::first": 1.0, "b.py::other": 0.1}
    reach = Reach({("room.py", 3): {"a.py::first"}, ("room.py", 1): {""}, ("room.py", 4): {"b.py::other"}}, seconds)
    assert reach.tests("room.py", 3, 3) == ["a.py::first", "a.py::quick", "a.py::slow"]
    assert reach.tests("room.py", 1, 1)[:2] == ["b.py::other", "a.py::first"]
    assert reach.tests("room.py", 9, 9) == []
