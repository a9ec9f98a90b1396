"""Small studies, and Snakemake run on them as a user would."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from historical_controls.simulation.study import NO_GRID

ROOT = Path(__file__).resolve().parents[2]
FORKED_JOBS = Path(__file__).with_name("forked_jobs.py")
PROGRAM_FILES = ("Snakefile", "workflow", "data/dictionary", "docs", "environment.yml", "profiles")
SMALL = {
    **{"outcomes": ["PF", "IL6"], "languages": ["en"], "estimands": None},
    "sensitivity": {**NO_GRID, "leave_one_out": False},
    "calibration": {"studies": 2, "effects": [1.0]},
}


@dataclass(frozen=True)
class Run:
    """A finished run of Snakemake."""

    code: int
    output: str

    def jobs(self) -> Counter[str]:
        """Rules in the job table, with how many jobs each."""
        table = re.search(r"^job\s+count\n-+\s+-+\n(.*?)^total", self.output, re.MULTILINE | re.DOTALL)
        rows = [line.split() for line in table[1].splitlines()] if table else []
        return Counter({name: int(count) for name, count in rows})


def snakemake(study: Path, *options: str, program: Path = ROOT, cores: int = 2, forked: bool = True) -> Run:
    """Run the workflow of `program` on the study folder; forked=False: as users do, in a process of its own."""
    command = ["--snakefile", str(program / "Snakefile"), "--cores", str(cores), "--directory", str(study), *options]
    if forked:
        return _run_server(program / "workflow/scripts").run(command)
    done = subprocess.run([sys.executable, "-m", "snakemake", *command], capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout + done.stderr)


class RunServer:
    """A process with the program's modules imported, whose forks run Snakemake (forked_jobs.py)."""

    def __init__(self, scripts: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(FORKED_JOBS), str(scripts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        # Its input ends with this process, and the server with its input.
        self.outputs = tempfile.TemporaryDirectory()

    def run(self, command: list[str]) -> Run:
        out, err = (Path(self.outputs.name, name) for name in ("out", "err"))
        request = {"argv": command, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({**request, "out": str(out), "err": str(err)}) + "\n")
        self.process.stdin.flush()
        code = self.process.stdout.readline()
        assert code, f"the server of runs ended with {self.process.wait()}"
        return Run(int(code), "".join(path.read_text(encoding="utf-8", errors="replace") for path in (out, err)))


@functools.cache
def _run_server(scripts: Path) -> RunServer:
    return RunServer(scripts)


def edit_config(study: Path, change: Callable[[dict], None]) -> None:
    path = study / "config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(settings)
    path.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program that a test may edit for as long as it runs."""
    copy = tmp_path_factory.mktemp("program")
    for name in PROGRAM_FILES:
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return copy


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker makes and the others wait for, each of which would make it anew."""
    base = factory.getbasetemp()
    # Workers have folders of their own below the one of the whole run.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # What a failed worker left is made again, so that every worker shows the failure itself.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the example study, run once in a folder of its own, with one scenario of its grid; only read.

    The other scenarios go the same way and take longer than all the rest.
    """
    return made_once(tmp_path_factory, "example", _run_example) / "results"


def _run_example(folder: Path) -> None:
    for name in ("config.yaml", "eligibility.yaml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("sources", "dictionary", "data"):
        shutil.copytree(ROOT / name, folder / name)
    edit_config(folder, lambda settings: settings.update(sensitivity={**NO_GRID, "weightings": ["entropy"]}))
    run = snakemake(folder, cores=4)
    assert run.code == 0, run.output


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated study with two outcomes, one language and one scenario besides the primary one."""
    from historical_controls.simulation.study import make_study

    folder = tmp_path_factory.mktemp("small") / "study"
    scenarios = {"unadjusted": {"label": {"en": "a", "es": "b"}, "overrides": {"analysis": {"covariates": []}}}}
    settings = {**SMALL, "scenarios": scenarios, "primary": {"outcome": "PF", "day": 7, "key_secondary": []}}
    make_study(folder, ROOT, historical=40, seed=11, config=settings, population={"severity_mean": 0.8})
    return folder


@pytest.fixture
def small_study(small_template: Path, tmp_path: Path) -> Path:
    """A fresh copy of the small study, not yet run."""
    return Path(shutil.copytree(small_template, tmp_path / "study"))


@pytest.fixture(scope="session")
def finished_small(small_template: Path, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run once on one core by the copy of the program; tests copy it."""
    folder = Path(shutil.copytree(small_template, tmp_path_factory.mktemp("finished") / "study"))
    run = snakemake(folder, program=program, cores=1)
    assert run.code == 0, run.output
    return folder


@pytest.fixture
def finished_study(finished_small: Path, tmp_path: Path) -> Path:
    """A copy of the finished small study, times of files kept, so that nothing is to be done."""
    return Path(shutil.copytree(finished_small, tmp_path / "finished"))
