"""Change a room's code in small ways and see whether its tests notice.

    python tests/mutants/run.py --room inference --sample 50

A mutant is one change of an expression (sites.py): a boundary, a sign, a side, a number by one. Every mutant runs in a
process of its own against a copy of the library, with the tests of the room that reach its line, until one fails. A
sample is drawn with a fixed seed; the share that tests noticed is given with its Wilson interval, and every survivor
with its place: survivors.csv says of each why it was let be.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutants.sites import Mutant

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
LIBRARY = ROOT / "workflow/scripts/historical_controls"
SURVIVORS, NAMED = (Path(__file__).with_name(name) for name in ("survivors.csv", "named.csv"))
# Room of the library: the tests that are about it, the quickest first.
ROOMS = {
    "inference": ["statistics/inference", "unit/analysis"],
    "mixed_model": ["statistics/mixed_model", "statistics/inference/test_permutation.py"],
    "cleaning/cells": [
        f"unit/cleaning/test_cleaning_{name}.py"
        for name in (
            *("cells", "codes", "columns", "formats", "names", "numbers"),
            *("specimens", "times", "units", "words"),
        )
    ],
    "cohort/eligibility": ["unit/cohort"],
    "analysis": ["unit/analysis"],
    "figures": ["report/test_figures.py", "report/test_figure_layout.py", "report/test_captions.py"],
}
# Seconds of processor time, or so many times what its tests took, if that is more: a mutant that computes without end
# counts as noticed.
LIMIT, TIMES = 120, 4
OPTIONS = [
    "-q",
    "-x",
    "-m",
    "not slow",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:randomly",
    "--no-header",
    "--hypothesis-seed=0",
]
PRELOADED = (
    *("formulaic", "hypothesis", "matplotlib.backends.backend_svg", "matplotlib.pyplot", "pandas", "pyarrow.parquet"),
    *("pydantic.main", "pytest", "scipy.optimize", "scipy.stats", "statsmodels.api", "yaml"),
)
NOTICED, SURVIVED, ENDLESS, UNREACHED = "noticed", "survived", "endless", "unreached"
UNCOLLECTED = "uncollected"
PLACE = ("file", "line", "kind", "before", "after")


@dataclass(frozen=True)
class Reach:
    """Tests by file and line that they run, from one measured run of the room's tests, and seconds by test."""

    lines: dict[tuple[str, int], set[str]]
    seconds: dict[str, float]

    def tests(self, file: str, first: int, last: int) -> list[str]:
        """Tests that run some of the lines, quickest first; '' stands for what runs on import, hence for all tests.

        Behind them the other tests of their files: what a file keeps (a fixture, a cache) counts as run by the test
        that asked first, though all of them look at it.
        """
        names = set().union(*(self.lines.get((file, line), set()) for line in range(first, last + 1)))
        if names == {""}:
            names = set().union(*(tests for (where, _), tests in self.lines.items() if where == file))
        own = names - {""}
        files = {_file_of(name) for name in own}
        beside = {name for name in self.seconds if _file_of(name) in files} - own
        return [*sorted(own, key=self._quick), *sorted(beside, key=self._quick)]

    def _quick(self, name: str) -> tuple[float, str]:
        return self.seconds.get(name, 0.0), name


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def measured(room: str, cache: Path) -> Reach:
    """Run the tests of a room once under coverage; kept in `cache`, by room."""
    kept = cache / f"{room.replace('/', '-')}.json"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "COVERAGE_FILE": str(kept.with_suffix(".coverage"))}
        command = [sys.executable, "-m", "pytest", *(str(TESTS / one) for one in ROOMS[room]), "-q", "-m", "not slow"]
        options = [
            f"--cov={LIBRARY / room}",
            "--cov-context=test",
            "--cov-report=",
            "--cov-fail-under=0",
            "--durations=0",
        ]
        run = subprocess.run([*command, *options, "-vv"], cwd=ROOT, env=environment, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"the tests of {room} fail without any change:\n{run.stdout[-3000:]}")
        kept.write_text(json.dumps({"lines": contexts(environment["COVERAGE_FILE"]), "seconds": durations(run.stdout)}))
    stored = json.loads(kept.read_text())
    return Reach({(file, line): set(tests) for file, line, tests in stored["lines"]}, stored["seconds"])


def contexts(path: str) -> list[tuple[str, int, list[str]]]:
    """File below the library, line and tests, of every line that was run."""
    import coverage

    data = coverage.CoverageData(path)
    data.read()
    return [
        (Path(file).relative_to(LIBRARY).as_posix(), line, sorted({name.split("|")[0] for name in tests}))
        for file in sorted(data.measured_files())
        for line, tests in sorted(data.contexts_by_lineno(file).items())
    ]


def durations(output: str) -> dict[str, float]:
    """Seconds of every test's own part, from pytest's list."""
    found: dict[str, float] = defaultdict(float)
    for line in output.splitlines():
        parts = line.split(maxsplit=2)
        if len(parts) == 3 and parts[0].endswith("s") and parts[1] in ("call", "setup"):
            found[parts[2]] += float(parts[0][:-1])
    return dict(found)


def shadow(folder: Path) -> Path:
    """A copy of the program whose library may be changed; returns the library's folder."""
    for name in ("data", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "workflow").mkdir()
    for path in (ROOT / "workflow").iterdir():
        if path.name != "scripts":
            (folder / "workflow" / path.name).symlink_to(path)
    skipped = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "workflow/scripts", folder / "workflow/scripts", ignore=skipped)) / LIBRARY.name


def preload() -> None:
    """Import what every test imports, none of it of the library, so that a fork need not."""
    for name in PRELOADED:
        importlib.import_module(name)


def tried(library: Path, tests: list[str], log: Path, limit: int = LIMIT) -> str:
    """Run the tests against the library in a fork, for `limit` seconds at most, and say what became of the mutant."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        os._exit(run_tests(library, tests, log))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return ENDLESS if os.WTERMSIG(status) == signal.SIGXCPU else NOTICED
    # Pytest ends with 1 when a test failed, and with 2 to 5 when it ran none: a file that does not import (2; 4 where
    # single tests of it were asked for), an error of its own (3), no such test (4), nothing to run (5).
    return {0: SURVIVED, 1: NOTICED}.get(os.WEXITSTATUS(status), UNCOLLECTED)


def fate_of(path: Path, changed: str, run: Callable[[], str]) -> str:
    """What became of the changed text. Tests that did not start noticed it only if they start without the change."""
    text = path.read_text(encoding="utf-8")
    path.write_text(changed, encoding="utf-8")
    fate = run()
    path.write_text(text, encoding="utf-8")
    if fate != UNCOLLECTED:
        return fate
    if run() != SURVIVED:
        raise SystemExit(f"the tests of {path} do not pass without any change")
    return NOTICED


def run_tests(library: Path, tests: list[str], log: Path) -> int:
    import pytest

    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.dont_write_bytecode = True
    # ROOT: `python -m pytest` finds what is in the folder that it is started in, and some tests import `tests.unit...`.
    place = f"pythonpath={library.parent} {TESTS} {ROOT}"
    return int(pytest.main(["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-o", place, *OPTIONS, *tests]))


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson 1927)."""
    share, scale = hits / n, 1 + z**2 / n
    middle, half = (share + z**2 / (2 * n)) / scale, z / scale * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half, middle + half


def rows_of(room: str, size: int, seed: int) -> tuple[int, list[Mutant]]:
    """How many mutants a room has, and a sample of them in the order of the text."""
    from mutants.sites import mutants_of

    all_of_them = [mutant for path in sorted((LIBRARY / room).rglob("*.py")) for mutant in mutants_of(path, LIBRARY)]
    chosen = random.Random(seed).sample(all_of_them, min(size, len(all_of_them)))
    return len(all_of_them), sorted(chosen, key=lambda one: (one.file, one.line, one.column, one.kind))


def try_all(mutants: Iterable[Mutant], reach: Reach, folder: Path) -> Iterable[tuple[Mutant, str]]:
    library = shadow(folder)
    for mutant in mutants:
        tests = reach.tests(mutant.file, mutant.line, mutant.end_line)
        path = library / mutant.file
        changed = mutant.applied(path.read_text(encoding="utf-8"))
        limit = max(LIMIT, int(TIMES * sum(reach.seconds.get(test, 0.0) for test in tests)))
        run = partial(tried, library, [f"{ROOT}/{test}" for test in tests], folder / "log.txt", limit)
        yield mutant, fate_of(path, changed, run) if tests else UNREACHED


def try_named() -> int:
    """The mutants that named.csv lists by what they change, each with the tests that are to notice it."""
    preload()
    with NAMED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    missed = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        library = shadow(Path(folder))
        for row in rows:
            path = library / row["file"]
            text = path.read_text(encoding="utf-8")
            assert text.count(row["before"]) == 1, f"{row['file']} has not one {row['before']}"
            tests = [f"{TESTS}/{test}" for test in row["tests"].split()]
            run = partial(tried, library, tests, Path(folder) / "log.txt")
            fate = fate_of(path, text.replace(row["before"], row["after"]), run)
            missed += fate == SURVIVED
            print(f"{fate}\t{row['what']}", flush=True)
    print(f"{len(rows) - missed} of {len(rows)} named mutants noticed")
    return int(missed > 0)


def explained() -> dict[tuple[str, ...], str]:
    """Why a survivor is let be, by file, text of the line, kind and change. Lines move; what they say stays."""
    with SURVIVORS.open(encoding="utf-8", newline="") as stream:
        return {tuple(row[name] for name in PLACE): row["why"] for row in csv.DictReader(stream)}


def place_of(mutant: Mutant) -> tuple[str, ...]:
    """What survivors.csv knows a mutant by: PLACE."""
    lines = (LIBRARY / mutant.file).read_text(encoding="utf-8").splitlines()
    return mutant.file, lines[mutant.line - 1].strip(), mutant.kind, mutant.before, mutant.after


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = options.add_mutually_exclusive_group(required=True)
    what.add_argument("--room", choices=ROOMS)
    what.add_argument("--named", action="store_true", help="the mutants of named.csv")
    options.add_argument("--sample", type=int, default=50)
    options.add_argument("--seed", type=int, default=18)
    options.add_argument("--cache", type=Path, default=ROOT / "results/mutants")
    chosen = options.parse_args()
    sys.path[:0] = [str(TESTS)]
    if chosen.named:
        return try_named()
    reach = measured(chosen.room, chosen.cache)
    n, sample = rows_of(chosen.room, chosen.sample, chosen.seed)
    preload()
    fates: dict[str, list] = defaultdict(list)
    reasons = explained()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for mutant, fate in try_all(sample, reach, Path(folder)):
            fates[fate].append(mutant)
            why = reasons.get(place_of(mutant), "")
            print(f"{fate}\t{mutant.name}\t{why}", flush=True)
    left = [one for fate in (SURVIVED, UNREACHED) for one in fates[fate]]
    hits = len(sample) - len(left)
    low, high = wilson(hits, len(sample))
    share = f"{hits / len(sample):.0%} ({low:.0%} to {high:.0%})"
    print(f"{chosen.room}: {hits} of {len(sample)} noticed, {share}; {n} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
